"""No test passes or fails by chance."""

from random import Random

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
