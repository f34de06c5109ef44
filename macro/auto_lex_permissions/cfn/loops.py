"""`Fn::ForEach`: the variables of a loop, as marks inside texts.

A loop's body is a template of its own, in which `${Env}`, `&{Env}` and `{"Ref": "Env"}` stand for
the item. The macro reads it as it stands, once for all items: each of these becomes a *mark*,
which names the variable and the collection that it goes through, so that `Bot${Env}` of two loops
is one thing only where both go through the same items. Marks are private characters: they are put
in when a loop is entered, and `unmark` gives back what the author wrote, to the letter.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from .digests import digest

LOOP: Final = "Fn::ForEach::"
# What opens a mark says how the author spelled it; Unicode gives these characters to nobody.
_SUB, _ID, _REF, _LETTERS, _OF, _END = (chr(0x10FF00 + number) for number in range(6))
_IN_BRACES: Final = re.compile(r"([$&])\{([^{}]*)\}")
_OPENING: Final = f"[{_SUB}{_ID}{_REF}{_LETTERS}]"
# None of these characters stands inside of a mark, so that a search never looks at a text twice.
_INSIDE: Final = f"[^{_SUB}{_ID}{_REF}{_LETTERS}{_OF}{_END}]*"
MARK: Final = re.compile(f"{_OPENING}({_INSIDE}){_OF}({_INSIDE}){_END}")
_WRITTEN: Final = {_SUB: "${%s}", _ID: "&{%s}", _REF: "%s", _LETTERS: "&{%s}"}
# A variable that is part of a name, and the same where it stands for the item or its letters alone.
_ALONE: Final = {_SUB: _REF, _ID: _LETTERS}
_PART: Final = {alone: part for part, alone in _ALONE.items()}


class Variable(NamedTuple):
    """A loop's variable: one of the same name is another one if it goes through another collection.

    `items` is how many there are, 0 where the template does not say.
    """

    name: str
    collection: str
    items: int

    @property
    def rest_of_mark(self) -> str:
        """Return what all marks of the variable have in common."""
        return f"{self.name}{_OF}{self.collection}{_END}"

    @property
    def mark_in_id(self) -> str:
        """Return its mark in the form `&{Env}`, which any item may have in a logical id."""
        return _ID + self.rest_of_mark


def is_variable(name: str) -> bool:
    """Return whether `${…}` can hold a name, and no other loop's variable is in it."""
    return "{" not in name and "}" not in name and not variables(name)


def variable_of(name: str, collection: object) -> Variable:
    """Return the variable of a loop, by its name and what the loop goes through.

    Of items that are written out, the order does not matter.
    """
    items = len(collection) if isinstance(collection, list) else 0
    if isinstance(collection, list) and all(isinstance(item, str) for item in collection):
        collection = sorted(collection)
    return Variable(name, digest(json.dumps(collection, sort_keys=True)), items)


def marked(value: Any, around: Iterable[Variable]) -> Any:  # noqa: ANN401 - JSON
    """Return a value of a loop's body with marks where the variables of all loops around stand.

    Of several variables of one name the outermost counts.
    """
    rests: dict[str, str] = {}
    for variable in around:
        rests.setdefault(variable.name, variable.rest_of_mark)

    def mark(found: re.Match[str]) -> str:
        kind, name = found.groups()
        return (_SUB if kind == "$" else _ID) + rests[name] if name in rests else found[0]

    def mark_reference(call: dict[str, object]) -> object:
        match call:
            case {"Ref": str(name)} if len(call) == 1 and name in rests:
                return {"Ref": _REF + rests[name]}
        return call

    return _rebuilt(value, lambda text: _IN_BRACES.sub(mark, text), mark_reference)


def unmark(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a value as it stands in a template: variables in place of their marks."""
    return _rebuilt(value, unmark_text, lambda call: call)


def _rebuilt(
    value: Any,  # noqa: ANN401 - JSON
    change: Callable[[str], str],
    replace: Callable[[dict[str, object]], object],
) -> Any:  # noqa: ANN401 - JSON
    """Return a copy of a value, all texts and keys in it changed, and some objects replaced.

    However deeply it is nested, it takes no depth of Python's stack.
    """
    result: list[Any] = [value]
    stack: list[tuple[Any, Any, Any]] = [(value, result, 0)]
    while stack:
        old, parent, key = stack.pop()
        if isinstance(old, str):
            parent[key] = change(old)
        elif isinstance(old, list):
            parent[key] = new = list(old)
            stack += ((item, new, number) for number, item in enumerate(old))
        elif isinstance(old, dict):
            replaced = replace(old)
            parent[key] = replaced
            if replaced is old:
                parent[key] = members = dict.fromkeys(map(change, old))
                stack += ((item, members, change(name)) for name, item in old.items())
        else:
            parent[key] = old
    return result[0]


def unmark_text(text: str) -> str:
    """Return a text as it stands in a template: variables in place of their marks."""
    if text.isascii():
        return text
    return MARK.sub(lambda mark: _WRITTEN[mark[0][0]] % mark[1], text)


def variables(text: str) -> frozenset[tuple[str, str]]:
    """Return the variables that a text holds, each as (name, collection)."""
    if text.isascii():  # pragma: no mutate (a shortcut: marks are not ASCII)
        return frozenset()
    return frozenset(MARK.findall(text))


def by_items(text: str) -> str:
    """Return a text that all loops over the same items have in common.

    Its variables have no names, where what they go through tells them apart.
    """
    held = variables(text)
    collections = {collection for _, collection in held}
    if len(collections) < len(held):
        return text
    return MARK.sub(lambda mark: f"{mark[0][0]}{_OF}{mark[2]}{_END}", text)


def with_variables_of(text: str, other: str) -> str:
    """Return a text with the variables of another one that go through the same items."""
    known = variables(other)
    names = {collection: name for name, collection in sorted(known)}

    def renamed(mark: re.Match[str]) -> str:
        name, collection = mark.groups()
        if (name, collection) not in known:
            name = names.get(collection, name)
        return f"{mark[0][0]}{name}{_OF}{collection}{_END}"

    return MARK.sub(renamed, text)


def without_variables(text: str) -> str:
    """Return a text without its variables."""
    return MARK.sub("", text)


def is_item(name: str) -> bool:
    """Return whether a name stands for a loop's item itself, or for its letters and digits."""
    return name[:1] in _PART and MARK.fullmatch(name) is not None


def as_item(mark: str) -> str:
    """Return the name of a variable that stands in a text as `${Env}` or `&{Env}`."""
    return _ALONE.get(mark[0], mark[0]) + mark[1:]


def as_part(name: str) -> str:
    """Return the mark by which a variable is part of a text."""
    return _PART.get(name[:1], name[:1]) + name[1:]


def can_come_to(name: str, text: str) -> bool:
    """Return whether a name may be this text for some items, whatever these are."""
    return stand_in_order(MARK.split(name)[::3], text)


def stand_in_order(
    pieces: list[str], text: str, find: Callable[[str, str, int, int], int] = str.find
) -> bool:
    """Return whether a text is these pieces in their order, with anything between them.

    Each is looked for behind the one before, and no place is tried again.
    """
    first, *others = pieces
    if not others:
        return len(text) == len(first) and find(text, first, 0, len(text)) == 0
    *middle, last = others
    place, end = len(first), len(text) - len(last)
    if end < place or find(text, first, 0, place) or find(text, last, end, len(text)) != end:
        return False
    for piece in middle:
        found = find(text, piece, place, end)
        if found < 0:
            return False
        place = found + len(piece)
    return True


def split_at_marks(name: str) -> list[tuple[str, str]]:
    """Return a name as pairs of a literal and the mark after it; the last mark is empty."""
    if name.isascii():
        return [(name, "")]
    found: list[tuple[str, str]] = []
    position = 0
    for mark in MARK.finditer(name):
        found.append((name[position : mark.start()], mark[0]))
        position = mark.end()
    return [*found, (name[position:], "")]
