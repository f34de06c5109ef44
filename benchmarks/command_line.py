"""What the command line costs: against reading the same files, and against its argument library."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks.templates import template

ROOT = Path(__file__).parent.parent
TEMPLATES = 2_000
# One template of so many has bots.
SPARSE = 100
RUNS = 7
COMMAND = [sys.executable, "-m", "auto_lex_permissions_cli"]
READ_ALL = """
import pathlib, sys, yaml
for path in pathlib.Path(sys.argv[1]).rglob("*.yaml"):
    content = path.read_bytes()
    if b"AWS::Lex::Bot" in content:
        yaml.load(content, Loader=yaml.CSafeLoader)
"""
BARE_HELP = """
import click

@click.group()
def command():
    pass

command(["--help"])
"""


class _Dumper(yaml.SafeDumper):
    """Writes out what stands twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - of no value at all.
        """Return that no value is referred to by an alias."""
        return True


def seconds(*command: str) -> float:
    """Return the shortest time of a program, of several runs."""
    own = {"PYTHONPATH": f"{ROOT / 'macro'}{os.pathsep}{ROOT / 'cli'}", "PATH": os.environ["PATH"]}
    shortest = float("inf")
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(command, env=own, capture_output=True, check=False)
        shortest = min(shortest, time.perf_counter() - start)
    return shortest


def figures() -> Iterator[tuple[str, float, float, float]]:
    """Yield each figure: what was measured, its time, what it is held against, and the target."""
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder))
        check = seconds(*COMMAND, "check", folder)
        reading = seconds(sys.executable, "-c", READ_ALL, folder)
    yield f"check of {TEMPLATES:,} templates, {TEMPLATES // SPARSE} with bots", check, reading, 2.0
    bare = seconds(sys.executable, "-c", BARE_HELP)
    yield "--help", seconds(*COMMAND, "--help"), bare, 2.0


def _write(folder: Path) -> None:
    plain, bots = (
        yaml.dump(template(resources=30, bots=number), Dumper=_Dumper) for number in (0, 2)
    )
    for number in range(TEMPLATES):
        below = folder / f"service{number % 40}"
        below.mkdir(exist_ok=True)
        (below / f"template{number}.yaml").write_text(plain if number % SPARSE else bots)
