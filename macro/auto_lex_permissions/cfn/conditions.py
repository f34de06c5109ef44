"""The conditions of a template: which formula over them follows from which.

That is decided exactly: the definitions in the `Conditions` section are read down to their
`Fn::Equals` when a formula first needs them, and each formula becomes a decision diagram, in which
equal formulas are the same node. Comparisons of one operand with different literals exclude each
other.

Diagrams can grow without bound. A named condition whose diagram would is taken as something that
nothing is known of, and a question that still grows too large is answered "not proved": both err
towards adding a permission, and `Conditions.undecided` says that it happened.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import Final

from .budget import Budget
from .diagrams import FALSE, TRUE, Diagrams, TooLargeError
from .formulas import (
    ALWAYS,
    NEVER,
    And,
    Formula,
    Named,
    Not,
    Or,
    all_of,
    any_of,
    expression,
    names,
)
from .intrinsics import (
    Reference,
    Text,
    canonical_json,
    is_literal,
    merged,
    text,
    with_dynamic_references,
)
from .loops import variables

# Calls inside calls of one definition that are read: Python's stack ends at 1,000 calls.
DEEPEST: Final = 100


class Conditions:
    """The conditions of one template: what implies what, by their definitions."""

    def __init__(
        self,
        definitions: Mapping[str, object],
        allowed_values: Mapping[str, tuple[str, ...]],
        budget: Budget | None = None,
        values: Mapping[Reference, str] | None = None,
    ) -> None:
        """Take the `Conditions` section, and what parameters may be.

        That is their allowed values, and the values of references where these are known. `budget`
        is whose steps are spent.
        """
        self.definitions = definitions
        self._values = values or {}
        self._allowed_values = {
            name: dict.fromkeys(values) for name, values in allowed_values.items()
        }
        self._budget = budget or Budget()
        self._diagrams = Diagrams(self._budget)
        self._named: dict[str, int] = {}  # Nodes of the definitions that were needed so far.
        self._known: dict[Formula, int | None] = {}

    @property
    def undecided(self) -> bool:
        """Return whether something was too large to be decided so far."""
        return self._diagrams.gave_up

    def implies(self, premise: Formula, conclusion: Formula) -> bool:
        """Return whether the conclusion is proved to hold wherever the premise does."""
        if conclusion == NEVER:
            return not self.possible(premise)
        if conclusion in (ALWAYS, premise):
            return True
        return self._follows(self._node(premise), self._node(conclusion))

    def possible(self, formula: Formula) -> bool:
        """Return whether the formula may hold in some deployment: it does unless disproved."""
        return formula == ALWAYS or self._node(formula) != FALSE

    def name_for(
        self, formula: Formula, known: frozenset[tuple[str, str]] = frozenset()
    ) -> str | None:
        """Return the condition that is equivalent to a formula, or None.

        Its name holds no variables of loops but the known ones. Of several those that the formula
        mentions come first, then the first by name.
        """
        node = self._node(formula)
        if node is None:
            return None
        mentioned = names(formula) & self.definitions.keys()
        nearest = [
            name for name in mentioned if self._named[name] == node and variables(name) <= known
        ]
        if nearest:
            return min(nearest)
        equivalent = self._names_by_node.get(node, {})
        self._budget.spend(3 + 3 * len(equivalent), "Looking for a condition that means the same")
        return min((name for held, name in equivalent.items() if held <= known), default=None)

    @cached_property
    def _names_by_node(self) -> dict[int, dict[frozenset[tuple[str, str]], str]]:
        """Return by node, and by the variables of loops in it, the first name of a condition."""
        found: dict[int, dict[frozenset[tuple[str, str]], str]] = {}
        for name in self.definitions:
            self._node(Named(name))
        for name in sorted(self.definitions):
            found.setdefault(self._named[name], {}).setdefault(variables(name), name)
        return found

    def simplified(self, formula: Formula) -> Formula:
        """Return an equivalent formula without operands that follow from the others.

        The result depends on what the formula says, not on the order of its operands. Where there
        are no steps left, nothing is left out.
        """
        self._budget.spent += 5 * formula.size
        if self._diagrams.is_spent:
            return formula
        match formula:
            case Or(operands):
                return any_of(self._needed(operands, Or))
            case And(operands):
                return all_of(self._needed(operands, And))
        return formula

    def _needed(self, operands: tuple[Formula, ...], kind: type[And | Or]) -> list[Formula]:
        """Return the operands that do not follow from the others, or imply them.

        The longest are tried first: of `A` and `A and B` the shorter one shall stay. What is too
        large to be decided is needed.
        """
        texts = {
            operand: canonical_json(expression(operand))
            for operand in map(self.simplified, operands)
        }
        tried = sorted(texts, key=lambda operand: (-len(texts[operand]), texts[operand]))
        nodes = [self._node(operand) for operand in tried]
        # What all operands behind each one come to, and what the needed ones before it do.
        nothing = FALSE if kind is Or else TRUE
        behind: list[int | None] = [nothing]
        for node in reversed(nodes):
            behind.append(self._combined(kind, node, behind[-1]))
        needed: list[Formula] = []
        before: int | None = nothing
        for operand, node, rest in zip(tried, nodes, behind[-2::-1], strict=True):
            others = self._combined(kind, before, rest)
            premise, conclusion = (node, others) if kind is Or else (others, node)
            if not self._follows(premise, conclusion):
                needed.append(operand)
                before = self._combined(kind, before, node)
        return sorted(needed, key=texts.__getitem__)

    def _combined(self, kind: type[And | Or], one: int | None, other: int | None) -> int | None:
        """Return the node of both or of one of both; None where one of them is too large."""
        if one is None or other is None:
            return None
        combine = self._diagrams.disjunction if kind is Or else self._diagrams.conjunction
        return self._diagrams.limited(lambda: combine((one, other)))

    def _follows(self, premise: int | None, conclusion: int | None) -> bool:
        """Return whether it is proved that the conclusion holds wherever the premise does."""
        if premise is None or conclusion is None:
            return False
        choose = self._diagrams.choose
        return self._diagrams.limited(lambda: choose(premise, conclusion, TRUE)) == TRUE

    # From formulas and definitions to nodes.

    def _node(self, formula: Formula) -> int | None:
        """Return the formula's node, None if it is too large; equivalent formulas have the same."""
        self._budget.spent += formula.size
        if formula not in self._known:
            for name in self._without_node(names(formula)):
                self._named[name] = self._defined(name)
            self._known[formula] = self._diagrams.limited(partial(self._built, formula))
        return self._known[formula]

    def _without_node(self, wanted: Iterable[str]) -> Iterator[str]:
        """Yield the conditions that are needed for some and have no node, deepest first.

        A cycle of definitions, which CloudFormation rejects, is cut open at some name.
        """
        entered: set[str] = set()
        stack = sorted(wanted, reverse=True)
        while stack:
            name = stack.pop()
            if name not in self._named:
                mentioned = _mentioned(self.definitions.get(name))
                below = {other for other in mentioned if other not in self._named}
                if below and name not in entered:
                    entered.add(name)
                    stack += [name, *sorted(below, reverse=True)]
                else:
                    yield name

    def _defined(self, name: str) -> int:
        """Return the node of a condition; nothing is known of one without a definition."""
        node = None
        if name in self.definitions:
            node = self._diagrams.limited(partial(self._read, self.definitions[name]))
        return self._diagrams.equals(_subject_of(name)) if node is None else node

    def _built(self, formula: Formula) -> int:
        match formula:
            case Named(name):
                return self._named[name]
            case Not(operand):
                return self._diagrams.negation(self._built(operand))
        operands = map(self._built, formula.operands)
        if isinstance(formula, And):
            return self._diagrams.conjunction(operands)
        return self._diagrams.disjunction(operands)

    def _read(self, definition: object, depth: int = 0) -> int:
        """Read a definition of the `Conditions` section; what is not understood is unknown."""
        if depth > DEEPEST:
            raise TooLargeError
        if isinstance(definition, dict) and len(definition) == 1:
            match next(iter(definition.items())):
                case "Condition", str(name):
                    # In a cycle it has no node yet.
                    known = self._named.get(name)
                    return self._diagrams.equals(_subject_of(name)) if known is None else known
                case "Fn::Not", [operand]:
                    return self._diagrams.negation(self._read(operand, depth + 1))
                case "Fn::And", [*operands]:
                    nodes = (self._read(operand, depth + 1) for operand in operands)
                    return self._diagrams.conjunction(nodes)
                case "Fn::Or", [*operands]:
                    nodes = (self._read(operand, depth + 1) for operand in operands)
                    return self._diagrams.disjunction(nodes)
                case "Fn::Equals", [left, right]:
                    return self._compared(self._operand(left), self._operand(right))
        return self._diagrams.equals(canonical_json(definition))

    def _operand(self, expression: object) -> Text:
        """Read what is compared; what a dynamic reference comes to is not known."""
        words = with_dynamic_references(text(expression))
        known = self._values
        if not known:
            return words
        return tuple(merged(known.get(w, w) if isinstance(w, Reference) else w for w in words))

    def _compared(self, left: Text, right: Text) -> int:
        """Read a comparison; CloudFormation compares operands as strings.

        Of a closed set of values, the last is "none of the others".
        """
        if is_literal(left):
            left, right = right, left
        if not is_literal(right):
            return TRUE if left == right else self._diagrams.equals(frozenset((left, right)))
        if is_literal(left):
            return TRUE if left == right else FALSE
        value = "".join(map(str, right))
        match left:
            case (Reference(parameter, ""),) if values := self._allowed_values.get(parameter):
                if value not in values:
                    return FALSE
                if value == next(reversed(values)):
                    *others, _ = values
                    nodes = (self._diagrams.equals(left, other) for other in others)
                    return self._diagrams.negation(self._diagrams.disjunction(nodes))
        return self._diagrams.equals(left, value)


def _subject_of(name: str) -> str:
    """Return the subject that stands for a condition of which nothing is known."""
    return f"condition {name}"


def _mentioned(definition: object) -> set[str]:
    """Return the names of the conditions that a definition mentions."""
    found: set[str] = set()
    stack = [definition]
    while stack:
        match stack.pop():
            case {"Condition": str(name)}:
                found.add(name)
            case {"Fn::Not": [*operands]} | {"Fn::And": [*operands]} | {"Fn::Or": [*operands]}:
                stack += operands
    return found
