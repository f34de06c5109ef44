"""Binary decision diagrams, reduced and ordered: formulas that are equal have the same node.

A comparison says that a subject equals a literal. Two comparisons of one subject with different
literals exclude each other, which the diagrams know.

Source: Bryant, "Graph-Based Algorithms for Boolean Function Manipulation", 1986.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Final, TypeAlias

from .budget import MOST_STEPS, Budget

FALSE: Final = 0
TRUE: Final = 1
# Steps that one question or one definition may take, and up to how many of a request there are any.
MOST_OF_QUESTION: Final = 20_000
MOST_OF_QUESTIONS: Final = MOST_STEPS // 2
# The depth of a diagram is the number of its comparisons, and Python's stack ends at 1,000 calls.
DEEPEST: Final = 300

Level: TypeAlias = tuple[int, int]


class TooLargeError(Exception):
    """A diagram would take more steps than there are, or be deeper than Python's stack."""


class Diagrams:
    """Diagrams that share their nodes; a node is (level, low, high).

    A level is a place in the order of all comparisons: the number of the subject, and the number of
    the literal among those that this subject is compared with. So the comparisons of one subject
    stand together, whenever another one comes. What came last stands first: who adds a comparison
    to a diagram then keeps that one's nodes.
    """

    def __init__(self, budget: Budget) -> None:
        """Begin with what is false and what is true; take whose steps are spent."""
        self._budget = budget
        self._subjects: dict[Hashable, int] = {}
        self._values: dict[Hashable, dict[str, int]] = {}  # By subject.
        # What is false and what is true are below all others.
        lowest = (1, 0)  # pragma: no mutate (all others are at 0 and less)
        self._nodes: list[tuple[Level, int, int]] = [(lowest, FALSE, FALSE), (lowest, TRUE, TRUE)]
        # What is left of each node where its subject equals none of the literals from there on.
        self._others: list[int] = [FALSE, TRUE]
        self._ids: dict[tuple[Level, int, int], int] = {}
        self._chosen: dict[tuple[int, int, int], int] = {}
        # How many steps of the budget a question may end with, and how deep it is.
        self._end = 0  # pragma: no mutate (each question sets it)
        self._depth = 0  # pragma: no mutate (each question sets it)
        self.gave_up = False

    @property
    def is_spent(self) -> bool:
        """Return whether there are no steps left for any question."""
        return self._budget.spent >= MOST_OF_QUESTIONS

    def limited(self, build: Callable[[], int]) -> int | None:
        """Build a node in the steps that one question may take; None where these are too few."""
        self._end = min(self._budget.spent + MOST_OF_QUESTION, MOST_OF_QUESTIONS)
        self._depth = 0
        try:
            return build()
        except TooLargeError:
            self.gave_up = True
            return None

    def equals(self, subject: Hashable, value: str = "") -> int:
        """Return the node of a comparison; of what is not looked into, the value is nothing."""
        self._budget.spent += 1
        number = self._subjects.setdefault(subject, -len(self._subjects))
        values = self._values.setdefault(subject, {})
        return self._node((number, values.setdefault(value, -len(values))), FALSE, TRUE)

    def negation(self, node: int) -> int:
        """Return the node of what holds where this does not."""
        return self.choose(node, FALSE, TRUE)

    def conjunction(self, nodes: Iterable[int]) -> int:
        """Return the node of what holds where all hold."""
        result = TRUE
        for node in nodes:
            result = self.choose(node, result, FALSE)
        return result

    def disjunction(self, nodes: Iterable[int]) -> int:
        """Return the node of what holds where one of them holds."""
        result = FALSE
        for node in nodes:
            result = self.choose(node, TRUE, result)
        return result

    def choose(self, test: int, then: int, otherwise: int) -> int:
        """Return the node of "if test then … else …"; raises TooLargeError."""
        if test <= TRUE:
            return then if test == TRUE else otherwise
        if then == otherwise:  # pragma: no mutate (a shortcut to the same node)
            return then
        if (then, otherwise) == (TRUE, FALSE):  # pragma: no mutate (a shortcut to the same node)
            return test
        self._budget.spent += 1
        if self._budget.spent > self._end:
            raise TooLargeError
        key = (test, then, otherwise)
        if key not in self._chosen:
            if self._depth >= DEEPEST:
                raise TooLargeError
            self._budget.spent += 1
            self._depth += 1
            level = min(self._nodes[node][0] for node in key)
            (low, high), (low_then, high_then), (low_else, high_else) = (
                self._branches(node, level) for node in key
            )
            below = self.choose(low, low_then, low_else)
            above = self.choose(high, high_then, high_else)
            self._depth -= 1
            self._chosen[key] = self._node(level, below, above)
        return self._chosen[key]

    def _branches(self, node: int, level: Level) -> tuple[int, int]:
        """Return what is left of a diagram where the comparison of this level fails, and holds."""
        own, low, high = self._nodes[node]
        return (low, high) if own == level else (node, node)

    def _node(self, level: Level, low: int, high: int) -> int:
        # Where a subject equals one literal it equals no other: skip what would compare it.
        high = self._elsewhere(high, level)
        others = self._elsewhere(low, level)
        if others == high:
            return low
        key = (level, low, high)
        if key not in self._ids:
            self._ids[key] = len(self._nodes)
            self._nodes.append(key)
            self._others.append(others)
        return self._ids[key]

    def _elsewhere(self, node: int, level: Level) -> int:
        """Return the diagram's part for when the subject equals none of the later literals."""
        return self._others[node] if self._nodes[node][0][0] == level[0] else node
