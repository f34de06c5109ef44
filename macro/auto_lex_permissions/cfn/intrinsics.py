"""Spellings of Ref, Fn::GetAtt, Fn::Sub and Fn::Join, read as one canonical value.

CloudFormation lets an author write one value in many ways: `!GetAtt F.Arn`, `[F, Arn]`,
`!Sub ${F.Arn}`, a `Fn::Join` of the same pieces. The macro compares values, so it reads each
expression into a *text*: a tuple of words, where a word is literal text, a reference, or an
expression that is left unread. Intrinsic functions are recognised here, never resolved.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from .loops import MARK, as_item, as_part, is_item, variables


class Reference(NamedTuple):
    """What `Ref` (no attribute) or `Fn::GetAtt` names; a loop's variable is one too."""

    logical_id: str
    attribute: str = ""

    @property
    def expression(self) -> object:
        """Return the call that means it, in the form that AWS documents for loops."""
        name = substituted(self.logical_id)
        return {"Fn::GetAtt": [name, self.attribute]} if self.attribute else {"Ref": name}


class Unread:
    """An expression that the macro does not look into: the same as another one of equal JSON.

    Its canonical JSON is written when it is first asked for, since it may be of any size.
    """

    __slots__ = ("_expression", "_json")
    __match_args__ = ("json",)

    def __init__(self, json: str | None = None, expression: object = None) -> None:
        """Take the canonical JSON, or the expression that it is of."""
        self._json = json
        self._expression = expression

    @property
    def json(self) -> str:
        """Return the expression as canonical JSON."""
        if self._json is None:
            self._json = canonical_json(self._expression)
        return self._json

    @property
    def expression(self) -> object:
        """Return the expression; of one that is known by its JSON alone, that."""
        return self._json if self._expression is None else self._expression

    def __eq__(self, other: object) -> bool:
        """Return whether the other one is unread, too, and has the same JSON."""
        return isinstance(other, Unread) and self.json == other.json

    def __hash__(self) -> int:
        """Return the hash of the JSON."""
        return hash(self.json)

    def __repr__(self) -> str:
        """Return the word as Python: texts are sorted by it, so it holds no address."""
        return f"Unread({self.json!r})"


Word: TypeAlias = str | Reference | Unread
Text: TypeAlias = tuple[Word, ...]

PARTITION: Final = Reference("AWS::Partition")
REGION: Final = Reference("AWS::Region")
ACCOUNT: Final = Reference("AWS::AccountId")
NO_VALUE: Final = {"Ref": "AWS::NoValue"}
# Calls inside calls that are read, and what they may come to: no name and no ARN is as long.
DEEPEST: Final = 10
MOST_WORDS: Final = 50
MOST_CHARACTERS: Final = 10_000
# Longer than any logical id: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LONGEST_NAME: Final = 255
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
_RESOLVED: Final = "{{resolve:"
_DYNAMIC_REFERENCE: Final = re.compile(rf"{re.escape(_RESOLVED)}[^{{}}]*\}}\}}")


_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces."""
    return _CANONICAL.encode(value)


def is_intrinsic(key: str) -> bool:
    """Return whether a key is the name of an intrinsic function."""
    return key == "Ref" or key.startswith("Fn::")


def function(value: object) -> tuple[str, object] | None:
    """Return (name, argument) where the value is one intrinsic function call, else None."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, argument),) = value.items()
        if is_intrinsic(name):
            return name, argument
    return None


def is_no_value(value: object) -> bool:
    """Return whether the value is `!Ref AWS::NoValue`, CloudFormation's word for "absent"."""
    return value == NO_VALUE


def text(expression: object, depth: int = 0) -> Text:
    """Read an expression into words; neighbouring literals are one word, empty ones none.

    What is nested too deeply, or comes to more than a name or an ARN may have, is left unread.
    """
    if isinstance(expression, str):
        if expression.isascii():
            return (expression,) if expression else ()
        return tuple(merged(_literal(expression)))
    called = function(expression)
    if called and depth < DEEPEST:
        name, argument = called
        reference = _reference(name, argument, depth + 1)
        if reference:
            return (reference,)
        words = _sub(argument, depth + 1) if name == "Fn::Sub" else None
        words = _join(argument, depth + 1) if name == "Fn::Join" else words
        read = None if words is None else _bounded(words)
        if read is not None:
            return tuple(merged(read))
    if isinstance(expression, bool | int | float):
        return (str(expression).lower(),)  # As CloudFormation reads it where text belongs.
    return (Unread(expression=expression),)


def deployed_text(expression: object) -> Text:
    """Read an expression whose dynamic references CloudFormation resolves: they are left unread."""
    return with_dynamic_references(text(expression))


def compact(expression: object) -> Text:
    """Read an expression for a name, an id or an ARN, none of which holds white space."""
    return without_space(text(expression))


def _bounded(words: Iterable[Word]) -> list[Word] | None:
    """Return the words, or None of too many: nested calls of Fn::Sub can double at each level."""
    found: list[Word] = []
    characters = 0
    for word in words:
        characters += len(word) if isinstance(word, str) else 0
        if len(found) == MOST_WORDS or characters > MOST_CHARACTERS:
            return None
        found.append(word)
    return found


def _literal(literal: str) -> Iterator[Word]:
    """Read a text that may hold variables of loops, which are references."""
    if literal.isascii():  # pragma: no mutate (a shortcut: marks are not ASCII)
        yield literal
        return
    position = 0
    for mark in MARK.finditer(literal):
        yield literal[position : mark.start()]
        position = mark.end()
        yield Reference(as_item(mark[0]))
    yield literal[position:]


def _reference(name: str, argument: object, depth: int) -> Reference | None:
    """Read what a call of `Ref` or `Fn::GetAtt` names; None of any other call."""
    if name == "Ref":
        named = name_of(argument, depth)
        return None if named is None else dotted_reference(named)
    if name == "Fn::GetAtt":
        match argument:
            case [logical_id, str(attribute)]:
                named = name_of(logical_id, depth)
                return None if named is None else Reference(named, attribute)
            case str(dotted) if "." in dotted:
                return dotted_reference(dotted)
    return None


def name_of(value: object, depth: int = 0) -> str | None:
    """Return a name that is written out or, as in loops, put together; else None."""
    if isinstance(value, str):
        return value
    words = [_name_part(word) for word in text(value, depth)] if function(value) else [None]
    return None if None in words else "".join(filter(None, words))


def _name_part(word: Word) -> str | None:
    match word:
        case str():
            return word
        case Reference(logical_id, "") if is_item(logical_id):
            return as_part(logical_id)
    return None


def substituted(name: str) -> object:
    """Write a name that holds a loop's variables as `Fn::Sub`, any other as it is."""
    if not variables(name):
        return name
    escaped = (
        literal if placeholder is None else f"{literal}${{!{placeholder}}}"
        for literal, placeholder in _pieces(name)
    )
    return {"Fn::Sub": "".join(escaped)}


def _sub(argument: object, depth: int) -> Iterable[Word] | None:
    match argument:
        case str(template):
            return _substituted(template, {}, depth)
        case [str(template), dict(values)]:
            return _substituted(template, values, depth)
    return None


def _substituted(template: str, values: dict[str, object], depth: int) -> Iterator[Word]:
    read: dict[str, Text] = {}
    for literal, placeholder in _pieces(template):
        yield from _literal(literal)
        if placeholder is None:
            continue
        name = placeholder.strip()
        if name.startswith("!"):  # `${!Literal}` is text.
            yield from _literal(f"${{{placeholder.replace('!', '', 1)}}}")
        elif name in values:
            if name not in read:
                read[name] = text(values[name], depth)
            yield from read[name]
        else:
            yield dotted_reference(name)


def _pieces(template: str) -> Iterator[tuple[str, str | None]]:
    """Yield a text as pairs of a literal and what stands between `${` and `}` after it.

    The last pair has nothing after it, which is None. Who has read enough need not read on.
    """
    place = 0
    while (start := template.find("${", place)) >= 0 and (end := template.find("}", start)) >= 0:
        yield template[place:start], template[start + 2 : end]
        place = end + 1
    yield template[place:], None


def dotted_reference(name: str) -> Reference:
    """Return what a name refers to: `F` is a Ref; `F.Arn` (and SAM's `F.Alias`) a GetAtt."""
    if "." not in name:
        return Reference(name)
    logical_id, _, attribute = name.partition(".")
    return Reference(logical_id, attribute)


def _join(argument: object, depth: int) -> Iterable[Word] | None:
    match argument:
        case [str(delimiter), list(items)]:
            return _joined(delimiter, items, depth)
    return None


def _joined(delimiter: str, items: list[object], depth: int) -> Iterator[Word]:
    for number, item in enumerate(items):
        if number:
            yield delimiter
        yield from text(item, depth)


def merged(words: Iterable[Word]) -> Iterator[Word]:
    """Yield words: neighbouring literals as one, and none that is empty."""
    literal = ""
    for word in words:
        if isinstance(word, str):
            literal += word
            continue
        if literal:
            yield literal
            literal = ""
        yield word
    if literal:
        yield literal


def with_dynamic_references(words: Text) -> Text:
    """Return a text whose dynamic references are left unread, whatever colons they hold."""
    if not any(isinstance(word, str) and _RESOLVED in word for word in words):
        return words
    return tuple(
        piece
        for word in words
        for piece in (_at_dynamic_references(word) if isinstance(word, str) else (word,))
        if piece
    )


def _at_dynamic_references(literal: str) -> Iterator[Word]:
    position = 0
    for found in _DYNAMIC_REFERENCE.finditer(literal):
        yield literal[position : found.start()]
        position = found.end()
        yield Unread(found[0])
    yield literal[position:]


def variables_in(words: Text) -> frozenset[tuple[str, str]]:
    """Return the variables of loops that a text holds, each as (name, collection)."""
    written = (
        word
        if isinstance(word, str)
        else word.json
        if isinstance(word, Unread)
        else word.logical_id
        for word in words
    )
    return frozenset().union(*map(variables, written))


def length(words: Text) -> int:
    """Return how many characters a text has as far as it is written out; a reference is one."""
    return sum(
        len(word) if isinstance(word, str) else len(word.json) if isinstance(word, Unread) else 1
        for word in words
    )


def is_literal(words: Text) -> bool:
    """Return whether a text is written out: nothing but literals, and no dynamic reference."""
    return all(isinstance(word, str) and _RESOLVED not in word for word in words)


def without_space(words: Text) -> Text:
    """Drop all white space of the literals: folded YAML leaves some in ARNs, which have none."""
    if len(words) == 1 and not isinstance(words[0], str):
        return words
    return tuple(merged("".join(w.split()) if isinstance(w, str) else w for w in words))


def has_space(words: Text) -> bool:
    """Return whether a text's literals hold white space."""
    return any(isinstance(word, str) and word.split() != [word] for word in words)


def split(words: Text, separator: str, most: int = -1) -> list[Text]:
    """Split a text at a literal separator, at most `most` times, as `str.split` does."""
    fields: list[list[Word]] = [[]]
    for word in words:
        if not isinstance(word, str):
            fields[-1].append(word)
            continue
        room = most - len(fields) + 1 if most >= 0 else -1
        first, *others = word.split(separator, room)
        fields[-1].append(first)
        fields.extend([other] for other in others)
    return [tuple(merged(field)) for field in fields]


def references(value: object) -> Iterator[Reference]:
    """Yield everything that the value refers to, at any depth; some of it more than once."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            yield from _referred(item)
            stack.extend(reversed(list(item.values())))


def _referred(item: dict[str, object]) -> Iterator[Reference]:
    match function(item):
        case ("Ref" | "Fn::Sub" | "Fn::GetAtt", _):
            yield from (word for word in text(item) if isinstance(word, Reference))
    match item:
        case {"Fn::GetAtt": [str(logical_id), dict()]}:
            yield Reference(logical_id)
