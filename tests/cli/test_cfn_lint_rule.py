"""The rule for cfn-lint: by its own API, and by its command line as people run it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cfnlint.api
import pytest
import yaml
from cfnlint.rules import RulesCollection

from auto_lex_permissions_cli.cfn_lint_rule import CodeHookWithoutPermission
from tests.cli.commands import BY_MACRO, PERMISSION, ROOT, TEMPLATE, run, written
from tests.pages import fenced
from tests.templates import Case, cases, name

# cfn-lint does not say which account and Region it will be, or has no loops.
UNKNOWN = (
    *("branches-by-region", "loop", "other-account", "resource-policy-in-other-words"),
    "wrong-shapes",
)
RULE = "auto_lex_permissions_cli.cfn_lint_rule"
OF_A_TEST_ALIAS = """\
Resources:
  Orders:
    Type: AWS::Lambda::Function
  Bot:
    Type: AWS::Lex::Bot
    Properties:
      TestBotAliasSettings:
        BotAliasLocaleSettings:
          - LocaleId: en_US
            BotAliasLocaleSetting:
              CodeHookSpecification: {LambdaCodeHook: {LambdaArn: !GetAtt Orders.Arn}}
"""


def found(text: str) -> list[Any]:
    """Return what this rule alone finds in a template."""
    rules = RulesCollection()
    rules.register(CodeHookWithoutPermission())
    matches = cfnlint.api.lint(text, rules, regions=["us-east-1"])
    return [match for match in matches if match.rule.id == CodeHookWithoutPermission.id]


def test_it_names_the_hook() -> None:
    """Line and column are those of the function's name in the file, the words ALP101's."""
    (match,) = found(TEMPLATE)
    assert (match.linenumber, match.columnnumber) == (24, 17)
    assert match.message == (
        "Lex is not allowed to invoke Orders for bot alias Alias (where IsProd): no permission"
        " covers this call. Run auto-lex-permissions fix --write on this template, or add"
        " Transform: AutoLexPermissions to it."
    )


def test_it_names_the_caller_as_check_does() -> None:
    """Of a bot's own test alias too."""
    (match,) = found(OF_A_TEST_ALIAS)
    ended = run("check", "-", stdin=OF_A_TEST_ALIAS)
    assert match.message in ended.out
    assert match.message.startswith(
        "Lex is not allowed to invoke Orders for the test alias of bot Bot: no permission covers"
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEMPLATE + PERMISSION, id="allowed"),
        pytest.param(BY_MACRO, id="added by the macro"),
        pytest.param("Resources: {Topic: {Type: AWS::SNS::Topic}}\n", id="without Lex"),
    ],
)
def test_it_is_silent_where_nothing_is_missing(text: str) -> None:
    """A template that lists the macro has its permissions from it."""
    assert found(text) == []


def suppressing(entry: str) -> str:
    """Return the template with an entry in what its bot alias suppresses."""
    metadata = f"    Metadata: {{AutoLexPermissions: {{Suppress: [{entry}]}}}}\n"
    return TEMPLATE.replace("    Condition: IsProd\n", f"    Condition: IsProd\n{metadata}")


@pytest.mark.parametrize(
    ("entry", "count"),
    [
        pytest.param("{Id: ALP101, Reason: It is elsewhere.}", 0, id="with a reason"),
        pytest.param("{Id: ALP101}", 1, id="without a reason"),
        pytest.param("{Id: ALP201, Reason: Shared.}", 1, id="something else"),
    ],
)
def test_what_is_suppressed_is_not_found(entry: str, count: int) -> None:
    """As `check` has it; what is suppressed by mistake is for `check` to say."""
    assert [match.linenumber for match in found(suppressing(entry))] == [25] * count


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in cases("cases")
        if isinstance(case.request.fragment.get("Resources"), dict)
        and not case.folder.name.startswith(UNKNOWN)
    ],
    ids=name,
)
def test_it_finds_nothing_in_what_the_macro_made(case: Case) -> None:
    """The rule and the macro are of one core."""
    assert found(yaml.safe_dump(case.expected, sort_keys=False)) == []


def lint(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run cfn-lint as an editor or CI does, this package beside it."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), *arguments],
        cwd=cwd,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT / 'macro'}{os.pathsep}{ROOT / 'cli'}",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_by_the_command_line(tmp_path: Path) -> None:
    """By its module, beside all other rules."""
    written(tmp_path)
    done = lint(*("template.yaml", "--append-rules", RULE, "--format", "parseable"), cwd=tmp_path)
    lines = [line for line in done.stdout.splitlines() if ":E9450:" in line]
    assert len(lines) == 1
    assert lines[0].startswith("template.yaml:24:17:")
    assert done.returncode & 2  # cfn-lint's bit for errors.


def test_a_project_names_it_in_its_configuration(tmp_path: Path) -> None:
    """As docs/check.md shows it; it is an error, and leads to its page."""
    page = (ROOT / "docs" / "check.md").read_text()
    (config,) = (text for text in fenced(page, "yaml") if text.startswith("append_rules:"))
    written(tmp_path, config, ".cfnlintrc")
    written(tmp_path, TEMPLATE)
    done = lint("template.yaml", "--format", "json", cwd=tmp_path)
    (found,) = (match for match in json.loads(done.stdout) if match["Rule"]["Id"] == "E9450")
    assert found["Level"] == "Error"
    assert found["Rule"]["Source"].endswith("docs/messages.md#alp101")
    assert found["Message"].startswith(
        "Lex is not allowed to invoke Orders for bot alias Alias (where"
    )
