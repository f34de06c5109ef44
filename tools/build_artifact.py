"""Build the folder that Lambda gets: a function's packages, its dependencies, and their bytecode.

`sam build` runs this through the root Makefile (target build-<logical id of the function>), with
whatever Python the user has: pip fetches for Lambda's platform and not for this one, so any Python
from 3.8 on can do it. Only the bytecode needs Python 3.13. It is worth having: Lambda's code folder
is read-only, so without it every cold start compiles the whole of aws-lambda-powertools anew. It is
marked `unchecked-hash`, since packaging changes the file times by which Python would otherwise
judge it stale (https://docs.python.org/3.13/reference/import.html#cached-bytecode-invalidation).

The same sources give the same bytes, whenever and wherever they are built.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# By the folder that has a function's lock: its packages, and of a package the modules that the
# function needs, or all of them.
FUNCTIONS: "dict[str, dict[str, tuple[str, ...]]]" = {
    "macro": {"macro/auto_lex_permissions": ("**/*.py",)},
    "hook": {
        "macro/auto_lex_permissions": ("**/*.py",),
        "cli/auto_lex_permissions_cli": (
            "__init__.py",
            "console.py",
            "findings.py",
            "reading.py",
            "requests.py",
        ),
        "hook/auto_lex_permissions_hook": ("**/*.py",),
    },
}
RUNTIME = (3, 13)
# Where Lambda unpacks the function: tracebacks show paths as they are there, not those of a build.
LAMBDA_TASK_ROOT = "/var/task"
PIP_LIMIT_SECONDS = 300
COMPILE_LIMIT_SECONDS = 120

# Wheels for Lambda only, each with a hash from the lock; a source archive would run code of its own
# here.
PIP_OPTIONS = (
    "--require-hashes",
    "--no-deps",
    "--no-compile",
    "--only-binary=:all:",
    "--implementation=cp",
    "--python-version=3.13",
    # pip 23.0 for one judges a package by the Python that runs pip, whatever --python-version says.
    "--ignore-requires-python",
)
PIP_SETTINGS = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_ROOT_USER_ACTION": "ignore",
    "PIP_USER": "0",
}

# Of each *.dist-info folder the licence and METADATA stay, by which scanners such as Amazon
# Inspector know what is in the function. The rest is for installers, and differs between versions
# of pip.
INSTALLERS_FILES = ("INSTALLER", "RECORD", "REQUESTED", "WHEEL", "direct_url.json", "top_level.txt")

# A sixth of the zip: Powertools brings a page that shows the API of a function that has one.
BROWSERS_FILES = ("*.css", "*.js")

WITHOUT_BYTECODE = """\
WARNING: no Python 3.13 found, so the build holds no bytecode. The function works all the same, but
each cold start takes longer, since Lambda then compiles every module anew. To fix it, install
Python 3.13 and run `sam build` again.
"""


class BuildError(Exception):
    """The artifact could not be built; the text says why."""


def run(command: "list[str]", limit: int, complaint: str) -> None:
    """Run a command in silence; raise a BuildError with the complaint and its words if it fails."""
    result = subprocess.run(
        command,
        env={**os.environ, **PIP_SETTINGS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=limit,
        check=False,
    )
    if result.returncode:
        raise BuildError(f"{complaint}:\n{result.stdout}")


def install_dependencies(function: str, machine: str, artifacts: Path) -> None:
    """Put the locked dependencies, as wheels for Lambda, into the artifact."""
    lock = f"{function}/requirements.txt"
    pip = [sys.executable, "-m", "pip", "install", *PIP_OPTIONS]
    platform = f"--platform=manylinux2014_{machine}"
    where = ["--target", str(artifacts), "--requirement", str(ROOT / lock)]
    run([*pip, platform, *where], PIP_LIMIT_SECONDS, f"pip could not install {lock}")


def drop_what_lambda_does_not_need(artifacts: Path) -> None:
    """Remove scripts, bytecode of other Pythons, and what only installers and browsers read."""
    shutil.rmtree(artifacts / "bin", ignore_errors=True)
    for pattern in BROWSERS_FILES:
        for path in sorted(artifacts.rglob(pattern)):
            path.unlink()
    for folder in sorted(artifacts.rglob("__pycache__")):
        shutil.rmtree(folder)
    for dist_info in sorted(artifacts.glob("*.dist-info")):
        for name in INSTALLERS_FILES:
            if (dist_info / name).exists():
                (dist_info / name).unlink()


def copy_packages(function: str, artifacts: Path) -> None:
    """Copy the function's own packages."""
    for package, patterns in FUNCTIONS[function].items():
        folder = ROOT / package
        for pattern in patterns:
            for path in folder.glob(pattern):
                target = artifacts / folder.name / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(path), str(target))


def python_of_the_runtime() -> str:
    """Return a Python of Lambda's version, or the empty text when there is none."""
    if sys.version_info[:2] == RUNTIME and sys.implementation.name == "cpython":
        return sys.executable
    found = subprocess.run(
        [str(Path(__file__).resolve().parent / "find-python")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=60,
        check=False,
    )
    return found.stdout.strip()


def compile_bytecode(python: str, artifacts: Path) -> None:
    """Compile every module as the runtime's import system wants it, in `__pycache__` beside it."""
    # -I: no variable of the user (PYTHONPYCACHEPREFIX, PYTHONOPTIMIZE) shall change the result.
    compileall = [
        python,
        "-I",
        "-m",
        "compileall",
        "-q",
        "-f",
        "--invalidation-mode=unchecked-hash",
    ]
    paths = ["-s", str(artifacts), "-p", LAMBDA_TASK_ROOT, str(artifacts)]
    run([*compileall, *paths], COMPILE_LIMIT_SECONDS, "the artifact does not compile")


def even_out_modes(artifacts: Path) -> None:
    """Give every file the same mode: SAM writes it into the zip, and the user's umask shapes it.

    File times differ too, but SAM leaves them out of the zip.
    """
    for path in artifacts.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def build(function: str, machine: str, artifacts: Path) -> None:
    """Fill the artifact folder of a function, for a machine, from the sources of this project."""
    artifacts.mkdir(parents=True, exist_ok=True)
    install_dependencies(function, machine, artifacts)
    copy_packages(function, artifacts)
    drop_what_lambda_does_not_need(artifacts)
    python = python_of_the_runtime()
    if python:
        compile_bytecode(python, artifacts)
    else:
        # To stdout, since SAM swallows what a build that succeeds writes to stderr.
        sys.stdout.write(WITHOUT_BYTECODE)
    even_out_modes(artifacts)


def main() -> int:
    """Build, and say in plain words what went wrong if it did."""
    parser = argparse.ArgumentParser(description="Build the folder that Lambda gets.")
    parser.add_argument("function", choices=sorted(FUNCTIONS))
    parser.add_argument("--machine", choices=("aarch64", "x86_64"), default="aarch64")
    parser.add_argument("--artifacts", type=Path, required=True, help="the folder to fill")
    options = parser.parse_args()
    try:
        build(options.function, options.machine, options.artifacts.resolve())
    except (BuildError, OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"The {options.function} could not be built: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
