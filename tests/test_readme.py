"""What the documents ask people to type exists, and README.ja.md says what README.md says.

The blocks of shell are run, one document at a time, by a real shell in which every program is
replaced by one that only notes how it was called. What was noted is then held against the programs
themselves, each kind in its own way; commands of AWS against botocore, from which the AWS CLI makes
its own. A program of no known kind is not found, which is a failure.
"""

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import botocore.session
import jmespath  # type: ignore[import-untyped]  # It ships no types.
import pytest
import yaml
from botocore import xform_name
from cfnlint.api import lint
from cfnlint.decode import cfn_yaml

from auto_lex_permissions import Request, transform
from auto_lex_permissions_cli.app import app
from localcloud.sam import SAM_PYTHON
from tests.pages import fenced
from tools.dist import PARAMETERS, STACKS

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text()
JAPANESE = (ROOT / "README.ja.md").read_text()
DEPLOYING = (ROOT / "docs" / "deploying.md").read_text()
TROUBLESHOOTING = (ROOT / "docs" / "troubleshooting.md").read_text()
DOCTOR = (ROOT / "docs" / "doctor.md").read_text()
PLATFORM_TEAMS = (ROOT / "docs" / "platform-teams.md").read_text()
MOST_LINES = 250
BENCHMARKS = (ROOT / "docs" / "benchmarks.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
BASH = shutil.which("bash") or "bash"
NEEDS_SAM = pytest.mark.skipif(
    not SAM_PYTHON.exists(), reason="needs the SAM CLI's environment: make setup"
)

# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html
EVERYWHERE = {"cli-binary-format", "no-cli-pager", "output", "profile", "query", "region"}
# https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-pagination.html
PAGINATED = {"max-items", "page-size", "starting-token"}
# The CLI's own commands, with the options that they have and those that they need:
# https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
# https://docs.aws.amazon.com/cli/latest/reference/s3/
NEEDED_TO_DEPLOY = {"stack-name", "template-file"}
OWN = {
    ("cloudformation", "deploy"): (
        {
            *NEEDED_TO_DEPLOY,
            *("capabilities", "no-execute-changeset", "no-fail-on-empty-changeset"),
            *("parameter-overrides", "role-arn", "tags"),
        },
        NEEDED_TO_DEPLOY,
    ),
    ("s3", "cp"): (set(), set()),
    ("s3", "mb"): (set(), set()),
    ("s3", "rm"): ({"recursive"}, set()),
    ("s3", "sync"): ({"exclude", "include"}, set()),
}
# Programs of others: what the documents may say to them. A word that is no option is a command.
# https://docs.aws.amazon.com/cdk/v2/guide/ref-cli-cmd-deploy.html and …-synth.html
# https://pipx.pypa.io/stable/docs/
# https://pubs.opengroup.org/onlinepubs/9799919799/utilities/contents.html
# https://www.gnu.org/software/gzip/manual/gzip.html
# https://cli.github.com/manual/gh_attestation_verify
# https://www.gnu.org/software/coreutils/manual/html_node/sha2-utilities.html
# https://docs.astral.sh/uv/guides/package/
OTHERS = {
    "cdk": {"deploy", "--method", "synth", "--quiet"},
    "cfn-lint": {"--append-rules"},
    "date": {"-u"},
    "gh": {"attestation", "--repo"},
    "git": {"add", "-A", "checkout", "commit", "-m", "push", "--follow-tags", "tag"}
    | {"--annotate", "--message"},
    "grep": {"-q"},
    "gunzip": {"-c"},
    "jq": set(),
    "pipx": {"install"},
    "sha256sum": {"--check", "--ignore-missing"},
    "uv": {"publish"},
}
WITH_COMMANDS = {"cdk", "gh", "git", "pipx", "uv"}
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

    def values(self, option: str) -> list[str]:
        """Return the words after an option, up to the next option."""
        if option not in self.words:
            return []
        after = self.words[self.words.index(option) + 1 :]
        return list(takewhile(lambda word: not word.startswith("--"), after))

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


def _sam(call: Call) -> list[str]:
    """A command of the SAM CLI, with its options."""
    if not SAM_PYTHON.exists():
        pytest.skip("needs the SAM CLI's environment: make setup")
    return sorted(call.options - _sam_options().get(call.words[1], set()))


def _auto_lex_permissions(call: Call) -> list[str]:
    """A command of this project, with its options."""
    name = next((word for word in call.words[1:] if not word.startswith("-")), "")
    command = app.commands[name] if name else app
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return sorted(call.options - known)


@cache
def _operations(service: str) -> dict[str, Any]:
    """Return a service's operations, by their names in the AWS CLI."""
    model = botocore.session.get_session().get_service_model(service)
    return {
        xform_name(name).replace("_", "-"): model.operation_model(name)
        for name in model.operation_names
    }


def _aws(call: Call) -> list[str]:
    """An operation with options that it has, and all that it needs; a query that can be read."""
    for query in call.values("--query"):
        jmespath.compile(query)
    _, service, operation, *_ = call.words
    if (service, operation) not in OWN and operation not in _operations(service):
        return [operation]
    known, needed = OWN.get((service, operation)) or _members(service, operation)
    given = {option[2:] for option in call.options} - EVERYWHERE
    return [*sorted(given - known - PAGINATED), *sorted(needed - given)]


def _members(service: str, operation: str) -> tuple[set[str], set[str]]:
    """Return the options of an operation, and those that it needs."""
    shape = _operations(service)[operation].input_shape
    if shape is None:
        return set(), set()
    return set(map(_option, shape.members)), set(map(_option, shape.required_members))


def _option(member: str) -> str:
    return xform_name(member).replace("_", "-")


def _other(call: Call) -> list[str]:
    """What this file knows of it."""
    said = call.options | (set(call.words[1:2]) if call.words[0] in WITH_COMMANDS else set())
    return sorted(said - OTHERS[call.words[0]])


def _folder(call: Call) -> list[str]:
    """Return the folder that a document goes to and that is not there."""
    return [word for word in call.words[1:] if not (ROOT / word).is_dir()]


KINDS: Mapping[str, Callable[[Call], list[str]]] = {
    "cd": _folder,
    "auto-lex-permissions": _auto_lex_permissions,
    "aws": _aws,
    "make": _make,
    "sam": _sam,
    **dict.fromkeys(OTHERS, _other),
}


def _with_shell() -> list[Path]:
    return [document for document in DOCUMENTS if fenced(document.read_text(), "sh")]


def _parameters(template: str) -> dict[str, Any]:
    """Return the parameters of a template of the project, or of one in dist/."""
    made = {stack.name: stack.template for stack in STACKS}
    name = re.sub(r"-\d+\.\d+\.\d+\.yaml$", "", template)
    found: dict[str, Any] = cfn_yaml.load(str(ROOT / made.get(name, template)))["Parameters"]
    return found | dict(PARAMETERS) if name == STACKS[0].name else found


def _undeployable(call: Call) -> set[str]:
    """Return the parameters that a deployment names and its template lacks, and those it needs."""
    if "deploy" not in call.words[1:3] or call.words[0] not in {"aws", "sam"}:
        return set()
    parameters = _parameters(next(iter(call.values("--template-file")), "template.yaml"))
    named = {word.partition("=")[0] for word in call.values("--parameter-overrides")}
    needed = {name for name, declared in parameters.items() if "Default" not in declared}
    return (named - parameters.keys()) | (needed - named)


@pytest.mark.parametrize("document", _with_shell(), ids=lambda path: str(path.name))
def test_what_a_document_asks_to_type_exists(document: Path, tmp_path: Path) -> None:
    """Its blocks run in order, with no variable unset; programs and their options are real.

    So are the parameters of deployments, of which none is left out that has no default.
    """
    blocks = fenced(document.read_text(), "sh")
    calls = _ran(document.name, "\n".join(blocks), tmp_path)
    assert len(calls) >= len(blocks)
    # Those of SAM last: without its environment the test is skipped there, with the rest held.
    for call in sorted(calls, key=lambda call: call.words[0] == "sam"):
        assert _undeployable(call) == set(), call
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
        ("aws lambda update-aliases --name live", "update-aliases"),
        ("aws lambda get-alias --function-name f --name live --alias live", "alias"),
        ("aws lambda get-alias --function-name f", "name"),
        ("aws cloudformation deploy --stack-name s --template t", "template"),
        ("auto-lex-permissions check . --form sarif", "--form"),
        ('x=$(aws lambda get-alias --name "$HOME_OF_NOBODY")', None),
        ("git chekout v1.0.0", "chekout"),
        ("cd hooks", "hooks"),
        ("grep -z word", "-z"),
        ("curl https://example.com", None),
        ("for a in $(aws sts get-caller-identity); do make; ", None),
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


def test_a_wrong_deployment_is_noticed() -> None:
    """Planted: a parameter that is not there, and without all that are needed."""
    wrong = "sam deploy --parameter-overrides Macro=M"
    assert _undeployable(Call("planted", tuple(wrong.split()))) == {"Macro"}
    bare = "aws cloudformation deploy --stack-name s --template-file org/registration.yaml"
    assert _undeployable(Call("planted", tuple(bare.split()))) == {"CentralAccountId"}


def test_parameters_in_the_text_exist() -> None:
    """Those of the table of docs/deploying.md, and words such as `Name=value` in the text."""
    known = {
        name for template in (stack.template for stack in STACKS) for name in _parameters(template)
    }
    table = DEPLOYING.partition("| Parameter |")[2].partition("\n\n")[0]
    named = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert named
    for document in DOCUMENTS:
        named |= set(re.findall(r"`([A-Z][A-Za-z]+)=[^`]*`", document.read_text()))
    assert named <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.name))
def test_json_in_documents_is_json(document: Path) -> None:
    """Readers copy it."""
    for block in fenced(document.read_text(), "json"):
        json.loads(block)


def test_a_second_alias_of_a_function_is_let_in_by_hand(tmp_path: Path) -> None:
    """Under another id, since Lambda takes none twice; what is taken away is what was made."""
    blocks = [block for block in fenced(TROUBLESHOOTING, "sh") if "--statement-id" in block]
    made = []
    for alias in ("KLMNOPQRST", "TSTALIASID"):
        given = f"FUNCTION_ARN=f ACCOUNT=1 REGION=r BOT=ABCDEFGHIJ ALIAS={alias}\n"
        folder = tmp_path / alias
        folder.mkdir()
        calls = _ran("troubleshooting.md", given + "\n".join(blocks), folder)
        (add, remove) = (call.values("--statement-id") for call in calls)
        assert add == remove
        made += add
        assert re.fullmatch("[a-zA-Z0-9-_]{1,100}", add[0])
    assert len({*made}) == 2


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not on this machine")
def test_the_filter_for_the_trail_finds_calls_that_were_denied(tmp_path: Path) -> None:
    """And no other, as jq itself says."""
    (block,) = (block for block in fenced(TROUBLESHOOTING, "sh") if "jq" in block)
    calls = _ran("troubleshooting.md", f"BUCKET=b ACCOUNT=1 REGION=r\n{block}", tmp_path)
    (words,) = (call.words for call in calls if call.words[0] == "jq")
    denied = {
        "eventSource": "lambda.amazonaws.com",
        "eventName": "Invoke",
        "errorCode": "AccessDeniedException",
    }
    records = [denied, {**denied, "errorCode": None}, {**denied, "eventName": "GetPolicy"}]
    trail = json.dumps({"Records": records})
    found = subprocess.check_output(["jq", "-c", words[1]], input=trail, text=True, timeout=30)
    assert [json.loads(line) for line in found.splitlines()] == [denied]


# The table of docs/platform-teams.md that compares ways: the tools themselves are asked, in the
# versions of the locked environments.


def _before() -> str:
    """Return the template of "Before and after", without the macro and with its resources whole."""
    shown = README.partition("## Before and after")[2]
    block = fenced(shown, "yaml")[0].replace("Transform: AutoLexPermissions\n", "")
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


@NEEDS_SAM
def test_the_example_for_sam_gets_its_permission_on_the_alias() -> None:
    """The macro first, then SAM's translator: the permission is on the alias that SAM makes."""
    template = json.loads(json.dumps(cfn_yaml.load(str(ROOT / "examples" / "sam.yaml"))))
    order = template.pop("Transform")
    assert order == ["AutoLexPermissions", "AWS::Serverless-2016-10-31"]
    program = """
import json, sys
from samtranslator.translator.transform import transform
print(json.dumps(transform(json.load(sys.stdin), {"BotId": "ABCDEFGHIJ"}, None)))
"""
    done = subprocess.run(
        [SAM_PYTHON, "-c", program],
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        input=json.dumps(transform(Request(template)).fragment),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    resources = json.loads(done.stdout)["Resources"]
    assert resources["OrdersFunctionAliaslive"]["Type"] == "AWS::Lambda::Alias"
    (permission,) = (
        each for each in resources.values() if each["Type"] == "AWS::Lambda::Permission"
    )
    assert permission["Properties"]["FunctionName"] == {"Ref": "OrdersFunctionAliaslive"}


def test_cdk_adds_no_permission() -> None:
    """What it synthesises from a stack with hooks of all kinds has none."""
    template = yaml.safe_load((ROOT / "tests/cases/cdk/template.yaml").read_text())
    types = Counter(resource["Type"] for resource in template["Resources"].values())
    assert types["AWS::Lex::BotAlias"] > 0
    assert types["AWS::Lambda::Permission"] == 0


# What it costs: the figures are those of a run.


def _row(name: str) -> list[str]:
    """Return the figures of a row of docs/benchmarks.md, less their units."""
    (row,) = re.findall(rf"^\| {re.escape(name)} +\| (.+) \|$", BENCHMARKS, re.MULTILINE)
    return [cell.strip().partition(" ")[0] for cell in row.split("|")]


def test_the_figures_of_what_it_costs_were_measured() -> None:
    """Each stands in docs/benchmarks.md, rounded here; the function's memory is its template's."""
    typical, large = _row("50 resources, 3 bots"), _row("500 resources, 3 bots")
    macro, imports = _row("the macro"), _row("imports Logger and Metrics")
    zipped = re.findall(r"artifact has ([\d.]+) MB zipped", BENCHMARKS)
    resources = cfn_yaml.load(str(ROOT / "template.yaml"))["Resources"]
    memory = resources["AutoLexPermissionsFunction"]["Properties"]["MemorySize"]
    expected = [
        *(typical[5], typical[7], large[5], large[1]),
        *(macro[1], imports[1], macro[2], str(memory), *zipped),
    ]
    section = PLATFORM_TEAMS.partition("## What does it cost?")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| [^|]+ \| (\d.*) \|", section, re.MULTILINE)
    shown = re.findall(r"([\d.]+) (?:ms|MB)", "\n".join(rows))
    rounded = [
        f"{float(value):.{len(text.partition('.')[2])}f}"
        for text, value in zip(shown, expected, strict=True)
    ]
    assert rounded == shown


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
    blocks = []
    for _, language, block in FENCE.findall(text):
        code = re.sub(r"(^|\s+)# .*$", "", block, flags=re.MULTILINE)
        if language == "mermaid":
            for label, bare in LABELS.items():
                code = re.sub(label, bare, code)
        blocks.append((language, code))
    return blocks


def _targets(text: str) -> list[Counter[str]]:
    """Return the links of each section, to the Japanese page of a pair as to the English one.

    Within the document, by the number of their heading.
    """
    headings = [heading for _, heading in HEADING.findall(FENCE.sub("", text))]
    anchors = [re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings]
    return [
        Counter(
            str(anchors.index(link[1:])) if link.startswith("#") else link.replace(".ja.md", ".md")
            for link in re.findall(r"\]\(([^)]+)\)", section)
        )
        for section in _sections(text)
    ]


def _counted(pattern: str, text: str) -> list[Counter[str]]:
    """Return what a pattern finds in each section, links left out."""
    bare = (re.sub(r"\]\([^)]+\)", "]", section) for section in _sections(text))
    return [Counter(re.findall(pattern, section)) for section in bare]


@pytest.mark.parametrize("readme", LANGUAGES, ids=["English", "Japanese"])
def test_a_readme_is_short(readme: str) -> None:
    """For people in a hurry: everything else is in docs/."""
    assert readme.count("\n") <= MOST_LINES


def test_the_output_of_doctor_is_the_real_one() -> None:
    """The README shows lines of what docs/doctor.md shows, which a run printed."""
    (shown,) = fenced(README, "text")
    assert shown.splitlines()
    assert set(shown.splitlines()) <= set("\n".join(fenced(DOCTOR, "text")).splitlines())


def test_both_readmes_show_the_same_code() -> None:
    """Commands, templates and pictures are the same but for comments and labels."""
    assert len(_shown(README)) >= len(["doctor", "before", "after", "demo", "test", "deploy"])
    assert _shown(JAPANESE) == _shown(README)


def test_both_readmes_lead_to_the_same_places() -> None:
    """Each section has the same links, and those within the document lead to the same headings."""
    assert _targets(JAPANESE) == _targets(README)


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"\d[\d.,]*\d|\d", id="figures"),
        pytest.param(r"`[^`\n]+`", id="names"),
        pytest.param(r"(?m)^(\||-) ", id="rows and list items"),
    ],
)
def test_both_readmes_name_the_same(pattern: str) -> None:
    """Each section has the same of them."""
    assert _counted(pattern, JAPANESE) == _counted(pattern, README)


@pytest.mark.parametrize("name", ["README.ja.md", "docs/messages.ja.md"])
def test_no_line_ends_inside_a_japanese_sentence(name: str) -> None:
    """A browser shows the end of a line as a blank, which Japanese does not have."""
    bare = FENCE.sub("", (ROOT / name).read_text())
    assert re.findall(r"^(?![#|\s]).+\n(?![-|#\n]).+", bare, re.MULTILINE) == []


def test_the_japanese_readme_is_in_japanese() -> None:
    """Every paragraph, list item and table has a letter of that language."""
    for section in _sections(JAPANESE):
        for paragraph in section.split("\n\n")[1:]:
            assert not paragraph.strip() or re.search(r"[ぁ-ヿ一-龯]", paragraph), paragraph
