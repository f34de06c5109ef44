"""Nothing that a terminal obeys, or that changes what a reader sees, is printed as it is.

Each command is run with each of its formats and flags, as click knows them, on templates and an
account whose every name holds such characters.
"""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from auto_lex_permissions_cli.app import app
from auto_lex_permissions_cli.console import write
from auto_lex_permissions_cli.expand import as_yaml
from tests.cli.aws_stub import FUNCTIONS, Stub, policy, serving, statement
from tests.cli.commands import ROOT, TEMPLATE, WAYS, environment_of, run, written

pytestmark = pytest.mark.long

# C0, DEL, C1; marks, embeddings and isolates of direction; breaks of lines and paragraphs; what has
# no width; a tag. A sequence for terminals, and a command of GitHub's log.
UNSEEN = "".join(
    map(chr, [*range(1, 32), *range(127, 160), 0x61C, *range(0x200B, 0x2010), 0x2028, 0x2029])
) + "".join(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF, 0xE0001]))
HOSTILE = f"N\x1b]0;x\x07{UNSEEN}\n::error::x"
PRINTED = re.compile(
    "[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0001]"
    "|^::error",
    re.MULTILINE,
)
# A byte that is no UTF-8, behind what no name of a file may have.
FILE = f"{HOSTILE.replace('/', '')}\udcff.yaml"
# What is for programs has no such character added, and none taken away, where no terminal is.
EXACT = {("expand", "json"), ("fix", "")}


def hostile(name: str) -> str:
    """Return a name of the template with all of it in it."""
    return f"{name}{HOSTILE}"


def template(function: Any = None) -> dict[str, Any]:
    """Return a template each of whose names is hostile."""
    orders = hostile("Orders")
    hook = function or {"Fn::GetAtt": [orders, "Arn"]}

    def setting(locale: str, arn: Any) -> Any:
        specification = {"LambdaCodeHook": {"LambdaArn": arn, "CodeHookInterfaceVersion": "1.0"}}
        return {
            "LocaleId": hostile(locale),
            "BotAliasLocaleSetting": {"CodeHookSpecification": specification},
        }

    return {
        "Description": HOSTILE,
        "Parameters": {hostile("Stage"): {"Type": "String", "Default": HOSTILE}},
        "Conditions": {
            hostile("A"): {"Fn::Equals": [{"Ref": hostile("Stage")}, HOSTILE]},
            hostile("B"): {"Fn::Equals": [{"Ref": hostile("Stage")}, "b"]},
        },
        "Resources": {
            orders: {"Type": "AWS::Lambda::Function"},
            hostile("Bot"): {"Type": "AWS::Lex::Bot"},
            hostile("Alias"): {
                "Type": "AWS::Lex::BotAlias",
                "Condition": hostile("A"),
                "Properties": {
                    "BotId": {"Ref": hostile("Bot")},
                    "BotAliasLocaleSettings": [
                        setting("en", hook),
                        setting("de", {"Fn::Join": ["", [HOSTILE, {"Ref": orders}]]}),
                        setting("fr", hostile("function")),
                    ],
                },
            },
            hostile("Permission"): {
                "Type": "AWS::Lambda::Permission",
                "Condition": hostile("B"),
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": {"Ref": orders},
                    "Principal": "lexv2.amazonaws.com",
                },
            },
        },
    }


def blocks(value: Any, indent: str = "") -> str:
    """Return an object as YAML in block style."""
    lines = [
        f"{indent}{json.dumps(key)}:\n{blocks(member, f'{indent}  ')}"
        if isinstance(member, dict)
        else f"{indent}{json.dumps(key)}: {json.dumps(member, ensure_ascii=False)}\n"
        for key, member in value.items()
    ]
    return without_refused("".join(lines))


def without_refused(text: str) -> str:
    """Return a text without what YAML takes in no text, or for the end of a line."""
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", "", text)


LATEST = f"arn:aws:lambda:us-east-1:123456789012:function:{HOSTILE}:$LATEST"
TEMPLATES = {
    "JSON": json.dumps(template(), indent=1),
    "JSON as it is": without_refused(json.dumps(template(), ensure_ascii=False)),
    "YAML": blocks(template()),
    "by the macro": json.dumps({"Transform": "AutoLexPermissions", **template()}),
    "a mistake": json.dumps(template(LATEST)),
    "a setting": json.dumps({"Metadata": {"AutoLexPermissions": {HOSTILE: HOSTILE}}, **template()}),
    "a key twice": f"{json.dumps(template())[:-1]}, {json.dumps(HOSTILE)}: 1,"
    f" {json.dumps(HOSTILE)}: 2}}",
    "an alias": "AWS::Lex::Bot: *\u202e",
    "a tag": "AWS::Lex::Bot: !\u202e \u202e: \u202e",
    "no YAML": f"AWS::Lex::Bot: {HOSTILE}",
    "a break within a line": f'{TEMPLATE}  T: {{Type: AWS::SNS::Topic, A: "x\u2028y\x85z"}}\n',
    "no template": json.dumps([HOSTILE]),
}


# Those that are read: commands that take one template are run on these only.
READABLE = [name for name, text in TEMPLATES.items() if '"Orders' in text]


def on_terminal(*arguments: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """Run the command on a terminal that knows no colours; return all it shows."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "auto_lex_permissions_cli", *arguments],
        cwd=cwd,
        env=environment_of(**{"TERM": "dumb", "PYTHONIOENCODING": "utf-8", **environment}),
        stdin=subprocess.DEVNULL,
        stdout=its,
        stderr=its,
    ):
        os.close(its)
        shown = b""
        # Linux ends it by an error, where nobody has the other side open any more.
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:
            os.close(ours)
    return shown.decode(errors="surrogateescape").replace("\r\n", "\n")


# Of the format for GitHub, where no template can begin a line.
OWN = re.compile("^::(error|warning|notice) file=", re.MULTILINE)


def holds(output: str) -> None:
    """Hold that nothing of it was printed."""
    raw = {ascii(found[0]) for found in PRINTED.finditer(output)}
    assert not raw, ascii(output)


def test_all_commands_are_run_in_all_their_ways() -> None:
    """Those that there are today, so that the ways are known to be found."""
    assert {
        ("check", ("--format", "sarif")),
        ("expand", ("--format", "yaml", "--diff")),
        ("fix", ("--write",)),
        ("graph", ("--format", "mermaid")),
        ("doctor", ("--format", "json")),
    } < set(WAYS)
    assert {name for name, _ in WAYS} == set(app.commands)


@pytest.mark.parametrize("way", [way for way in WAYS if way[0] != "doctor"], ids=str)
def test_of_templates(way: tuple[str, tuple[str, ...]], tmp_path: Path) -> None:
    """None of it on a terminal, and in a pipe only where patch or CloudFormation reads."""
    command, options = way
    form = options[1] if "--format" in options else ""
    is_exact = (command, form) in EXACT and not {"--diff", "--write"} & set(options)
    takes_many = any(parameter.nargs == -1 for parameter in app.commands[command].params)
    names = {name: f"{number}{FILE}" for number, name in enumerate(TEMPLATES)}
    for named in [list(TEMPLATES)] if takes_many else [[name] for name in READABLE]:
        for runs in (on_terminal, run):
            for name in named:
                written(tmp_path, TEMPLATES[name], names[name])
            shown = runs(command, *options, *(names[name] for name in named), cwd=tmp_path)
            if isinstance(shown, str):
                assert shown
                holds(OWN.sub("", shown) if form == "github" else shown)
                continue
            assert "fault" not in shown.err
            holds(shown.err)
            printed = OWN.sub("", shown.out) if form == "github" else shown.out
            if not is_exact:
                holds(printed)
            if form in {"json", "sarif"} and "--diff" not in options and shown.out:
                json.loads(shown.out)


def test_in_folders_and_of_what_is_not_there(tmp_path: Path) -> None:
    """Names of files that are not read are escaped, too."""
    (tmp_path / FILE).symlink_to(HOSTILE)
    folder = tmp_path / f"{HOSTILE}.d"
    folder.mkdir()
    written(folder, TEMPLATES["YAML"], FILE)
    for command, path in (("check", "."), ("fix", "."), ("graph", FILE)):
        shown = on_terminal(command, path, cwd=tmp_path)
        assert "fault" not in shown
        holds(shown)


@pytest.mark.parametrize(
    "arguments",
    [
        [HOSTILE],
        [f"--{HOSTILE}"],
        ["check", f"--{HOSTILE}", "-"],
        ["check", "--format", HOSTILE, "-"],
        ["expand", "--parameter-overrides", f"{HOSTILE}=1", "template.yaml"],
        ["expand", "--parameter-overrides", HOSTILE, "template.yaml"],
        ["expand", "--parameter-overrides", "Stage=\udcff", "template.yaml"],
        ["expand", "template.yaml", "-o", f"{HOSTILE}/\udcff"],
        ["expand", "template.yaml", HOSTILE],
        ["--debug", "expand", HOSTILE],
    ],
)
def test_of_arguments(arguments: list[str], tmp_path: Path) -> None:
    """As a script may hand them on."""
    written(tmp_path)
    ended = run(*arguments, cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "fault" not in ended.err
    holds(ended.err)
    holds(on_terminal(*arguments, cwd=tmp_path))


def hostile_account(stub: Stub) -> None:
    """Let an account have such names, and AWS such messages."""
    stub.add_bot("ABCDEFGHIJ", HOSTILE)
    functions = {
        locale: f"{FUNCTIONS}:{locale}" for locale in ("en_US", "de_DE", "fr_FR", "it_IT", "es_ES")
    }
    arn = stub.add_alias("ABCDEFGHIJ", "KLMNOPQRST", HOSTILE, **functions, pt_BR=HOSTILE)
    stub.functions = {
        functions["en_US"]: None,
        functions["de_DE"]: policy(statement(functions["de_DE"], f"{arn}{HOSTILE}", HOSTILE)),
        functions["it_IT"]: policy(
            statement(functions["it_IT"], arn, HOSTILE, Condition={HOSTILE: {HOSTILE: HOSTILE}})
        ),
    }
    refused = (403, {"__type": "AccessDeniedException", "Message": HOSTILE})
    for action in ("lambda:GetResourcePolicy", "lambda:GetPolicy"):
        stub.refuse(action, functions["fr_FR"], refused, for_good=True)
    stub.add_bot("ZYXWVUTSRQ", HOSTILE)
    stub.refuse("lex:ListBotAliases", "ZYXWVUTSRQ", refused, for_good=True)


@pytest.mark.parametrize("way", [way for way in WAYS if way[0] == "doctor"], ids=str)
def test_of_an_account(way: tuple[str, tuple[str, ...]]) -> None:
    """Names of bots, policies, and what AWS says."""
    command, options = way
    with serving() as stub:
        hostile_account(stub)
        ended = run(command, *options, **stub.environment)
        assert ended.code == 2
        holds(ended.out + ended.err)
        for more in ((), ("--bot", f"{HOSTILE}2"), ("--region", "x\x1b\u202e")):
            shown = on_terminal(command, *options, *more, **stub.environment)
            assert "fault" not in shown
            holds(shown)


def test_of_lines_that_a_command_writes(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where the command itself has escaped them already, or AWS lets no name have any."""
    write(f"a\x1b\u202e\x85b\nc\n{UNSEEN}\n")
    shown = capsys.readouterr().out
    assert shown.startswith("a\\x1b\\u202e\\x85b\nc\n")
    holds(shown)


# What programs read.


def test_json_is_of_the_same_value(tmp_path: Path) -> None:
    """Escaped it says what it said; what is no character stands there as a text."""
    written(tmp_path, TEMPLATES["JSON"], FILE)
    (file,) = json.loads(run("check", FILE, "--format", "json", cwd=tmp_path).out)
    assert file["file"] == FILE.replace("\udcff", r"\udcff")
    assert file["codeHooks"][0]["hookSource"] == hostile("Alias")
    (log,) = json.loads(run("check", FILE, "--format", "sarif", cwd=tmp_path).out)["runs"]
    uri = log["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith("N%1B%5D0%3Bx%07%01%02")
    assert uri.endswith("%0A%3A%3Aerror%3A%3Ax%FF.yaml")


def test_a_template_is_written_as_it_is(tmp_path: Path) -> None:
    """To a pipe or a file, JSON to the byte as the macro answers; YAML of the same value."""
    written(tmp_path, TEMPLATES["JSON"], FILE)
    ended = run("expand", FILE, cwd=tmp_path)
    value = json.loads(ended.out)
    assert ended.out == f"{json.dumps(value, ensure_ascii=False)}\n"
    assert UNSEEN[-1] in ended.out
    assert yaml.safe_load(run("expand", FILE, "--format", "yaml", cwd=tmp_path).out) == value
    assert json.loads(on_terminal("expand", FILE, cwd=tmp_path)) == value


def test_one_unseen_character_is_escaped_in_yaml() -> None:
    """Also where PyYAML itself would write the text as it is."""
    assert as_yaml({"a": "b\u202ec", "\u200fd": "é\t"}) == 'a: "b\\u202Ec"\n"\\u200Fd": "é\\t"\n'


@pytest.mark.parametrize(
    "content", [name for name in READABLE if not name.startswith("a ")] + ["a break within a line"]
)
def test_patch_takes_the_diff(content: str, tmp_path: Path) -> None:
    """Whatever the file holds and whatever it is called."""
    path = written(tmp_path, TEMPLATES[content], FILE)
    with (tmp_path / "diff").open("wb") as file:
        assert run("fix", FILE, "--without-macro", cwd=tmp_path, stdout=file).code == 1
    done = subprocess.run(
        ["patch", "--strip=0", "--input=diff"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done
    patched = path.read_bytes()
    path.write_text(TEMPLATES[content])
    assert run("fix", FILE, "--write", "--without-macro", cwd=tmp_path).code == 0
    assert path.read_bytes() == patched


def test_what_can_be_seen_is_printed_as_it_is(tmp_path: Path) -> None:
    """Letters of any script, and blanks of any width."""
    name = "注文 \u3000🛒 é.yaml"
    written(tmp_path, TEMPLATE, name)
    assert run("check", name, cwd=tmp_path).out.startswith(f"{name}:24:17 ALP101")
    assert run("fix", name, cwd=tmp_path).out.startswith(f"--- {name}\n+++ {name}\n@@")


def test_what_a_terminal_has_no_letters_for_is_escaped(tmp_path: Path) -> None:
    """It is no fault; what programs read is UTF-8 all the same."""
    for command, options in (way for way in WAYS if way[0] != "doctor"):
        written(tmp_path, TEMPLATE, "注.yaml")
        ended = run(command, *options, "注.yaml", cwd=tmp_path, PYTHONIOENCODING="ascii")
        assert "fault" not in ended.err
        assert ended.code in {0, 1}
    written(tmp_path, TEMPLATE, "注.yaml")
    shown = on_terminal("check", "注.yaml", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert shown.startswith(r"\u6ce8.yaml:24:17 ALP101")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_files_and_pipes_are_utf_8(encoding: str, tmp_path: Path) -> None:
    """Also where the console has another encoding, as on Windows."""
    written(tmp_path, TEMPLATE, "注.yaml")
    for command in ("check", "graph", "fix"):
        ended = run(command, "注.yaml", cwd=tmp_path, PYTHONIOENCODING=encoding)
        assert "注.yaml" in ended.out


def test_json_is_indented_where_somebody_reads_it(tmp_path: Path) -> None:
    """On a terminal; elsewhere it is the deployed macro's answer to the byte."""
    template = written(tmp_path)
    shown = on_terminal("expand", template)
    printed = run("expand", template).out
    assert (shown.count("\n") > 50, printed.count("\n")) == (True, 1)
    assert json.loads(shown) == json.loads(printed)
