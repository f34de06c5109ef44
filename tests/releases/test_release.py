"""`make release` on a copy of the project: everything is written, or nothing is."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
ROOT = Path(__file__).parent.parent.parent
COPIED = ("macro", "tools", "tests/cases", "tests/templates.py", "template.yaml")
ENTRIES = "### Added\n\n- Something that users notice.\n"
CHANGELOG = f"""\
# Changelog

## [Unreleased]

{ENTRIES}
## [1.0.0] - 2026-01-31

### Added

- All there is.

[Unreleased]: https://example.com/compare/v1.0.0...HEAD
[1.0.0]: https://example.com/releases/tag/v1.0.0
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A copy of what the release tool reads and writes, in a repository of its own."""

    root: Path

    def git(self, *arguments: str) -> str:
        """Run git there."""
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
        command = ("git", "-C", str(self.root), *identity, *arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        return done.stdout

    def release(self, *arguments: str) -> tuple[int, str, str]:
        """Run the tool; return its exit code, its output and its errors."""
        done = subprocess.run(
            [sys.executable, "-m", "tools.release", *arguments],
            cwd=self.root,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": f"{self.root / 'macro'}{os.pathsep}{self.root}",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def read(self, name: str) -> str:
        """Return a file's text."""
        return (self.root / name).read_text()

    def replace(self, name: str, old: str, new: str) -> None:
        """Change a file, and keep it as if committed before."""
        text = self.read(name)
        assert old in text
        (self.root / name).write_text(text.replace(old, new, 1))
        self.keep()

    def keep(self) -> None:
        """Commit all there is, so that `changed` returns what comes after."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Kept")

    def changed(self) -> list[str]:
        """Return the files that differ from what was kept."""
        return [line[3:] for line in self.git("status", "--short", "-uall").splitlines()]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a copy that has released 1.0.0, whatever the version here, and more to release."""
    made = Project(tmp_path_factory.mktemp("released"))
    for name in COPIED:
        original, target = ROOT / name, made.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if original.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(original, target, ignore=ignored)
        else:
            shutil.copy(original, target)
    _put(made.root / "macro/auto_lex_permissions/__init__.py", r'(?<=__version__ = ")[^"]+')
    _put(made.root / "template.yaml", r"(?<=SemanticVersion: )\S+")
    (made.root / "CHANGELOG.md").write_text(CHANGELOG)
    made.git("init", "--quiet")
    code, _, errors = made.release("1.0.0", "--again")
    assert (code, errors) == (0, "")
    made.keep()
    return made


def _put(path: Path, pattern: str) -> None:
    text, times = re.subn(pattern, "1.0.0", path.read_text())
    assert times == 1
    path.write_text(text)


@pytest.fixture
def project(released: Project, tmp_path: Path) -> Project:
    """Return a copy of the released project, for one test."""
    return Project(Path(shutil.copytree(released.root, tmp_path / "project")))


def test_a_release_sets_the_version_everywhere(project: Project) -> None:
    """Package, template and changelog, and says what comes next."""
    code, said, errors = project.release("1.1.0")
    assert (code, errors) == (0, "")
    assert project.changed() == [
        "CHANGELOG.md",
        "macro/auto_lex_permissions/__init__.py",
        "template.yaml",
        "tests/releases/1.1.0/messages.txt",
    ]
    assert "ALP101 CodeHookWithoutPermission\n" in project.read("tests/releases/1.1.0/messages.txt")
    assert '__version__ = "1.1.0"' in project.read("macro/auto_lex_permissions/__init__.py")
    assert "SemanticVersion: 1.1.0\n" in project.read("template.yaml")
    for step in ("make test", 'git commit -m "Release 1.1.0"', "git tag", "v1.1.0", "sam deploy"):
        assert step in said
    # A test asks for the version there, and the tag has to have it.
    edits = said.index("Write 1.1.0 into docs/check.md, README.md and README.ja.md")
    assert edits < said.index("  make test\n") < said.index("  git add -A\n")
    log = project.read("CHANGELOG.md")
    assert re.search(
        rf"## \[Unreleased\]\n\n## \[1\.1\.0\] - \d{{4}}-\d\d-\d\d\n\n{ENTRIES}\n## \[1\.0\.0\]",
        log,
    )
    assert "[Unreleased]: https://example.com/compare/v1.1.0...HEAD\n" in log
    assert "[1.1.0]: https://example.com/compare/v1.0.0...v1.1.0\n" in log


def test_the_same_release_again_changes_nothing(project: Project) -> None:
    """Running it twice does no harm."""
    project.release("1.1.0")
    project.keep()
    code, said, _ = project.release("1.1.0")
    assert (code, project.changed()) == (0, [])
    assert "made already" in said


def test_a_new_case_is_frozen_and_an_old_one_is_not_frozen_twice(project: Project) -> None:
    """Also one whose template has changed, beside what it was before."""
    shutil.copytree(project.root / "tests/cases/one-hook", project.root / "tests/cases/another")
    project.replace("tests/cases/another/template.yaml", "Resources:", "Description: x\nResources:")
    assert project.release("1.1.0")[0] == 0
    frozen = [name for name in project.changed() if name.startswith("tests/releases/")]
    assert frozen == ["tests/releases/1.1.0/another.jsonl", "tests/releases/1.1.0/messages.txt"]


def test_a_new_major_version_freezes_all_cases(project: Project) -> None:
    """They are what the next releases of it hold to."""
    cases = {path.name for path in (project.root / "tests/cases").iterdir() if path.is_dir()}
    assert project.release("2.0.0")[0] == 0
    frozen = (project.root / "tests/releases/2.0.0").glob("*.jsonl")
    assert {path.stem for path in frozen} == cases


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("1.0", "is no version"),
        ("v1.1.0", "is no version"),
        ("1.01.0", "is no version"),
        ("1.1.0-rc.1", "is no version"),
        ("0.9.0", "does not follow 1.0.0"),
    ],
)
def test_a_wrong_version_is_refused(project: Project, version: str, message: str) -> None:
    """Three numbers, higher than those before."""
    code, said, errors = project.release(version)
    assert (code, said, project.changed()) == (1, "", [])
    assert message in errors
    assert "Nothing was written" in errors


def test_a_release_that_says_nothing_is_refused(project: Project) -> None:
    """Users read in CHANGELOG.md what they get."""
    project.replace("CHANGELOG.md", ENTRIES, "### Added\n")
    code, _, errors = project.release("1.1.0")
    assert (code, project.changed()) == (1, [])
    assert "no entry under Unreleased" in errors


@pytest.mark.parametrize(
    ("name", "old", "message"),
    [
        ("template.yaml", "SemanticVersion", "template.yaml has to name the version once"),
        ("CHANGELOG.md", "[Unreleased]:", "CHANGELOG.md has no line [Unreleased]:"),
    ],
)
def test_a_place_for_the_version_that_is_gone(
    project: Project, name: str, old: str, message: str
) -> None:
    """Then no other file is written either."""
    project.replace(name, old, "Gone")
    code, _, errors = project.release("1.1.0")
    assert (code, project.changed()) == (1, [])
    assert message in errors


def test_a_release_that_changes_a_frozen_case_is_refused(project: Project) -> None:
    """Planted: another digest in the ids of permissions (rule 2.5)."""
    project.replace(
        "macro/auto_lex_permissions/cfn/digests.py", ".hexdigest()[:8]", ".hexdigest()[8:16]"
    )
    code, _, errors = project.release("1.1.0")
    assert (code, project.changed()) == (1, [])
    assert "one-hook of 1.0.0 gets permissions of other logical ids (rule 2.5)" in errors


def test_a_version_without_a_tag_can_be_frozen_again(project: Project) -> None:
    """What was frozen before is replaced, and a case that is gone is gone."""
    frozen = "tests/releases/1.0.0/one-hook.jsonl"
    text = project.read(frozen)
    (project.root / frozen).write_text("{}\n{}\n")
    shutil.rmtree(project.root / "tests" / "cases" / "empty")
    project.keep()
    assert project.release("1.0.0", "--again")[0] == 0
    assert project.read(frozen) == text
    assert project.changed() == ["tests/releases/1.0.0/empty.jsonl", frozen]


def test_a_version_with_a_tag_stays_frozen(project: Project) -> None:
    """Others have it."""
    project.git("tag", "v1.0.0")
    code, _, errors = project.release("1.0.0", "--again")
    assert (code, project.changed()) == (1, [])
    assert "is tagged" in errors


def test_only_the_version_of_the_package_can_be_frozen_again(project: Project) -> None:
    """The cases of another are no longer what its code gives."""
    code, _, errors = project.release("1.1.0", "--again")
    assert (code, project.changed()) == (1, [])
    assert "only that version" in errors


def test_without_git_nothing_is_frozen_again(project: Project) -> None:
    """Whether others have it cannot be known."""
    (project.root / ".git").rename(project.root / "git")
    code, _, errors = project.release("1.0.0", "--again")
    assert code == 1
    assert "git cannot say" in errors
