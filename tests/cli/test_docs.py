"""The pages of the command line are true: their commands run, and each command has one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from auto_lex_permissions_cli.app import app
from tests.cli.commands import OF_BOT, PERMISSION, ROOT, TEMPLATE, run, written

COMMON = (ROOT / "docs" / "command-line.md").read_text()
# What looks at an account is shown by other tests.
PAGES = {
    name: (ROOT / "docs" / f"{name}.md").read_text() for name in app.commands if name != "doctor"
}
SHELL = re.findall(r"^```sh\n(.+?)^```", "\n".join(PAGES.values()), re.MULTILINE | re.DOTALL)
# What is installed is shown by other tests.
COMMANDS = [
    line
    for block in SHELL
    for line in block.splitlines()
    if line.startswith("auto-lex-permissions ")
]


def test_each_command_is_in_the_table() -> None:
    """The table has a row for each command, and for no other."""
    table = COMMON.partition("| Command |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| \[`(\w+)`\]\((\w+)\.md\) \|", table, re.MULTILINE)
    assert sorted(rows) == sorted((name, name) for name in app.commands)


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
    by_check, by_fix = (
        re.findall(r"^```text\n(.+?)^```", PAGES[name], re.MULTILINE | re.DOTALL)[0]
        for name in ("check", "fix")
    )
    written(tmp_path, TEMPLATE)
    assert run("check", "template.yaml", cwd=tmp_path).out == by_check
    wide = PERMISSION.replace("Permission:", "Wide:", 1).replace("!GetAtt Alias.Arn", OF_BOT)
    written(tmp_path, TEMPLATE + wide)
    assert by_fix in run("fix", "template.yaml", "--narrow", cwd=tmp_path).err


def test_the_picture_of_the_readme_is_the_real_one() -> None:
    """What the README draws is what `graph` prints of the example."""
    readme = (ROOT / "README.md").read_text()
    (shown,) = re.findall(r"^```mermaid\n(.+?)^```", readme, re.MULTILINE | re.DOTALL)
    assert run("graph", "examples/connect-bot.yaml", "--format", "mermaid").out == shown
