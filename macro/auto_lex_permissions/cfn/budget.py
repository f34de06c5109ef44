"""How much work one request may take: a number of steps, the same for a template on any machine.

A step is what takes about a microsecond: a node of a diagram, a pair that is compared, a word that
is read. Only work that can grow faster than the template is counted. The largest honest templates
that tests/test_bounded.py holds come to less than a tenth of the steps that there are.
"""

from typing import Final

MOST_STEPS: Final = 1_000_000


class TooMuchWorkError(Exception):
    """The steps of a request are used up; `work` says by what, as the beginning of a sentence."""

    def __init__(self, work: str) -> None:
        """Take what the last step was part of."""
        super().__init__(work)
        self.work = work


class Budget:
    """The steps of one request: how many are spent, and who asks for more than there are."""

    __slots__ = ("spent",)

    def __init__(self) -> None:
        """Begin with nothing spent."""
        self.spent = 0

    def spend(self, steps: int, work: str) -> None:
        """Count steps; raises TooMuchWorkError, with the work that they are part of."""
        self.spent += steps
        if self.spent > MOST_STEPS:
            raise TooMuchWorkError(work)
