"""docs/architecture.md is true: it names what exists, and imports run as it says.

The order of the core is that of test_layout.py; here the document is held against it, and the rooms
against what their modules import.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_layout import ORDER, STANDARD

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 13), reason="reads files that are written for the newest Python"
)

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text()
CLI = ROOT / "cli" / "auto_lex_permissions_cli"
# The packages under which the rooms' modules are imported; the others go by their own names.
PACKAGES = {"auto_lex_permissions": "macro", "auto_lex_permissions_cli": "cli"}
BACKTICKED = re.compile(r"`([^`]+)`")


def _rows(heading: str) -> dict[str, str]:
    """Return a table's rows, the word in backticks that each begins with and the rest of it."""
    section = re.split(rf"^##+ {heading}$", PAGE, flags=re.MULTILINE)[1]
    table = re.split(r"^##", section, flags=re.MULTILINE)[0]
    found = re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.MULTILINE)
    assert len(dict(found)) == len(found), heading
    return dict(found)


def _files() -> list[Path]:
    """Return the project's files, by their paths in it: what git knows, or would not ignore."""
    told = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = map(Path, filter(None, told.stdout.split("\0")))
    return [path for path in paths if (ROOT / path).exists()]


FILES = _files()
ROOMS = _rows("The rooms")


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


def _room(module: str) -> str:
    first = module.partition(".")[0]
    return PACKAGES.get(first, first)


def _taken(room: str) -> set[str]:
    """Return the other rooms from which the modules of one import."""
    sources = [path for path in FILES if path.parts[0] == room and path.suffix == ".py"]
    imported = {_room(module) for path in sources for module in _modules(path)}
    return imported & ROOMS.keys() - {room}


def test_each_room_is_named() -> None:
    """Every folder of the project that is not hidden, and no other."""
    folders = {path.parts[0] for path in FILES if len(path.parts) > 1}
    assert set(ROOMS) == {folder for folder in folders if not folder.startswith(".")}


def test_each_room_in_a_room_is_named() -> None:
    """The folders of the rooms that have several, and no other."""
    several = {"localcloud", "tools", "tests"}
    folders = {"/".join(path.parts[:2]) for path in FILES if len(path.parts) > 2}
    assert set(_rows("Rooms in rooms")) == {
        folder for folder in folders if folder.partition("/")[0] in several
    }


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_takes_from_those_that_its_row_names(room: str) -> None:
    """Its modules import from all of them, and from no other."""
    allowed = ROOMS[room].rpartition("|")[2]
    assert _taken(room) == set(BACKTICKED.findall(allowed)), room


def test_what_is_delivered_takes_from_nothing_that_is_not() -> None:
    """Lambda gets one room and users of the command line two, so these suffice."""
    assert (_taken("macro"), _taken("cli")) == (set(), {"macro"})


def test_no_other_room_imports_a_test() -> None:
    """Tools and benchmarks use the tests' aids, of which none is a test itself."""
    sources = [path for path in FILES if path.suffix == ".py" and path.parts[0] != "tests"]
    taken = {module for path in sources for module in _modules(path)}
    assert any(module.startswith("tests.") for module in taken)
    assert not [module for module in taken if re.match(r"tests\.(.+\.)?test_", module)]


def test_the_core_is_named_in_its_order() -> None:
    """Module by module, as tests/test_layout.py holds the order."""
    assert tuple(_rows("The core, module by module")) == ORDER


def test_the_standard_library_is_named() -> None:
    """The modules that the core may import, and no other."""
    (named,) = re.findall(r"and of that only (.+?): no file", PAGE, re.DOTALL)
    assert set(BACKTICKED.findall(named)) == STANDARD


def test_the_command_line_is_named_in_its_order() -> None:
    """Every module, each after those that it imports."""
    order = list(_rows("The command line, module by module"))
    there = {path.relative_to(CLI).with_suffix("").as_posix() for path in CLI.rglob("*.py")}
    assert set(order) == there
    for place, name in enumerate(order):
        imported = {
            module.removeprefix(prefix).replace(".", "/")
            for module in _modules((CLI / f"{name}.py").relative_to(ROOT))
            for prefix in ("cli.auto_lex_permissions_cli.", "auto_lex_permissions_cli.")
            if module.startswith(prefix)
        }
        assert imported <= {*order[:place], "doctor"}, name


def test_only_one_module_calls_aws() -> None:
    """What the page says of `doctor/account`."""
    callers = {
        path.relative_to(CLI).with_suffix("").as_posix()
        for path in CLI.rglob("*.py")
        if any(_room(name) == "boto3" for name in _modules(path.relative_to(ROOT)))
    }
    assert callers == {"doctor/account"}


def test_the_picture_names_modules_that_exist() -> None:
    """What stands beside its arrows."""
    (picture,) = re.findall(r"^```mermaid\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
    labels = re.findall(r"\|\"?(.+?)\"?\|", picture)
    steps = {step for label in labels for step in label.split("<br>")}
    assert len(steps) > 5
    assert steps <= set(ORDER)


def test_changes_are_sent_to_modules_and_rooms_that_exist() -> None:
    """The last table."""
    section = PAGE.partition("## Where a change goes")[2]
    commands = set(_rows("The command line, module by module"))
    known = {*ORDER, *commands, *ROOMS, *_rows("Rooms in rooms")}
    places = re.findall(r"^\| [^|]+ \| (.+) \|$", section, re.MULTILINE)
    named = {name for place in places for name in BACKTICKED.findall(place)}
    assert named
    assert named <= known
