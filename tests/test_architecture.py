"""docs/architecture.md sends a reader to the right place: what it names exists.

Imports run as it says, and the order of the core's modules is that of test_layout.py.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_layout import ORDER

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 13), reason="reads files that are written for the newest Python"
)

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text()
CLI = ROOT / "cli" / "auto_lex_permissions_cli"
# The packages under which the folders' modules are imported; the others go by their own names.
PACKAGES = {
    "auto_lex_permissions": "macro",
    "auto_lex_permissions_cli": "cli",
    "auto_lex_permissions_hook": "hook",
}
BACKTICKED = re.compile(r"`([^`]+)`")


def _section(heading: str) -> str:
    return re.split(rf"^## {heading}$", PAGE, flags=re.MULTILINE)[1].partition("\n## ")[0]


def _rows(heading: str) -> dict[str, str]:
    """Return a table's rows, the word in backticks that each begins with and the rest of it."""
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", _section(heading), re.MULTILINE))


def _files() -> list[Path]:
    """Return the project's files, by their paths in it: what git knows, or would not ignore."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = map(Path, filter(None, listed.stdout.split("\0")))
    return [path for path in paths if (ROOT / path).exists()]


FILES = _files()
FOLDERS = _rows("The folders")


def _modules(path: Path) -> set[str]:
    """Return all that a file imports, by full name, relative imports among it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = list(path.parts[:-1])[: len(path.parts) - node.level] if node.level else []
            said = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {".".join([*base, str(name)]) for name in said}
    return found


def _folder(module: str) -> str:
    first = module.partition(".")[0]
    return PACKAGES.get(first, first)


def test_each_folder_is_named() -> None:
    """Every folder of the project that is not hidden, and no other."""
    folders = {path.parts[0] for path in FILES if len(path.parts) > 1}
    assert set(FOLDERS) == {folder for folder in folders if not folder.startswith(".")}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_from_those_that_its_row_names(folder: str) -> None:
    """Lambda gets one folder and users of the command line two: nothing else may be needed."""
    files = [path for path in FILES if path.parts[0] == folder and path.suffix == ".py"]
    imported = {_folder(module) for path in files for module in _modules(path)}
    named = BACKTICKED.findall(FOLDERS[folder].rpartition("|")[2])
    assert imported & FOLDERS.keys() - {folder} == set(named)


def test_no_other_folder_imports_a_test() -> None:
    """Tools and benchmarks use the tests' aids, of which none is a test itself."""
    files = [path for path in FILES if path.suffix == ".py" and path.parts[0] != "tests"]
    taken = {module for path in files for module in _modules(path)}
    assert any(module.startswith("tests.") for module in taken)
    assert not [module for module in taken if re.match(r"tests\.(.+\.)?test_", module)]


def test_the_core_is_named_in_its_order() -> None:
    """Module by module, but for what only marks a package."""
    modules = [module for module in ORDER if not module.endswith("__init__")]
    assert list(_rows("The core")) == modules


def test_no_command_imports_another() -> None:
    """A command has a module of its name; `app` alone knows all of them."""
    commands = {"check", "expand", "fix", "graph", "doctor"}
    for command in commands:
        for path in [CLI / f"{command}.py", *CLI.glob(f"{command}/*.py")]:
            imported = _modules(path.relative_to(ROOT)) if path.exists() else set()
            named = {
                name.split(".")[2]
                for name in imported
                if name.startswith("cli.") and name.count(".") > 1
            }
            assert not named & (commands - {command}), path


def test_only_one_module_calls_aws() -> None:
    """What the page says of `doctor/account`."""
    callers = {
        path.relative_to(CLI).with_suffix("").as_posix()
        for path in CLI.rglob("*.py")
        if any(_folder(name) == "boto3" for name in _modules(path.relative_to(ROOT)))
    }
    assert callers == {"doctor/account"}


def test_the_picture_and_the_table_of_changes_name_what_exists() -> None:
    """A newcomer opens the module that is named there."""
    (picture,) = re.findall(r"^```mermaid\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
    steps = {
        step for label in re.findall(r"\|\"?(.+?)\"?\|", picture) for step in label.split("<br>")
    }
    changes = set(BACKTICKED.findall(_section("Where a change goes")))
    commands = {path.relative_to(CLI).with_suffix("").as_posix() for path in CLI.rglob("*.py")}
    folders = {folder.as_posix() for path in FILES for folder in path.parents}
    assert len(steps) > 5
    assert steps <= set(ORDER)
    assert changes - {"doctor"} <= {*ORDER, *commands, *folders}
