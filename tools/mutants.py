"""`make mutants`: mutation testing of the macro's core with mutmut.

Each mutant is the core with one small change, such as `<` for `<=`; it is killed when a test fails
on it. Survivors show what the tests let pass. They are listed with place and change, and the run
fails when more than 3 % survive, when one in a module that decides about permissions is not
explained in docs/mutants.md, or when that page explains one that does not survive.

mutmut wants sources in a folder named `src`, and changes functions that have no decorator. It
therefore works in a temporary copy of this project, in which properties are written without their
decorator: `@property` above a function becomes `name = property(name)` below it.

Results are the same in each run: hypothesis draws the same examples, sets have the same order, and
a mutant that never ends is killed by the time it takes, which is far more than any test needs.
"""

import argparse
import ast
import contextlib
import difflib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = "auto_lex_permissions"
CORE: Final = ROOT / "macro" / PACKAGE
EXPLANATIONS: Final = ROOT / "docs" / "mutants.md"
# The Lambda function around the core: logging and metrics.
NOT_CORE: Final = frozenset({"__init__", "handler"})
# What decides about permissions: each survivor there has its explanation.
EXPLAINED: Final = ("conditions", "intrinsics", "permissions")
MOST_SURVIVING_PERCENT: Final = 3.0
LIMIT_SECONDS: Final = 7_200
REPORT_EVERY_SECONDS: Final = 5.0
# Tests that read the project as files, or start programs of their own, and so never meet a mutant.
# The random laws take minutes and are left out too: what they find shall be held by a case as well.
LEFT_OUT: Final = (
    "test_architecture.py",
    "test_benchmarks.py",
    "test_contract.py",
    "test_faults.py",
    "test_house.py",
    "test_layout.py",
    "test_positions.py",
    "test_readme.py",
)
DESELECTED: Final = ("test_handler.py::test_imports_from_source_without_any_environment",)

PYPROJECT: Final = """\
[tool.pytest.ini_options]
pythonpath = ["."]
addopts = ["--strict-markers", "--import-mode=importlib"]
filterwarnings = ["error"]

[tool.mutmut]
source_paths = ["src/"]
only_mutate = [{only}]
also_copy = ["events"]
pytest_add_cli_args = [{arguments}]
pytest_add_cli_args_test_selection = ["tests"]
track_dependencies = false
use_git_change_detection = false
use_setproctitle = false
"""
# Read by pytest inside each run. Without the phase of shrinking, the first example that fails ends
# a test; the slow tests come last, since most mutants are killed by a quick one. mutmut puts two
# calls of its own around each of the core's, and 3.8 reads a private name that pytest 9.2 no longer
# has. A mutant that gathers without end is stopped before the machine's memory is full.
CONFTEST: Final = '''\
"""Settings of the tests for the time of mutation testing."""

import contextlib
import resource
import sys
from functools import partial

import yaml
from hypothesis import HealthCheck, Phase, settings

SLOW = ("test_limits.py", "test_handler.py")

settings.register_profile(
    "mutants",
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutants")
sys.setrecursionlimit(5_000)
yaml.safe_load = partial(yaml.load, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
with contextlib.suppress(ValueError, OSError):
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))


def pytest_collection_modifyitems(items):
    for item in items:
        item._nodeid = item.nodeid
    items.sort(key=lambda item: (item.path.name in SLOW, hasattr(item.obj, "hypothesis")))
'''

# What mutmut notes of a mutant: the exit code of pytest, or one of its own.
PASSED: Final = 0
NO_TESTS: Final = frozenset({5, 33})


class MutationError(Exception):
    """Mutation testing itself failed: it says nothing about the tests."""


class Place(NamedTuple):
    """A function of the core: its module and its name in there."""

    module: str
    function: str

    @classmethod
    def of(cls, key: str) -> "Place":
        """Read mutmut's name of a mutant: `package.module.xǁClassǁmethod__mutmut_1`."""
        _, module, mangled = key.split(".")
        name = mangled.rpartition("__mutmut_")[0]
        function = name[2:].replace("ǁ", ".") if name.startswith("xǁ") else name[2:]
        return cls(module, function)


class Change(NamedTuple):
    """What a mutant changes: a function, and the lines as `diff` shows them, without indents."""

    place: Place
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test fails on."""

    change: Change
    line: int
    is_reached: bool

    def __str__(self) -> str:
        """Return how it is listed, in the form of docs/mutants.md."""
        module, function = self.change.place
        unreached = "" if self.is_reached else ", which no test calls"
        heading = f"macro/{PACKAGE}/{module}.py:{self.line}, `{function}`{unreached}"
        return "\n".join([heading, "```diff", *self.change.lines, "```"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the mutants of one module."""

    module: str
    mutants: int
    survivors: list[Survivor]


def main() -> int:
    """Run mutation testing on the modules of the command line, or on all; return the exit code."""
    modules = _chosen()
    signal.signal(signal.SIGTERM, _interrupted)
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            work = Path(folder)
            _copy(work, modules)
            _run(work, started)
            outcomes = [_outcome(work, module) for module in modules]
    except MutationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; what was running is stopped.\n")
        return 130
    _say(f"Done after {time.monotonic() - started:.0f} s\n")
    return _report(outcomes)


def _chosen() -> list[str]:
    known = sorted(path.stem for path in CORE.glob("*.py") if path.stem not in NOT_CORE)
    parser = argparse.ArgumentParser(description="Test the tests: mutants of the macro's core.")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"any of {', '.join(known)}")
    modules: list[str] = parser.parse_args().modules
    if unknown := [module for module in modules if module not in known]:
        parser.error(f"no module {unknown[0]}; there are {', '.join(known)}")
    return modules or known


def _interrupted(_signal: int, _frame: object) -> NoReturn:
    """Treat a request to end like Ctrl-C, so that mutmut ends with us."""
    raise KeyboardInterrupt


def _copy(work: Path, modules: list[str]) -> None:
    """Copy what the tests of the core need into a folder as mutmut wants it."""
    package = work / "src" / PACKAGE
    package.mkdir(parents=True)
    for source in CORE.glob("*.py"):
        text = _without_property_decorators(source.read_text(encoding="utf-8"))
        (package / source.name).write_text(text, encoding="utf-8")
    tests = work / "tests"
    tests.mkdir()
    for source in (ROOT / "tests").glob("*.py"):
        if source.name not in LEFT_OUT:
            shutil.copy(source, tests)
    for folder in ("tests/cases", "tests/rejected", "events"):
        shutil.copytree(ROOT / folder, work / folder)
    (tests / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (work / "pyproject.toml").write_text(
        PYPROJECT.format(
            only=_listed(f"src/{PACKAGE}/{module}.py" for module in modules),
            # The handler's logger keeps the output of the first of several runs in one process.
            arguments=_listed(["-s", *(f"--deselect=tests/{test}" for test in DESELECTED)]),
        ),
        encoding="utf-8",
    )


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(map(json.dumps, texts))


def _without_property_decorators(source: str) -> str:
    """Return the source with properties that mutmut looks into, each line in its place."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef(decorator_list=[ast.Name("property" | "cached_property" as kind)]):
                decorator = node.decorator_list[0]
                indent = " " * node.col_offset
                lines[decorator.lineno - 1] = f"{indent}# A {kind}:"
                below = node.body[-1].end_lineno or 0
                lines += [""] * (below + 1 - len(lines))
                if lines[below]:
                    raise MutationError(f"No blank line is below the {kind} {node.name}.")
                lines[below] = f"{indent}{node.name} = {kind}({node.name})"
    return "\n".join(lines) + "\n"


def _run(work: Path, started: float) -> None:
    """Run mutmut and show how far it is; raise MutationError when it does not come to its end."""
    said = ""
    with _mutmut(work) as process:
        display = _Display(started)
        # As much as there is, at once: a read of the stream itself would wait for a full buffer.
        while process.stdout and (chunk := os.read(process.stdout.fileno(), 65_536)):
            said = (said + chunk.decode(errors="replace"))[-20_000:]
            display.update(said)
            if time.monotonic() - started > LIMIT_SECONDS:
                raise MutationError(f"Not done after {LIMIT_SECONDS} s.")
        display.close()
        code = process.wait(timeout=60)
    if code or "mutations/second" not in said:
        last = "\n".join(re.split(r"[\r\n]+", said)[-40:])
        raise MutationError(f"{last}\nmutmut ended with {code}; do the tests pass without it?")


@contextlib.contextmanager
def _mutmut(work: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start mutmut; all that it has started is ended on the way out."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(os.cpu_count() or 1)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    process = subprocess.Popen(
        command,
        cwd=work,
        env={**kept, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)


class _Display:
    """One line about what is under way: rewritten in place on a terminal, else every 5 seconds."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._live = sys.stdout.isatty() and not os.environ.get("CI")
        self._due = started

    def update(self, said: str) -> None:
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + (0.2 if self._live else REPORT_EVERY_SECONDS)
        counts = re.findall(r"(\d+)/(\d+) ", said)
        what = "{} of {} mutants".format(*counts[-1]) if counts else "making the mutants"
        line = f"  {now - self._started:4.0f} s  {what}"
        # ESC [ K clears what a longer line before has left.
        _say(f"\r{line}\033[K" if self._live else f"{line}\n")

    def close(self) -> None:
        if self._live:
            _say("\r\033[K")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _outcome(work: Path, module: str) -> Outcome:
    """Read what mutmut noted of a module's mutants."""
    mutated = work / "mutants" / "src" / PACKAGE / f"{module}.py"
    notes = mutated.with_name(f"{mutated.name}.meta")
    if not notes.exists():
        return Outcome(module, 0, [])
    codes: Mapping[str, int | None] = json.loads(notes.read_text("utf-8"))["exit_code_by_key"]
    if left := [key for key, code in codes.items() if code is None]:
        raise MutationError(f"mutmut left {len(left)} mutants of {module} untested.")
    survivors = [
        _survivor(mutated, key, is_reached=code == PASSED)
        for key, code in codes.items()
        if code == PASSED or code in NO_TESTS
    ]
    return Outcome(module, len(codes), sorted(survivors, key=lambda one: (one.line, one.change)))


def _survivor(mutated: Path, key: str, *, is_reached: bool) -> Survivor:
    """Find where a mutant differs from the original."""
    functions = _functions(mutated)
    name = key.rpartition(".")[2]
    original = f"{name.rpartition('__mutmut_')[0]}__mutmut_orig"
    before = functions[original]
    after = [line.replace(name, original, 1) for line in functions[name]]
    place = Place.of(key)
    lines: list[str] = []
    first = 0
    for tag, start, end, new_start, new_end in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            first = first or start + 1
            lines += [f"-{line.strip()}" for line in before[start:end]]
            lines += [f"+{line.strip()}" for line in after[new_start:new_end]]
    line = _first_line(place) + first - 1
    readable = place.function.rpartition(".")[2]
    told = tuple(line.replace(original, readable) for line in lines)
    return Survivor(Change(place, told), line, is_reached)


@cache
def _functions(mutated: Path) -> dict[str, list[str]]:
    """Return the lines of each function of a file, by name."""
    source = mutated.read_text(encoding="utf-8")
    lines = source.splitlines()
    return {
        node.name: textwrap.dedent("\n".join(lines[node.lineno - 1 : node.end_lineno])).splitlines()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }


@cache
def _first_line(place: Place) -> int:
    """Return where a function of the core begins."""
    body: list[ast.stmt] = ast.parse((CORE / f"{place.module}.py").read_text("utf-8")).body
    line = 0
    for name in place.function.split("."):
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
                body, line = node.body, node.lineno
                break
    return line


def _report(outcomes: list[Outcome]) -> int:
    """Print the survivors and the numbers; return the exit code."""
    explained = _explained(EXPLANATIONS.read_text("utf-8") if EXPLANATIONS.exists() else "")
    survivors = [survivor for outcome in outcomes for survivor in outcome.survivors]
    unexplained = [
        survivor
        for survivor in survivors
        if survivor.change not in explained and survivor.change.place.module in EXPLAINED
    ]
    modules = {outcome.module for outcome in outcomes}
    found = {survivor.change for survivor in survivors}
    outdated = [c for c in explained if c.place.module in modules and c not in found]
    for survivor in survivors:
        mark = " (explained)" if survivor.change in explained else ""
        _say(f"\n{survivor}{mark}\n")
    _say(f"\n{_table(outcomes)}\n")
    failures = [
        *_too_many(outcomes),
        *(f"Not explained in docs/mutants.md: {one}" for one in unexplained),
        *(
            f"docs/mutants.md explains what does not survive: {c.place.module}.{c.place.function}"
            f"\n{'\n'.join(c.lines)}"
            for c in outdated
        ),
    ]
    for failure in failures:
        sys.stderr.write(f"\n{failure}\n")
    return 1 if failures else 0


def _table(outcomes: list[Outcome]) -> str:
    """Return the numbers per module and of all."""
    rows = [(outcome.module, outcome.mutants, len(outcome.survivors)) for outcome in outcomes]
    rows.append(("all", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    lines = [f"{'module':<20}{'mutants':>9}{'killed':>9}{'survived':>10}{'':>9}"]
    for module, mutants, survived in rows:
        percent = _percent(survived, mutants)
        lines.append(
            f"{module:<20}{mutants:>9}{mutants - survived:>9}{survived:>10}{percent:>8.1f}%"
        )
    return "\n".join(lines)


def _percent(survived: int, mutants: int) -> float:
    return 100 * survived / mutants if mutants else 0.0


def _too_many(outcomes: list[Outcome]) -> Iterator[str]:
    mutants = sum(outcome.mutants for outcome in outcomes)
    percent = _percent(sum(len(outcome.survivors) for outcome in outcomes), mutants)
    if not mutants:
        yield "There were no mutants."
    elif percent > MOST_SURVIVING_PERCENT:
        yield f"{percent:.1f} % survive; at most {MOST_SURVIVING_PERCENT:.0f} % may."


def _explained(page: str) -> dict[Change, str]:
    """Read docs/mutants.md: `## module`, `### function`, changes as diffs, the reason below them.

    A reason is that of all changes above it, up to the reason before.
    """
    explained: dict[Change, str] = {}
    module, function = "", ""
    waiting: list[Change] = []
    for block in re.findall(r"^```diff\n(?s:.*?)^```$|^.+$", page, re.MULTILINE):
        text = str(block)
        if text.startswith("### "):
            function = text.removeprefix("### ").strip("`")
        elif text.startswith("## "):
            module, function = text.removeprefix("## ").strip("`"), ""
        elif text.startswith("```diff"):
            lines = tuple(f"{line[0]}{line[1:].strip()}" for line in text.splitlines()[1:-1])
            waiting.append(Change(Place(module, function), lines))
        else:
            explained |= dict.fromkeys(waiting, text)
            waiting = []
    return explained


if __name__ == "__main__":
    sys.exit(main())
