"""`expand` and `check`, run as programs of their own."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from auto_lex_permissions import Request, __version__, transform
from auto_lex_permissions.diagnostics import CATALOGUE
from tests.cli.commands import BY_MACRO, PERMISSION, TEMPLATE, run, written
from tests.templates import Case, cases, name

PATH = (
    "Resources.Alias.Properties.BotAliasLocaleSettings[0].BotAliasLocaleSetting"
    ".CodeHookSpecification.LambdaCodeHook.LambdaArn"
)


def test_version_and_help() -> None:
    """They need nothing, and exit with 0."""
    assert run("--version").out == f"auto-lex-permissions {__version__}\n"
    for arguments in (["--help"], ["expand", "-h"], ["check", "--help"]):
        ended = run(*arguments)
        assert ended.code == 0
        assert "Usage: auto-lex-permissions" in ended.out
    assert "Examples:\n    auto-lex-permissions expand" in run("expand", "-h").out


def test_expand_prints_the_bytes_that_the_macro_answers(tmp_path: Path) -> None:
    """JSON is what the Lambda runtime writes of the fragment."""
    ended = run("expand", written(tmp_path, BY_MACRO))
    assert (ended.code, ended.err) == (0, "")
    fragment = json.loads(ended.out)
    assert "Transform" not in fragment
    assert len(fragment["Resources"]) == 4
    before = copy.deepcopy(fragment)
    (added,) = (name for name in fragment["Resources"] if "Invokes" in name)
    del before["Resources"][added]
    answer, _ = LambdaMarshaller().marshal_response(
        {"fragment": transform(Request(before)).fragment}
    )
    assert f'{{"fragment": {ended.out.rstrip()}}}' == answer


@pytest.mark.parametrize("case", cases("cases"), ids=name)
def test_expand_agrees_with_the_golden_case(case: Case) -> None:
    """Read from a file, in both formats, a template comes to what the golden case says."""
    from auto_lex_permissions_cli.expand import as_json, as_yaml  # noqa: PLC0415
    from auto_lex_permissions_cli.reading import parse  # noqa: PLC0415

    text = (case.folder / "template.yaml").read_bytes()
    request = case.request
    read = parse("template.yaml", text).value
    assert read == request.fragment
    fragment = transform(
        Request(read, request.region, request.account, request.parameters)
    ).fragment
    assert json.loads(as_json(fragment)) == yaml.safe_load(as_yaml(fragment))


def test_expand_as_yaml_to_a_file(tmp_path: Path) -> None:
    """The same value, written where it was asked for."""
    template = written(tmp_path)
    target = tmp_path / "out.yaml"
    ended = run("expand", template, "--format", "yaml", "-o", target)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    expanded: Any = yaml.safe_load(target.read_text())
    assert expanded == json.loads(run("expand", template).out)
    assert run("expand", template, "-o", tmp_path / "no" / "such").code == 2


def test_diff_shows_what_is_added_and_nothing_else(tmp_path: Path) -> None:
    """No line is taken away, and there is no colour where there is no terminal."""
    ended = run("expand", written(tmp_path), "--diff")
    lines = ended.out.splitlines()[2:]
    assert [line for line in lines if line.startswith("-")] == []
    assert "+    Type: AWS::Lambda::Permission" in lines
    assert "\x1b" not in ended.out


def test_other_transforms_stay(tmp_path: Path) -> None:
    """Only the macro's own entry goes; its parameters are the settings, references resolved."""
    transforms = (
        "Transform:\n  - AWS::LanguageExtensions\n"
        "  - {Name: AutoLexPermissions, Parameters: {SourceScope: !Ref Scope}}\n"
    )
    text = BY_MACRO.replace("Transform: AutoLexPermissions\n", transforms)
    text = text.replace("Parameters:\n  Stage", "Parameters:\n  Scope: {Type: String}\n  Stage")
    template = written(tmp_path, text)
    ended = run("expand", template, "--parameter-overrides", "Scope=Bot")
    expanded = json.loads(ended.out)
    assert expanded["Transform"] == ["AWS::LanguageExtensions"]
    assert any("AliasesInvoke" in logical_id for logical_id in expanded["Resources"])
    unknown = run("expand", template, "--parameter-overrides", "Other=1")
    assert (unknown.code, unknown.err) == (
        2,
        "auto-lex-permissions: --parameter-overrides: the template has no parameter Other.\n",
    )
    assert run("expand", template, "--parameter-overrides", "Scope").code == 2


def test_mistakes_of_the_author_exit_with_2(tmp_path: Path) -> None:
    """In the words that the deployed macro has for them."""
    text = TEMPLATE.replace("!GetAtt Orders.Arn", "!Sub ${Orders.Arn}:$LATEST")
    ended = run("expand", written(tmp_path, text))
    assert ended.code == 2
    assert ended.err.startswith(
        f"auto-lex-permissions: {tmp_path}/template.yaml: ALP403 {PATH}: Lex V2"
    )


def test_check_names_file_line_and_column(tmp_path: Path) -> None:
    """Who invokes what, when, and whether it may; 1 where something is missing."""
    template = written(tmp_path)
    ended = run("check", template)
    assert ended.code == 1
    assert ended.out == (
        f"{template}:24:17: ALP101 missing: Alias invokes Orders.Arn where"
        ' {"Condition": "IsProd"}\n'
        "1 code hook in 1 template, 1 without permission\n"
    )


def test_check_of_a_template_that_lists_the_macro(tmp_path: Path) -> None:
    """What the macro will add is not missing."""
    ended = run("check", written(tmp_path, BY_MACRO))
    assert ended.code == 0
    assert ": added by the macro: Alias invokes Orders.Arn" in ended.out


def test_check_of_what_is_permitted(tmp_path: Path) -> None:
    """0 where nothing is missing; what is too wide is reported all the same."""
    template = written(tmp_path, TEMPLATE + PERMISSION)
    ended = run("check", template)
    assert (ended.code, ended.err) == (0, "")
    assert ": permitted: Alias invokes" in ended.out
    wide = written(
        tmp_path, TEMPLATE + PERMISSION.replace("      SourceArn: !GetAtt Alias.Arn\n", "")
    )
    ended = run("check", wide)
    assert ended.code == 0
    assert f"{wide}:25:3: ALP201 PermissionTooWide: It has no SourceArn. " in ended.out
    never = written(tmp_path, TEMPLATE + PERMISSION.replace("lexv2.", "lex."))
    ended = run("check", never)
    assert ended.code == 1
    assert f"{never}:25:3: ALP202 PermissionNeverMatches: Its Principal is not lexv2" in ended.out


def test_check_of_a_template_with_a_mistake(tmp_path: Path) -> None:
    """It is reported beside the hooks, or alone where what was given is no template."""
    text = BY_MACRO.replace("!GetAtt Orders.Arn", "!Sub ${Orders.Arn}:$LATEST")
    template = written(tmp_path, text)
    ended = run("check", template)
    assert ended.code == 1
    assert f"{template}:25:17: added by the macro: Alias invokes" in ended.out
    assert f"{template}:25:17: ALP403 Mistake: Lex V2 takes no qualifier with" in ended.out
    nothing = written(tmp_path, "NoSection: [1]\n")
    ended = run("check", nothing)
    assert ended.code == 1
    assert ended.out.startswith(f"{nothing}:1:1: ALP601 Mistake: AutoLexPermissions was given")


def test_check_gives_codes_in_json(tmp_path: Path) -> None:
    """A hook has one where its permission is missing; notes keep their released words beside it."""
    wide = PERMISSION.replace("      SourceArn: !GetAtt Alias.Arn\n", "")
    text = TEMPLATE.replace("!GetAtt Orders.Arn", "!Sub ${Orders.Arn}:$LATEST")
    found = [
        json.loads(run("check", written(tmp_path, made), "--format", "json").out)[0]
        for made in (TEMPLATE, TEMPLATE + wide, BY_MACRO, text)
    ]
    hooks = [(file["codeHooks"][0]["state"], file["codeHooks"][0]["id"]) for file in found]
    assert hooks == [
        ("missing", "ALP101"),
        ("permitted", None),
        ("added by the macro", None),
        ("missing", "ALP101"),
    ]
    notes = [[(note["id"], note["code"]) for note in file["notes"]] for file in found]
    assert notes == [[], [("ALP201", "PermissionTooWide")], [], [("ALP403", "Mistake")]]


def test_check_as_json_and_sarif(tmp_path: Path) -> None:
    """The same in forms for programs."""
    template = written(tmp_path)
    (file,) = json.loads(run("check", template, "--format", "json").out)
    (hook,) = file["codeHooks"]
    assert (hook["path"], hook["line"], hook["column"]) == (PATH, 24, 17)
    assert (hook["state"], hook["hookSource"]) == ("missing", "Alias")
    assert hook["function"] == {"Fn::GetAtt": ["Orders", "Arn"]}
    log = json.loads(run("check", template, "--format", "sarif").out)
    (result,) = log["runs"][0]["results"]
    assert (log["version"], result["level"]) == ("2.1.0", "error")
    place = result["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 24, "startColumn": 17}
    rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
    assert result["ruleId"] in rules
    assert rules[result["ruleIndex"]] == result["ruleId"]
    assert result["message"]["text"] == (
        "Lex may not invoke Orders.Arn for Alias: no permission covers this code hook. Add"
        " Transform: AutoLexPermissions to the template, or run auto-lex-permissions fix."
    )


def test_sarif_of_each_severity(tmp_path: Path) -> None:
    """A result points to the rule of its code, and is as serious as the catalogue says."""
    version = PERMISSION.replace("!Ref Orders", "!Sub ${Orders.Arn}:7")
    wide = version.replace("      SourceArn: !GetAtt Alias.Arn\n", "")
    text = TEMPLATE.replace("!GetAtt Orders.Arn", "!Sub ${Orders.Arn}:7")
    latest = TEMPLATE.replace("!GetAtt Orders.Arn", "!Sub ${Orders.Arn}:$LATEST")
    templates = (written(tmp_path, text + wide, "a.yaml"), written(tmp_path, latest, "b.yaml"))
    (log,) = json.loads(run("check", *templates, "--format", "sarif").out)["runs"]
    rules = log["tool"]["driver"]["rules"]
    results = log["results"]
    assert [(result["ruleId"], result["level"]) for result in results] == [
        ("ALP108", "note"),
        ("ALP201", "warning"),
        ("ALP101", "error"),
        ("ALP403", "error"),
    ]
    for result in results:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["defaultConfiguration"] == {"level": result["level"]}


def test_the_rules_of_sarif_are_the_catalogue() -> None:
    """All of it, in texts that are the same for every template, with what GitHub wants to have."""
    (log,) = json.loads(run("check", "-", "--format", "sarif", stdin="Resources: {}\n").out)["runs"]
    assert log["results"] == []
    rules = log["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["name"]) for rule in rules] == [
        (message.code, message.name) for message in CATALOGUE
    ]
    for rule, message in zip(rules, CATALOGUE, strict=True):
        texts = [rule["shortDescription"], rule["fullDescription"], rule["help"]]
        shown = [text for both in texts for text in both.values()]
        assert all(re.fullmatch(r"[A-Z][^{}]+", text) for text in shown), shown
        assert rule["shortDescription"]["text"] == message.title
        assert rule["fullDescription"]["text"] == f"{message.title}."
        assert rule["helpUri"] == message.url
        assert rule["help"]["text"].endswith(f"See {message.url}")
        assert rule["defaultConfiguration"]["level"] == message.severity
    by_id = {rule["id"]: rule for rule in rules}
    assert by_id["ALP302"]["help"]["text"].startswith("There is no such setting. See ")
    assert by_id["ALP401"]["help"]["text"].startswith("Have its owner add the permission there,")


def test_the_rules_of_sarif_name_the_ids_of_version_1_0_0() -> None:
    """By these a result that was suppressed before stays suppressed; all mistakes had one."""
    (log,) = json.loads(run("check", "-", "--format", "sarif", stdin="Resources: {}\n").out)["runs"]
    by_old_id: dict[str, list[str]] = {}
    for rule in log["tool"]["driver"]["rules"]:
        (old,) = rule["deprecatedIds"]
        by_old_id.setdefault(old, []).append(rule["id"])
    mistakes = by_old_id.pop("Mistake")
    assert {"ALP102", "ALP203", "ALP403", "ALP601"} < set(mistakes)
    assert by_old_id == {
        "CodeHookWithoutPermission": ["ALP101"],
        "HookOnVersion": ["ALP108"],
        "OptedOutButCovered": ["ALP109"],
        "WaitWouldCloseCircle": ["ALP110"],
        "ConditionsUndecided": ["ALP111"],
        "RetainedPermissionStays": ["ALP112"],
        "HookOutOfPlace": ["ALP113"],
        "HookChosenByCondition": ["ALP114"],
        "PermissionTooWide": ["ALP201"],
        "PermissionNeverMatches": ["ALP202"],
        "ResourcePolicyNotCompared": ["ALP204"],
        "ResourcePolicyUnclear": ["ALP206"],
        "FunctionUnreachable": ["ALP402"],
        "ReplicaNeedsPermission": ["ALP405"],
        "HookNamesNoArn": ["ALP406"],
        "DurableFunctionUnqualified": ["ALP407"],
        "FunctionTenantIsolated": ["ALP408"],
        "FunctionPolicyTooLarge": ["ALP503"],
    }


def test_check_of_folders_skips_what_has_no_lex(tmp_path: Path) -> None:
    """Files that cannot have a code hook are not even parsed; hidden folders are left alone."""
    written(tmp_path, name="a/one.yaml")
    written(tmp_path, name="a/two.yml")
    written(tmp_path, "not: [yaml", name="a/other.yaml")
    written(tmp_path, name="a/.hidden/three.yaml")
    written(tmp_path, name="a/node_modules/four.yaml")
    written(tmp_path, name="a/readme.txt")
    ended = run("check", tmp_path)
    assert ended.code == 1
    assert ended.out.endswith("2 code hooks in 2 templates, 2 without permission\n")


def test_check_of_the_standard_input() -> None:
    """A dash is the standard input."""
    ended = run("check", "-", stdin=TEMPLATE)
    assert ended.out.startswith("standard input:24:17: ALP101 missing")


def test_what_cannot_be_read_is_reported_after_all_else(tmp_path: Path) -> None:
    """The rest is checked; one line for each file that cannot be read, and 2."""
    template = written(tmp_path)
    broken = written(tmp_path, "AWS::Lex::Bot: [", name="broken.yaml")
    ended = run("check", template, broken, tmp_path / "missing.yaml")
    assert ended.code == 2
    assert "1 code hook in 1 template" in ended.out
    assert [line.count(":") > 1 for line in ended.err.splitlines()] == [True, True]
    assert "Traceback" not in ended.err


def test_completion() -> None:
    """The script that a shell evaluates, as `--help` says."""
    ended = run(_AUTO_LEX_PERMISSIONS_COMPLETE="bash_source")
    assert ended.code == 0
    assert "_AUTO_LEX_PERMISSIONS_COMPLETE=bash_complete" in ended.out


def test_faults_are_one_line_and_a_traceback_where_asked(tmp_path: Path) -> None:
    """Nobody reads a traceback who did not ask for it."""
    broken = written(tmp_path, "a: [")
    assert "Traceback" not in run("check", broken).err
    assert run("expand", broken).code == 2
    assert "Traceback" in run("--debug", "expand", broken).err
    assert run("expand").code == 2
    assert run("no-such-command").code == 2
