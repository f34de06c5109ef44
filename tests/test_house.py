"""The house is in order: one version and licence, workflows that are pinned and may do little."""

import json
import os
import re
import subprocess
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.decode import cfn_yaml

from auto_lex_permissions import __version__
from tests.pages import fenced

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
APPLICATION = cfn_yaml.load(str(ROOT / "template.yaml"))["Metadata"][
    "AWS::ServerlessRepo::Application"
]


def _jobs(workflow: Path) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load(workflow.read_text())["jobs"]
    return jobs


def test_the_version_is_the_same_everywhere() -> None:
    """The package's, the template's, and that of the changelog's newest entry."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    entries = re.findall(r"^## \[(\d\S*)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert APPLICATION["SemanticVersion"] == __version__ == entries[0]


def test_what_the_pages_install_is_this_version() -> None:
    """The tag that pre-commit, the action and pip are given is the one of the version."""
    page = (ROOT / "docs" / "check.md").read_text()
    named = re.findall(r"(?:rev: v|auto-lex-permissions@v)([0-9.]+)", page)
    assert len(named) == 4
    assert {*named} == {__version__}
    # What runs by itself takes no branch, which may be another tomorrow.
    for block in fenced(page, "yaml"):
        assert re.findall(r"(?:uses: |git\+https:\S+)OWNER/auto-lex-permissions(?!@v)", block) == []
    for readme in ("README.md", "README.ja.md"):
        assert f" {__version__}" in (ROOT / readme).read_text().rpartition("## ")[2]


def test_a_copy_says_once_whose_it_is(tmp_path: Path) -> None:
    """`make owner` changes every file that names the account, and can be said again."""
    copy = tmp_path / "copy"
    for command in (
        ["git", "checkout-index", "--all", f"--prefix={copy}/"],
        ["git", "init", "--quiet", str(copy)],
        ["git", "-C", str(copy), "add", "--all"],
    ):
        subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    before = _naming("OWNER", copy)
    assert {"README.md", "macro/auto_lex_permissions/diagnostics.py"} <= before
    for owner, former in (("acme", "OWNER"), ("other", "acme"), ("OWNER", "other")):
        subprocess.run(
            ["make", "owner", f"OWNER={owner}"],
            cwd=copy,
            check=True,
            timeout=60,
            capture_output=True,
        )
        assert (_naming(owner, copy), _naming(former, copy)) == (before, set())
    assert not subprocess.check_output(["git", "diff", "--name-only"], cwd=copy, timeout=60)


def _naming(owner: str, folder: Path) -> set[str]:
    """Return the files that name this project as an account's."""
    found = subprocess.run(
        ["git", "grep", "-lF", f"{owner}/auto-lex-permissions"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return set(found.stdout.split())


def test_the_licence_is_the_one_that_is_named() -> None:
    """The whole text, under the name that the template gives it."""
    assert APPLICATION["SpdxLicenseId"] == "Apache-2.0"
    text = (ROOT / APPLICATION["LicenseUrl"]).read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_each_alarm_has_its_runbook() -> None:
    """Under the heading that its description names, with commands to type."""
    said = re.sub(r"\s+", " ", (ROOT / "template.yaml").read_text())
    named = re.findall(r'"(Runbook: [^"]+)" in docs/organization\.md', said)
    assert len(named) == said.count("Type: AWS::CloudWatch::Alarm")
    page = (ROOT / "docs" / "organization.md").read_text()
    for heading in named:
        assert "```sh\n" in page.partition(f"\n### {heading}\n")[2].partition("\n### ")[0]


def test_actions_are_pinned_by_commits() -> None:
    """A tag can be moved, a commit cannot; the version stands behind it for people."""
    for workflow in WORKFLOWS:
        text = workflow.read_text()
        pinned = re.findall(r"uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", text, re.MULTILINE)
        assert len(pinned) == text.count("uses:") > 0, workflow.name


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.name))
def test_a_workflow_may_do_little(workflow: Path) -> None:
    """It reads; runs of one kind wait for each other, and each job has an end."""
    settings = yaml.safe_load(workflow.read_text())
    assert settings["permissions"] == {"contents": "read"}
    assert settings["concurrency"]["group"]
    for job in settings["jobs"].values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_a_tag_that_is_deployed_stays_where_it_is() -> None:
    """The rules to import cover the tags of deployment and release; nobody is above them.

    https://docs.github.com/en/rest/repos/rules names the fields.
    """
    # YAML 1.1 reads the key `on` as a truth.
    workflows = (yaml.safe_load(path.read_text())[True] for path in WORKFLOWS)
    (tags,) = {
        tag for triggers in workflows for tag in (triggers.get("push") or {}).get("tags", [])
    }
    rules = json.loads((ROOT / ".github" / "release-tags.json").read_text())
    covered = rules["conditions"]["ref_name"]
    assert (rules["target"], rules["enforcement"]) == ("tag", "active")
    assert covered["exclude"] == rules["bypass_actors"] == []
    assert any(fnmatchcase(f"refs/tags/{tags}", pattern) for pattern in covered["include"])
    assert {rule["type"] for rule in rules["rules"]} >= {"deletion", "update"}


def test_only_deploying_and_publishing_get_a_token() -> None:
    """After the tests, and where it leaves the repository, after somebody has approved."""
    allowed = {
        (workflow.name, name): job["permissions"]
        for workflow in WORKFLOWS
        for name, job in _jobs(workflow).items()
        if "permissions" in job
    }
    assert allowed == {
        ("deploy.yml", "deploy"): {"contents": "read", "id-token": "write"},
        ("release.yml", "github"): {
            "contents": "write",
            "id-token": "write",
            "attestations": "write",
        },
        ("release.yml", "pypi"): {"contents": "read", "id-token": "write"},
        ("test.yml", "codeql"): {"contents": "read", "security-events": "write"},
    }
    deploy = _jobs(ROOT / ".github/workflows/deploy.yml")["deploy"]
    assert (deploy["environment"], deploy["needs"]) == ("production", "test")
    release = _jobs(ROOT / ".github/workflows/release.yml")
    assert (release["pypi"]["environment"], release["pypi"]["needs"]) == ("pypi", "dist")
    assert release["github"]["needs"] == "pypi"


def test_what_is_published_was_tested_and_is_what_was_built() -> None:
    """Of the tag that names its version; each job that publishes looks at the digests first."""
    release = _jobs(ROOT / ".github/workflows/release.yml")
    ran = [step["run"] for step in release["dist"]["steps"] if "run" in step]
    assert "GITHUB_REF_NAME#v" in ran[0]
    assert ran[1:] == ["make test", "make dist"]
    for name in ("pypi", "github"):
        steps = release[name]["steps"]
        checked = [step.get("run", "") for step in steps].index("sha256sum --check SHA256SUMS")
        assert "download-artifact" in steps[checked - 1]["uses"]
        assert all("make" not in step.get("run", "") for step in steps)


def test_jobs_that_publish_run_no_code_of_the_project(tmp_path: Path) -> None:
    """They may get a token. uv comes from its entry in the lock, the whole of it and no other."""
    release = _jobs(ROOT / ".github/workflows/release.yml")
    ran = [step.get("run", "") for name in ("pypi", "github") for step in release[name]["steps"]]
    code = re.compile(r"\b(?:cli|hook|localcloud|macro|tests|tools)/|\.environments|\.py\b")
    assert [command for command in ran if code.search(command)] == []
    (taking,) = (line for command in ran for line in command.splitlines() if "sed " in line)
    env = {**os.environ, "RUNNER_TEMP": str(tmp_path)}
    subprocess.run(["bash", "-ec", taking], cwd=ROOT, env=env, check=True, timeout=60)
    first, *hashes = (tmp_path / "uv.txt").read_text().splitlines()
    assert re.fullmatch(r"uv==[\d.]+ \\", first)
    assert hashes
    assert all(line.startswith("    --hash=sha256:") for line in hashes)


def test_no_workflow_puts_what_others_write_into_a_shell() -> None:
    """An expression in `run` would be read by the shell; values go by the environment."""
    for workflow in WORKFLOWS:
        for job in _jobs(workflow).values():
            for step in job["steps"]:
                assert "${{" not in step.get("run", "")


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
    deployed = [ROOT / "macro/requirements.txt", ROOT / "hook/requirements.txt"]
    locks = [*deployed, *sorted((ROOT / "requirements").glob("*.txt"))]
    audit = _jobs(ROOT / ".github/workflows/test.yml")["audit"]
    assert audit["strategy"]["matrix"]["lock"] == [str(path.relative_to(ROOT)) for path in locks]
    assert any("--strict" in step.get("run", "") for step in audit["steps"])


def test_dependabot_looks_into_every_folder_with_dependencies() -> None:
    """Of pip and of npm, and the workflows."""
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    looked = {each["package-ecosystem"]: each for each in updates}
    assert looked["pip"]["directories"] == ["/macro", "/hook", "/requirements"]
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
