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
from auto_lex_permissions.diagnostics import OF_TEMPLATES
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
        f"{template}:24:17 ALP101 Lex is not allowed to invoke Orders for bot alias Alias (where"
        " IsProd): no permission covers this call. Run auto-lex-permissions fix --write on this"
        " template, or add Transform: AutoLexPermissions to it.\n"
        "1 code hook in 1 template: 1 error, 0 warnings, 0 notes\n"
    )


def test_check_of_a_template_that_lists_the_macro(tmp_path: Path) -> None:
    """What the macro will add is no finding."""
    ended = run("check", written(tmp_path, BY_MACRO))
    assert (ended.code, ended.out) == (
        0,
        "1 code hook in 1 template: 0 errors, 0 warnings, 0 notes\n",
    )


def test_check_of_what_is_allowed(tmp_path: Path) -> None:
    """0 where nothing is denied; what is too wide is reported all the same."""
    template = written(tmp_path, TEMPLATE + PERMISSION)
    ended = run("check", template)
    assert (ended.code, ended.err, ended.out.count("\n")) == (0, "", 1)
    wide = written(
        tmp_path, TEMPLATE + PERMISSION.replace("      SourceArn: !GetAtt Alias.Arn\n", "")
    )
    ended = run("check", wide)
    assert ended.code == 0
    assert f"{wide}:25:3 ALP201 It has no SourceArn. " in ended.out
    never = written(tmp_path, TEMPLATE + PERMISSION.replace("lexv2.", "lex."))
    ended = run("check", never)
    assert ended.code == 1
    assert f"{never}:25:3 ALP202 Its Principal is not lexv2" in ended.out


def test_check_of_a_template_with_a_mistake(tmp_path: Path) -> None:
    """It is reported beside the hooks, or alone where what was given is no template."""
    text = BY_MACRO.replace("!GetAtt Orders.Arn", "!Sub ${Orders.Arn}:$LATEST")
    template = written(tmp_path, text)
    ended = run("check", template)
    assert ended.code == 1
    assert f"{template}:25:17 ALP403 Lex V2 takes no qualifier with" in ended.out
    nothing = written(tmp_path, TEMPLATE.replace("\nResources:", "\n\u3000Resources:"))
    ended = run("check", nothing)
    assert ended.code == 1
    assert ended.out.startswith(f"{nothing}:1:1 ALP601 AutoLexPermissions was given neither")
    assert r"; '\u3000Resources' is no section." in ended.out


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
        ("denied", "ALP101"),
        ("allowed", None),
        ("added by the macro", None),
        ("denied", "ALP101"),
    ]
    notes = [[(note["id"], note["code"]) for note in file["notes"]] for file in found]
    assert notes == [[], [("ALP201", "PermissionTooWide")], [], [("ALP403", "Mistake")]]


def test_check_as_json_and_sarif(tmp_path: Path) -> None:
    """The same in forms for programs."""
    template = written(tmp_path)
    (file,) = json.loads(run("check", template, "--format", "json").out)
    (hook,) = file["codeHooks"]
    assert (hook["path"], hook["line"], hook["column"]) == (PATH, 24, 17)
    assert (hook["state"], hook["hookSource"]) == ("denied", "Alias")
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
        "Lex is not allowed to invoke Orders for bot alias Alias (where IsProd): no permission"
        " covers this call. Run auto-lex-permissions fix --write on this template, or add"
        " Transform: AutoLexPermissions to it."
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
        (message.code, message.name) for message in OF_TEMPLATES
    ]
    for rule, message in zip(rules, OF_TEMPLATES, strict=True):
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
    assert by_id["ALP401"]["help"]["text"].startswith(
        "Either ask the function's owner to add the permission there "
    )


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
    assert ended.out.endswith(
        "2 code hooks in 2 templates: 2 errors, 0 warnings, 0 notes; 1 folder skipped"
        f" ({tmp_path}/a/node_modules)\n"
    )


def test_check_of_the_standard_input() -> None:
    """A dash is the standard input."""
    ended = run("check", "-", stdin=TEMPLATE)
    assert ended.out.startswith("standard input:24:17 ALP101 Lex is not allowed")


def test_what_cannot_be_read_is_reported_after_all_else(tmp_path: Path) -> None:
    """The rest is checked; one line for each file that cannot be read, and 2."""
    template = written(tmp_path)
    broken = written(tmp_path, "AWS::Lex::Bot: [", name="broken.yaml")
    ended = run("check", template, broken, tmp_path / "missing.yaml")
    assert ended.code == 2
    assert "1 code hook in 1 template: 2 errors" in ended.out
    assert f"{broken}:1:17 ALP701 Did not find expected" in ended.out
    assert ended.err == (
        f"auto-lex-permissions: {tmp_path}/missing.yaml: there is no such file or folder.\n"
    )
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


# What is no template, and what cannot be read.

NOT_NAMED = {
    "package.json": '{"name": "x", "scripts": {}}',
    "workflow.yml": "on: push\njobs: {}\n",
    "several.yaml": "kind: A\n---\nkind: B\n",
    "tsconfig.json": '{ // comments\n "compilerOptions": {} }',
    "list.json": "[1, 2]",
    "broken.yaml": "a: [",
    "binary.json": "\x00\x01",
}
NO_TEMPLATES = {
    "buildspec.yml": "version: 0.2\nphases: {build: {commands: [grep AWS::Lex::Bot x]}}\n",
    "schema.json": '{"typeName": "AWS::Lex::Bot", "properties": {}}',
    "tree.json": '{"version": "tree-0.1", "tree": {"attributes": {"type": "AWS::Lex::BotAlias"}}}',
    "changes.json": '{"Changes": [{"ResourceChange": {"ResourceType": "AWS::Lex::Bot"}}]}',
    "list.json": '["AWS::Lex::Bot"]',
    "text.yaml": "AWS::Lex::Bot\n",
    "several.yaml": "kind: A\n---\nkind: AWS::Lex::Bot\n",
}
UNREADABLE = {
    "broken.yaml": ("AWS::Lex::Bot: [", "1:17"),
    "several.yaml": ("Resources: {}\n---\nkind: AWS::Lex::Bot\n", "2:1"),
    "latin.yaml": (b"# AWS::Lex::Bot \xe9\n", "1:1"),
} | {
    # As Windows PowerShell 5.1 writes what a command prints, and in other widths and orders.
    f"{encoding}.yaml": (f"\ufeff{TEMPLATE}".encode(encoding), "1:1")
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le")
} | {"no-mark.yaml": (TEMPLATE.encode("utf-16-le"), "1:1")}  # fmt: skip


@pytest.mark.parametrize("command", ["check", "fix"])
def test_what_names_no_bot_is_not_even_parsed(command: str, tmp_path: Path) -> None:
    """Named, in a folder, or handed over by pre-commit: not a word, and 0."""
    files = [written(tmp_path, text, name) for name, text in NOT_NAMED.items()]
    for paths in (files, [tmp_path]):
        ended = run(command, *paths)
        assert (ended.code, ended.err) == (0, "")
        assert ended.out in {"", "0 code hooks in 0 templates: 0 errors, 0 warnings, 0 notes\n"}
    ended = run(command, "-", stdin="a: [")
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("command", ["check", "fix"])
def test_what_names_a_bot_and_is_no_template_is_noted(command: str, tmp_path: Path) -> None:
    """It is not judged; the rest of the folder is."""
    for name_of_file, text in NO_TEMPLATES.items():
        written(tmp_path, text, name_of_file)
    written(tmp_path, TEMPLATE + PERMISSION, "good.yaml")
    ended = run(command, tmp_path)
    assert ended.code == 0
    assert ended.err.splitlines() == [
        f"{tmp_path / name_of_file}: names a Lex V2 bot and is no template; not looked at"
        for name_of_file in sorted(NO_TEMPLATES)
    ]
    assert "1 code hook in 1 template: 0 err" in ended.out or command == "fix"


def test_what_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    """Else it would vanish from code scanning, which then closes its alerts."""
    for name_of_file, (text, _) in UNREADABLE.items():
        written(tmp_path, text, name_of_file)
    written(tmp_path, TEMPLATE, "template.yaml")
    wanted = [(str(tmp_path / n), place) for n, (_, place) in sorted(UNREADABLE.items())]
    ended = run("check", tmp_path)
    lines = ended.out.splitlines()
    assert [line.partition(" ALP701 ")[0] for line in lines if "ALP701" in line] == [
        f"{file}:{place}" for file, place in wanted
    ]
    assert "ALP101" in lines[0]
    assert (ended.code, ended.err) == (2, "")
    assert lines[-1] == (
        f"1 code hook in 1 template: {len(UNREADABLE) + 1} errors, 0 warnings, 0 notes;"
        f" {len(UNREADABLE)} files could not be read"
    )
    as_json = json.loads(run("check", tmp_path, "--format", "json").out)
    assert [
        (file["file"], f"{note['line']}:{note['column']}")
        for file in as_json
        for note in file["notes"]
        if note["id"] == "ALP701"
    ] == wanted
    ended = run("check", tmp_path, "--format", "sarif")
    (log,) = json.loads(ended.out)["runs"]
    (invocation,) = log["invocations"]
    texts = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert (invocation["executionSuccessful"], len(texts)) == (False, len(UNREADABLE))
    assert ended.err.splitlines() == [f"auto-lex-permissions: {text}" for text in texts]
    assert [result["ruleId"] for result in log["results"]].count("ALP701") == len(UNREADABLE)
    github = run("check", tmp_path, "--format", "github").out
    assert github.count("title=ALP701::") == len(UNREADABLE)


def test_folders_that_are_passed_over(tmp_path: Path) -> None:
    """`cdk.out` is searched where it is named, or with `--no-ignore`; else that is said."""
    written(tmp_path, name="cdk.out/Stack.template.json")
    written(tmp_path, name=".hidden/a.yaml")
    written(tmp_path, name="LOUD.YAML")
    counted = re.compile(r"^(\d+) code hooks? in .+?(?:; (.+))?$", re.MULTILINE)

    def summary(*arguments: str) -> tuple[str, str]:
        found = counted.search(run("check", *arguments, cwd=tmp_path).out)
        assert found
        return found[1], found[2] or ""

    assert summary(".") == ("1", "1 folder skipped (cdk.out)")
    assert summary("cdk.out") == ("1", "")
    assert summary(".", "--no-ignore") == ("3", "")
    for number in range(4):
        written(tmp_path, name=f"{number}/node_modules/a.yaml")
    assert summary(".")[1] == (
        "5 folders skipped (0/node_modules, 1/node_modules, 2/node_modules …)"
    )


@pytest.mark.parametrize(
    ("pattern", "count"),
    [("b.yaml", 2), ("a", 1), ("a/*", 1), ("*.yaml", 0), ("a/b.yaml", 2), ("b", 3), ("./a/*", 3)],
)
def test_what_is_excluded(pattern: str, count: int, tmp_path: Path) -> None:
    """By a pattern for paths, as they are from where the command runs, or for names."""
    for name_of_file in ("a/a.yaml", "a/b.yaml", "c.yaml"):
        written(tmp_path, name=name_of_file)
    ended = run("check", ".", "--exclude", pattern, cwd=tmp_path)
    assert ended.out.splitlines()[-1].startswith(f"{count} code hook")


# Which findings count.

WIDE = TEMPLATE + PERMISSION.replace("      SourceArn: !GetAtt Alias.Arn\n", "")
SEVENTH = "!Sub ${Orders.Arn}:7"
ON_VERSION = TEMPLATE.replace("!GetAtt Orders.Arn", SEVENTH) + PERMISSION.replace(
    "!Ref Orders", SEVENTH
)
REASON = "All bots share it."


def suppressing(*entries: str) -> str:
    """Return a template whose permission is too wide, and which says that it may be."""
    listed = ", ".join(entries)
    metadata = f"    Metadata: {{AutoLexPermissions: {{Suppress: [{listed}]}}}}\n"
    return WIDE.replace("  Permission:\n", f"  Permission:\n{metadata}", 1)


@pytest.mark.parametrize(
    ("text", "level", "code"),
    [
        (WIDE, "error", 0),
        (WIDE, "warning", 1),
        (WIDE, "note", 1),
        (TEMPLATE, "error", 1),
        (TEMPLATE + PERMISSION, "note", 0),
        (ON_VERSION, "warning", 0),
        (ON_VERSION, "note", 1),
        (suppressing(f"{{Id: ALP201, Reason: {REASON}}}"), "note", 0),
    ],
)
def test_how_serious_it_has_to_be(text: str, level: str, code: int, tmp_path: Path) -> None:
    """What is too wide can fail a build, and what is suppressed fails none."""
    assert run("check", written(tmp_path, text), "--fail-on", level).code == code


def test_what_is_suppressed_is_counted_and_shown_where_asked(tmp_path: Path) -> None:
    """In text with its reason, in JSON and SARIF always."""
    template = written(tmp_path, suppressing(f"{{Id: ALP201, Reason: {REASON}}}"))
    ended = run("check", template)
    assert ended.out == ("1 code hook in 1 template: 0 errors, 0 warnings, 0 notes; 1 suppressed\n")
    shown = run("check", template, "--show-suppressed").out
    assert re.search(rf":25:3 ALP201 It has no SourceArn\..* Suppressed: {REASON}\n", shown)
    (file,) = json.loads(run("check", template, "--format", "json").out)
    assert [note["suppressed"] for note in file["notes"]] == [REASON]
    (log,) = json.loads(run("check", template, "--format", "sarif").out)["runs"]
    (result,) = log["results"]
    assert result["suppressions"] == [{"kind": "inSource", "justification": REASON}]
    assert "ALP201" not in run("check", template, "--format", "github", "--show-suppressed").out


@pytest.mark.parametrize(
    "entry",
    [
        "{Id: ALP201}",
        "{Id: ALP201, Reason: ' '}",
        "ALP201",
        "{Id: ALP403, Reason: x}",
        "{Id: X, Reason: x}",
    ],
)
def test_what_cannot_be_suppressed(entry: str, tmp_path: Path) -> None:
    """It is a mistake at its place, and the finding stays."""
    ended = run("check", written(tmp_path, suppressing(entry)))
    assert ended.code == 1
    assert [line.split()[1] for line in ended.out.splitlines()[:-1]] == ["ALP201", "ALP702"]
    assert ":26:48 ALP702 " in ended.out


def test_a_hook_may_be_suppressed_too(tmp_path: Path) -> None:
    """In its bot alias, where the permission comes from somewhere else."""
    metadata = (
        "    Metadata: {AutoLexPermissions: {Suppress: [{Id: ALP101, Reason: Elsewhere.}]}}\n"
    )
    condition = "    Condition: IsProd\n"
    template = written(tmp_path, TEMPLATE.replace(condition, condition + metadata))
    assert run("check", template).code == 0
    (file,) = json.loads(run("check", template, "--format", "json").out)
    (hook,) = file["codeHooks"]
    assert (hook["state"], hook["suppressed"]) == ("denied", "Elsewhere.")
    assert json.loads(run("expand", template).out)["Resources"]["Alias"]["Metadata"]


# Where it goes.


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_output_to_a_file(form: str, tmp_path: Path) -> None:
    """The same as is printed, and nothing is printed."""
    written(tmp_path)
    printed = run("check", "template.yaml", "--format", form, cwd=tmp_path)
    ended = run("check", "template.yaml", "--format", form, "-o", "out", cwd=tmp_path)
    assert (ended.code, ended.out) == (1, "")
    assert (tmp_path / "out").read_text() == printed.out


@pytest.mark.parametrize(
    "command", [("check",), ("check", "--format", "json"), ("expand",), ("expand", "--diff")]
)
def test_a_dash_is_the_standard_output(command: tuple[str, ...], tmp_path: Path) -> None:
    """As it is the standard input elsewhere; there is no file of that name."""
    written(tmp_path)
    printed = run(*command, "template.yaml", cwd=tmp_path)
    assert run(*command, "template.yaml", "-o", "-", cwd=tmp_path) == printed
    assert [path.name for path in tmp_path.iterdir()] == ["template.yaml"]


def test_the_standard_input_has_a_name_where_it_is_given_one(tmp_path: Path) -> None:
    """Editors hand over what is not saved yet."""
    ended = run("check", "-", "--stdin-filename", "a b.yaml", "--format", "sarif", stdin=TEMPLATE)
    (result,) = json.loads(ended.out)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "a%20b.yaml", "uriBaseId": "%SRCROOT%"}
    absolute = written(tmp_path, name="ü.yaml")
    (result,) = json.loads(run("check", absolute, "--format", "sarif").out)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": f"file://{tmp_path}/%C3%BC.yaml"}


def test_annotations_for_github(tmp_path: Path) -> None:
    """What would end a command, or a property of it, is escaped."""
    written(tmp_path, WIDE, "a,b: 100%.yaml")
    ended = run("check", "a,b: 100%.yaml", "--format", "github", cwd=tmp_path)
    assert ended.out.startswith(
        "::warning file=a%2Cb%3A 100%25.yaml,line=25,col=3,title=ALP201::It has no SourceArn. "
    )


def test_what_is_in_a_text_is_found_in_the_file_that_holds_it(tmp_path: Path) -> None:
    """Programs open the file that they are told of; where in its text it is, the words say."""
    written(tmp_path, json.dumps({"TemplateBody": TEMPLATE}), "found.json")
    written(tmp_path, json.dumps({"TemplateBody": "A: AWS::Lex::Bot\nB: ["}), "unreadable.json")
    files = ["found.json", "unreadable.json"]
    ended = run("check", *files, "--format", "sarif", cwd=tmp_path)
    first, second = json.loads(ended.out)["runs"][0]["results"]
    for result, file in zip((first, second), files, strict=True):
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == file
        assert place["region"] == {"startLine": 1, "startColumn": 1}
    assert first["message"]["text"].startswith("TemplateBody:24:17: Lex is not allowed to invoke")
    assert second["message"]["text"].startswith("TemplateBody:2:5: ")
    ended = run("check", *files, "--format", "github", cwd=tmp_path)
    found, unreadable, _ = ended.out.splitlines()
    assert found.startswith(
        "::error file=found.json,line=1,col=1,title=ALP101::TemplateBody:24:17: "
    )
    assert unreadable.startswith("::error file=unreadable.json,line=1,col=1,title=ALP701::Templ")
    ended = run("check", *files, cwd=tmp_path)
    assert ended.out.startswith("found.json (TemplateBody):24:17 ALP101 Lex is not allowed")


def test_no_folder_writes_a_command_of_github(tmp_path: Path) -> None:
    """The summary names folders, which may be called anything; to a file, too."""
    folder = tmp_path / "a\n::error title=pwned::hello\udcff" / "node_modules"
    written(folder)
    named = r"1 folder skipped (a\n::error title=pwned::hello\udcff/node_modules)"
    for form in ("github", "text"):
        for output in ((), ("-o", "out")):
            ended = run("check", ".", "--format", form, *output, cwd=tmp_path)
            shown = (tmp_path / "out").read_text() if output else ended.out
            assert (ended.code, ended.err, shown.count("\n")) == (0, "", 1)
            assert shown.endswith(f"; {named}\n")


def test_conditions_in_words() -> None:
    """As people say them."""
    from auto_lex_permissions.cfn.formulas import And, Named, Not, Or  # noqa: PLC0415
    from auto_lex_permissions_cli.findings import condition_in_words  # noqa: PLC0415

    a, b, c = map(Named, ("A", "B", "C"))
    assert condition_in_words(Or(And(a, Not(b)), c)) == "(A and not B) or C"
    assert condition_in_words(Not(Or(a, b))) == "not (A or B)"


# The program itself.


@pytest.mark.parametrize("width", [60, 80, 200])
def test_what_help_says_can_be_pasted(width: int) -> None:
    """The lines of completion are not wrapped, and no summary is cut off."""
    shown = run("--help", COLUMNS=str(width)).out
    for shell in ("bash", "zsh", "fish"):
        assert f"_AUTO_LEX_PERMISSIONS_COMPLETE={shell}_source \\\n" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert width < 80 or "..." not in shown.partition("\nCommands:")[2]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_of_files(shell: str, tmp_path: Path) -> None:
    """A shell asks the program, which answers that files belong here."""
    asked: dict[str, Any] = {
        "_AUTO_LEX_PERMISSIONS_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "auto-lex-permissions check t",
        "COMP_CWORD": "t" if shell == "fish" else "2",
    }
    ended = run(cwd=tmp_path, **asked)
    assert ended.out.replace("\n", ",").startswith("file,")
    source = run(_AUTO_LEX_PERMISSIONS_COMPLETE=f"{shell}_source").out
    assert f"_AUTO_LEX_PERMISSIONS_COMPLETE={shell}_complete" in source


def test_several_parameters_behind_one_option(tmp_path: Path) -> None:
    """As the AWS CLI takes them; what is no parameter any more is an argument."""
    text = TEMPLATE.replace("Parameters:\n", "Parameters:\n  Name: {Type: String}\n", 1)
    template = written(tmp_path, text)
    for arguments in (
        ("check", "--parameter-overrides", "Stage=prod", "Name=a=b", template),
        ("check", template, "--parameter-overrides", "Stage=prod", "Name=a=b"),
        ("check", "--parameter-overrides", "Stage=a", "--parameter-overrides", "Name=b", template),
        ("check", "--parameter-overrides", "Stage=a", "Name=b", "--format", "text", template),
    ):
        ended = run(*arguments)
        assert (ended.code, ended.err) == (1, "")


@pytest.mark.parametrize("command", ["check", "fix", "expand", "graph"])
def test_what_no_stack_has_is_refused_alike(command: str, tmp_path: Path) -> None:
    """Parameters, Regions and accounts."""
    template = written(tmp_path)
    ended = run(command, template, "--parameter-overrides", "Other=1")
    assert ended.code == 2
    assert ended.err.splitlines()[-1].endswith("has no parameter Other.") or ended.err.splitlines()[
        -1
    ].endswith("no template has a parameter Other.")
    for option, value in (("--region", "europe"), ("--account", "1234")):
        ended = run(command, template, option, value)
        assert (ended.code, ended.out) == (2, "")
        assert f"Invalid value for '{option}'" in ended.err
    assert run("doctor", "--region", "europe").code == 2


def test_quiet(tmp_path: Path) -> None:
    """Findings and errors only; without any, nothing at all."""
    written(tmp_path, NO_TEMPLATES["tree.json"], "tree.json")
    written(tmp_path)
    for command in ("check", "fix"):
        ended = run(command, tmp_path, "--quiet")
        assert (ended.code, ended.err) == (1, "")
        assert ended.out
    assert run("check", tmp_path, "-q").out.count("\n") == 1
    assert run("check", tmp_path, "-q", "--format", "github").out.count("\n") == 1
    fine = written(tmp_path / "fine", TEMPLATE + PERMISSION)
    for command in ("check", "fix"):
        ended = run(command, fine, "--quiet")
        assert (ended.code, ended.out, ended.err) == (0, "", "")
