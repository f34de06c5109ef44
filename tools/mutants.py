"""`make mutants`: mutation testing of the macro's core with mutmut.

Each mutant is the core with one small change, such as `<` for `<=`; it is killed when a test fails
on it. Survivors show what the tests let pass. They are listed with place and change, and the run
fails when more than 3 % survive.

A line whose changes no test can notice is left out by a comment behind it, with the reason:
`# pragma: no mutate (its values are never read)`. After the first line of a function, of an `if` or
a loop, `# pragma: no mutate block (…)` leaves out all of it.

mutmut wants sources in a folder named `src`, and changes functions that have no decorator. It
therefore works in a temporary copy of this project, in which properties are written without their
decorator: `@property` above a function becomes `name = property(name)` below it.

A whole run takes hours, one of a module some minutes, and one by a few tests less:
`make mutants MODULES="cfn/diagrams --tests test_conditions.py"`.

Results are the same in each run: hypothesis draws the same examples, sets have the same order, and
a mutant that never ends is killed by the time it takes, which is far more than any test needs.
"""

import argparse
import ast
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NoReturn

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = "auto_lex_permissions"
CORE: Final = ROOT / "macro" / PACKAGE
# The Lambda function around the core: logging and metrics.
NOT_CORE: Final = frozenset({"__init__", "handler"})
MOST_SURVIVING_PERCENT: Final = 3.0
LIMIT_SECONDS: Final = 6 * 3_600
# Tests that read the project as files, or start programs of their own, and so never meet a mutant.
# The random laws take minutes and are left out too: what they find shall be held by a case as well.
LEFT_OUT: Final = (
    "test_action.py",
    "test_architecture.py",
    "test_benchmarks.py",
    "test_conftest.py",
    "test_contract.py",
    "test_faults.py",
    "test_house.py",
    "test_layout.py",
    "test_messages.py",
    "test_positions.py",
    "test_readme.py",
)
# How a line is left out: the reason stands in parentheses.
PRAGMA: Final = re.compile(r"# pragma: no mutate( (block|start))? \(.+\)$|# pragma: no mutate end$")
DESELECTED: Final = (
    "test_handler.py::test_imports_from_source_without_any_environment",
    "test_handler.py::test_garbage_is_collected_but_not_among_what_was_imported",
)
MUTMUT: Final = (sys.executable, "-m", "mutmut")
SURVIVED: Final = frozenset({"survived", "no tests"})
UNTESTED: Final = frozenset({"not checked", "check was interrupted by user"})

PYPROJECT: Final = """\
[tool.pytest.ini_options]
pythonpath = ["."]
addopts = ["--import-mode=importlib"]
markers = ["long"]
filterwarnings = ["error"]

[tool.mutmut]
source_paths = ["src/"]
only_mutate = [{only}]
also_copy = ["benchmarks", "events"]
pytest_add_cli_args = [{arguments}]
pytest_add_cli_args_test_selection = [{tests}]
track_dependencies = false
use_git_change_detection = false
use_setproctitle = false
"""
# Read by pytest inside each run. Without the phase of shrinking, the first example that fails ends
# a test. First come the tests that import the mutant's module, which kill most; the slow ones come
# last. mutmut puts two calls of its own around each of the core's, and 3.8 reads a private name
# that pytest 9.2 no longer has. A mutant that gathers without end is stopped before the machine's
# memory is full.
CONFTEST: Final = '''\
"""Settings of the tests for the time of mutation testing."""

import contextlib
import os
import resource
import sys
from functools import cache, partial

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


@cache
def is_near(path, module):
    return f"from {module} import " in path.read_text()


def pytest_collection_modifyitems(items):
    module = os.environ.get("MUTANT_UNDER_TEST", "").rpartition(".")[0]
    for item in items:
        item._nodeid = item.nodeid
    items.sort(
        key=lambda item: (
            not is_near(item.path, module),
            item.path.name in SLOW,
            hasattr(item.obj, "hypothesis"),
        )
    )
'''


class MutationError(Exception):
    """Mutation testing itself failed: it says nothing about the tests."""


def main() -> int:
    """Run mutation testing on the modules of the command line, or on all; return the exit code."""
    modules, tests = _chosen()
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            work = Path(folder)
            _copy(work, modules, tests)
            _run(work)
            return _report(work)
    except MutationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; what was running is stopped.\n")
        return 130


def _chosen() -> tuple[list[str], list[str]]:
    paths = [path.relative_to(CORE).with_suffix("") for path in sorted(CORE.rglob("*.py"))]
    known = [path.as_posix() for path in paths if path.name not in NOT_CORE]
    parser = argparse.ArgumentParser(description="Test the tests: mutants of the macro's core.")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"any of {', '.join(known)}")
    parser.add_argument(
        "--tests",
        nargs="+",
        default=["."],
        metavar="FILE",
        help="files in tests/ that are enough: what they let pass, others may find",
    )
    options = parser.parse_args()
    if unknown := [module for module in options.modules if module not in known]:
        parser.error(f"no module {unknown[0]}; there are {', '.join(known)}")
    return options.modules or known, options.tests


def _interrupted(_signal: int, _frame: object) -> NoReturn:
    """Treat a request to end like Ctrl-C, so that mutmut ends as well."""
    raise KeyboardInterrupt


def _copy(work: Path, modules: list[str], chosen_tests: list[str]) -> None:
    """Copy what the tests of the core need into a folder as mutmut wants it."""
    package = work / "src" / PACKAGE
    for path in CORE.rglob("*.py"):
        target = package / path.relative_to(CORE)
        text = path.read_text("utf-8")
        for number, line in enumerate(text.splitlines(), start=1):
            if "no mutate" in line and not PRAGMA.search(line):
                raise MutationError(f"{path.relative_to(ROOT)}:{number} needs a reason: {line}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_without_property_decorators(text), "utf-8")
    tests = work / "tests"
    tests.mkdir()
    for path in (ROOT / "tests").glob("*.py"):
        if path.name not in LEFT_OUT:
            shutil.copy(path, tests)
    for folder in ("tests/cases", "tests/rejected", "benchmarks", "events"):
        shutil.copytree(ROOT / folder, work / folder)
    (tests / "conftest.py").write_text(CONFTEST, "utf-8")
    (work / "pyproject.toml").write_text(
        PYPROJECT.format(
            only=_listed(f"src/{PACKAGE}/{module}.py" for module in modules),
            tests=_listed(f"tests/{test}" for test in chosen_tests),
            # The handler's logger keeps the output of the first of several runs in one process.
            arguments=_listed(["-s", *(f"--deselect=tests/{test}" for test in DESELECTED)]),
        ),
        "utf-8",
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


def _run(work: Path) -> None:
    """Let mutmut test all mutants; all that it has started is ended on the way out."""
    process = subprocess.Popen(
        [*MUTMUT, "run"],
        cwd=work,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        code = process.wait(LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise MutationError(f"Not done after {LIMIT_SECONDS} s.") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
    if code:
        raise MutationError(f"mutmut ended with {code}; do the tests pass without it?")


def _said(work: Path, *arguments: str) -> str:
    """Return what a command of mutmut says of the mutants that it has tested."""
    return subprocess.check_output(
        [*MUTMUT, *arguments], cwd=work, env=_environment(), text=True, timeout=120
    )


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {**kept, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def _module(mutant: str) -> str:
    """Return the module of a mutant, from its name `package.folder.module.function__mutmut_1`."""
    return "/".join(mutant.split(".")[1:-1])


def _report(work: Path) -> int:
    """Print the survivors, and how many of each module there are; return the exit code."""
    statuses = dict(
        line.strip().rsplit(": ", 1) for line in _said(work, "results", "--all=true").splitlines()
    )
    if not statuses or UNTESTED & set(statuses.values()):
        raise MutationError("mutmut has not tested every mutant.")
    survivors = [mutant for mutant, status in statuses.items() if status in SURVIVED]
    for mutant in survivors:
        sys.stdout.write(f"\n{_said(work, 'show', mutant)}")
    sys.stdout.write(f"\n{'module':<24}{'mutants':>9}{'survived':>10}\n")
    for module in sorted({_module(mutant) for mutant in statuses}):
        of_module = [mutant for mutant in statuses if _module(mutant) == module]
        survived = len(set(survivors).intersection(of_module))
        sys.stdout.write(f"{module:<24}{len(of_module):>9}{survived:>10}\n")
    percent = 100 * len(survivors) / len(statuses)
    sys.stdout.write(
        f"{'all':<24}{len(statuses):>9}{len(survivors):>10}, {percent:.1f} %;"
        f" at most {MOST_SURVIVING_PERCENT:.0f} % may\n"
    )
    return int(percent > MOST_SURVIVING_PERCENT)


if __name__ == "__main__":
    sys.exit(main())
