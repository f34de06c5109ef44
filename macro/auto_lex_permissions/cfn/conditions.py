"""The conditions of a template: which formula over them follows from which.

That is decided exactly: the definitions in the `Conditions` section are read down to their
`Fn::Equals` when a formula first needs them, and each formula becomes a reduced ordered binary
decision diagram (Bryant, "Graph-Based Algorithms for Boolean Function Manipulation", 1986), in
which equal formulas are the same node. Comparisons of one operand with different literals exclude
each other.

Diagrams can grow without bound. A named condition whose diagram would is taken as a comparison that
nothing is known of, and a question that still grows too large is answered "not proved": both err
towards adding a permission, and `Conditions.undecided` says that it happened.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Final

from .formulas import (
    ALWAYS,
    NEVER,
    And,
    Equals,
    Formula,
    Named,
    Not,
    Or,
    all_of,
    any_of,
    expression,
    names,
)
from .intrinsics import Reference, Text, canonical_json, is_literal, text

# New nodes that one question or one definition may cost, and all of a template together.
MOST_NEW_NODES: Final = 5_000
MOST_NODES: Final = 100_000
# The depth of a diagram is the number of its comparisons, and Python's stack ends at 1,000 calls.
DEEPEST: Final = 300


class Conditions:
    """The conditions of one template: what implies what, by their definitions."""

    def __init__(
        self, definitions: Mapping[str, object], allowed_values: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Take the `Conditions` section, and the allowed values of parameters that have some."""
        self.definitions = definitions
        self._diagrams = _Diagrams(definitions, allowed_values)

    @property
    def undecided(self) -> bool:
        """Return whether something was too large to be decided so far."""
        return self._diagrams.gave_up

    def implies(self, premise: Formula, conclusion: Formula) -> bool:
        """Return whether the conclusion is proved to hold wherever the premise does."""
        if conclusion == NEVER:
            return not self.possible(premise)
        return conclusion in (ALWAYS, premise) or self._diagrams.implies(premise, conclusion)

    def possible(self, formula: Formula) -> bool:
        """Return whether the formula may hold in some deployment: it does unless disproved."""
        return formula == ALWAYS or self._diagrams.of(formula) != FALSE

    def equivalent(self, one: Formula, other: Formula) -> bool:
        """Return whether both are proved to hold in the same deployments."""
        node = self._diagrams.of(one)
        return one == other or (node is not None and node == self._diagrams.of(other))

    def name_for(
        self, formula: Formula, is_usable: Callable[[str], bool] = lambda _: True
    ) -> str | None:
        """Return the usable condition that is equivalent to a formula, or None.

        Of several those that the formula mentions come first, then the first by name.
        """
        node = self._diagrams.of(formula)
        known = filter(is_usable, self._names_by_node.get(node, ()) if node is not None else ())
        return min(known, key=lambda name: (name not in names(formula), name), default=None)

    @cached_property
    def _names_by_node(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for name in self.definitions:
            node = self._diagrams.of(Named(name))
            if node is not None:
                found.setdefault(node, []).append(name)
        return found

    def simplified(self, formula: Formula) -> Formula:
        """Return an equivalent formula without operands that follow from the others.

        The result depends on what the formula says, not on the order of its operands.
        """
        match formula:
            case Or(operands):
                return any_of(self._needed(operands, lambda operand, rest: (operand, any_of(rest))))
            case And(operands):
                return all_of(self._needed(operands, lambda operand, rest: (all_of(rest), operand)))
        return formula

    def _needed(
        self,
        operands: tuple[Formula, ...],
        implied: Callable[[Formula, list[Formula]], tuple[Formula, Formula]],
    ) -> list[Formula]:
        """Return the operands that are needed; one is not if the first `implied` means the other.

        The longest are tried first: of `A` and `A and B` the shorter one shall stay.
        """
        sizes = {
            operand: canonical_json(expression(operand))
            for operand in map(self.simplified, operands)
        }
        kept = sorted(sizes, key=lambda operand: sizes[operand])
        for operand in sorted(kept, key=lambda operand: -len(sizes[operand])):
            others = [other for other in kept if other != operand]
            if self.implies(*implied(operand, others)):
                kept = others
        return kept


class _TooLargeError(Exception):
    """A diagram would take more room than there is."""


FALSE: Final = 0
TRUE: Final = 1


class _Diagrams:
    """Binary decision diagrams that share their nodes; a node is (level, low, high).

    A level is a place in the order of all comparisons: the number of the subject, and the number of
    the literal among those that this subject is compared with. So the comparisons of one subject
    stand together, whenever a definition brings another one. What came last stands first: a
    condition that adds a comparison to another condition then keeps that one's nodes.
    """

    def __init__(
        self, definitions: Mapping[str, object], allowed_values: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._definitions = definitions
        self._allowed_values = allowed_values
        self._read: dict[str, Formula] = {}  # Definitions, as far as they were needed.
        self._named: dict[str, int] = {}  # Their nodes.
        self._answers: dict[Formula, int | None] = {}
        self._subjects: dict[str, int] = {}
        self._values: dict[str, dict[str, int]] = {}  # By subject.
        self._nodes: list[tuple[tuple[int, int], int, int]] = [((1, 0), 0, 0), ((1, 0), 1, 1)]
        self._ids: dict[tuple[tuple[int, int], int, int], int] = {}
        self._chosen: dict[tuple[int, int, int], int] = {}
        self._room = 0
        self._depth = 0
        self.gave_up = False

    def of(self, formula: Formula) -> int | None:
        """Return the formula's node, None if it is too large; equivalent formulas have the same."""
        if formula not in self._answers:
            for name in self._unread_names(formula):
                definition = self._definition(name)
                node = self._limited(partial(self._build, definition))
                if node is None:
                    self._room = 1  # The definition may have used up all room.
                    node = self._comparison(_unknown(name))
                self._named[name] = node
            self._answers[formula] = self._limited(partial(self._build, formula))
        return self._answers[formula]

    def implies(self, premise: Formula, conclusion: Formula) -> bool:
        """Return whether it is proved that the conclusion holds wherever the premise does."""
        known, asked = self.of(premise), self.of(conclusion)
        if known is None or asked is None:
            return False
        return self._limited(lambda: self._choose(known, asked, TRUE)) == TRUE

    def _limited(self, build: Callable[[], int]) -> int | None:
        """Build a node in the room that one question may take."""
        self._room = min(MOST_NEW_NODES, MOST_NODES - len(self._nodes))
        self._depth = 0
        try:
            return build()
        except _TooLargeError:
            self.gave_up = True
            return None

    def _definition(self, name: str) -> Formula:
        """Read a condition's definition: a formula over other names and comparisons."""
        if name not in self._read:
            self._read[name] = (
                _formula(self._definitions[name], self._allowed_values)
                if name in self._definitions
                else _unknown(name)
            )
        return self._read[name]

    def _unread_names(self, formula: Formula) -> Iterator[str]:
        """Yield the conditions that the formula needs and that have no node, deepest first.

        A cycle of definitions, which CloudFormation rejects, is cut open at some name.
        """
        entered: set[str] = set()
        stack = sorted(names(formula), reverse=True)
        while stack:
            name = stack.pop()
            if name in self._named:
                continue
            below = names(self._definition(name)) - self._named.keys()
            if name not in entered and below:
                entered.add(name)
                stack += [name, *sorted(below, reverse=True)]
            else:
                yield name

    def _build(self, formula: Formula) -> int:
        match formula:
            case Named(name):
                return (
                    self._named[name] if name in self._named else self._comparison(_unknown(name))
                )
            case Equals():
                return self._comparison(formula)
            case Not(operand):
                return self._choose(self._build(operand), FALSE, TRUE)
            case And(operands):
                node = TRUE
                for operand in operands:
                    node = self._choose(node, self._build(operand), FALSE)
                return node
            case Or(operands):
                node = FALSE
                for operand in operands:
                    node = self._choose(node, TRUE, self._build(operand))
                return node
        raise TypeError(formula)

    def _comparison(self, comparison: Equals) -> int:
        subject = self._subjects.setdefault(comparison.subject, -len(self._subjects))
        values = self._values.setdefault(comparison.subject, {})
        value = values.setdefault(comparison.value, -len(values))
        return self._node((subject, value), FALSE, TRUE)

    def _node(self, level: tuple[int, int], low: int, high: int) -> int:
        # Where a subject equals one literal it equals no other: skip what would compare it.
        high = self._elsewhere(high, level)
        if self._elsewhere(low, level) == high:
            return low
        key = (level, low, high)
        if key not in self._ids:
            if self._room <= 0:
                raise _TooLargeError
            self._room -= 1
            self._ids[key] = len(self._nodes)
            self._nodes.append(key)
        return self._ids[key]

    def _elsewhere(self, node: int, level: tuple[int, int]) -> int:
        """Return the diagram's part for when the subject equals none of the later literals."""
        while node > TRUE and self._nodes[node][0][0] == level[0]:
            node = self._nodes[node][1]
        return node

    def _choose(self, test: int, then: int, otherwise: int) -> int:
        """Return the diagram of "if test then … else …"."""
        if test <= TRUE:
            return then if test == TRUE else otherwise
        if then == otherwise:
            return then
        if (then, otherwise) == (TRUE, FALSE):
            return test
        key = (test, then, otherwise)
        if key not in self._chosen:
            if self._depth >= DEEPEST:
                raise _TooLargeError
            self._depth += 1
            level = min(self._nodes[node][0] for node in key if node > TRUE)
            lows, highs = zip(*(self._branches(node, level) for node in key), strict=True)
            branches = self._choose(*lows), self._choose(*highs)
            self._depth -= 1
            self._chosen[key] = self._node(level, *branches)
        return self._chosen[key]

    def _branches(self, node: int, level: tuple[int, int]) -> tuple[int, int]:
        """Return what is left of a diagram where the comparison of this level fails, and holds."""
        own, low, high = self._nodes[node]
        return (low, high) if own == level else (node, node)


def _unknown(name: str) -> Equals:
    """Return the comparison that stands for a condition of which nothing is known."""
    return Equals(f"condition {name}", "")


def _formula(definition: object, allowed_values: Mapping[str, tuple[str, ...]]) -> Formula:
    """Read a definition of the `Conditions` section; what is not understood equals only itself."""
    if isinstance(definition, dict) and len(definition) == 1:
        match next(iter(definition.items())):
            case "Condition", str(name):
                return Named(name)
            case "Fn::Not", [operand]:
                return ~_formula(operand, allowed_values)
            case "Fn::And", [*operands]:
                return all_of(_formula(operand, allowed_values) for operand in operands)
            case "Fn::Or", [*operands]:
                return any_of(_formula(operand, allowed_values) for operand in operands)
            case "Fn::Equals", [left, right]:
                return _equals(text(left), text(right), allowed_values)
    return Equals(canonical_json(definition), "")


def _equals(left: Text, right: Text, allowed_values: Mapping[str, tuple[str, ...]]) -> Formula:
    """Read a comparison; CloudFormation compares operands as strings.

    Of a closed set of values, the last is "none of the others".
    """
    if is_literal(left):
        left, right = right, left
    if not is_literal(right):
        subjects = sorted((repr(left), repr(right)))
        return ALWAYS if subjects[0] == subjects[1] else Equals(" = ".join(subjects), "")
    if is_literal(left):
        return ALWAYS if left == right else NEVER
    value = "".join(map(str, right))
    match left:
        case (Reference(parameter, ""),) if values := allowed_values.get(parameter):
            if value not in values:
                return NEVER
            if value == values[-1]:
                return all_of(~Equals(repr(left), other) for other in values[:-1])
    return Equals(repr(left), value)
