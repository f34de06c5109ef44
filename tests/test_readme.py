"""What the documents tell people to type exists, and README.ja.md says what README.md says.

The blocks of shell are run, one document at a time, by a real shell in which every program is
replaced by one that only notes how it was called. What was noted is then held against the programs
themselves, each kind in its own way. A program of no known kind is not found, which is a failure.
"""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jmespath  # type: ignore[import-untyped]  # It ships no types.
import pytest
import yaml
from cfnlint.api import lint

from auto_lex_permissions_cli.app import app
from tests.build.sam_tools import SAM_PYTHON
from tests.test_house import DOCUMENTS, Command, _blocks, _faults

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
JAPANESE = (ROOT / "README.ja.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
BASH = shutil.which("bash") or "bash"
NEEDS_SAM = pytest.mark.skipif(
    not SAM_PYTHON.exists(), reason="needs the SAM CLI's environment: make setup"
)

# Programs of others that are not here: the words that the documents may say to them.
# https://docs.aws.amazon.com/cdk/v2/guide/ref-cli-cmd-deploy.html
# https://pipx.pypa.io/stable/docs/
ELSEWHERE = {
    "cdk": {"deploy", "--method=prepare-change-set"},
    "pipx": {"install"},
}
# https://pubs.opengroup.org/onlinepubs/9799919799/utilities/contents.html
# https://www.gnu.org/software/gzip/manual/gzip.html
PLAIN = {"date": {"-u"}, "grep": {"-q"}, "gunzip": {"-c"}}
# What a program prints here: the documents go through it in a loop, or count with it.
PRINTS = "1"
# Notes each call on a line of its own: words end with one rare character, calls with another.
NOTE = """
set -eu
note() {
  local call
  printf -v call '%s\\037' "$@"
  # Without newlines, since a shell writes line by line, and those of a pipeline write at once.
  printf '%s\\036' "${call//$'\\n'/$'\\035'}" >>"$CALLS"
  echo "$PRINTS"
}
"""


@dataclass(frozen=True, slots=True)
class Call:
    """A program as a document calls it."""

    document: str
    words: tuple[str, ...]

    @property
    def options(self) -> set[str]:
        """Return its options, by name."""
        return {word.partition("=")[0] for word in self.words[1:] if re.match("--?[a-z]", word)}

    def __str__(self) -> str:
        """Return how a failure names it."""
        return f"{self.document}: {' '.join(self.words)[:60]}"


def _ran(document: str, shell: str, folder: Path) -> list[Call]:
    """Run a shell text among programs that only note how they were called."""
    noted = folder / "calls"
    noted.touch()
    programs = (f'{program}() {{ note {program} "$@"; }}' for program in KINDS)
    done = subprocess.run(
        [BASH, "-c", "\n".join([NOTE, *programs, shell])],
        cwd=folder,
        env={"PATH": "/nowhere", "CALLS": str(noted), "PRINTS": PRINTS},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), document
    calls = noted.read_text().replace("\035", "\n").split("\036")[:-1]
    return [Call(document, tuple(call.split("\037")[:-1])) for call in calls]


def _make(call: Call) -> list[str]:
    """A target of the Makefile, and variables that it reads."""
    known = set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.MULTILINE))
    variables = set(re.findall(r"\$\((?:or |if )?\$?\(?([A-Z]+)\)", MAKEFILE))
    said = [word.partition("=") for word in call.words[1:]]
    return [name for name, is_set, _ in said if name not in (variables if is_set else known)]


def _options(text: str) -> set[str]:
    """Return the options that a program's help names."""
    return set(re.findall(r"--?[a-z][a-z0-9-]*", text))


@cache
def _sam_options() -> dict[str, set[str]]:
    """Return the options of the SAM CLI's commands, as `sam COMMAND --help` prints them."""
    # One process for all of them, since SAM CLI takes seconds to load.
    program = """
from samcli.cli.main import cli
for name in ("build", "delete", "deploy"):
    print(f"\\f{name}")
    cli([name, "--help"], standalone_mode=False)
"""
    done = subprocess.run(
        [SAM_PYTHON, "-c", program],
        env={"COLUMNS": "300", "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    pages = (page.partition("\n") for page in done.stdout.split("\f")[1:])
    return {name: _options(page) for name, _, page in pages}


@cache
def _cfn_lint_options() -> set[str]:
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--help"],
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    return _options(done.stdout)


def _sam(call: Call) -> list[str]:
    """A command of the SAM CLI, with its options."""
    if not SAM_PYTHON.exists():
        pytest.skip("needs the SAM CLI's environment: make setup")
    return sorted(call.options - _sam_options().get(call.words[1], set()))


def _auto_lex_permissions(call: Call) -> list[str]:
    """A command of this project, with its options."""
    name = next((word for word in call.words[1:] if not word.startswith("-")), "")
    command = app.commands[name] if name else app
    known = {option for one in command.params for option in one.opts} | {"--help"}
    return sorted(call.options - known)


def _aws(call: Call) -> list[str]:
    """An operation of AWS, as tests/test_house.py knows them, and a query that can be read."""
    command = Command(call.document, call.words)
    for query in command.values("query"):
        jmespath.compile(query)
    return _faults(command)


def _cfn_lint(call: Call) -> list[str]:
    """Options of cfn-lint; that the rule works, tests/cli/test_cfn_lint_rule.py shows."""
    return sorted(call.options - _cfn_lint_options())


def _git(call: Call) -> list[str]:
    """A command of git."""
    done = subprocess.run(
        ["git", "--list-cmds=builtins"], capture_output=True, text=True, check=True
    )
    return [] if call.words[1] in done.stdout.split() else [call.words[1]]


def _jq(call: Call) -> list[str]:
    """A filter; what it finds is shown below, where jq is."""
    return [] if len(call.words) == 2 else [*call.words]


def _elsewhere(call: Call) -> list[str]:
    """Of a program that is not here, the words in this file."""
    known = ELSEWHERE[call.words[0]]
    first = {call.words[1]} | {word for word in call.words[1:] if word.startswith("-")}
    return sorted(first - known)


def _plain(call: Call) -> list[str]:
    """Of a program of every Unix, the options in this file."""
    return sorted(call.options - PLAIN[call.words[0]])


KINDS: Mapping[str, Callable[[Call], list[str]]] = {
    "auto-lex-permissions": _auto_lex_permissions,
    "aws": _aws,
    "cfn-lint": _cfn_lint,
    "git": _git,
    "jq": _jq,
    "make": _make,
    "sam": _sam,
    **dict.fromkeys(ELSEWHERE, _elsewhere),
    **dict.fromkeys(PLAIN, _plain),
}


def _with_shell() -> list[Path]:
    return [document for document in DOCUMENTS if _blocks(document.read_text(), "sh")]


@pytest.mark.parametrize("document", _with_shell(), ids=lambda path: str(path.name))
def test_what_a_document_tells_to_type_exists(document: Path, tmp_path: Path) -> None:
    """Its blocks run in order, with no variable unset; programs and their options are real."""
    blocks = _blocks(document.read_text(), "sh")
    calls = _ran(document.name, "\n".join(blocks), tmp_path)
    assert len(calls) >= len(blocks)
    # Those of SAM last: without its environment the test is skipped there, with the rest held.
    for call in sorted(calls, key=lambda call: call.words[0] == "sam"):
        assert KINDS[call.words[0]](call) == [], call


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.name))
def test_a_target_named_in_the_text_exists(document: Path) -> None:
    """What stands in backticks and begins with `make`."""
    for command in re.findall(r"`(make [^`]+)`", document.read_text()):
        assert _make(Call(document.name, tuple(command.split()))) == [], command


@pytest.mark.parametrize(
    ("shell", "fault"),
    [
        ("make bnech", "bnech"),
        ("make laws TEMPALTES=1", "TEMPALTES"),
        ("auto-lex-permissions check . --form sarif", "--form"),
        ('x=$(aws lambda get-alias --name "$HOME_OF_NOBODY")', None),
        ("git chekout v1.0.0", "chekout"),
        ("grep -z word", "-z"),
        ("cdk deploy Orders --method=change-set", "--method=change-set"),
        ("curl https://example.com", None),
        ("for a in $(aws sts get-caller-identity); do make; ", None),
        ("cfn-lint template.yaml --append-rule x", "--append-rule"),
        pytest.param("sam deploy --stackname x", "--stackname", marks=NEEDS_SAM),
        pytest.param("sam deplou --stack-name x", "--stack-name", marks=NEEDS_SAM),
    ],
)
def test_a_wrong_command_is_noticed(shell: str, fault: str | None, tmp_path: Path) -> None:
    """Planted mistakes; None stands for those that do not even run."""
    if fault is None:
        with pytest.raises(AssertionError):
            _ran("planted", shell, tmp_path)
        return
    (call,) = _ran("planted", shell, tmp_path)
    assert fault in KINDS[call.words[0]](call)


@pytest.mark.parametrize("text", [README, JAPANESE], ids=["README.md", "README.ja.md"])
def test_the_filter_for_the_trail_finds_calls_that_were_denied(text: str, tmp_path: Path) -> None:
    """Run by jq where it is installed."""
    (block,) = (block for block in _blocks(text, "sh") if "jq" in block)
    (call,) = (
        call
        for call in _ran("README", f"BUCKET=b ACCOUNT=1 REGION=r\n{block}", tmp_path)
        if call.words[0] == "jq"
    )
    denied = {
        "eventSource": "lambda.amazonaws.com",
        "eventName": "Invoke",
        "errorCode": "AccessDeniedException",
    }
    records = [denied, {**denied, "errorCode": None}, {**denied, "eventName": "GetPolicy"}]
    try:
        done = subprocess.run(
            ["jq", "-c", call.words[1]],
            input=json.dumps({"Records": records}),
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError:
        pytest.skip("jq is not on this machine")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [denied]


# The table that compares ways: the tools themselves are asked, in the versions of the locked
# environments.


def _before() -> str:
    """Return the template of "Before and after", without the macro and with its resources whole."""
    shown = README.partition("## Before and after")[2]
    block = _blocks(shown, "yaml")[0].replace("Transform: AutoLexPermissions\n", "")
    bot = """    Properties:
      Name: orders
      RoleArn: arn:aws:iam::123456789012:role/orders
      DataPrivacy: {ChildDirected: false}
      IdleSessionTTLInSeconds: 300
"""
    function = """    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::123456789012:role/orders
      Code: {ZipFile: "def handler(event, context): return event"}
"""
    for rest in (bot, function):
        block = block.replace("    # …\n", rest, 1)
    return block


def test_nothing_else_asks_for_the_permission() -> None:
    """cfn-lint finds no fault in the README's template before the macro."""
    template = _before()
    assert "AWS::Lex::BotAlias" in template
    assert "AWS::Lambda::Permission" not in template
    assert lint(template, regions=["us-east-1"]) == []


@NEEDS_SAM
def test_a_connector_takes_no_bot_alias() -> None:
    """SAM's translator, to which it was given as its users would write it."""
    template = f"""Transform: AWS::Serverless-2016-10-31
{_before()}
  Lex:
    Type: AWS::Serverless::Connector
    Properties:
      Source: {{Id: LiveAlias}}
      Destination: {{Id: OrdersFunction}}
      Permissions: [Write]
"""
    program = """
import sys
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
try:
    transform(yaml_parse(sys.stdin.read()), {}, None)
except InvalidDocumentException as error:
    print([cause.message for cause in error.causes])
"""
    done = subprocess.run(
        [SAM_PYTHON, "-c", program],
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        input=template,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "connector from AWS::Lex::BotAlias to AWS::Lambda::Function; it's not" in done.stdout


def test_cdk_adds_no_permission() -> None:
    """What it synthesises from a stack with hooks of all kinds has none."""
    template = yaml.safe_load((ROOT / "tests/cases/cdk/template.yaml").read_text())
    types = Counter(resource["Type"] for resource in template["Resources"].values())
    assert types["AWS::Lex::BotAlias"] > 0
    assert types["AWS::Lambda::Permission"] == 0


# README.md and README.ja.md, side by side.

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```\n", re.MULTILINE | re.DOTALL)
# What Mermaid shows: in quotes, beside an arrow, and in a box.
LABELS = {r'"[^"]*"': '""', r">\|[^|\n]*\|": ">||", r"\[[^]\[\n]*\]": "[]"}
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
# The line under the title that leads to the other language.
LANGUAGES = {README: "English · [日本語](README.ja.md)", JAPANESE: "[English](README.md) · 日本語"}


def _sections(text: str) -> list[str]:
    """Return the text of each section without its blocks of code and the languages' line."""
    bare = FENCE.sub("", text).replace(LANGUAGES[text], "")
    return re.split(r"^#+ ", bare, flags=re.MULTILINE)[1:]


def _shown(text: str) -> list[tuple[str, str]]:
    """Return the blocks of code without what a translation changes: comments and labels."""
    told = []
    for _, language, block in FENCE.findall(text):
        code = re.sub(r"(^|\s+)# .*$", "", block, flags=re.MULTILINE)
        if language == "mermaid":
            for label, bare in LABELS.items():
                code = re.sub(label, bare, code)
        told.append((language, code))
    return told


def _targets(text: str) -> list[Counter[str]]:
    """Return the links of each section; within the document, by the number of their heading."""
    headings = [heading for _, heading in HEADING.findall(FENCE.sub("", text))]
    anchors = [re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings]
    return [
        Counter(
            str(anchors.index(link[1:])) if link.startswith("#") else link
            for link in re.findall(r"\]\(([^)]+)\)", section)
        )
        for section in _sections(text)
    ]


def _counted(pattern: str, text: str) -> list[Counter[str]]:
    """Return what a pattern finds in each section, links left out."""
    bare = (re.sub(r"\]\([^)]+\)", "]", section) for section in _sections(text))
    return [Counter(re.findall(pattern, section)) for section in bare]


def test_each_readme_links_to_the_other() -> None:
    """In the line under the title."""
    for text, line in LANGUAGES.items():
        assert text.splitlines()[2] == line


def test_both_readmes_have_the_same_headings() -> None:
    """As many, of the same levels."""
    levels = [[level for level, _ in HEADING.findall(FENCE.sub("", t))] for t in LANGUAGES]
    assert levels[0] == levels[1]


def test_both_readmes_show_the_same_code() -> None:
    """Commands, templates and pictures are the same but for comments and labels."""
    assert len(_shown(README)) > 15
    assert _shown(JAPANESE) == _shown(README)


def test_both_readmes_lead_to_the_same_places() -> None:
    """Each section has the same links, and those within the document lead to the same headings."""
    assert _targets(JAPANESE) == _targets(README)


def test_both_readmes_tell_the_same_figures() -> None:
    """Each section has the same numbers."""
    assert _counted(r"\d[\d.,]*\d|\d", JAPANESE) == _counted(r"\d[\d.,]*\d|\d", README)


def test_both_readmes_name_the_same_things() -> None:
    """Each section has the same words in backticks, and as many rows and list items."""
    for pattern in (r"`[^`\n]+`", r"(?m)^(\||-) "):
        assert _counted(pattern, JAPANESE) == _counted(pattern, README)


def test_the_japanese_readme_is_in_japanese() -> None:
    """Every paragraph, list item and table has a letter of that language."""
    for section in _sections(JAPANESE):
        for paragraph in section.split("\n\n")[1:]:
            assert not paragraph.strip() or re.search(r"[ぁ-ヿ一-龯]", paragraph), paragraph
