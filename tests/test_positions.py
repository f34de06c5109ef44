"""The macro before and after AWS::Serverless-2016-10-31 and AWS::LanguageExtensions.

SAM is SAM's own translator, which CloudFormation runs too, from the SAM CLI's environment; loops
are written out by cfn-lint. In each position the same pairs of caller and function have to be
granted, and the laws that need no second run have to hold.

AWS::LanguageExtensions stands before AWS::Serverless: SAM's translator takes no loop.
"""

import json
import os
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from auto_lex_permissions import TemplateError
from localcloud.sam import SAM_PYTHON
from tests.laws import worlds
from tests.laws.evaluator import Template
from tests.laws.laws import judge
from tests.laws.positions import by_cfn_lint, differences, granted
from tests.laws.templates import cases
from tests.laws.trial import Deployment, the_macro

pytestmark = pytest.mark.skipif(
    not SAM_PYTHON.exists(), reason="needs the SAM CLI's environment: make setup"
)

# Random templates of which some have functions of SAM.
TEMPLATES = 140
SEED = 11
FEWEST_WITH_SAM = 35
# What SAM asks of each function.
OF_EACH_FUNCTION = {"Handler": "app.handler", "Runtime": "python3.13", "CodeUri": "s3://code/zip"}
# One process for many templates, since the translator takes a second to load.
TRANSLATE = """
import json, sys
from samtranslator.translator.transform import transform
for line in sys.stdin:
    print(json.dumps(transform(json.loads(line), {}, None)))
"""

# Each shows one thing; `_template` adds the bot and what SAM asks of a function.
TABLE = """
Shows: its own AutoPublishAlias by Ref
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
  Alias: {Ref: Fn.Alias}
---
Shows: AutoPublishAlias of Globals by Ref
Globals: {Function: {AutoPublishAlias: live}}
Resources:
  Fn: {Type: AWS::Serverless::Function}
  Alias: {Ref: Fn.Alias}
---
Shows: an alias in the text of a Sub
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: blue-1}}
  Alias: {"Fn::Sub": "${Fn.Alias}"}
---
Shows: an alias in the map of a Sub
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: b_2}}
  Alias: {"Fn::Sub": ["${It}", {It: {Ref: Fn.Alias}}]}
---
Shows: a version by Ref
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
  Alias: {Ref: Fn.Version}
---
Shows: a version in the text of a Sub
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
  Alias: {"Fn::Sub": "${Fn.Version}"}
---
Shows: the alias that SAM will make, by the id that SAM gives it
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
  Alias: {Ref: FnAliaslive}
---
Shows: an alias by its name in a text
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: blue-1}}
  Alias: {"Fn::Sub": "${Fn.Arn}:blue-1"}
---
Shows: an alias by its name and the function by its own
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {FunctionName: orders, AutoPublishAlias: b_2}}
  Alias: arn:aws:lambda:us-east-1:123456789012:function:orders:b_2
---
Shows: an alias of Globals by its name in a text
Globals: {Function: {AutoPublishAlias: live}}
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {FunctionName: orders}}
  Alias: {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:orders:live"}
---
Shows: an alias whose name a parameter holds
Parameters: {Name: {Type: String, Default: live}}
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: {Ref: Name}}}
  Alias: {Ref: Fn.Alias}
---
Shows: the function itself beside an alias that nothing hooks
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
  Alias: {"Fn::GetAtt": Fn.Arn}
---
Shows: one function with and without alias
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
  Alias: {"Fn::GetAtt": [Fn, Arn]}
  Other: {Ref: Fn.Alias}
---
Shows: a function under a condition
Parameters: {Stage: {Type: String}}
Conditions: {IsProd: {"Fn::Equals": [{Ref: Stage}, prod]}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Condition: IsProd
    Properties: {AutoPublishAlias: live}
  Alias: {"Fn::If": [IsProd, {Ref: Fn.Alias}, {"Fn::ImportValue": orders}]}
---
Shows: a function under a condition by a text
Parameters: {Stage: {Type: String}}
Conditions: {IsProd: {"Fn::Equals": [{Ref: Stage}, prod]}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Condition: IsProd
    Properties: {FunctionName: orders, AutoPublishAlias: live}
  Alias: arn:aws:lambda:us-east-1:123456789012:function:orders:live
---
Shows: a declared permission on the alias
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
  Alias: {"Fn::Sub": "${Fn.Arn}:live"}
  Declared:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: {Ref: Fn.Alias}
      Principal: lexv2.amazonaws.com
      SourceArn: {"Fn::GetAtt": [Alias, Arn]}
---
Shows: a declared permission on the function, which does not serve the alias
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
  Alias: {Ref: Fn.Alias}
  Declared:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: {Ref: Fn}
      Principal: lexv2.amazonaws.com
      SourceArn: {"Fn::GetAtt": [Alias, Arn]}
---
Shows: a permission for the whole bot
Settings: {SourceScope: Bot}
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
  Alias: {Ref: Fn.Alias}
  Other: {"Fn::Sub": "${Fn.Arn}:live"}
---
Shows: a permission for the whole bot that waits
Settings: {SourceScope: Bot}
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {FunctionName: orders, AutoPublishAlias: live}}
  Alias: arn:aws:lambda:us-east-1:123456789012:function:orders:live
---
Shows: a loop beside a function of SAM
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
  "Fn::ForEach::Aliases": [Env, [Dev, Prod], {"Alias${Env}": {Ref: Fn.Alias}}]
---
Shows: a loop beside a function of SAM named by text
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {FunctionName: orders, AutoPublishAlias: live}}
  "Fn::ForEach::Aliases":
    - Env
    - [Dev, Prod]
    - "Alias${Env}": arn:aws:lambda:us-east-1:123456789012:function:orders:live
---
Shows: functions of SAM in a loop by Ref
Resources:
  "Fn::ForEach::All":
    - Env
    - [Dev, Prod]
    - "Fn${Env}": {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
      "Alias${Env}": {Ref: {"Fn::Sub": "Fn${Env}.Alias"}}
---
Shows: functions of SAM in a loop by the text of a Sub
Globals: {Function: {AutoPublishAlias: blue-1}}
Resources:
  "Fn::ForEach::All":
    - Env
    - [Dev, Prod]
    - "Fn${Env}": {Type: AWS::Serverless::Function}
      "Alias${Env}": {"Fn::Sub": "${Fn${Env}.Alias}"}
---
Shows: functions of SAM in a loop by a name for each item
Settings: {SourceScope: Bot}
Resources:
  "Fn::ForEach::All":
    - Env
    - [dev-1, prod-2]
    - "Fn&{Env}":
        Type: AWS::Serverless::Function
        Properties: {FunctionName: {"Fn::Sub": "orders-${Env}"}, AutoPublishAlias: live}
      "Alias&{Env}":
        "Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:orders-${Env}:live"
"""


def table() -> dict[str, tuple[Template, Deployment]]:
    """Return the templates of the table with their settings, by what they show."""
    documents = yaml.safe_load_all(TABLE)
    return {
        document["Shows"]: (_template(document), Deployment(document.get("Settings", {})))
        for document in documents
    }


def _template(document: dict[str, Any]) -> Template:
    """Return a template of the table, with what all of them have in common."""
    sections = {key: document[key] for key in document if key not in {"Shows", "Settings"}}
    bot = {"Type": "AWS::Lex::Bot", "Properties": {"Name": "bot"}}
    return {**sections, "Resources": {"Bot": bot, **_entries(document["Resources"])}}


def _entries(entries: Template) -> Template:
    """Return entries of a scope, with a bot alias in the place of each hook."""
    return {name: _entry(name, entry) for name, entry in entries.items()}


def _entry(name: str, entry: Any) -> Any:
    """Return one entry: a loop, a resource, or the bot alias that a hook stands for."""
    match entry:
        case [variable, collection, dict(body)]:
            return [variable, collection, _entries(body)]
        case {"Type": "AWS::Serverless::Function"}:
            return {**entry, "Properties": {**OF_EACH_FUNCTION, **entry.get("Properties", {})}}
        case {"Type": _}:
            return entry
    hook = {"LambdaCodeHook": {"CodeHookInterfaceVersion": "1.0", "LambdaArn": entry}}
    setting = {"Enabled": True, "CodeHookSpecification": hook}
    locale = {"LocaleId": "en_US", "BotAliasLocaleSetting": setting}
    plain = name.replace("$", "").replace("&", "").replace("{Env}", "")
    properties = {
        "BotAliasName": plain,
        "BotId": {"Ref": "Bot"},
        "BotAliasLocaleSettings": [locale],
    }
    return {"Type": "AWS::Lex::BotAlias", "Properties": properties}


def with_code(template: Template) -> Template:
    """Return a random template with what SAM asks of a function."""
    resources = {name: _entry(name, entry) for name, entry in template["Resources"].items()}
    return {**template, "Resources": resources}


def by_sam(templates: Sequence[Template]) -> list[Template]:
    """Return templates as AWS::Serverless leaves them."""
    result = subprocess.run(
        [SAM_PYTHON, "-c", TRANSLATE],
        input="\n".join(map(json.dumps, templates)),
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=50,
        check=True,
    )
    return [json.loads(line) for line in result.stdout.splitlines()]


def before_sam(templates: Sequence[tuple[Template, Deployment]]) -> list[Template]:
    """Return what comes of templates with the macro before AWS::Serverless."""
    return by_sam([the_macro(template, deployment) for template, deployment in templates])


def after_sam(templates: Sequence[tuple[Template, Deployment]]) -> list[Template]:
    """Return what comes of templates with the macro after AWS::Serverless."""
    processed = by_sam([template for template, _ in templates])
    both = zip(processed, templates, strict=True)
    return [the_macro(template, deployment) for template, (_, deployment) in both]


@pytest.fixture(scope="module")
def positions() -> dict[str, list[Template]]:
    """Return what comes of the table without the macro, and with it in three positions.

    Those are before the loops are written out, between this and SAM, and after SAM.
    """
    rows = list(table().values())
    plain = [(by_cfn_lint(template), deployment) for template, deployment in rows]
    without = by_sam([template for template, _ in plain])
    first = by_sam([by_cfn_lint(the_macro(template, deployment)) for template, deployment in rows])
    every = zip(without, first, before_sam(plain), after_sam(plain), strict=True)
    return dict(zip(table(), map(list, every), strict=True))


@pytest.mark.parametrize("shows", table())
def test_each_position_grants_the_same(shows: str, positions: dict[str, list[Template]]) -> None:
    """Before loops are written out, before SAM and after it: the same pairs (rules 1.5, 2.2)."""
    _, first, *others = positions[shows]
    assert any(granted(world) for world in worlds.real(first))
    for other in others:
        assert not differences(first, other)


@pytest.mark.parametrize("shows", table())
def test_each_position_keeps_the_laws(shows: str, positions: dict[str, list[Template]]) -> None:
    """Existing hooks are allowed, nothing else; what SAM makes is waited for (rules 2.4, 2.7)."""
    _, deployment = table()[shows]
    without, *answers = positions[shows]
    for answer in answers:
        assert not judge(without, answer, deployment)


@pytest.fixture(scope="module")
def random_templates() -> list[tuple[Template, Deployment]]:
    """Return random templates with functions of SAM, less those that the macro has to refuse."""
    drawn = [(with_code(case.template), case.deployment) for case in cases(SEED, TEMPLATES)]
    with_functions = [case for case in drawn if "AWS::Serverless::Function" in str(case[0])]
    return [case for case in with_functions if _is_answered(*case)]


def _is_answered(template: Template, deployment: Deployment) -> bool:
    try:
        the_macro(template, deployment)
    except TemplateError:
        return False
    return True


@pytest.mark.long
def test_random_templates_get_the_same_before_and_after_sam(
    random_templates: list[tuple[Template, Deployment]],
) -> None:
    """The same pairs, and all laws on one answer, before AWS::Serverless and after (rule 2.2)."""
    assert len(random_templates) >= FEWEST_WITH_SAM, len(random_templates)
    processed = by_sam([template for template, _ in random_templates])
    answers = [before_sam(random_templates), after_sam(random_templates)]
    for number, (_, settings) in enumerate(random_templates):
        before, after = (answer[number] for answer in answers)
        assert not differences(before, after), number
        assert not judge(processed[number], before, settings), number
        assert not judge(processed[number], after, settings), number
