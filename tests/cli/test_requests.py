"""Where a template names the macro, and what CloudFormation then sends (rule 6.1)."""

import json
from pathlib import Path
from typing import Any

import pytest

from auto_lex_permissions import transform
from auto_lex_permissions.protocol import request_of as request_of_event
from auto_lex_permissions_cli.reading import parse
from auto_lex_permissions_cli.requests import Stack, processed, request_of, use_of
from tests.cli.commands import TEMPLATE, run, written

VALUE: Any = parse("t", TEMPLATE.encode()).value
CALL: Any = {"Name": "AutoLexPermissions", "Parameters": {"SourceScope": "Bot"}}
AT_TOP: Any = {"Fn::Transform": CALL, **VALUE}
IN_RESOURCES: Any = {**VALUE, "Resources": {**VALUE["Resources"], "Fn::Transform": CALL}}
LISTED: Any = {"Transform": ["AWS::Serverless-2016-10-31", CALL], **VALUE}


@pytest.mark.parametrize(
    ("template", "place", "handed"),
    [
        pytest.param({"Transform": CALL, **VALUE}, ("Transform",), VALUE, id="alone"),
        pytest.param(
            LISTED,
            ("Transform", 1),
            {"Transform": ["AWS::Serverless-2016-10-31"], **VALUE},
            id="listed",
        ),
        pytest.param(AT_TOP, ("Fn::Transform",), VALUE, id="at the top"),
        pytest.param(
            IN_RESOURCES, ("Resources", "Fn::Transform"), VALUE["Resources"], id="in resources"
        ),
        pytest.param(
            {"Resources": {"A": {"L": [{"Fn::Transform": CALL, "B": 1}]}}},
            ("Resources", "A", "L", 0, "Fn::Transform"),
            {"B": 1},
            id="anywhere",
        ),
        # The section counts, as CloudFormation runs it over all that is left.
        pytest.param({**LISTED, "Fn::Transform": CALL}, ("Transform", 1), None, id="both"),
    ],
)
def test_where_the_macro_is_named(template: Any, place: tuple[Any, ...], handed: Any) -> None:
    """It is handed the rest of the template, or what stands beside `Fn::Transform`."""
    use = use_of(template, Stack())
    assert use is not None
    assert (use.place, use.settings) == (place, {"SourceScope": "Bot"})
    assert handed is None or use.fragment == handed
    request = request_of(template, Stack("us-east-1", "123456789012"))
    event = {
        "region": "us-east-1",
        "accountId": "123456789012",
        "fragment": use.fragment,
        "params": use.settings,
        "templateParameterValues": {"Stage": "dev"} if "Parameters" in template else {},
    }
    assert request == request_of_event(event)


@pytest.mark.parametrize(
    "template",
    [
        VALUE,
        {"Transform": "AWS::Serverless-2016-10-31", **VALUE},
        {"Fn::Transform": {"Name": "AWS::Include"}, **VALUE},
        {"Fn::Transform": "AutoLexPermissions", **VALUE},
        {"Transform": {"Name": ["AutoLexPermissions"]}, **VALUE},
        {"Metadata": {"Fn::Transform": CALL}, **VALUE},
        {"Metadata": {"A": {"Fn::Transform": CALL, "Topic": {"Type": "AWS::SNS::Topic"}}}, **VALUE},
        {"Outputs": {"Fn::Transform": CALL}, **VALUE},
    ],
)
def test_a_template_that_does_not_name_it(template: Any) -> None:
    """It is taken as it is, also where the macro is called and handed nothing of it."""
    assert use_of(template, Stack()) is None
    assert request_of(template, Stack()).fragment == template


def test_the_answer_comes_where_the_macro_was_named() -> None:
    """CloudFormation puts the fragment in the place of what it has handed over."""
    for template in (AT_TOP, LISTED, IN_RESOURCES):
        use = use_of(template, Stack())
        fragment = transform(request_of(template, Stack())).fragment
        whole = processed(template, use, fragment)
        assert len(whole["Resources"]) == 4
        assert {*VALUE} <= {*whole}
        assert "AutoLexPermissions" not in json.dumps(whole["Resources"].get("Fn::Transform", ""))


def test_under_resources_the_macro_takes_no_conditions(tmp_path: Path) -> None:
    """As deployed; `fix` writes into the file, where conditions can stand."""
    template = json.loads(json.dumps(IN_RESOURCES))
    hook = {"LambdaCodeHook": {"LambdaArn": {"Fn::If": ["IsProd", {"Fn::Sub": "x"}, "y"]}}}
    setting = {"BotAliasLocaleSetting": {"CodeHookSpecification": hook}}
    template["Resources"]["Alias"]["Properties"]["BotAliasLocaleSettings"] = [setting]
    template["Conditions"]["IsB"] = {"Fn::Equals": [{"Ref": "Stage"}, "b"]}
    template["Resources"]["Alias"]["Condition"] = "IsB"
    path = written(tmp_path, json.dumps(template))
    ended = run("expand", path)
    assert (ended.code, ended.out) == (2, "")
    assert "ALP107" in ended.err
    assert "ALP107" in run("check", path).out
    ended = run("fix", path, "--write", "--without-macro")
    assert (ended.code, ended.err) == (
        0,
        f"{path}: 1 permission written, the macro taken out\n",
    )


@pytest.mark.parametrize("template", [AT_TOP, IN_RESOURCES, LISTED])
def test_check_counts_it_as_the_macro(template: Any, tmp_path: Path) -> None:
    """The permission comes when the stack is deployed."""
    ended = run("check", written(tmp_path, json.dumps(template)))
    assert ended.code == 0
    assert ended.out == "1 code hook in 1 template: 0 errors, 0 warnings, 0 notes\n"


def test_a_macro_of_another_name(tmp_path: Path) -> None:
    """It is registered so in this account (parameter MacroName of template.yaml)."""
    text = f"Transform:\n  - LexPermissions\n{TEMPLATE}"
    template = written(tmp_path, text)
    assert run("check", template).code == 1
    assert run("check", template, "--macro-name", "LexPermissions").code == 0
    ended = run("expand", template, "--macro-name", "LexPermissions")
    assert "Transform" not in json.loads(ended.out)
    assert json.loads(run("expand", template).out)["Transform"] == ["LexPermissions"]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        pytest.param(
            "Transform:\n- Name: AWS::Include\n  Parameters: {SourceScope: B}\n"
            "- Name: AutoLexPermissions\n  Parameters: {SourceScope: !Ref Scope}\n",
            "5:16",
            id="listed",
        ),
        pytest.param(
            "Transform:\n  Name: AutoLexPermissions\n  Parameters:\n    SourceScope: !Ref Scope\n",
            "4:5",
            id="alone",
        ),
        pytest.param(
            "Fn::Transform:\n  Name: AutoLexPermissions\n"
            "  Parameters:\n    SourceScope: !Ref Scope\n",
            "4:5",
            id="Fn::Transform",
        ),
    ],
)
def test_a_setting_without_a_value_is_reported_at_its_place(
    text: str, position: str, tmp_path: Path
) -> None:
    """A parameter without a default has a value on deployment only, or by an option (rule 5.4)."""
    whole = TEMPLATE.replace("Parameters:\n", "Parameters:\n  Scope: {Type: String}\n", 1)
    template = written(tmp_path, text + whole)
    ended = run("check", template)
    assert (
        ended.code,
        f"{template}:{position} ALP305 The parameter Scope has no" in ended.out,
    ) == (1, True)
    assert run("check", template, "--parameter-overrides", "Scope=Bot").code == 0


def test_a_macro_in_a_resource_is_reported_where_it_is(tmp_path: Path) -> None:
    """There it is handed a part of the resource (rule 6.1)."""
    call = "    Fn::Transform: {Name: AutoLexPermissions}\n    Properties:\n      BotId"
    template = written(tmp_path, TEMPLATE.replace("    Properties:\n      BotId", call))
    ended = run("check", template)
    assert (ended.code, ended.out.splitlines()[0].partition(" AutoLex")[0]) == (
        1,
        f"{template}:15:5 ALP601",
    )
    assert "; 'Type' is no section." in ended.out
