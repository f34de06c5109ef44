"""`sam build` works with whatever Python the user has, and says what a Python 3.13 would give."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from localcloud.sam import ROOT, SAM, sam_environment
from tests.build.sam_tools import LOGICAL_ID

# What the Makefile and tools/find-python call, beside Python.
COMMANDS = ("make", "sh", "dirname")
USABLE = """
import sys, importlib.util
if (3, 8) <= sys.version_info[:2] != (3, 13) and importlib.util.find_spec("pip"):
    print(sys.executable)
"""


def other_python() -> str | None:
    """Return a Python with pip on this machine that is not 3.13."""
    names = [f"python3.{minor}" for minor in (9, 10, 11, 12, 14, 15)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [str(path) for path in sorted(pyenv.glob("versions/*/bin/python3"))]
    for folder in os.environ["PATH"].split(os.pathsep):
        candidates += [f"{folder}/{name}" for name in ("python3", *names)]
    for candidate in candidates:
        try:
            command = [candidate, "-I", "-c", USABLE]
            result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        except (OSError, subprocess.SubprocessError):
            continue
        if result.stdout.strip():
            return result.stdout.strip()
    return None


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user whose only Python is another one than 3.13."""
    python = other_python()
    if python is None:
        pytest.skip("this machine has no Python with pip but 3.13")
    home, bin_folder = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    bin_folder.mkdir()
    for command in COMMANDS:
        (bin_folder / command).symlink_to(str(shutil.which(command)))
    # A script, not a link: an interpreter finds its own packages by the path that it is run by.
    (bin_folder / "python3").write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
    (bin_folder / "python3").chmod(0o755)
    # The user's settings of pip: the package index may be in reach through them alone.
    for settings in (".config/pip", ".pip", "Library/Application Support/pip"):
        if (Path.home() / settings).is_dir():
            (home / settings).parent.mkdir(parents=True, exist_ok=True)
            (home / settings).symlink_to(Path.home() / settings)
    kept = {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "SSL_"))}
    basis = sam_environment(tmp_path / "sam")
    ours = {key: value for key, value in basis.items() if "SAM_" in key or key.startswith("AWS_")}
    return {**kept, **ours, "HOME": str(home), "PATH": str(bin_folder)}


def test_a_build_without_python_3_13(environment: dict[str, str], tmp_path: Path) -> None:
    """It warns, and holds every module, as source alone."""
    result = subprocess.run(
        [SAM, "build", "--build-dir", tmp_path / "build"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert "WARNING: no Python 3.13 found, so the build holds no bytecode." in result.stdout
    artifact = tmp_path / "build" / LOGICAL_ID
    assert (artifact / "auto_lex_permissions" / "handler.py").is_file()
    assert (artifact / "aws_lambda_powertools" / "__init__.py").is_file()
    assert not list(artifact.rglob("*.pyc"))


def test_a_build_without_any_python(environment: dict[str, str], tmp_path: Path) -> None:
    """It fails, and says what is missing."""
    (Path(environment["PATH"]) / "python3").unlink()
    result = subprocess.run(
        [SAM, "build", "--build-dir", tmp_path / "build"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    assert "No Python with pip found" in result.stdout
