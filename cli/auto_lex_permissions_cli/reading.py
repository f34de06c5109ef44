"""Templates as files: read as CloudFormation reads them, with the place of each value.

CloudFormation takes JSON and YAML 1.1, in which `yes` is a boolean; dates stay text, and so does a
number that begins with 0, which is an account's id. Short forms of intrinsic functions become long
ones. Duplicate keys are an error here: CloudFormation would keep one of them without a word.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import yaml

from .console import UsageError

STDIN: Final = "-"
# What every template with a code hook holds, and hardly any other file.
LEX: Final = re.compile(rb"AWS::Lex::Bot|AWS::Lex::\$|AutoLexPermissions")
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"
# Python takes no number of several thousand digits; CloudFormation has none.
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})")
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_TRUE: Final = frozenset({"yes", "true", "on"})
# Short forms that have no `Fn::` before their long form.
_PLAIN: Final = frozenset({"Ref", "Condition"})


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file, counted from 1 as editors do; `index` counts characters from 0."""

    line: int
    column: int
    index: int

    def __str__(self) -> str:
        """Return the place as compilers write it."""
        return f"{self.line}:{self.column}"


@dataclass(frozen=True)
class Source:
    """A template's text, its value in long forms, and where each part of it stands."""

    name: str
    text: str
    root: Any = field(repr=False)

    @cached_property
    def _read(self) -> "_Reader":
        try:
            return _Reader(self.name, self.root)
        except RecursionError as error:
            raise _too_deep(self.name) from error

    @property
    def template(self) -> dict[str, Any]:
        """Return the template as CloudFormation hands it to a macro, its Transform left in."""
        template: dict[str, Any] = self._read.value
        return template

    def position(self, path: str) -> Position:
        """Return where a path of the template stands, or the nearest part around it."""
        nodes = self._read.nodes
        while path not in nodes:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return _position(nodes[path][0]) if path else Position(1, 1, 0)

    def node(self, path: str) -> Any:
        """Return the node of a path, or None where there is none."""
        return self._read.nodes.get(path, (None, None))[1]


def read_bytes(name: str, stdin: Any) -> bytes:
    """Return what a file holds, or the standard input; raises UsageError."""
    try:
        if name == STDIN:
            return bytes(stdin.read())
        with open(name, "rb") as file:  # noqa: PTH123 - of thousands, most are only looked at.
            return file.read()
    except OSError as error:
        raise UsageError(f"{name}: cannot be read: {error.strerror}.") from error


def source_of(name: str, content: bytes) -> Source:
    """Read a template; raises UsageError with file, line and column of what is wrong."""
    shown = "standard input" if name == STDIN else name
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown}: is not UTF-8 text (byte {error.start}).") from error
    try:
        root = yaml.compose(_without_tabs(text), Loader=_LOADER)
    except RecursionError as error:
        raise _too_deep(shown) from error
    except yaml.MarkedYAMLError as error:
        raise UsageError(_syntax(shown, text, error)) from error
    except yaml.YAMLError as error:
        raise UsageError(f"{shown}: {error}".splitlines()[0]) from error
    if not isinstance(root, yaml.MappingNode):
        raise UsageError(f"{shown}: is no template: a template is an object of sections.")
    return Source(shown, text, root)


def _too_deep(name: str) -> UsageError:
    return UsageError(f"{name}: is nested more deeply than any template.")


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
    place = f"{name}:{mark.line + 1}:{mark.column + 1}"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: mark.column + 1]:
        return f"{place}: YAML takes no tab here; indent with spaces."
    return f"{place}: {error.problem}."


class _Reader:
    """One walk over the nodes: values in long forms, and the nodes by path."""

    def __init__(self, name: str, root: Any) -> None:
        self._name = name
        # By path: what stands first there, a key or an item, and the node of the value.
        self.nodes: dict[str, tuple[Any, Any]] = {"": (root, root)}
        self._around: list[int] = []
        self.value = self._value(root, "")

    def _value(self, node: Any, path: str) -> Any:
        tag: str = node.tag
        if tag.startswith("!") and len(tag) > 1:
            return self._short(node, tag[1:], path)
        return self._plain(node, path)

    def _plain(self, node: Any, path: str) -> Any:
        if id(node) in self._around:
            raise UsageError(f"{self._name}:{_position(node)}: an alias refers to itself.")
        self._around.append(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return dict(self._members(node, path))
            if isinstance(node, yaml.SequenceNode):
                return [self._item(item, f"{path}[{n}]") for n, item in enumerate(node.value)]
        finally:
            self._around.pop()
        return _scalar(node)

    def _item(self, node: Any, path: str) -> Any:
        self.nodes[path] = (node, node)
        return self._value(node, path)

    def _members(self, node: Any, path: str) -> Iterator[tuple[str, Any]]:
        seen: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == f"{_TAG}merge":
                where = f"{self._name}:{_position(key_node)}"
                raise UsageError(f"{where}: CloudFormation takes no merge keys (<<).")
            if not isinstance(key_node, yaml.ScalarNode):
                raise UsageError(f"{self._name}:{_position(key_node)}: a key has to be a text.")
            key: str = key_node.value
            if key in seen:
                raise UsageError(
                    f"{self._name}:{_position(key_node)}: the key {key} is there twice,"
                    f" first at {_position(seen[key])}."
                )
            seen[key] = key_node
            below = f"{path}.{key}" if path else key
            self.nodes[below] = (key_node, value_node)
            yield key, self._value(value_node, below)

    def _short(self, node: Any, short: str, path: str) -> dict[str, Any]:
        """Write a short form in its long form."""
        name = short if short in _PLAIN else f"Fn::{short}"
        below = f"{path}.{name}"
        self.nodes[below] = (node, node)
        if isinstance(node, yaml.ScalarNode):
            argument: Any = node.value
            if short == "GetAtt":
                argument = argument.split(".", 1)
        else:
            argument = self._plain(node, below)
        return {name: argument}


def _position(node: Any) -> Position:
    mark = node.start_mark
    return Position(mark.line + 1, mark.column + 1, mark.index)


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
