"""The house is in order: one version, documents whose commands exist, workflows that are pinned.

What the documents say of AWS cannot be run here. Their commands are compared with botocore, from
which the AWS CLI makes its own; only what the CLI adds by itself is listed in this file.
"""

import json
import re
import shlex
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore import xform_name
from cfnlint.decode import cfn_yaml

from auto_lex_permissions import __version__

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ORGANIZATION = (ROOT / "docs" / "organization.md").read_text()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
TEMPLATES = ("template.yaml", "org/registration.yaml", "org/stackset.yaml")

# Each looked up before it was written here: the commit of the release that stands behind it.
ACTIONS = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "aws-actions/configure-aws-credentials": (
        "e6de054238d6b7531b4efff3b6587d9aade6a06c",
        "v6.2.3",
    ),
    "github/codeql-action/analyze": ("8aad20d150bbac5944a9f9d289da16a4b0d87c1e", "v4.36.2"),
    "github/codeql-action/init": ("8aad20d150bbac5944a9f9d289da16a4b0d87c1e", "v4.36.2"),
}

# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html
EVERYWHERE = {"cli-binary-format", "no-cli-pager", "output", "profile", "query", "region"}
# https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-pagination.html
PAGINATED = {"max-items", "page-size", "starting-token"}
# The CLI's own commands, with the options that they have and those that they need:
# https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
# https://docs.aws.amazon.com/cli/latest/reference/s3/sync.html
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
    ("s3", "sync"): ({"exclude", "include"}, set()),
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a document, in words; `whole` where it stands in a block of its own."""

    document: str
    words: tuple[str, ...]
    whole: bool = True

    @property
    def options(self) -> list[str]:
        """Return the names of its options."""
        return [word[2:].partition("=")[0] for word in self.words if word.startswith("--")]

    def values(self, option: str) -> list[str]:
        """Return the words after an option, up to the next one."""
        if f"--{option}" not in self.words:
            return []
        after = self.words[self.words.index(f"--{option}") + 1 :]
        return list(takewhile(lambda word: not word.startswith("--"), after))

    def __str__(self) -> str:
        """Return how a failure names it."""
        return f"{self.document}: {' '.join(self.words[:3])}"


def _blocks(text: str, language: str) -> list[str]:
    """Return a document's blocks of code in a language."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in found]


def _runs(shell: str) -> Iterator[tuple[str, ...]]:
    """Yield the simple commands of a shell text, those in $(…) and in pipes too."""
    lines = shell.replace("\\\n", " ").replace("\n", "\n;\n")
    lexer = shlex.shlex(lines, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    run: list[str] = []
    for word in [*lexer, ";"]:
        if word.strip("();<>|&"):
            run.append(word)
        elif run:
            yield tuple(run)
            run = []


def _commands(program: str) -> list[Command]:
    """Return all commands of the documents that call a program."""
    found = []
    for document in DOCUMENTS:
        text = document.read_text()
        for block in _blocks(text, "sh"):
            for run in _runs(block):
                words = [*run[run.index(program) :]] if program in run[:2] else []
                found += [Command(document.name, tuple(words))] if words else []
        for inline in re.findall(rf"`({program} [^`]+)`", text):
            found += [Command(document.name, run, whole=False) for run in _runs(inline)]
    return found


@cache
def _operations(service: str) -> dict[str, Any]:
    """Return a service's operations, by their names in the AWS CLI."""
    model = botocore.session.get_session().get_service_model(service)
    return {
        xform_name(name).replace("_", "-"): model.operation_model(name)
        for name in model.operation_names
    }


def _option(member: str) -> str:
    return xform_name(member).replace("_", "-")


def _faults(command: Command) -> list[str]:
    """Return what is wrong with a command of the AWS CLI."""
    _, service, operation, *_ = command.words
    given = set(command.options) - EVERYWHERE
    if (service, operation) not in OWN and operation not in _operations(service):
        return [f"no operation {operation}"]
    known, needed = OWN.get((service, operation)) or _members(service, operation)
    missing = needed - given if command.whole else set()
    return [*sorted(given - known - PAGINATED), *sorted(missing)]


def _members(service: str, operation: str) -> tuple[set[str], set[str]]:
    """Return the options of an operation, and those that it needs."""
    shape = _operations(service)[operation].input_shape
    if shape is None:
        return set(), set()
    return set(map(_option, shape.members)), set(map(_option, shape.required_members))


AWS = _commands("aws")
SAM = _commands("sam")


@pytest.mark.parametrize("command", AWS, ids=str)
def test_an_aws_command_exists(command: Command) -> None:
    """Service, operation and options are there, and so is every option that it needs."""
    assert _faults(command) == []


@pytest.mark.parametrize(
    ("shell", "fault"),
    [
        ("aws lambda update-aliases --name live", "no operation update-aliases"),
        ("aws lambda get-alias --function-name f --alias live", "alias"),
        ("aws lambda get-alias --function-name f", "name"),
        ('x=$(aws lambda get-alias --name live | sort) # "', "function-name"),
        ("aws cloudformation deploy --stack-name s --template t", "template"),
    ],
)
def test_a_wrong_aws_command_is_noticed(shell: str, fault: str) -> None:
    """Planted mistakes, so that the test above is known to be able to fail."""
    words = next(run for run in _runs(shell) if "aws" in run)
    assert fault in _faults(Command("planted", words[words.index("aws") :]))


def test_commands_are_found() -> None:
    """The documents have dozens of them; a search that finds none would hold nothing."""
    assert len(AWS) > 30
    assert {"README.md", "organization.md"} <= {command.document for command in AWS}
    assert len([command for command in SAM if "deploy" in command.words]) > 4


def _parameters(template: str) -> dict[str, Any]:
    found: dict[str, Any] = cfn_yaml.load(str(ROOT / template))["Parameters"]
    return found


@pytest.mark.parametrize(
    "command",
    [command for command in [*AWS, *SAM] if "deploy" in command.words[1:3] and command.whole],
    ids=str,
)
def test_a_deployment_names_parameters_that_its_template_has(command: Command) -> None:
    """And all that have no default, where it may be the first one."""
    template = next(iter(command.values("template-file")), "template.yaml")
    parameters = _parameters(template)
    named = {word.partition("=")[0] for word in command.values("parameter-overrides")}
    assert named <= parameters.keys()
    needed = {name for name, told in parameters.items() if "Default" not in told}
    assert needed <= named


def test_values_in_the_text_are_of_parameters_that_exist() -> None:
    """Words such as `Name=value` that begin like a parameter."""
    known = {name for template in TEMPLATES for name in _parameters(template)}
    for document in DOCUMENTS:
        for name in re.findall(r"`([A-Z][A-Za-z]+)=[^`]*`", document.read_text()):
            assert name in known, document.name


def test_the_readme_tells_of_each_parameter() -> None:
    """Its table has a row for each parameter of template.yaml, and for no other."""
    table = (ROOT / "README.md").read_text().partition("| Parameter |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert set(rows) == set(_parameters("template.yaml"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.name))
def test_json_in_documents_is_json(document: Path) -> None:
    """Readers copy it."""
    for block in _blocks(document.read_text(), "json"):
        json.loads(block)


def test_the_service_control_policy_denies_what_exists() -> None:
    """Its actions are operations of AWS, each statement spares somebody, and it is short enough.

    An action is named like its operation where the table of the section says nothing else; 5,120
    characters is the limit:
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
    """
    section = ORGANIZATION.partition("### Keep it tight")[2]
    policy = json.loads(_blocks(section, "json")[0])
    assert len(json.dumps(policy, separators=(",", ":"))) <= 5120
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Deny"
        assert statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            service, _, operation = action.partition(":")
            assert _option(operation) in _operations(service), action


def test_each_alarm_has_its_runbook() -> None:
    """Under the heading that its description names, with the same questions answered."""
    said = re.sub(r"\s+", " ", (ROOT / "template.yaml").read_text())
    named = set(re.findall(r'"(Runbook: [^"]+)" in docs/organization\.md', said))
    sections = re.split(r"^### ", ORGANIZATION, flags=re.MULTILINE)[1:]
    books = {text.partition("\n")[0]: text for text in sections if text.startswith("Runbook: ")}
    assert named == set(books)
    assert len(named) == said.count("Type: AWS::CloudWatch::Alarm")
    for text in books.values():
        asked = re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE)
        assert asked == [
            *("What it means.", "Who is affected.", "What to look at.", "What to do."),
            "When it is over.",
        ]
        assert _blocks(text, "sh")


def _jobs(workflow: Path) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load(workflow.read_text())["jobs"]
    return jobs


def test_the_version_is_the_same_everywhere() -> None:
    """The package's, the template's, and that of the changelog's newest entry."""
    application = cfn_yaml.load(str(ROOT / "template.yaml"))["Metadata"]
    entries = re.findall(r"^## \[(\d\S*)\] - \d{4}-\d\d-\d\d$", CHANGELOG, re.MULTILINE)
    assert application["AWS::ServerlessRepo::Application"]["SemanticVersion"] == __version__
    assert entries[0] == __version__


def test_the_changelog_is_one() -> None:
    """Unreleased first, then dated entries, newest first, each with a link."""
    headings = re.findall(r"^## \[([^]]+)\]", CHANGELOG, re.MULTILINE)
    assert headings[0] == "Unreleased"
    numbers = [tuple(map(int, version.split("."))) for version in headings[1:]]
    assert numbers == sorted(numbers, reverse=True)
    assert re.findall(r"^\[([^]]+)\]: https://", CHANGELOG, re.MULTILINE) == headings
    kinds = set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_actions_are_pinned_by_commits_that_were_looked_up() -> None:
    """A tag can be moved, a commit cannot; the version stands behind it for people."""
    for workflow in WORKFLOWS:
        text = workflow.read_text()
        used = re.findall(r"uses: (\S+)@(\S+) # (\S+)$", text, re.MULTILINE)
        assert len(used) == text.count("uses:"), workflow.name
        for action, commit, version in used:
            assert re.fullmatch(r"[0-9a-f]{40}", commit)
            assert ACTIONS[action] == (commit, version)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.name))
def test_a_workflow_may_do_little(workflow: Path) -> None:
    """It reads; runs of one kind wait for each other, and each job has an end."""
    told = yaml.safe_load(workflow.read_text())
    assert told["permissions"] == {"contents": "read"}
    assert told["concurrency"]["group"]
    for job in told["jobs"].values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_only_the_deployment_gets_a_token_for_aws() -> None:
    """After the tests, and behind an environment in which somebody approves."""
    allowed = {
        (workflow.name, name): job["permissions"]
        for workflow in WORKFLOWS
        for name, job in _jobs(workflow).items()
        if "permissions" in job
    }
    assert allowed == {
        ("deploy.yml", "deploy"): {"contents": "read", "id-token": "write"},
        ("test.yml", "codeql"): {"contents": "read", "security-events": "write"},
    }
    deploy = _jobs(ROOT / ".github/workflows/deploy.yml")["deploy"]
    assert (deploy["environment"], deploy["needs"]) == ("production", "test")


def test_no_workflow_puts_what_others_write_into_a_shell() -> None:
    """An expression in `run` would be read by the shell; values go by the environment."""
    for workflow in WORKFLOWS:
        for job in _jobs(workflow).values():
            for step in job["steps"]:
                assert "${{" not in step.get("run", "")


def _makes() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_make_commands_that_are_named_exist() -> None:
    """In documents and workflows."""
    for path in [*DOCUMENTS, *WORKFLOWS, ROOT / ".github" / "dependabot.yml"]:
        named = set(re.findall(r"(?:^ *|`|run: )make ([a-z]+)", path.read_text(), re.MULTILINE))
        assert named <= _makes(), path.name


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.name))
def test_files_that_a_workflow_names_exist(workflow: Path) -> None:
    """Files of the project, and environments by their locks."""
    text = "\n".join(
        line for line in workflow.read_text().splitlines() if not line.lstrip().startswith("#")
    )
    files = re.findall(r"(?<![\w./-])((?:macro|requirements|tests|tools)/[\w./-]+)", text)
    environments = {
        *re.findall(r"\.environments/(\w+)/", text),
        *re.findall(r"environments\.py (\w+)", text),
    }
    assert files
    assert [name for name in files if not (ROOT / name).exists()] == []
    assert {
        name for name in environments if not (ROOT / f"requirements/{name}.txt").exists()
    } == set()


def test_every_lock_is_audited() -> None:
    """What is deployed, and every tool."""
    locks = [ROOT / "macro/requirements.txt", *sorted((ROOT / "requirements").glob("*.txt"))]
    audit = _jobs(ROOT / ".github/workflows/test.yml")["audit"]
    assert audit["strategy"]["matrix"]["lock"] == [str(path.relative_to(ROOT)) for path in locks]
    assert any("--strict" in step.get("run", "") for step in audit["steps"])


def test_dependabot_looks_into_every_folder_with_dependencies() -> None:
    """Of pip and of npm, and the workflows."""
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    looked = {each["package-ecosystem"]: each for each in updates}
    assert looked["pip"]["directories"] == ["/macro", "/requirements"]
    packages = sorted((ROOT / "tools").glob("*/package.json"))
    assert looked["npm"]["directories"] == [f"/tools/{path.parent.name}" for path in packages]
    assert looked["github-actions"]["directory"] == "/"


def test_each_region_of_samconfig_is_deployed_and_says_everything() -> None:
    """A section takes nothing from [default] (https://github.com/aws/aws-sam-cli/issues/2258)."""
    sections = tomllib.loads((ROOT / "samconfig.toml").read_text())
    del sections["version"]
    default = sections.pop("default")["deploy"]["parameters"]
    deploy = _jobs(ROOT / ".github/workflows/deploy.yml")["deploy"]
    assert deploy["strategy"]["matrix"]["region"] == list(sections)
    for region, section in sections.items():
        answers = section["deploy"]["parameters"]
        answers.pop("parameter_overrides", None)
        assert answers == {**default, "region": region}


def test_pre_commit_runs_the_projects_own_tools() -> None:
    """Nothing is fetched from elsewhere, and each tool is one of the development environment."""
    told = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    (local,) = told["repos"]
    assert local["repo"] == "local"
    makefile = (ROOT / "Makefile").read_text()
    for hook in local["hooks"]:
        program = hook["entry"].split()[0]
        assert hook["language"] == "system"
        assert program.rpartition("/")[0] == ".environments/dev/bin"
        assert f"$(BIN)/{program.rpartition('/')[2]}" in makefile


def test_the_licence_is_the_one_that_is_named() -> None:
    """The whole text, under the name that the template gives it."""
    application = cfn_yaml.load(str(ROOT / "template.yaml"))["Metadata"]
    told = application["AWS::ServerlessRepo::Application"]
    assert told["SpdxLicenseId"] == "Apache-2.0"
    text = (ROOT / told["LicenseUrl"]).read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
