"""The built artifact under load: `make load` on fewer requests, and faults that it has to find."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.load import events, load, shown, side_by_side
from localcloud.runtime_api import FunctionCode

REQUESTS = 600
WARM_UP = 300
# Python's pools of memory go up and down by some of these; a leak goes up by one with each request.
MOST_GROWTH = 1_500_000

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it in /proc"),
]

LEAKING = """
from auto_lex_permissions.handler import handler as answer
kept = []

def handler(event, context):
    kept.append(bytearray(20_000))
    return answer(event, context)
"""
CONFUSING = """
from auto_lex_permissions.handler import handler as answer
before = []

def handler(event, context):
    before.append(answer(event, context))
    return before[-2] if len(before) % 100 == 0 else before[-1]
"""
COUNTING = """
from auto_lex_permissions.handler import handler as answer
count = 0

def handler(event, context):
    global count
    count += 1
    answered = answer(event, context)
    return answered | {"status": answered["status"] + " " * (count > 400)}
"""


def test_two_processes_side_by_side(code: FunctionCode) -> None:
    """Each answers its own requests, with the same bytes each time, and does not grow."""
    for figures in side_by_side(code, 2, REQUESTS, WARM_UP):
        assert (figures.requests, figures.wrong, figures.unequal) == (REQUESTS, 0, 0)
        assert figures.growth < MOST_GROWTH, shown("a process", figures)


def test_the_events_are_answered_in_every_way() -> None:
    """Bad ones are among them, templates without hooks, and large ones."""
    sizes = [len(json.dumps(event)) for event in events()]
    assert min(sizes) < 1_000
    assert max(sizes) > 100_000
    assert len(sizes) >= 10


def test_memory_that_grows_is_found(code: FunctionCode, tmp_path: Path) -> None:
    """20 KB that stay with each request are seen."""
    figures = load(planted(code, tmp_path, LEAKING), REQUESTS, WARM_UP)
    assert figures.growth > 2 * MOST_GROWTH
    assert (figures.wrong, figures.unequal) == (0, 0)


def test_answers_of_another_request_are_found(code: FunctionCode, tmp_path: Path) -> None:
    """One in a hundred is seen."""
    assert load(planted(code, tmp_path, CONFUSING), REQUESTS, WARM_UP).wrong == REQUESTS // 100


def test_answers_that_change_are_found(code: FunctionCode, tmp_path: Path) -> None:
    """Another blank is seen."""
    assert load(planted(code, tmp_path, COUNTING), REQUESTS, WARM_UP).unequal == REQUESTS - 400


def planted(code: FunctionCode, folder: Path, program: str) -> FunctionCode:
    """Return the artifact with a handler around its own."""
    for entry in code.folder.iterdir():
        (folder / entry.name).symlink_to(entry)
    (folder / "around.py").write_text(program)
    return replace(code, folder=folder, handler="around.handler")
