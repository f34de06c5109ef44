"""The core and the command line run on the oldest Python that pyproject.toml promises."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
OLDEST = "3.11"
ENVIRONMENT = ROOT / ".environments" / "oldest"
# What itself needs a newer Python: cfn-lint, the laws, and what runs the function locally.
NEWER = re.compile(r"cfnlint|tests\.laws|benchmarks|localcloud")
# What takes long and is the same on any Python, beside what is marked so.
SAME_ON_ANY = {"test_bounded.py", "test_canary.py", "test_doctor_docs.py"}
USABLE = f"""
import importlib.util as of, sys
if "%d.%d" % sys.version_info[:2] == "{OLDEST}" and of.find_spec("ensurepip"):
    print(sys.executable)
"""


def oldest_python() -> str | None:
    """Return a Python of that release on this machine, found by running candidates."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = map(str, sorted(pyenv.glob(f"versions/{OLDEST}*/bin/python3")))
    for candidate in (f"python{OLDEST}", *installed, "python3"):
        try:
            done = subprocess.run(
                [candidate, "-I", "-c", USABLE],
                capture_output=True,
                text=True,
                timeout=20,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            continue
        if done.stdout.strip():
            return done.stdout.strip()
    return None


def test_it_is_the_one_that_is_promised() -> None:
    """What pip checks before it installs."""
    promised = re.search(r'requires-python = ">=(\S+)"', (ROOT / "pyproject.toml").read_text())
    assert promised is not None
    assert promised[1] == OLDEST


@pytest.mark.timeout(600)
def test_the_core_and_the_command_line_pass_their_tests() -> None:
    """Under the oldest Python as under the newest."""
    python = oldest_python()
    if python is None:
        pytest.skip(f"this machine has no Python {OLDEST}")
    pip = [
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--quiet",
        "--require-hashes",
        "--no-deps",
    ]
    commands: tuple[list[str | Path], ...] = (
        [python, "-m", "venv", ENVIRONMENT],
        # By pip, as all environments are: the user's settings of it stay in force.
        [ENVIRONMENT / "bin" / "python", *pip, "-r", ROOT / "requirements" / "oldest.txt"],
    )
    for command in commands:
        subprocess.run(command, cwd=ROOT, check=True, timeout=180)
    found = [*(ROOT / "tests").glob("test_*.py"), *(ROOT / "tests" / "cli").glob("test_*.py")]
    tests = sorted(
        path
        for path in found
        if path.name not in SAME_ON_ANY and not NEWER.search(path.read_text())
    )
    command = [ENVIRONMENT / "bin" / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*map(str, command), "-m", "not long", *tests],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:]
    assert " passed" in done.stdout
