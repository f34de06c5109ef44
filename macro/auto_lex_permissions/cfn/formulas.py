"""Formulas over a template's named conditions: in which deployments something holds."""

from collections.abc import Iterable
from typing import Any, Final

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
MOST_OPERANDS: Final = 10


class Formula:
    """In which deployments something holds: combined by `&`, `|` and `~`, equal by value.

    Example: `Named("IsProd") & ~Named("IsEu")`.
    """

    __slots__ = ("_hash", "_parts", "_size")
    _parts: tuple[Any, ...]

    def __init__(self, *parts: object) -> None:
        """Take what the formula is made of: a name, or other formulas."""
        self._parts = parts
        # Formulas are keys of tables, and large ones would be hashed again and again.
        self._hash = hash((type(self), parts))  # pragma: no mutate (only saves time)
        self._size = 0

    def __eq__(self, other: object) -> bool:
        """Return whether the other formula is of the same kind, and its parts are equal."""
        return self is other or (isinstance(other, type(self)) and self._parts == other._parts)

    def __hash__(self) -> int:
        """Return the hash of kind and parts."""
        return self._hash

    def __repr__(self) -> str:
        """Return the formula as Python that makes it."""
        return f"{type(self).__name__}({', '.join(map(repr, self._parts))})"

    @property
    def operands(self) -> tuple["Formula", ...]:
        """Return the formulas that this one is made of; a name is made of none."""
        return self._parts

    @property
    def size(self) -> int:
        """Return how many formulas it is: itself, its operands, theirs, and so on."""
        if not self._size:
            self._size = 1 + sum(operand.size for operand in self.operands)
        return self._size

    def __and__(self, other: "Formula") -> "Formula":
        """Return the formula that holds where both hold."""
        if self == ALWAYS:
            return other
        return self if other in (ALWAYS, self) else all_of((self, other))

    def __or__(self, other: "Formula") -> "Formula":
        """Return the formula that holds where one of the two holds."""
        if self == NEVER:
            return other
        return self if other in (NEVER, self) else any_of((self, other))

    def __invert__(self) -> "Formula":
        """Return the formula that holds where this one does not."""
        match self:
            case Not(operand):
                return operand
            case And(()):
                return NEVER
            case Or(()):
                return ALWAYS
        return Not(self)


class Named(Formula):
    """The condition of this name holds."""

    __slots__ = ()
    __match_args__ = ("name",)

    @property
    def name(self) -> str:
        """Return the name of the condition."""
        name: str = self._parts[0]
        return name

    @property
    def operands(self) -> tuple[Formula, ...]:
        """Return no formula."""
        return ()


class Not(Formula):
    """The operand does not hold."""

    __slots__ = ()
    __match_args__ = ("operand",)

    @property
    def operand(self) -> Formula:
        """Return the formula that does not hold."""
        return self.operands[0]


class And(Formula):
    """All operands hold; of none: always."""

    __slots__ = ()
    __match_args__ = ("operands",)


class Or(Formula):
    """One of the operands holds; of none: never."""

    __slots__ = ()
    __match_args__ = ("operands",)


ALWAYS: Final[Formula] = And()
NEVER: Final[Formula] = Or()


def all_of(formulas: Iterable[Formula]) -> Formula:
    """Return the conjunction of any number of formulas, flat and without repetitions."""
    return _flat(And, ALWAYS, NEVER, formulas)


def any_of(formulas: Iterable[Formula]) -> Formula:
    """Return the disjunction of any number of formulas, flat and without repetitions."""
    return _flat(Or, NEVER, ALWAYS, formulas)


def _flat(
    kind: type[And | Or], of_none: Formula, absorbing: Formula, formulas: Iterable[Formula]
) -> Formula:
    operands: dict[Formula, None] = {}
    for formula in formulas:
        if isinstance(formula, kind):
            operands.update(dict.fromkeys(formula.operands))
        elif formula == absorbing:
            return absorbing
        else:
            operands[formula] = None
    if len(operands) > 1:
        return kind(*operands)
    return next(iter(operands), of_none)


def names(formula: Formula) -> set[str]:
    """Return the names of the conditions that a formula mentions."""
    if isinstance(formula, Named):
        return {formula.name}
    return {name for operand in formula.operands for name in names(operand)}


def expression(formula: Formula) -> object:
    """Return a formula as the `Conditions` section writes it."""
    match formula:
        case Named(name):
            return {"Condition": name}
        case Not(operand):
            return {"Fn::Not": [expression(operand)]}
    name = "Fn::And" if isinstance(formula, And) else "Fn::Or"
    return _grouped(name, [expression(operand) for operand in formula.operands])


def _grouped(name: str, operands: list[object]) -> object:
    """Nest operands so that no call has more than CloudFormation takes."""
    while len(operands) > MOST_OPERANDS:
        starts = range(0, len(operands), MOST_OPERANDS)
        chunks = [operands[start : start + MOST_OPERANDS] for start in starts]
        operands = [{name: chunk} if len(chunk) > 1 else chunk[0] for chunk in chunks]
    return {name: operands}
