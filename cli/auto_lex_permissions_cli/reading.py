"""Templates as CloudFormation reads them, with the place of each value in the file.

CloudFormation takes JSON and YAML 1.1, in which `yes` is a boolean; dates stay text, and so does a
number that begins with 0, which is an account's id. Short forms of intrinsic functions become long
ones. Duplicate keys are an error here: CloudFormation would keep one of them without a word.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from auto_lex_permissions.cfn.values import Place

from .console import UsageError

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"
# Python takes no number of several thousand digits; CloudFormation has none.
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})")
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_TRUE: Final = frozenset({"yes", "true", "on"})
# Short forms that have no `Fn::` before their long form.
_WITHOUT_FN: Final = frozenset({"Ref", "Condition"})


def is_short(node: Any) -> bool:
    """Whether a YAML node is a short form, such as `!Ref`."""
    return bool(node.tag.startswith("!") and node.tag != "!")


@dataclass(frozen=True, slots=True)
class Position:
    """A line and a column of a file, counted from 1 as editors do."""

    line: int
    column: int

    def __str__(self) -> str:
        """Return the position as compilers write it."""
        return f"{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Template:
    """A template's text, its YAML nodes, and its value with long forms only."""

    name: str
    text: str
    root: Any = field(repr=False)
    value: dict[str, Any] = field(repr=False)
    # By place: where it begins, at its key where it has one.
    marks: dict[Place, Any] = field(repr=False)

    def position(self, place: Place) -> Position:
        """Return where a place is in the file, or the nearest one around it that is there."""
        while place and place not in self.marks:
            place = place[:-1]
        return _position(self.marks[place]) if place else Position(1, 1)


def parse(name: str, content: bytes) -> Template:
    """Read a template.

    Raises UsageError with the file's name, what is wrong, and where.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: is not UTF-8 text (byte {error.start}).") from error
    reader = _Reader(name)
    try:
        root = yaml.compose(_without_tabs(text), Loader=_LOADER)
        if not isinstance(root, yaml.MappingNode):
            raise UsageError(f"{name}: is no template: a template is an object of sections.")
        value = reader.value(root, ())
    except RecursionError as error:
        raise UsageError(f"{name}: is nested more deeply than any template.") from error
    except yaml.MarkedYAMLError as error:
        raise UsageError(_syntax(name, text, error)) from error
    except yaml.YAMLError as error:
        raise UsageError(f"{name}: {error}".splitlines()[0]) from error
    return Template(name, text, root, value, reader.marks)


def _without_tabs(text: str) -> str:
    """Return JSON with blanks for the tabs between its tokens, which YAML does not take."""
    if "\t" not in text or not text.lstrip().startswith("{"):
        return text
    try:
        json.loads(text)
    except ValueError:
        return text
    return text.replace("\t", " ")


def _syntax(name: str, text: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return f"{name}: {error.problem}."
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    is_tab = "\t" in line[: mark.column + 1]
    what = "YAML takes no tab here; indent with spaces" if is_tab else error.problem
    return f"{name}:{_position(mark)}: {what}."


class _Reader:
    """Walks over all nodes once, makes their values and notes where these begin."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._around: list[int] = []
        self.marks: dict[Place, Any] = {}

    def value(self, node: Any, place: Place) -> Any:
        if not is_short(node):
            return self._plain(node, place)
        short = node.tag.removeprefix("!")
        long = short if short in _WITHOUT_FN else f"Fn::{short}"
        below = (*place, long)
        self.marks[below] = node.start_mark
        if not isinstance(node, yaml.ScalarNode):
            return {long: self._plain(node, below)}
        return {long: node.value.split(".", 1) if short == "GetAtt" else node.value}

    def _plain(self, node: Any, place: Place) -> Any:
        """Return the value of a node, whatever its tag."""
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self._around:
            raise self._refused(node, "an alias refers to itself")
        self._around.append(id(node))
        try:
            return (self._object if isinstance(node, yaml.MappingNode) else self._list)(node, place)
        finally:
            self._around.pop()

    def _list(self, node: Any, place: Place) -> list[Any]:
        values = []
        for number, item in enumerate(node.value):
            below = (*place, number)
            self.marks[below] = item.start_mark
            values.append(self.value(item, below))
        return values

    def _object(self, node: Any, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                raise self._refused(key, "CloudFormation takes no merge keys (<<)")
            if not isinstance(key, yaml.ScalarNode):
                raise self._refused(key, "a key has to be a text")
            below = (*place, key.value)
            if key.value in values:
                first = _position(self.marks[below])
                raise self._refused(key, f"the key {key.value} is there twice, first at {first}")
            self.marks[below] = key.start_mark
            values[key.value] = self.value(value, below)
        return values

    def _refused(self, node: Any, what: str) -> UsageError:
        return UsageError(f"{self._name}:{_position(node.start_mark)}: {what}.")


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _scalar(node: Any) -> Any:
    """Return a scalar's value by the rules of CloudFormation."""
    text: str = node.value
    match node.tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() in _TRUE
        case "int" if _INTEGER.fullmatch(text):
            return int(text)
        case "float" if _FLOAT.fullmatch(text):
            return float(text)
    return text
