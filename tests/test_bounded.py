"""Work grows with the template: what once took minutes or the whole stack is answered at once.

No time is measured here; a test that took longer than its time-out would fail. The inputs are ten
times as large as what once took seconds.
"""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final

import pytest

from auto_lex_permissions import Request, Result, TemplateError, transform
from auto_lex_permissions.cfn.budget import MOST_STEPS
from auto_lex_permissions.handler import handler
from auto_lex_permissions.transform import examine
from benchmarks.hostile import (
    TEMPLATES,
    Template,
    functions_of_one_name,
    functions_times_bots,
    linked_conditions,
    locales_under_conditions,
    own_permissions,
    permissions_by_bot,
    permissions_for_any_bot,
    permissions_with_wildcards,
    policies_of_one_function,
    resource_policies,
    statements_by_alias,
)
from tests.listening import Context, heard
from tests.templates import ACCOUNT, REGION

FUNCTION: dict[str, Any] = {"Type": "AWS::Lambda::Function"}
ARN = {"Fn::GetAtt": ["Function", "Arn"]}
# Until 3.11 Python's own JSON encoder went no deeper than Python's calls; Lambda's Python does.
SINCE_3_12 = pytest.mark.skipif(sys.version_info < (3, 12), reason="needs a Python since 3.12")


def alias(arn: object, bot: object = "ABCDEFGHIJ", **attributes: object) -> dict[str, Any]:
    """Return a bot alias whose locales name functions, one each."""
    arns = arn if isinstance(arn, list) else [arn]
    hooks = ({"CodeHookSpecification": {"LambdaCodeHook": {"LambdaArn": one}}} for one in arns)
    properties = {
        "BotId": bot,
        "BotAliasLocaleSettings": [{"BotAliasLocaleSetting": hook} for hook in hooks],
    }
    return {"Type": "AWS::Lex::BotAlias", **attributes, "Properties": properties}


def permission(source_arn: object) -> dict[str, Any]:
    """Return a permission of Lex V2 on the function."""
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "Function"},
        "Principal": "lexv2.amazonaws.com",
        "SourceArn": source_arn,
    }
    return {"Type": "AWS::Lambda::Permission", "Properties": properties}


def run(resources: dict[str, Any], **sections: object) -> Result:
    """Transform a template of the function and these resources."""
    fragment = {**sections, "Resources": {"Function": FUNCTION, **resources}}
    return transform(Request(fragment, REGION, ACCOUNT))


def nested(depth: int, wrap: Any, inside: object) -> Any:
    """Return a value inside of so many others."""
    for _ in range(depth):
        inside = wrap(inside)
    return inside


def equals(parameter: str) -> dict[str, Any]:
    """Return a comparison of a parameter."""
    return {"Fn::Equals": [{"Ref": parameter}, "x"]}


def test_a_type_of_many_variables() -> None:
    """Whether it may be that of a bot is found in one pass (rule 1.5)."""
    for end, is_bot in (("a", False), ("s", True)):
        body = {"Resource${X}": {"Type": "${X}" * 200 + end}}
        loop = {"Fn::ForEach::L": ["X", ["a"], body]}
        if is_bot:
            with pytest.raises(TemplateError, match="ALP103"):
                run(loop)
        else:
            assert run(loop).permissions_added == 0


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        pytest.param("\U0010ff00" * 200_000, "ALP404", id="characters that marks begin with"),
        pytest.param({"Fn::Sub": "${" * 4_000}, "ALP404", id="placeholders that are not closed"),
        pytest.param({"Fn::Sub": "${" * 300_000}, "ALP502", id="many of them"),
        pytest.param({"Fn::Sub": "${" * 300_000 + "}"}, "ALP502", id="of which one is closed"),
    ],
)
def test_a_text_is_read_once(arn: object, code: str) -> None:
    """A name of any length is answered (rule 6.2)."""
    with pytest.raises(TemplateError, match=code):
        run({"Alias": alias(arn)})


def test_wildcards_against_a_long_id() -> None:
    """No pattern is tried again from its beginning (rule 3.1)."""
    arn = f"arn:aws:lex:{REGION}:{ACCOUNT}:bot-alias/{'*a' * 10_000}b/*"
    result = run({"Alias": alias(ARN, "a" * 20_000), "Allow": permission(arn)})
    assert result.permissions_added == 1


def test_a_permission_for_each_of_many_aliases() -> None:
    """Each alias is held against its own permission alone (rule 3.1)."""
    names = [f"Alias{number}" for number in range(200)]
    own = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}:bot-alias/ABCDEFGHIJ"
    allowing = {f"Allow{n}": permission({"Fn::Sub": f"{own}/${{{n}.BotAliasId}}"}) for n in names}
    result = run({**{name: alias(ARN) for name in names}, **allowing})
    assert (result.permissions_added, result.grants_declared) == (0, 200)


def test_functions_named_by_text_with_their_aliases() -> None:
    """Each permission waits for the Lambda alias that it names, found in a table (rule 2.7)."""
    resources: dict[str, Any] = {}
    for number in range(100):
        name = f"orders-{number}"
        resources |= {
            f"Function{number}": {**FUNCTION, "Properties": {"FunctionName": name}},
            f"Live{number}": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionName": {"Ref": f"Function{number}"}, "Name": "live"},
            },
            f"Alias{number}": alias(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:live"),
        }
    added: Any = run(resources).fragment["Resources"]
    waits = {
        tuple(resource["DependsOn"])
        for resource in added.values()
        if resource["Type"] == "AWS::Lambda::Permission"
    }
    assert waits == {(f"Function{number}", f"Live{number}") for number in range(100)}


def test_many_hooks_of_one_function_under_conditions() -> None:
    """Their condition is put together in one pass (rule 2.3)."""
    names = [f"Is{number}" for number in range(1_000)]
    conditions = {
        name: {"Fn::Equals": [{"Ref": "Stage"}, f"stage{number}"]}
        for number, name in enumerate(names)
    }
    hooks = [{"Fn::If": [name, ARN, {"Ref": "AWS::NoValue"}]} for name in names]
    result = run({"Alias": alias(hooks)}, Conditions=conditions)
    assert result.permissions_added == 1
    assert json.dumps(result.fragment["Conditions"]).count('"Is999"') == 2


def test_too_many_permissions_are_refused_before_any_is_made() -> None:
    """What only serves to say "500" is counted, not written (rule 6.7)."""
    bot: object = {"Ref": "AWS::NoValue"}
    for number in range(40):
        bot = {"Fn::If": [f"Is{number}", f"BOT{number:07}", bot]}
    functions = {f"Function{number}": FUNCTION for number in range(40)}
    hooks = [{"Fn::GetAtt": [name, "Arn"]} for name in functions]
    with pytest.raises(TemplateError, match="ALP501 Resources: with the 1600 permissions"):
        run(
            {**functions, "Alias": alias(hooks, bot)},
            Conditions={f"Is{number}": equals(f"P{number}") for number in range(40)},
            Metadata={"AutoLexPermissions": {"SourceScope": "Bot"}},
        )


LONG = "X" * 1_001


@pytest.mark.parametrize(
    ("resources", "conditions", "path"),
    [
        ({LONG: alias(ARN)}, {}, f"Resources.{'X' * 254}…"),
        ({"Alias": alias(ARN, Condition=LONG)}, {}, "Resources.Alias.Condition"),
        ({"Alias": alias(ARN)}, {LONG: equals("P")}, f"Conditions.{'X' * 254}…"),
        (
            {f"Fn::ForEach::{LONG}": ["N", ["a"], {"Alias${N}": alias(ARN)}]},
            {},
            f"Resources.Fn::ForEach::{'X' * 241}…",
        ),
        (
            {"Fn::ForEach::L": [LONG, ["a"], {f"A${{{LONG}}}": {"Type": "T"}}]},
            {},
            f"Resources.Fn::ForEach::L[2].A${{{'X' * 251}…",
        ),
        (
            {"Fn::ForEach::L": [LONG, ["a"], {"Alias": alias(ARN)}]},
            {},
            "Resources.Fn::ForEach::L",
        ),
        (
            {"Fn::ForEach::L": ["N", ["a"], {"A${N}": alias(ARN, Condition={"Fn::Sub": LONG})}]},
            {},
            "Resources.Fn::ForEach::L[2].A${N}.Condition",
        ),
    ],
)
def test_names_that_are_longer_than_any(
    resources: dict[str, Any], conditions: dict[str, Any], path: str
) -> None:
    """Each would stand in each permission, or in each report (rule 6.8)."""
    with pytest.raises(TemplateError, match="ALP505") as rejected:
        run(resources, Conditions=conditions)
    assert rejected.value.diagnostics[0].path == path


def test_a_name_that_is_as_long_as_may_be() -> None:
    """CloudFormation takes no such name, but says so itself (rule 6.8)."""
    name = "X" * 1_000
    resources = {name: alias({"Fn::If": [name, ARN, ARN]}, Condition=name)}
    assert run(resources, Conditions={name: equals("P")}).permissions_added == 1


@pytest.mark.parametrize("length", [1_000, 1_001])
def test_a_variable_in_a_name_counts_as_it_is_written(length: int) -> None:
    """The macro reads it as a longer mark (rule 6.8)."""
    name = "${Env}".ljust(length, "X")
    resources = {"Fn::ForEach::L": ["Env", ["a"], {name: alias(ARN)}]}
    if length > 1_000:
        with pytest.raises(TemplateError, match="ALP505"):
            run(resources)
    else:
        assert run(resources).permissions_added == 1


def test_a_long_name_of_a_condition_hides_what_it_chooses() -> None:
    """It is not looked through (rules 1.4, 6.8)."""
    with pytest.raises(TemplateError, match="ALP102"):
        run({"Alias": alias({"Fn::If": ["X" * 2_001, ARN, "x"]})})


def test_mistakes_at_long_places_are_written_out_where_they_are_shown() -> None:
    """A message has 2,000 characters, however long a name is (rule 6.3)."""
    hidden = [{"Fn::If": [{"Ref": f"P{number}"}, "a", "b"]} for number in range(4_000)]
    with pytest.raises(TemplateError, match="ALP102") as rejected:
        run({"X" * 1_000: alias(hidden)})
    assert len(rejected.value.diagnostics) == 4_000
    message = str(rejected.value)
    assert len(message) <= 2_000
    assert message.startswith(f"(1) ALP102 Resources.{'X' * 254}….Properties.")
    assert message.endswith(
        "Write the value out here, or choose between values with Fn::If. and 3997 more"
    )


@pytest.mark.long
@pytest.mark.parametrize(
    "make",
    [
        permissions_with_wildcards,
        policies_of_one_function,
        functions_times_bots,
        functions_of_one_name,
    ],
)
def test_what_takes_too_many_steps_is_refused(make: Callable[[int], Any]) -> None:
    """Products of many parts come to an end, with a mistake of their own (rule 6.8)."""
    with pytest.raises(TemplateError, match=r"ALP504 Resources: [A-Z][a-z]+ing .* takes more than"):
        transform(Request(make(1_000_000), REGION, ACCOUNT))


@pytest.mark.long
def test_what_takes_too_many_steps_is_refused_beside_other_mistakes() -> None:
    """What was found before is said, too (rule 6.3)."""
    fragment = permissions_with_wildcards(1_000_000)
    with pytest.raises(TemplateError) as rejected:
        transform(Request(fragment, REGION, ACCOUNT, {"SourceScop": "Bot"}))
    assert [mistake.code for mistake in rejected.value.diagnostics] == ["ALP504", "ALP302"]


@pytest.mark.long
@pytest.mark.parametrize(
    "make",
    [
        permissions_by_bot,
        own_permissions,
        linked_conditions,
        locales_under_conditions,
        permissions_for_any_bot,
        resource_policies,
        statements_by_alias,
    ],
)
def test_the_largest_honest_templates_take_a_tenth_of_the_steps(make: Callable[[int], Any]) -> None:
    """None of them is refused (rule 6.8)."""
    request = Request(make(1_000_000), REGION, ACCOUNT)
    examination = examine(request)
    assert not examination.mistakes
    assert examination.template.budget.spent <= MOST_STEPS / 10


@pytest.mark.parametrize("depth", [100, 101])
def test_branches_inside_of_branches(depth: int) -> None:
    """A value stands under as many conditions as it is deep, so depth has an end (rule 6.8)."""
    counter = itertools.count()
    arn = nested(depth, lambda inside: {"Fn::If": [f"Is{next(counter)}", inside, "x"]}, ARN)
    if depth == 100:
        assert run({"Alias": alias(arn)}).code_hooks == depth + 1
    else:
        with pytest.raises(TemplateError, match="ALP102"):
            run({"Alias": alias(arn)})


def test_functions_of_two_names_that_text_names() -> None:
    """Each is held against the ones that it may be, not against all others (rule 6.8)."""

    def spent(count: int) -> int:
        made: dict[str, Any] = {}
        for number in range(count):
            name = {"Fn::If": ["IsProd", f"orders-{number}", f"test-{number}"]}
            made[f"F{number}"] = {**FUNCTION, "Properties": {"FunctionName": name}}
            made[f"A{number}"] = alias(
                f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders-{number}"
            )
        fragment = {"Conditions": {"IsProd": equals("P")}, "Resources": made}
        return examine(Request(fragment, REGION, ACCOUNT)).template.budget.spent

    assert spent(400) < 5 * spent(100)


@pytest.mark.parametrize("depth", [9, 11, pytest.param(450, marks=SINCE_3_12)])
def test_expressions_inside_of_expressions(depth: int) -> None:
    """What is nested too deeply is left unread, and gets its permission (rules 2.2, 3.3)."""
    joined = nested(depth, lambda inside: {"Fn::Join": ["", [inside]]}, "orders")
    assert run({"Alias": alias(joined)}).permissions_added == 1


def test_references_inside_of_references() -> None:
    """A name may be put together by a function, but no name is this long (rule 6.2)."""
    referred = nested(101, lambda inside: {"Ref": {"Fn::Sub": ["${A}", {"A": inside}]}}, "x")
    assert run({"Alias": alias(referred)}).permissions_added == 1


def test_a_text_that_doubles_at_each_level() -> None:
    """Ninety levels would come to more characters than there are atoms (rule 6.2)."""
    doubled = nested(90, lambda inside: {"Fn::Sub": ["${A}${A}", {"A": inside}]}, "orders")
    assert run({"Alias": alias(doubled)}).permissions_added == 1


@pytest.mark.parametrize(
    ("depth", "reports"),
    [
        (50, []),
        (300, ["ConditionsUndecided"]),
        pytest.param(1_500, ["ConditionsUndecided"], marks=SINCE_3_12),
    ],
)
def test_conditions_inside_of_conditions(depth: int, reports: list[str]) -> None:
    """What is nested too deeply is not decided, which is reported (rule 3.3)."""
    condition = nested(depth, lambda inside: {"Fn::Not": [inside]}, equals("P"))
    result = run({"Alias": alias(ARN, Condition="Deep")}, Conditions={"Deep": condition})
    assert result.permissions_added == 1
    assert [report.name for report in result.reports] == reports


@pytest.mark.parametrize("depth", [20, 21, 400])
def test_loops_inside_of_loops(depth: int) -> None:
    """A body is read once, whatever the number of loops around it, down to 20 (rules 1.5, 6.8)."""
    counter = itertools.count()
    variables = "".join(f"${{V{number}}}" for number in range(depth))

    def looped(inside: object) -> dict[str, Any]:
        number = next(counter)
        return {f"Fn::ForEach::L{number}": [f"V{number}", ["a"], inside]}

    resources = nested(depth, looped, {f"Alias{variables}": alias(ARN)})
    if depth > 20:
        with pytest.raises(
            TemplateError, match=f"ALP102 .*L{depth - 21}: the value of Fn::ForEach"
        ):
            run(resources)
        return
    body: Any = run(resources).fragment["Resources"]
    for number in reversed(range(depth)):
        body = body[f"Fn::ForEach::L{number}"][2]
    added = {name: value for name, value in body.items() if value["Type"].endswith("Permission")}
    (name,) = added
    assert all(f"${{V{number}}}" in name for number in range(depth))


@pytest.mark.parametrize(
    ("description", "is_refused"),
    [
        ("x" * 5_000_000, False),
        ("x" * 7_000_000, True),
        ("\ud83d\ude00", True),
        ("\ud800", True),
        ("\ud7ff and \ue000", False),
    ],
)
def test_what_cannot_be_delivered_is_refused(description: str, is_refused: bool) -> None:  # noqa: FBT001
    """Lambda's client encodes the answer as UTF-8, and takes 6 MB of it (rule 6.2)."""
    if is_refused:
        with pytest.raises(TemplateError, match="ALP604"):
            run({}, Description=description)
    else:
        assert run({}, Description=description).fragment["Description"] == description


@SINCE_3_12
def test_a_template_too_deep_for_one_format_is_held_against_the_other() -> None:
    """A shortcut that cannot look into it is not the answer (rule 6.2)."""
    deep = nested(2_500, lambda inside: [inside], "x")
    assert run({}, Metadata={"Deep": deep}).permissions_added == 0


DEEP = {"deep_conditions", "deep_loops"}


@pytest.mark.long
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case.make.__name__,
            marks=[SINCE_3_12] if case.make.__name__ in DEEP else [],
        )
        for case in TEMPLATES
    ],
)
def test_each_of_the_worst_templates_is_answered(case: Template) -> None:
    """With an answer that can be sent, a small log, and no bug of its own (rules 6.2, 6.8)."""
    asked = {"region": REGION, "accountId": ACCOUNT, "fragment": case.make(30_000)}
    event = json.loads(json.dumps({**asked, "requestId": "worst"}))
    answered, lines = heard(lambda sent: handler(sent, Context()), event)  # type: ignore[arg-type]
    assert sum(map(len, lines)) < 100_000
    assert "ALP901" not in answered.get("errorMessage", "")
    assert len(json.dumps(answered, ensure_ascii=False, allow_nan=False).encode()) < 6_000_000
    if case.honest:
        assert answered["status"] == "success"


def test_a_long_value_of_a_parameter_names_no_function() -> None:
    """It is not taken apart for each of the hooks that refer to it (rules 4.1, 6.8)."""
    arn = {"Fn::Join": ["", [{"Ref": "P"}] * 20]}
    fragment = {
        "Parameters": {"P": {"Type": "String"}},
        "Resources": {f"Alias{number}": alias(arn) for number in range(100)},
    }
    request = Request(fragment, REGION, ACCOUNT, template_parameters={"P": ":" * 4_000})
    assert transform(request).permissions_added == 100


ALL_ANSWERS: Final = """
import json
from auto_lex_permissions import TemplateError, transform
from auto_lex_permissions.transform import examine
from tests.templates import cases
for case in cases("cases"):
    print(json.dumps(transform(case.request).fragment), examine(case.request).template.budget.spent)
for case in cases("rejected"):
    try:
        transform(case.request)
    except TemplateError as error:
        print(error)
"""


@pytest.mark.long
def test_answers_and_steps_are_the_same_in_every_process() -> None:
    """Whatever the order of Python's sets is there (rules 6.5 and 6.8)."""
    printed = {
        subprocess.run(
            [sys.executable, "-c", ALL_ANSWERS],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2", "3", "4", "5", "6")
    }
    assert len(printed) == 1
