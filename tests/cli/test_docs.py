"""docs/command-line.md is true: its commands run, and it names each there is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from auto_lex_permissions_cli.app import app
from tests.cli.commands import OF_BOT, PERMISSION, ROOT, TEMPLATE, run, written

PAGE = (ROOT / "docs" / "command-line.md").read_text()
SHELL = re.findall(r"^```sh\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
# What is installed, or looks at an account, is shown by other tests.
COMMANDS = [
    line
    for block in SHELL
    for line in block.splitlines()
    if line.startswith("auto-lex-permissions ")
]


def test_each_command_is_in_the_table() -> None:
    """The table has a row for each command, and for no other."""
    table = PAGE.partition("| Command |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(app.commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_runs(command: str, tmp_path: Path) -> None:
    """As it stands there, in a folder with a template."""
    written(tmp_path)
    program = tmp_path / "bin" / "auto-lex-permissions"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m auto_lex_permissions_cli "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env={
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT / 'macro'}{os.pathsep}{ROOT / 'cli'}",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, 1}
    assert "auto-lex-permissions:" not in done.stderr


def test_the_output_of_commands_is_the_real_one(tmp_path: Path) -> None:
    """What the page shows is what the commands print."""
    by_check, by_fix = re.findall(r"^```text\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
    written(tmp_path, TEMPLATE)
    assert run("check", "template.yaml", cwd=tmp_path).out == by_check
    wide = PERMISSION.replace("Permission:", "Wide:", 1).replace("!GetAtt Alias.Arn", OF_BOT)
    written(tmp_path, TEMPLATE + wide)
    assert by_fix in run("fix", "template.yaml", "--narrow", cwd=tmp_path).err


def test_the_picture_of_the_readme_is_the_real_one() -> None:
    """What the README draws is what `graph` prints of the example."""
    readme = (ROOT / "README.md").read_text().partition("## Without the macro")[2]
    (shown,) = re.findall(r"^```mermaid\n(.+?)^```", readme, re.MULTILINE | re.DOTALL)
    assert run("graph", "examples/connect-bot.yaml", "--format", "mermaid").out == shown
