"""Formulas over a template's named conditions, and what follows from them.

A formula says in which deployments a part of the template lives. Whether one formula implies
another is decided exactly: the definitions in the `Conditions` section are opened down to
their `Fn::Equals`, and each formula becomes a reduced ordered binary decision diagram (Bryant,
"Graph-Based Algorithms for Boolean Function Manipulation", 1986), in which equal formulas are
the same node. Atoms that compare one operand with different literals exclude each other.

Diagrams can grow without bound. A named condition whose diagram would is taken as an atom,
unopened, and a question that still grows too large is answered "not proved": both err towards
adding a permission, and `Conditions.undecided` tells that it happened.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, Literal, NamedTuple, TypeAlias

from .intrinsics import Reference, canonical_json, text
from .loops import variables

# New nodes that one question or one definition may cost, and all of a template together.
MOST_NEW_NODES: Final = 5_000
MOST_NODES: Final = 100_000
# The depth of a diagram is the number of its atoms, and Python's stack ends at 1,000 calls.
DEEPEST: Final = 300


# The kind tells formulas of one shape apart. They are tuples, and no dataclasses, since each of
# those adds a millisecond to the function's start.


class Named(NamedTuple):
    """The condition of this name holds."""

    name: str
    kind: Literal["named"] = "named"


class Not(NamedTuple):
    """The formula does not hold."""

    formula: "Formula"
    kind: Literal["not"] = "not"


class And(NamedTuple):
    """All of the formulas hold; of none: always."""

    formulas: tuple["Formula", ...]
    kind: Literal["and"] = "and"


class Or(NamedTuple):
    """One of the formulas holds; of none: never."""

    formulas: tuple["Formula", ...]
    kind: Literal["or"] = "or"


class Atom(NamedTuple):
    """A comparison that is not looked into: `subject` equals the literal `value`."""

    subject: str
    value: str
    kind: Literal["atom"] = "atom"


Formula: TypeAlias = Named | Not | And | Or | Atom

# The only conjunction and the only disjunction of nothing: they are known by identity.
ALWAYS: Final = And(())
NEVER: Final = Or(())
_TWO: Final = 2


def all_of(formulas: Iterable[Formula]) -> Formula:
    """Return the conjunction, flat and without repetitions."""
    parts = [formula for formula in formulas if formula is not ALWAYS]
    return (parts[0] if parts else ALWAYS) if len(parts) < _TWO else _flat(And, NEVER, parts)


def any_of(formulas: Iterable[Formula]) -> Formula:
    """Return the disjunction, flat and without repetitions."""
    parts = [formula for formula in formulas if formula is not NEVER]
    return (parts[0] if parts else NEVER) if len(parts) < _TWO else _flat(Or, ALWAYS, parts)


def _flat(kind: type[And | Or], absorbing: Formula, formulas: list[Formula]) -> Formula:
    parts: dict[Formula, None] = {}
    for formula in formulas:
        if formula is absorbing:
            return absorbing
        if isinstance(formula, kind):
            parts.update(dict.fromkeys(formula.formulas))
        else:
            parts[formula] = None
    return next(iter(parts)) if len(parts) == 1 else kind(tuple(parts))


def negation(formula: Formula) -> Formula:
    """Return the formula that holds exactly where this one does not."""
    match formula:
        case Not(inner):
            return inner
    if formula is ALWAYS:
        return NEVER
    return ALWAYS if formula is NEVER else Not(formula)


class Conditions:
    """The conditions of one template: what implies what, by their definitions."""

    def __init__(
        self, definitions: Mapping[str, object], allowed: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Take the `Conditions` section and the allowed values of parameters that have some."""
        self.definitions = definitions
        self._allowed = allowed
        self.undecided = False

    @cached_property
    def _diagrams(self) -> "_Diagrams":
        return _Diagrams(_opened(self.definitions, self._allowed))

    def implies(self, premise: Formula, conclusion: Formula) -> bool:
        """Tell whether the conclusion is proved to hold wherever the premise does."""
        if conclusion is ALWAYS or conclusion == premise:
            return True
        return not self.possible(all_of((premise, negation(conclusion))))

    def possible(self, formula: Formula) -> bool:
        """Tell whether the formula may hold in some deployment: it does unless disproved."""
        return formula is ALWAYS or self._node(formula) != FALSE

    def equivalent(self, one: Formula, other: Formula) -> bool:
        """Tell whether both are proved to hold in the same deployments."""
        node = self._node(one)
        return one == other or (node is not None and node == self._node(other))

    def _node(self, formula: Formula) -> int | None:
        """Return the formula's diagram, or None where it would grow too large."""
        try:
            return self._diagrams.of(formula)
        except _TooLarge:
            return None
        finally:
            self.undecided = self._diagrams.gave_up

    def named_like(
        self, formula: Formula, known: frozenset[tuple[str, str]] = frozenset()
    ) -> str | None:
        """Return the existing condition that is equivalent to the formula, if there is one.

        Of several the formula's own come first, then the first by name. One that holds variables
        of a loop counts only where these are known.
        """
        own = sorted(names(formula) & self.definitions.keys())
        for name in dict.fromkeys((*own, *sorted(self.definitions))):
            if variables(name) <= known and self.equivalent(Named(name), formula):
                return name
        return None

    def simplified(self, formula: Formula) -> Formula:
        """Return an equivalent formula without operands that follow from the others.

        The result depends on what the formula says, not on the order of its operands.
        """
        match formula:
            case Or(parts):
                return any_of(self._needed(parts, self._any_but))
            case And(parts):
                return all_of(self._needed(parts, self._all_but))
        return formula

    def _needed(
        self, parts: tuple[Formula, ...], redundant: Callable[[Formula, list[Formula]], bool]
    ) -> list[Formula]:
        simpler = {self.simplified(part) for part in parts}
        kept = sorted(simpler, key=lambda part: canonical_json(expression(part)))
        # The longest are tried first: of `A` and `A and B` the shorter one shall stay.
        for part in sorted(kept, key=lambda part: -len(canonical_json(expression(part)))):
            others = [other for other in kept if other is not part]
            if redundant(part, others):
                kept = others
        return kept

    def _any_but(self, part: Formula, others: list[Formula]) -> bool:
        return self.implies(part, any_of(others))

    def _all_but(self, part: Formula, others: list[Formula]) -> bool:
        return self.implies(all_of(others), part)


def names(formula: Formula) -> set[str]:
    """Return the names of the conditions that the formula mentions."""
    match formula:
        case Named(name):
            return {name}
        case Not(inner):
            return names(inner)
        case And(parts) | Or(parts):
            return {name for part in parts for name in names(part)}
    return set()


def expression(formula: Formula) -> object:
    """Write a formula as the `Conditions` section does; `Fn::And` and `Fn::Or` take 2 to 10."""
    match formula:
        case Named(name):
            return {"Condition": name}
        case Not(inner):
            return {"Fn::Not": [expression(inner)]}
        case And(parts):
            return _grouped("Fn::And", [expression(part) for part in parts])
        case Or(parts):
            return _grouped("Fn::Or", [expression(part) for part in parts])
    message = "a formula made of paths holds no atoms"
    raise TypeError(message)


def _grouped(name: str, operands: list[object], most: int = 10) -> object:
    """Nest operands so that no call has more than ten, which is CloudFormation's limit."""
    while len(operands) > most:
        chunks = [operands[i : i + most] for i in range(0, len(operands), most)]
        operands = [{name: chunk} if len(chunk) > 1 else chunk[0] for chunk in chunks]
    return {name: operands}


def _opened(
    definitions: Mapping[str, object], allowed: Mapping[str, tuple[str, ...]]
) -> dict[str, Formula]:
    """Read the `Conditions` section: each name's formula over other names and atoms."""
    return {name: _read(definition, allowed) for name, definition in definitions.items()}


def _read(definition: object, allowed: Mapping[str, tuple[str, ...]]) -> Formula:
    match definition:
        case {"Condition": str(name), **rest} if not rest:
            return Named(name)
        case {"Fn::Not": [operand], **rest} if not rest:
            return negation(_read(operand, allowed))
        case {"Fn::And": [*operands], **rest} if not rest:
            return all_of(_read(operand, allowed) for operand in operands)
        case {"Fn::Or": [*operands], **rest} if not rest:
            return any_of(_read(operand, allowed) for operand in operands)
        case {"Fn::Equals": [one, other], **rest} if not rest:
            return _equals(one, other, allowed)
    return Atom(canonical_json(definition), "")


def _equals(one: object, other: object, allowed: Mapping[str, tuple[str, ...]]) -> Formula:
    """Read a comparison; operands are compared as strings."""
    left, right = _literal(one), _literal(other)
    if left is not None and right is not None:
        return ALWAYS if left == right else NEVER
    if right is not None:
        return _compared(one, right, allowed)
    if left is not None:
        return _compared(other, left, allowed)
    subjects = sorted((_subject(one), _subject(other)))
    return ALWAYS if subjects[0] == subjects[1] else Atom(" = ".join(subjects), "")


def _literal(operand: object) -> str | None:
    """Return a literal operand as the string that CloudFormation compares, else None."""
    words = text(operand)
    return "".join(map(str, words)) if all(isinstance(word, str) for word in words) else None


def _subject(operand: object) -> str:
    return repr(text(operand))


def _compared(subject: object, value: str, allowed: Mapping[str, tuple[str, ...]]) -> Formula:
    """Compare a subject with a literal; of a closed set of values the last is "none other"."""
    name = _subject(subject)
    match text(subject):
        case (Reference(parameter, ""),) if values := allowed.get(parameter):
            if value not in values:
                return NEVER
            if value == values[-1]:
                return all_of(negation(Atom(name, other)) for other in values[:-1])
    return Atom(name, value)


class _TooLarge(Exception):  # noqa: N818 - it is an answer inside this module, not an error
    """A diagram would take more room than there is."""


FALSE: Final = 0
TRUE: Final = 1


class _Diagrams:
    """Binary decision diagrams that share their nodes; a node is (level, low, high)."""

    def __init__(self, definitions: Mapping[str, Formula]) -> None:
        self._definitions = definitions
        self._values = _values_by_subject(definitions.values())
        self._levels: dict[Atom, int] = {}
        self._subjects: list[str] = []  # by level
        self._nodes: list[tuple[int, int, int]] = [(-1, 0, 0), (-1, 1, 1)]
        self._ids: dict[tuple[int, int, int], int] = {}
        self._chosen: dict[tuple[int, int, int], int] = {}
        self._named: dict[str, int] = {}
        self._room = 0
        self._depth = 0
        self.gave_up = False

    def of(self, formula: Formula) -> int:
        """Return the formula's node; equivalent formulas have the same."""
        for name in self._unread_names(formula):
            self._named[name] = self._definition(name)
        return self._limited(formula)

    def _limited(self, formula: Formula) -> int:
        self._room = min(MOST_NEW_NODES, MOST_NODES - len(self._nodes))
        self._depth = 0
        try:
            return self._build(formula)
        except _TooLarge:
            self.gave_up = True
            raise

    def _definition(self, name: str) -> int:
        """Build a condition's own formula; an unknown or too large one is an atom."""
        formula = self._definitions.get(name)
        try:
            if formula is not None:
                return self._limited(formula)
        except _TooLarge:
            pass
        self._room = max(self._room, 1)  # The definition may have used up all room.
        return self._atom(_unopened(name))

    def _unread_names(self, formula: Formula) -> Iterator[str]:
        """Yield the conditions that the formula needs and that have no node, deepest first.

        A circle of definitions, which CloudFormation rejects, is cut open at some name.
        """
        entered: set[str] = set()
        stack = sorted(names(formula), reverse=True)
        while stack:
            name = stack.pop()
            if name in self._named:
                continue
            below = names(self._definitions.get(name, ALWAYS)) - self._named.keys()
            if name not in entered and below:
                entered.add(name)
                stack += [name, *sorted(below, reverse=True)]
            else:
                yield name

    def _build(self, formula: Formula) -> int:
        match formula:
            case Named(name):
                return self._named[name] if name in self._named else self._atom(_unopened(name))
            case Atom():
                return self._atom(formula)
            case Not(inner):
                return self._choose(self._build(inner), FALSE, TRUE)
        node = TRUE if isinstance(formula, And) else FALSE
        for part in formula.formulas:
            built = self._build(part)
            both = (node, built, FALSE) if isinstance(formula, And) else (node, TRUE, built)
            node = self._choose(*both)
        return node

    def _atom(self, atom: Atom) -> int:
        return self._node(self._level(atom), FALSE, TRUE)

    def _level(self, atom: Atom) -> int:
        """Return the atom's place in the order; the atoms of one subject stand together."""
        if atom not in self._levels:
            for value in sorted(self._values.get(atom.subject, {atom.value})):
                self._levels[Atom(atom.subject, value)] = len(self._subjects)
                self._subjects.append(atom.subject)
        return self._levels[atom]

    def _node(self, level: int, low: int, high: int) -> int:
        # Where a subject equals one literal it equals no other: skip what would compare it.
        high = self._elsewhere(high, level)
        if self._elsewhere(low, level) == high:
            return low
        key = (level, low, high)
        if key not in self._ids:
            if self._room <= 0:
                raise _TooLarge
            self._room -= 1
            self._ids[key] = len(self._nodes)
            self._nodes.append(key)
        return self._ids[key]

    def _elsewhere(self, node: int, level: int) -> int:
        """Return the diagram's part for when the subject equals none of the later literals."""
        while node > TRUE and self._subjects[self._nodes[node][0]] == self._subjects[level]:
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
            self._chosen[key] = self._split(key)
        return self._chosen[key]

    def _split(self, key: tuple[int, int, int]) -> int:
        if self._depth >= DEEPEST:
            raise _TooLarge
        self._depth += 1
        level = min(self._nodes[node][0] for node in key if node > TRUE)
        low = self._choose(*(self._branch(node, level, 1) for node in key))
        high = self._choose(*(self._branch(node, level, 2) for node in key))
        self._depth -= 1
        return self._node(level, low, high)

    def _branch(self, node: int, level: int, side: int) -> int:
        return self._nodes[node][side] if self._nodes[node][0] == level else node


def _unopened(name: str) -> Atom:
    return Atom(f"condition {name}", "")


def _values_by_subject(formulas: Iterable[Formula]) -> dict[str, set[str]]:
    values: dict[str, set[str]] = {}
    stack = list(formulas)
    while stack:
        match stack.pop():
            case Atom(subject, value):
                values.setdefault(subject, set()).add(value)
            case Not(inner):
                stack.append(inner)
            case And(parts) | Or(parts):
                stack.extend(parts)
    return values
