"""What a random template has in it, read from the template itself.

The laws are worth what the templates are: a generator that silently stopped to make conditional
permissions would let every law on them pass. So the templates of a run are counted, and a test
fails below a floor.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.laws.evaluator import Template
from tests.laws.policies import HOME
from tests.laws.trial import OURS, Deployment

LEVELS = {
    "BotAliasLocaleSettings": "Fn::If at the settings",
    "TestBotAliasSettings": "Fn::If at the test alias settings",
    "BotAliasLocaleSetting": "Fn::If at a setting",
    "CodeHookSpecification": "Fn::If at a specification",
    "LambdaCodeHook": "Fn::If at a hook",
    "LambdaArn": "Fn::If at an ARN",
    "BotId": "Fn::If at a bot id",
}
SHOWN_BY_CONDITIONS = {
    "a condition on the Region": "'AWS::Region'",
    "a condition on a dynamic reference": "{{resolve:",
}
ONE_OF_TWO = {
    "AWS::Lambda::Alias": [("a Lambda alias with one of two names", "Name")],
    "AWS::Lambda::Function": [("a function with one of two names", "FunctionName")],
    "AWS::Lex::BotVersion": [("a version of one of two bots", "BotId")],
}
QUALIFIED = re.compile(r"(\.Arn\}|function:[^:\"]+):[A-Za-z0-9_-]+\W*$")


def of(template: Template, deployment: Deployment) -> set[str]:
    """Return what the template shows."""
    return {
        *_of_conditions(template.get("Conditions", {})),
        *_of_settings(template, deployment.settings),
        *_of_deployment(template, deployment),
        *(
            found
            for name in template.get("Parameters", {})
            for found in _of_parameter(template, name)
        ),
        *(found for resource in template["Resources"].values() for found in _of_resource(resource)),
    }


def _of_conditions(conditions: Template) -> Iterator[str]:
    whole = str(conditions)
    if "{'Condition':" in whole:
        yield "conditions that are linked"
    if sum(whole.count(f"{{'Ref': '{name}'}}") > 1 for name in ("Env", "Stage", "Flag", "Tier")):
        yield "conditions on the same parameter"
    for shown, text in SHOWN_BY_CONDITIONS.items():
        if text in whole:
            yield shown
    for function in ("Fn::And", "Fn::Or", "Fn::Not"):
        if function in whole:
            yield function


def _of_settings(template: Template, settings: Mapping[str, Any]) -> Iterator[str]:
    own = template.get("Metadata", {}).get(OURS, {})
    for key, value in {**own, **settings}.items():
        yield f"{key}: {value}"
    if own:
        yield "settings in Metadata"


def _of_deployment(template: Template, deployment: Deployment) -> Iterator[str]:
    """Yield where a template is deployed, and what it says of other places."""
    home, whole = deployment.home, json.dumps(template["Resources"])
    if home != HOME:
        yield "another Region or account than the first"
    if home.partition != HOME.partition:
        yield "another partition"
    if deployment.values:
        yield "values of parameters"
    if not home.reaches(deployment.values.get("HookArn", home.arn("lambda", "function:any"))):
        yield "a value that is out of reach"
    places = re.findall(r"arn:[^:]*:(?:lex|lambda):([a-z0-9-]+):([0-9]+):", whole)
    yield from ("a literal of here" for place in places if place == (home.region, home.account))
    yield from (
        "a literal of elsewhere" for place in places if place != (home.region, home.account)
    )


def _of_parameter(template: Template, name: str) -> Iterator[str]:
    """Yield what a parameter that a condition asks about shows."""
    parameter, conditions = template["Parameters"][name], str(template.get("Conditions"))
    if f"{{'Ref': '{name}'}}" not in conditions:
        return
    allowed = parameter.get("AllowedValues", [])
    if len(allowed) > 3:
        yield "a condition on more than three allowed values"
    if any(not isinstance(value, str) for value in allowed):
        yield "a condition on allowed values that are no texts"
    if parameter["Type"].startswith("AWS::SSM"):
        yield "a condition on a parameter of Systems Manager"


def _of_resource(resource: Template) -> Iterator[str]:
    kind, properties = resource["Type"], resource.get("Properties", {})
    yield from _of_attributes(resource)
    yield from (what for what, key in ONE_OF_TWO.get(kind, ()) if _is_if(properties.get(key)))
    if "Environment" in properties:
        yield "a function that knows a caller"
    if kind.startswith("AWS::Lex"):
        yield from _of_caller(properties)
    if "PolicyDocument" in properties:
        yield from _of_document(properties["PolicyDocument"])
    if kind == "AWS::Lambda::Permission":
        yield from _of_permission(properties)
    if kind in {"AWS::Lambda::ResourcePolicy", "AWS::Lambda::Version", "AWS::Lex::BotVersion"}:
        yield kind
    if isinstance(properties.get("FunctionName"), str):
        yield f"{kind} by name"
    if "AutoPublishAlias" in properties:
        yield "AutoPublishAlias"


def _of_attributes(resource: Template) -> Iterator[str]:
    """Yield what stands beside the properties of a resource."""
    kind = resource["Type"]
    if "Condition" in resource:
        yield f"conditional {kind}"
    if "DeletionPolicy" in resource:
        yield f"retained {kind}"
        yield f"DeletionPolicy by {_kind(resource['DeletionPolicy'])}"
    if OURS in resource.get("Metadata", {}):
        yield "Metadata on a caller"


def _of_caller(properties: Template) -> Iterator[str]:
    """Yield what a bot or a bot alias shows."""
    if "TestBotAliasSettings" in properties:
        yield "test alias"
    for key, value in _entries(properties):
        if key in LEVELS and _is_if(value):
            yield LEVELS[key]
        if key == "BotAliasLocaleSettings":
            yield from _of_locales(value)
        if key == "LambdaArn":
            yield from _of_function(value)
        if key == "BotId" and "VersionOf" in str(value):
            yield "bot by its version"
        if key == "BotId":
            yield f"bot by {_kind(value)}"


def _of_locales(settings: Any) -> Iterator[str]:
    lists = settings["Fn::If"][1:] if _is_if(settings) else [settings]
    for locales in lists:
        if isinstance(locales, list):
            if any(_is_if(item) for item in locales):
                yield "Fn::If at an item"
            if len(locales) > 1:
                yield "several locales"


def _of_function(expression: Any) -> Iterator[str]:
    """Yield how a LambdaArn is spelled."""
    for branch in expression["Fn::If"][1:] if _is_if(expression) else [expression]:
        if _is_if(branch):
            yield from _of_function(branch)
            continue
        yield f"function by {_kind(branch)}"
        whole = str(branch)
        if QUALIFIED.search(whole) or re.search(r", '(live|blue-1|b_2|green)'\]", whole):
            yield "qualifier in a text"
        if re.search(r"\.(Alias|Version)['}]", whole):
            yield "alias or version by SAM"


def _of_permission(properties: Template) -> Iterator[str]:
    """Yield how a declared permission is spelled."""
    yield "declared permission"
    if any(_is_if(value) for value in properties.values()):
        yield "declared permission with an Fn::If"
    if "Fn::GetAtt" not in properties["FunctionName"]:
        yield "declared permission with a function spelled otherwise"
    if "Fn::GetAtt" not in properties.get("SourceArn", {"Fn::GetAtt": ""}):
        yield "declared permission with a SourceArn spelled otherwise"
    if "SourceArn" not in properties:
        yield "declared permission without SourceArn"


def _of_document(document: Any) -> Iterator[str]:
    """Yield what a policy document shows."""
    if isinstance(document, str):
        yield "policy as text"
        document = json.loads(document)
    statements = document["Statement"]
    if isinstance(statements, list) and len(statements) > 1:
        yield "several statements"
    for key, value in _entries(document):
        if key == "Effect":
            yield f"policy with {value}"
        if key in {"NotAction", "NotPrincipal", "NotResource"}:
            yield f"policy with {key}"
        if key == "Condition":
            yield from (f"policy with {operator}" for operator in value)
        if key == "Fn::If":
            yield "policy with Fn::If"


def _entries(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, at any depth."""
    if isinstance(tree, list):
        for item in tree:
            yield from _entries(item)
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key, value
            yield from _entries(value)


def _is_if(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"Fn::If"}


def _kind(expression: Any) -> str:
    """Return how an expression is spelled."""
    if not isinstance(expression, dict):
        return "text"
    [(function, argument)] = expression.items()
    form = "text" if isinstance(argument, str) else "list"
    return f"{function} {form}" if function in {"Fn::GetAtt", "Fn::Sub"} else str(function)
