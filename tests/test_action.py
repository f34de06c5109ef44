"""The step of action.yml, with a Python that only notes what it is asked to check.

tests/scanners/test_tools_of_users.py runs it with the real one, which takes longer.
"""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
(STEP,) = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
# Makes an environment whose programs note their words, each on a line of its own.
PYTHON = """#!/bin/bash
case "$1" in
  -c) exit "$IS_OLD" ;;
  --version) echo "Python 3.10.12" ;;
  -m)
    mkdir -p "$3/bin"
    printf '#!/bin/bash\\nprintf "%%s\\\\n" "$@" >>"$NOTED"\\n' >"$3/bin/auto-lex-permissions"
    printf '#!/bin/bash\\n' >"$3/bin/pip"
    chmod +x "$3/bin/"*
    ;;
esac
"""


def _step(folder: Path, paths: str, *, is_old: bool = False) -> tuple[int, str, list[str]]:
    """Run the step; return how it ended, what it printed, and the words of the command."""
    python = folder / "programs" / "python3"
    python.parent.mkdir()
    python.write_text(PYTHON)
    python.chmod(0o755)
    noted = folder / "noted"
    noted.touch()
    given = {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "PATHS": paths,
        "FAIL_ON": "error",
        "ACTION": str(ROOT),
        "IS_OLD": str(int(is_old)),
        "NOTED": str(noted),
        "TMPDIR": str(folder),
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEP["run"]],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr, noted.read_text().splitlines()


@pytest.mark.parametrize("paths", ["a b/c", "a\nb/c\n", "\n  a \n\n b/c", "a\tb/c"])
def test_every_path_is_checked(paths: str, tmp_path: Path) -> None:
    """With blanks between them, or each on a line of its own."""
    code, said, words = _step(tmp_path, paths)
    assert (code, said) == (0, "")
    assert words == ["check", "--format", "github", "--fail-on", "error", "a", "b/c"]


def test_an_old_python_is_named(tmp_path: Path) -> None:
    """In one line that says what to do, and nothing is installed."""
    code, said, words = _step(tmp_path, ".", is_old=True)
    assert (code, words) == (1, [])
    (line,) = said.splitlines()
    assert line.startswith("::error::")
    assert "3.11 or later" in line
    assert "Python 3.10.12" in line
    assert "actions/setup-python" in line
