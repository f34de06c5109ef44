"""No test passes or fails by chance, or by how its run was started."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st


def test_the_same_examples_are_drawn_in_every_run() -> None:
    """Twice here, as in two runs: nothing is kept in between, and nothing is drawn at random."""

    def drawn() -> list[str]:
        found: list[str] = []

        @given(st.text(), st.randoms(use_true_random=False))
        def draw(text: str, random: Random) -> None:
            found.append(f"{text} {random.random()}")

        draw()
        return found

    assert drawn() == drawn()
    assert len(set(drawn())) > 50


@pytest.fixture
def ignored() -> Iterator[None]:
    """Ignore SIGINT, as a run in the background does."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ignored")
def test_children_hear_of_ctrl_c_where_a_test_needs_it(request: pytest.FixtureRequest) -> None:
    """By a fixture; without it they ignore SIGINT where the run of the tests does."""
    program = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
    command = [sys.executable, "-I", "-c", program]
    assert subprocess.check_output(command, timeout=20) == b"True\n"
    request.getfixturevalue("interruptible")
    assert subprocess.check_output(command, timeout=20) == b"False\n"
