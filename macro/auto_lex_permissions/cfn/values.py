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

from .conditions import ALWAYS, NEVER, Formula, Named, any_of
from .intrinsics import canonical_json, function, is_intrinsic, is_no_value, name_of

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
    """A value, the formula under which it stands, and all places where it then stands."""

    value: T
    when: Formula
    places: tuple[Place, ...]

    def below(self, value: U, *steps: Step) -> "Value[U]":
        """Return what stands some steps below this value."""
        return Value(value, self.when, tuple((*place, *steps) for place in self.places))


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
        """Return what may stand at a place of a template where this is written."""
        return _looked_through([Value(value, when, (place,))])

    def __iter__(self) -> Iterator[Value[T]]:
        """Iterate over the values, in the order of the template."""
        return iter(self._values)

    def present(self) -> "Values[T]":
        """Return the values without `AWS::NoValue`."""
        there = (value for value in self if not is_no_value(value.value))
        return Values(there, self.hidden)

    def get(self, key: str) -> "Values[object]":
        """Return what stands under a key of the values that are objects."""
        found = [
            value.below(value.value[key], key)
            for value in self
            if isinstance(value.value, dict) and key in value.value and not _opaque(value.value)
        ]
        return _looked_through(found, self._hidden_here()).present()

    def items(self) -> "Values[object]":
        """Return the items of the values that are lists."""
        return _looked_through(self._items(), self._hidden_here()).present()

    def each(self) -> "Values[object]":
        """Return the items of lists, and what stands alone where IAM takes both."""
        alone: list[Value[object]] = [
            value.below(value.value) for value in self if not isinstance(value.value, list)
        ]
        return _looked_through([*self._items(), *alone], self.hidden).present()

    def _items(self) -> list[Value[object]]:
        return [
            value.below(item, number)
            for value in self
            if isinstance(value.value, list)
            for number, item in enumerate(value.value)
        ]

    def _hidden_here(self) -> list[Hidden]:
        opaque = ((_opaque(value.value), value.places) for value in self.present())
        return [*self.hidden, *(Hidden(name, places) for name, places in opaque if name)]

    def map(self, change: Callable[[T], U]) -> "Values[U]":
        """Return the values changed, each where and when it was."""
        changed = (Value(change(value.value), value.when, value.places) for value in self)
        return Values(changed, self.hidden)

    def where(self, test: Callable[[T], bool | Formula]) -> Formula:
        """Return when a value stands here that passes a test, whose answer may be a formula."""
        return any_of(value.when & _formula(test(value.value)) for value in self)


def _formula(answer: bool | Formula) -> Formula:  # noqa: FBT001 - what a test of values answers.
    if isinstance(answer, Formula):
        return answer
    return ALWAYS if answer else NEVER


def _opaque(value: object) -> str:
    """Return the intrinsic function that stands where an object or a list belongs, or nothing."""
    keys = value if isinstance(value, dict) else ()
    return next((key for key in keys if is_intrinsic(key)), "")


def _looked_through(
    written: Iterable[Value[object]], hidden: Iterable[Hidden] = ()
) -> Values[object]:
    """Return the values behind `Fn::If`, those that are equal as one value in several places."""
    found: list[Value[object]] = []
    unread = list(hidden)
    for value in written:
        stack = [value]
        while stack:
            choice = stack.pop()
            match choice.value:
                case {"Fn::If": [given, then, otherwise], **rest} if not rest:
                    name = name_of(given)
                    if name is not None:
                        holds, fails = choice.when & Named(name), choice.when & ~Named(name)
                        stack.append(choice.below(otherwise, _IF, 2)._replace(when=fails))
                        stack.append(choice.below(then, _IF, 1)._replace(when=holds))
                    elif called := function(given):
                        unread.append(Hidden(called[0], choice.below(given, _IF, 0).places))
                case {"Fn::If": _, **rest} if not rest:
                    pass
                case _:
                    found.append(choice)
    return Values(found if len(found) == 1 else _merged(found), unread)


def _merged(values: Iterable[Value[object]]) -> Iterator[Value[object]]:
    alike: dict[tuple[str, Formula], list[Value[object]]] = {}
    for value in values:
        alike.setdefault((canonical_json(value.value), value.when), []).append(value)
    for first, *others in alike.values():
        more = (place for value in others for place in value.places)
        yield first._replace(places=(*first.places, *more)) if others else first
