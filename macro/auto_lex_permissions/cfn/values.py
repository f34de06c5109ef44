"""Values under conditions: what may stand at a place of a template, and when.

A template says of one place: this value where `IsProd` holds, that value elsewhere, none under
`AWS::NoValue`. `Values` carries all of them, each with the formula under which it stands there
(variability research calls that a choice: Erwig and Walkingshaw, "The Choice Calculus", TOSEM
2011), so that a rule about a property is one sentence:
`permission.values("Principal").where(is_lex)`.

Values that are equal and stand under the same formula are one value in several places. A bot alias
with many locales that all name one function therefore costs hardly more than one with a single
locale.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar

from .formulas import ALWAYS, NEVER, Formula, Named, any_of
from .intrinsics import function, is_intrinsic, is_no_value, name_of

Step: TypeAlias = str | int
# The keys and the places in lists on the way down from the template to a value.
Place: TypeAlias = tuple[Step, ...]
T = TypeVar("T")
U = TypeVar("U")
_IF: Final = "Fn::If"


def path(place: Place) -> str:
    """Return a place as people read it: `Resources.A.Properties.List[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)[1:]


class Value(NamedTuple, Generic[T]):
    """A value, the formula under which it stands, and all places where it then stands.

    The places are some steps below one or more others: those where equal values met.
    """

    value: T
    when: Formula
    starts: tuple[Place, ...]
    steps: Place = ()

    @property
    def places(self) -> tuple[Place, ...]:
        """Return all places where the value stands, in the order of the template."""
        return tuple((*start, *self.steps) for start in self.starts)

    def below(self, value: U, *steps: Step) -> "Value[U]":
        """Return what stands some steps below this value."""
        return Value(value, self.when, self.starts, (*self.steps, *steps))


class Hidden(NamedTuple):
    """An intrinsic function that is not looked through stands where a value was looked for."""

    function: str
    places: tuple[Place, ...]


class Values(Generic[T]):
    """The values that may stand at a place, `Fn::If` looked through at every step.

    `hidden` are the intrinsic functions that could not be looked through on the way here: what they
    hold is not among the values. A malformed `Fn::If` holds no values: CloudFormation rejects it in
    its own words.
    """

    __slots__ = ("_values", "hidden")

    def __init__(self, values: Iterable[Value[T]], hidden: Iterable[Hidden] = ()) -> None:
        """Take values that are no calls of `Fn::If`."""
        self._values = tuple(values)
        self.hidden = tuple(hidden)

    @staticmethod
    def at(value: object, place: Place, when: Formula = ALWAYS) -> "Values[object]":
        """Return what may stand at a place of a template where this is written.

        `AWS::NoValue` is one of the values where nothing may stand there.
        """
        hidden: list[Hidden] = []
        return Values(_choices(Value(value, when, (place,)), hidden), hidden)

    def __iter__(self) -> Iterator[Value[T]]:
        """Iterate over the values, in the order of the template."""
        return iter(self._values)

    def present(self) -> "Values[T]":
        """Return the values without `AWS::NoValue`."""
        return Values(_present(self._values), self.hidden)

    def get(self, key: str) -> "Values[object]":
        """Return what stands under a key of the values that are objects.

        Values that are equal and stand under the same formula become one in several places.
        """
        found: list[Value[object]] = []
        hidden = list(self.hidden)
        for value in self._values:
            if not isinstance(value.value, dict):
                continue
            if name := _opaque(value.value):
                hidden.append(Hidden(name, value.places))
            elif key in value.value:
                found += _choices(value.below(value.value[key], key), hidden)
        return Values(_distinct(_present(found)), hidden)

    def items(self) -> "Values[object]":
        """Return the items of the values that are lists."""
        found: list[Value[object]] = []
        hidden = list(self.hidden)
        for value in self._values:
            if isinstance(value.value, list):
                for number, item in enumerate(value.value):
                    found += _choices(value.below(item, number), hidden)
            elif isinstance(value.value, dict) and (name := _opaque(value.value)):
                hidden.append(Hidden(name, value.places))
        return Values(_present(found), hidden)

    def each(self) -> "Values[object]":
        """Return the items of lists, and what stands alone where IAM takes both."""
        lists = Values([value for value in self._values if isinstance(value.value, list)])
        alone = [value.below(value.value) for value in self if not isinstance(value.value, list)]
        return Values([*lists.items(), *alone], self.hidden).present()

    def map(self, change: Callable[[T], U]) -> "Values[U]":
        """Return the values changed, each where and when it was."""
        changed = (Value(change(v.value), v.when, v.starts, v.steps) for v in self._values)
        return Values(changed, self.hidden)

    def where(self, test: Callable[[T], bool | Formula]) -> Formula:
        """Return when a value stands here that passes a test, whose answer may be a formula."""
        return any_of(value.when & _formula(test(value.value)) for value in self)


def _formula(answer: bool | Formula) -> Formula:  # noqa: FBT001 - what a test of values answers.
    if isinstance(answer, Formula):
        return answer
    return ALWAYS if answer else NEVER


def _present(values: Iterable[Value[T]]) -> list[Value[T]]:
    return [value for value in values if not is_no_value(value.value)]


def _opaque(value: dict[str, object]) -> str:
    """Return the intrinsic function that stands where an object or a list belongs, or nothing."""
    for key in value:
        if is_intrinsic(key):
            return "" if is_no_value(value) else key
    return ""


def _choices(written: Value[object], hidden: list[Hidden]) -> list[Value[object]]:
    """Return the values behind `Fn::If`; what cannot be looked through is added to the hidden."""
    if not isinstance(written.value, dict) or _IF not in written.value:
        return [written]
    found: list[Value[object]] = []
    stack = [written]
    while stack:
        value = stack.pop()
        match value.value:
            case {"Fn::If": [given, then, otherwise], **rest} if not rest:
                name = name_of(given)
                if name is not None:
                    holds, fails = value.when & Named(name), value.when & ~Named(name)
                    steps = (*value.steps, _IF)
                    stack.append(Value(otherwise, fails, value.starts, (*steps, 2)))
                    stack.append(Value(then, holds, value.starts, (*steps, 1)))
                elif called := function(given):
                    hidden.append(Hidden(called[0], value.below(given, _IF, 0).places))
            case {"Fn::If": _, **rest} if not rest:
                pass
            case _:
                found.append(value)
    return found


def _distinct(values: list[Value[object]]) -> list[Value[object]]:
    """Return the values, those that are equal as one value in several places."""
    if len(values) <= 1:  # pragma: no mutate (a shortcut)
        return values
    alike: dict[tuple[str, Formula], list[Value[object]]] = {}
    for value in values:
        # Python takes 1 and true for equal; as text they are not.
        alike.setdefault((repr(value.value), value.when), []).append(value)
    return [
        Value(first.value, first.when, tuple(p for same in (first, *others) for p in same.places))
        if others
        else first
        for first, *others in alike.values()
    ]
