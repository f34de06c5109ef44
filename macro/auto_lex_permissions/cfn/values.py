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
from types import EllipsisType
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar

from .formulas import ALWAYS, NEVER, Formula, Named, any_of
from .intrinsics import function, is_intrinsic, is_no_value, name_of

Step: TypeAlias = str | int
# The keys and the places in lists on the way down from the template to a value.
Place: TypeAlias = tuple[Step, ...]
# What `get` goes down by: the key of an object, or to every item of a list.
Key: TypeAlias = str | EllipsisType
EACH: Final = ...
T = TypeVar("T")
U = TypeVar("U")
IF: Final = "Fn::If"
# Calls of it inside each other that are looked through: each is one more condition of a value.
DEEPEST: Final = 100
# No condition has a longer name, whatever variables of loops stand in it.
LONGEST_CONDITION: Final = 2_000


def path(place: Place) -> str:
    """Return a place as people read it: `Resources.A.Properties.List[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)[1:]


class Value(NamedTuple, Generic[T]):
    """A value, the formula under which it stands, and all places where it then stands."""

    value: T
    when: Formula
    places: tuple[Place, ...]


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
        return Values(_below(Value(value, when, (place,)), (), hidden), hidden)

    def __iter__(self) -> Iterator[Value[T]]:
        """Iterate over the values, in the order of the template."""
        return iter(self._values)

    @property
    def count(self) -> int:
        """Return how many values there are."""
        return len(self._values)

    def present(self) -> "Values[T]":
        """Return the values without `AWS::NoValue`."""
        return Values([v for v in self._values if not is_no_value(v.value)], self.hidden)

    def get(self, *keys: Key) -> "Values[object]":
        """Return what stands under keys, each below the one before.

        Values that are equal and stand under the same formula become one in several places.

        Example: `properties.get("Statement", EACH, "Principal")`.
        """
        hidden = list(self.hidden)
        found = [
            below
            for value in self._values
            for below in _below(value, keys, hidden)
            if not is_no_value(below.value)
        ]
        return Values(_distinct(found), hidden)

    def each(self) -> "Values[object]":
        """Return the items of lists, and what stands alone where IAM takes both."""
        alone = [value for value in self._values if not isinstance(value.value, list)]
        lists = Values([value for value in self._values if isinstance(value.value, list)])
        return Values([*lists.get(EACH), *alone], self.hidden).present()

    def map(self, change: Callable[[T], U]) -> "Values[U]":
        """Return the values changed, each where and when it was."""
        changed = [Value(change(v.value), v.when, v.places) for v in self._values]
        return Values(changed, self.hidden)

    def where(self, test: Callable[[T], bool | Formula]) -> Formula:
        """Return when a value stands here that passes a test, whose answer may be a formula."""
        return any_of(value.when & _formula(test(value.value)) for value in self)


def _formula(answer: bool | Formula) -> Formula:  # noqa: FBT001 - what a test of values answers.
    if isinstance(answer, Formula):
        return answer
    return ALWAYS if answer else NEVER


def _below(value: Value[T], keys: tuple[Key, ...], hidden: list[Hidden]) -> list[Value[object]]:
    """Return what stands under keys below a value, `Fn::If` looked through at every step.

    What cannot be looked through is added to the hidden.
    """
    below: list[Value[object]] = []
    stack: list[tuple[object, Formula, Place, int]] = [(value.value, value.when, (), 0)]
    while stack:
        found, when, steps, depth = stack.pop()
        if isinstance(found, dict) and IF in found:
            branches, name = _branches(found, when, steps)
            stack += ((*branch, depth) for branch in branches)
            if name:
                hidden.append(Hidden(name, _places(value, (*steps, IF, 0))))
        elif depth == len(keys):
            below.append(Value(found, when, _places(value, steps)))
        elif isinstance(found, dict):
            key = keys[depth]
            if name := _opaque(found):
                hidden.append(Hidden(name, _places(value, steps)))
            elif isinstance(key, str) and key in found:
                stack.append((found[key], when, (*steps, key), depth + 1))
        elif isinstance(found, list) and keys[depth] is EACH:
            items = [(item, when, (*steps, at), depth + 1) for at, item in enumerate(found)]
            stack += reversed(items)
    return below


def _branches(
    call: dict[str, object], when: Formula, steps: Place
) -> tuple[list[tuple[object, Formula, Place]], str]:
    """Return the branches of an `Fn::If`, the first one last, or what hides them."""
    match call[IF] if len(call) == 1 else None:
        case [condition, then, otherwise]:
            name = name_of(condition)
            if name is None:
                called = function(condition)
                return [], called[0] if called else ""
            if steps.count(IF) >= DEEPEST or len(name) > LONGEST_CONDITION:
                return [], IF
            named = Named(name)
            fails, holds = when & ~named, when & named
            return [(otherwise, fails, (*steps, IF, 2)), (then, holds, (*steps, IF, 1))], ""
    return [], ""


def _places(value: Value[T], steps: Place) -> tuple[Place, ...]:
    """Return all places some steps below a value."""
    return tuple([(*place, *steps) for place in value.places])


def _opaque(found: dict[str, object]) -> str:
    """Return the intrinsic function that stands where an object or a list belongs, or nothing."""
    for key in found:
        if is_intrinsic(key):
            return "" if is_no_value(found) else key
    return ""


def _distinct(values: list[Value[object]]) -> list[Value[object]]:
    """Return the values, those that are equal as one value in several places."""
    if len(values) <= 1:  # pragma: no mutate (a shortcut)
        return values
    alike: dict[tuple[str, Formula], tuple[object, list[Place]]] = {}
    for value, when, places in values:
        # Python takes 1 and true for equal; as text they are not.
        alike.setdefault((repr(value), when), (value, []))[1].extend(places)
    return [Value(value, when, tuple(places)) for (_, when), (value, places) in alike.items()]
