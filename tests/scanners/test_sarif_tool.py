"""The validator of Microsoft's SARIF SDK, with the rules of GitHub's code scanning.

npm brings it, so this test runs where `make scan` has installed it.
"""

import re
from pathlib import Path
from typing import Final

import pytest

from localcloud.sam import ROOT
from tests.cli.commands import TEMPLATE, run, written
from tests.cli.test_commands import UNREADABLE, suppressing
from tests.scanners.test_tools_of_users import done

FOLDER: Final = ROOT / "tools" / "sarif" / "node_modules" / "@microsoft" / "sarif-multitool-linux"
PROGRAM: Final = FOLDER / "Sarif.Multitool"


def test_it_has_nothing_to_say(tmp_path: Path) -> None:
    """No error and no warning; its notes ask for copies of the author's lines, and the network."""
    if not PROGRAM.exists():
        pytest.skip("sarif-multitool is not installed; where npm is, `make scan` installs it")
    # npm runs no scripts of packages here, and leaves the program without its mode.
    PROGRAM.chmod(0o755)
    written(tmp_path, TEMPLATE, "a b/\u00fc#?.yaml")
    written(tmp_path, suppressing("{Id: ALP201, Reason: x}", "{Id: ALP201}"), "s.yaml")
    for name, (text, _) in UNREADABLE.items():
        written(tmp_path, text, name)
    run("check", ".", "--format", "sarif", "-o", "log.sarif", cwd=tmp_path)
    options = ("--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--kind", "Fail")
    env = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "HOME": str(tmp_path)}
    found = done(
        *(PROGRAM, "validate", "log.sarif", *options, "--output", "out.sarif"),
        cwd=tmp_path,
        env=env,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert re.findall(r": (?:error|warning) .+", found.stdout) == []
