"""The hook finds what `check` finds, and says no value of a template."""

import copy
import functools
import json
import operator
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from auto_lex_permissions.cfn.values import path
from auto_lex_permissions.diagnostics import SUPPRESSION
from auto_lex_permissions_hook.judgement import Judgement, judge
from auto_lex_permissions_hook.protocol import annotation, failure_message
from tests.cli.commands import PERMISSION, ROOT, TEMPLATE, run
from tests.templates import ACCOUNT, REGION, Case, cases, name
from tools.build_artifact import FUNCTIONS

SECRET = "correct-horse-battery-staple"  # noqa: S105 - it stands for one.
# What stands below these is a name.
NAMES = {"Ref", "Fn::GetAtt", "Fn::FindInMap", "Condition", "DependsOn", "Type"}
CASES = [*cases("cases"), *cases("rejected")]
MACRO = "AutoLexPermissions"
type Found = set[tuple[str, str]]
"""Codes and paths."""


def judged(template: str) -> Judgement:
    """Return what the hook finds in a template of the tests' Region and account."""
    return judge(template, REGION, ACCOUNT, MACRO)


@pytest.fixture(scope="module")
def checked() -> dict[str, Found]:
    """Return what `check` finds in each case, by file."""
    place = ("--region", REGION, "--account", ACCOUNT)
    files = [case.folder / "template.yaml" for case in CASES]
    ended = run("check", "--format", "json", *place, *files)
    assert ended.code, ended.err
    return {file["file"]: _found(file) for file in json.loads(ended.out)}


def _found(file: dict[str, Any]) -> Found:
    every = [*file["codeHooks"], *file["notes"]]
    return {(each["id"], each["path"]) for each in every if each["id"] and not each["suppressed"]}


@pytest.mark.parametrize("case", CASES, ids=name)
def test_it_finds_what_check_finds(case: Case, checked: dict[str, Found]) -> None:
    """In all goldens and rejected cases."""
    file = case.folder / "template.yaml"
    judgement = judged(file.read_text())
    every = (*judgement.found, *judgement.undecided)
    found = {(each.code, path(each.place)) for each in every}
    assert found == checked.get(str(file), set())


def _texts(value: object, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield where texts stand in a template that are no names, and no items of a loop."""
    match value:
        case str() if not NAMES & set(place) and place[-2:] != ("Fn::If", 0):
            yield place
        case dict():
            for key, inner in value.items():
                if not key.startswith("Fn::ForEach"):
                    yield from _texts(inner, (*place, key))
        case list():
            for number, inner in enumerate(value):
                yield from _texts(inner, (*place, number))


@pytest.mark.parametrize("case", cases("rejected"), ids=name)
def test_no_value_of_a_template_is_said(case: Case) -> None:
    """Whatever text a secret stands in the place of (rule 6.4)."""
    template: Any = copy.deepcopy(case.request.fragment)
    for place in _texts(template):
        *before, last = place
        inner: Any = functools.reduce(operator.getitem, before, template)
        text, inner[last] = inner[last], SECRET
        judgement = judged(json.dumps(template))
        inner[last] = text
        said = failure_message(judgement.errors, judgement.code_hooks)
        said += json.dumps([*map(annotation, judgement.found)])
        assert SECRET not in said, place


NAMED = {
    "!GetAtt Orders.Arn": "Orders",
    "!GetAtt Orders.Other": "Orders",
    "!Ref Stage": "Stage",
    "!Sub ${Orders.Arn}": "Orders",
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{SECRET}": "the function",
    f"!Sub arn:aws:lambda:{REGION}:{ACCOUNT}:function:{SECRET}-${{Stage}}": "the function",
    f"!ImportValue {SECRET}": "the function",
}


@pytest.mark.parametrize("written", NAMED)
def test_a_function_is_named_by_its_logical_id_or_not_at_all(written: str) -> None:
    """An ARN may be nobody else's business, and a text in its place anything (rule 6.4)."""
    template = TEMPLATE.replace("!GetAtt Orders.Arn", written)
    (error,) = judged(template).errors
    assert error.what.startswith(
        f"Lex is not allowed to invoke {NAMED[written]} for bot alias Alias"
    )
    assert SECRET not in str(error)


def test_a_call_of_the_macro_that_hands_it_nothing_is_no_use() -> None:
    """One line of a template's Metadata does not switch the hook off."""
    judgement = judged(f"Metadata: {{Fn::Transform: {{Name: AutoLexPermissions}}}}\n{TEMPLATE}")
    assert not judgement.uses_macro
    assert [each.code for each in judgement.errors] == ["ALP101"]


def test_a_suppression_of_what_cannot_be_is_said_without_what_it_says() -> None:
    """`check` repeats the id; here it may be anything."""
    metadata = (
        f"    Metadata: {{AutoLexPermissions: {{Suppress: [{{Id: {SECRET}, Reason: x}}]}}}}\n"
    )
    template = TEMPLATE.replace("    Condition: IsProd\n", metadata)
    found = judged(template).errors
    assert [each.code for each in found] == ["ALP101", "ALP702"]
    assert found[1].what == f"{SUPPRESSION.title}."
    assert SECRET not in json.dumps([*map(annotation, found)])


FOREIGN = "arn:aws:lambda:us-east-1:999999999999:function:orders"
BY_PARAMETER = (TEMPLATE + PERMISSION.replace("!Ref Orders", "!Ref Stage")).replace(
    "!GetAtt Orders.Arn", "!Ref Stage"
)


def test_what_only_a_parameter_decides_is_no_error() -> None:
    """`check` takes its default; the deployment may have another value, and the hook has none."""
    template = BY_PARAMETER.replace("Default: dev", f"Default: {FOREIGN}")
    template = template.replace("    Condition: IsProd\n", "")
    ended = run("check", "--region", REGION, "--account", ACCOUNT, "-", stdin=template)
    assert " ALP401 " in ended.out
    judgement = judged(template)
    assert judgement.errors == ()
    assert judgement.parameters == ("Stage",)


@pytest.mark.parametrize(
    ("written", "parameters"),
    [
        ("!Ref Stage", ("Stage",)),
        ("!Sub arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:x-${Stage}", ("Stage",)),
        ("!GetAtt Orders.Arn", ()),
        ("!Ref Other", ()),
    ],
)
def test_the_parameters_that_name_functions_are_known(
    written: str, parameters: tuple[str, ...]
) -> None:
    """Each once, however often and in whatever way it is named."""
    template = TEMPLATE.replace("!GetAtt Orders.Arn", written)
    assert judged(template).parameters == parameters


def test_hooks_that_are_opted_out_name_nothing() -> None:
    """Nobody asks whether their functions can be granted."""
    metadata = "    Metadata: {AutoLexPermissions: {Enabled: false}}\n"
    template = BY_PARAMETER.replace("    Condition: IsProd\n", metadata)
    assert judged(template).parameters == ()
    assert judged(template.replace("Enabled: false", "Enabled: true")).parameters == ("Stage",)


OTHER_ACCOUNT = TEMPLATE.replace("!GetAtt Orders.Arn", FOREIGN)


@pytest.mark.parametrize(
    ("name", "condition", "is_error"),
    [
        (FOREIGN, "!Equals [!Ref Stage, prod]", False),
        (FOREIGN, f"!Equals [!Ref AWS::AccountId, '{ACCOUNT}']", True),
        (FOREIGN, "!Equals [x, x]", True),
        ("!Sub ${Orders.Arn}:$LATEST", "!Equals [!Ref Stage, prod]", False),
        ("!Sub ${Orders.Arn}:$LATEST", f"!Equals [!Ref AWS::Region, {REGION}]", True),
        (f"!Sub ${{Orders.Arn}}:{'x' * 200}", "!Equals [!Ref Stage, prod]", False),
        (f"!Sub ${{Orders.Arn}}:{'x' * 200}", "!Equals [x, x]", True),
    ],
)
def test_a_mistake_of_other_deployments_is_no_error_of_this_one(
    name: str, condition: str, *, is_error: bool
) -> None:
    """A template for several accounts names a function of each, under conditions."""
    template = TEMPLATE.replace("!GetAtt Orders.Arn", name)
    judgement = judged(template.replace("!Equals [!Ref Stage, prod]", condition) + PERMISSION)
    mistakes = [each.code for each in judgement.errors if each.code != "ALP101"]
    undecided = [each.code for each in judgement.undecided]
    (code,) = mistakes + undecided
    assert code in {"ALP401", "ALP403", "ALP404"}
    assert bool(mistakes) is is_error


def test_a_mistake_of_another_deployment_is_not_even_a_note() -> None:
    """Where the account or the Region decides, nothing is left open."""
    condition = "!Equals [!Ref AWS::AccountId, '999999999999']"
    judgement = judged(OTHER_ACCOUNT.replace("!Equals [!Ref Stage, prod]", condition))
    assert (judgement.found, judgement.undecided) == ((), ())


def test_a_condition_that_only_parameters_decide_leaves_an_error() -> None:
    """A template is judged for all of its deployments, as by `check`; the message says when."""
    (error,) = judged(TEMPLATE).errors
    assert "(where IsProd)" in error.what


@pytest.mark.parametrize(
    ("region", "codes"), [("us-east-1", []), ("eu-west-1", ["ALP401"]), ("", [])]
)
def test_region_and_partition_are_those_of_the_stack(region: str, codes: list[str]) -> None:
    """A function of another Region cannot be granted."""
    literal = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:x"
    permission = PERMISSION.replace("!Ref Orders", literal)
    template = TEMPLATE.replace("!GetAtt Orders.Arn", literal).replace(
        "    Condition: IsProd\n", ""
    )
    found = judge(template + permission, region, ACCOUNT, MACRO)
    assert [each.code for each in found.errors] == codes


def test_missing_permissions_are_in_the_order_of_the_template() -> None:
    """As a reader of the file comes across it."""
    alias = TEMPLATE.partition("  Alias:\n")[2]
    several = TEMPLATE + "".join(f"  Alias{number}:\n{alias}" for number in range(12))
    paths = [each.path.split(".")[1] for each in judged(several).found]
    assert paths == ["Alias", *(f"Alias{number}" for number in range(12))]


def test_the_hook_imports_of_the_command_line_what_is_built_for_lambda() -> None:
    """What reads templates and finds faults in them, and nothing that prints or calls AWS."""
    program = (
        "import json, sys; import auto_lex_permissions_hook.handler;"
        "print(json.dumps([m for m in sys.modules if m.startswith('auto_lex_permissions_cli.')]))"
    )
    path = os.pathsep.join(str(ROOT / folder) for folder in ("macro", "cli", "hook"))
    said = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    imported = {name.partition(".")[2] for name in json.loads(said)}
    built = FUNCTIONS["hook"]["cli/auto_lex_permissions_cli"]
    assert imported == {name.removesuffix(".py") for name in built} - {"__init__"}
