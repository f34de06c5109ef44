"""`make mutants` on a core of a few lines, of which some have no test."""

import shutil
import subprocess
from pathlib import Path

import pytest

from localcloud.sam import ROOT

PYTHON = ROOT / ".environments" / "mutants" / "bin" / "python"

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(not PYTHON.exists(), reason="`make mutants` makes its environment"),
]

TESTED = '''
class Size:
    """Has a property, as the core's classes do."""

    def __init__(self, text):
        """Keep a text."""
        self._text = text

    @property
    def is_long(self):
        """Return whether the text has more than two characters."""
        return len(self._text) > 2

'''
LEFT_OUT = '''
def nothing(text):
    """Return the text."""
    seen = "never read"  # pragma: no mutate (nobody reads it)
    return text


def passed_over(text):  # pragma: no mutate block (no test calls it)
    """Return another text."""
    return text + "."

'''
UNTESTED = '''
def both(text):
    """Return two texts."""
    return text, "b"

'''
TEST = """
from auto_lex_permissions.plain import Size
from auto_lex_permissions.folder.inner import nothing
from auto_lex_permissions.folder.untested import both

def test_it():
    assert [Size(text).is_long for text in ("ab", "abc")] == [False, True]
    assert nothing("a") == "a"
    assert both("a")[0] == "a"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with nothing but a core, its test, and the tool."""
    core = tmp_path / "macro" / "auto_lex_permissions"
    for folder in ("tools", "tests/cases", "tests/rejected", "benchmarks", "events"):
        (tmp_path / folder).mkdir(parents=True)
    (core / "folder").mkdir(parents=True)
    for name, text in (
        ("__init__", ""),
        ("plain", TESTED),
        ("folder/__init__", ""),
        ("folder/inner", LEFT_OUT),
        ("folder/untested", UNTESTED),
    ):
        (core / f"{name}.py").write_text(text)
    (tmp_path / "tests" / "test_it.py").write_text(TEST)
    shutil.copy(ROOT / "tools" / "mutants.py", tmp_path / "tools")
    return tmp_path


def mutants(project: Path, *modules: str) -> tuple[int, str, str]:
    """Run the tool; return its exit code, its output and its errors."""
    done = subprocess.run(
        [PYTHON, "tools/mutants.py", *modules],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_survivors_are_listed_with_place_and_change(project: Path) -> None:
    """The run fails for more than 3 %; what is left out for a reason is no mutant."""
    code, said, errors = mutants(project)
    assert (code, errors) == (1, "")
    assert "# auto_lex_permissions.folder.untested.x_both__mutmut_" in said
    assert "--- src/auto_lex_permissions/folder/untested.py" in said
    assert '-    return text, "b"\n+    return text, "XXbXX"\n' in said
    table = said[said.index("module ") :].split("\n")
    rows = {row.split()[0]: tuple(map(int, row.split(",")[0].split()[1:3])) for row in table[1:-1]}
    assert rows.keys() == {"plain", "folder/untested", "all"}
    assert rows["plain"][0] > 2
    assert rows["plain"][1] == 0
    assert rows["folder/untested"][1] > 0


def test_one_module_in_a_folder_is_enough(project: Path) -> None:
    """By its path in the core; without survivors the run succeeds."""
    code, said, _ = mutants(project, "plain")
    assert (code, "untested" in said) == (0, False)
    code, said, _ = mutants(project, "folder/untested")
    assert (code, "plain" in said) == (1, False)


def test_some_of_the_tests_may_be_enough(project: Path) -> None:
    """Who works on a module need not wait for all; what these let pass is listed."""
    more = "\ndef test_more():\n    assert both('a') == ('a', 'b')\n"
    (project / "tests" / "test_more.py").write_text(TEST.replace("test_it", "test_again") + more)
    code, _, _ = mutants(project, "folder/untested")
    assert code == 0
    code, said, _ = mutants(project, "folder/untested", "--tests", "test_it.py")
    assert (code, "XXbXX" in said) == (1, True)


def test_a_module_that_is_not_there_is_named(project: Path) -> None:
    """With those that are."""
    code, _, errors = mutants(project, "untested")
    assert code == 2
    assert "no module untested; there are folder/inner, folder/untested, plain" in errors


def test_a_line_is_left_out_for_a_reason_alone(project: Path) -> None:
    """Without its reason the run ends, and names it."""
    inner = project / "macro" / "auto_lex_permissions" / "folder" / "inner.py"
    inner.write_text(LEFT_OUT.replace(" (nobody reads it)", ""))
    code, _, errors = mutants(project)
    assert code == 1
    assert errors.startswith("macro/auto_lex_permissions/folder/inner.py:4 needs a reason: ")


def test_tests_that_fail_without_mutants_are_no_result(project: Path) -> None:
    """Then nothing is said of mutants."""
    (project / "tests" / "test_it.py").write_text("def test_it(): assert False\n")
    code, said, errors = mutants(project)
    assert (code, "survived" in said) == (1, False)
    assert "do the tests pass without it?" in errors
