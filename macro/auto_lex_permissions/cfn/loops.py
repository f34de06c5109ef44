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
from typing import Any, Final, NamedTuple

from .digests import digest

LOOP: Final = "Fn::ForEach::"
# What opens a mark says how the author spelled it; Unicode gives these characters to nobody.
_SUB, _ID, _REF, _LETTERS, _OF, _END = (chr(0x10FF00 + number) for number in range(6))
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
    def _rest_of_mark(self) -> str:
        return f"{self.name}{_OF}{self.collection}{_END}"

    @property
    def mark_in_id(self) -> str:
        """Return its mark in the form `&{Env}`, which any item may have in a logical id."""
        return _ID + self._rest_of_mark

    def marked(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        """Return a value of the loop's body with marks where the variable stands."""
        match value:
            case str() if f"{{{self.name}}}" in value:
                in_sub = value.replace(f"${{{self.name}}}", _SUB + self._rest_of_mark)
                return in_sub.replace(f"&{{{self.name}}}", self.mark_in_id)
            case list():
                return [self.marked(item) for item in value]
            case {"Ref": name} if name == self.name and len(value) == 1:
                return {"Ref": _REF + self._rest_of_mark}
            case dict():
                return {self.marked(key): self.marked(item) for key, item in value.items()}
        return value


def enter_loop(name: str, collection: object, body: Any) -> tuple[Variable, Any]:  # noqa: ANN401 - JSON
    """Return the variable of a loop, and its body with marks where the variable stands."""
    items = len(collection) if isinstance(collection, list) else 0
    variable = Variable(name, digest(json.dumps(collection, sort_keys=True)), items)
    return variable, variable.marked(body)


def unmark(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a value as it stands in a template: variables in place of their marks."""
    match value:
        case str():
            return unmark_text(value)
        case list():
            return [unmark(item) for item in value]
        case dict():
            return {unmark_text(key): unmark(item) for key, item in value.items()}
    return value


def unmark_text(text: str) -> str:
    """Return a text as it stands in a template: variables in place of their marks."""
    if text.isascii():
        return text
    return MARK.sub(lambda mark: _WRITTEN[mark[0][0]] % mark[1], text)


def variables(text: str) -> frozenset[tuple[str, str]]:
    """Return the variables that a text holds, each as (name, collection)."""
    return frozenset() if text.isascii() else frozenset(MARK.findall(text))


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
    first, *others = MARK.split(name)[::3]
    if not others:
        return text == first
    end = len(text) - len(others[-1])
    place = len(first)
    if end < place or not (text.startswith(first) and text.endswith(others[-1])):
        return False
    for literal in others[:-1]:
        place = text.find(literal, place, end)
        if place < 0:
            return False
        place += len(literal)
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
