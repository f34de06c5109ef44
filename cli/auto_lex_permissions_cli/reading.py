"""Templates as CloudFormation reads them, with the place of each value in the file.

CloudFormation takes JSON and YAML 1.1, in which `yes` is a boolean; dates stay text, and so does a
number that begins with 0, which is an account's id. Short forms of intrinsic functions become long
ones. Duplicate keys are an error here: CloudFormation would keep one of them without a word. It
takes no aliases and no merge keys: they are read as AWS SAM and `aws cloudformation package` do,
which write them out.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from auto_lex_permissions.cfn.values import Place

from .console import UnreadableError, UsageError

# CloudFormation takes 1 MB of template, and Lambda 6 MB of a request: what is larger than that
# with its comments and blanks is no template. With aliases written out it is no larger either.
LARGEST: Final = 6_000_000
# In a template of 1 MB are some 75,000 values and keys, and a value is some 30 deep. The core looks
# through 100 calls of Fn::If, each of which is an object and a list.
MOST: Final = 250_000
DEEPEST: Final = 250
# What every template with a code hook holds, and hardly any other file; a loop may make it.
_BOT: Final = re.compile(rb"AWS::Lex::(?:Bot|[$&])")
_TOO_LARGE: Final = (
    f"holds more than any template: over {MOST:,} values or {LARGEST:,} characters,"
    " with its aliases written out"
)
_TOO_DEEP: Final = f"is nested more deeply than any template: over {DEEPEST} levels"
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# PyYAML's words for it.
_SECOND_DOCUMENT: Final = "expected a single document in the stream"
_TAG: Final = "tag:yaml.org,2002:"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
BODY: Final = "TemplateBody"
# Python takes no number of several thousand digits; CloudFormation has none.
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})")
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_TRUE: Final = frozenset({"yes", "true", "on"})
# Short forms that have no `Fn::` before their long form.
_WITHOUT_FN: Final = frozenset({"Ref", "Condition"})
# A text of JSON's tokens alone: a tab in it is between two of them.
_JSON: Final = re.compile(
    r"""(?:[ \t\r\n{}\[\]:,]
      | "(?:[^"\\\x00-\x1f]|\\.)*+"
      | (?:true|false|null|[-+.0-9eE]++)(?=[ \t\r\n\]},])
      )*+""",
    re.VERBOSE,
)
# PyYAML takes minutes for many of these.
_TAG_DIRECTIVE: Final = re.compile(r"(?:^|[\n\r\x85\u2028\u2029])%TAG")
# A surrogate pair as JSON escapes it, or any other escaped character.
_ESCAPED: Final = re.compile(
    r"\\(?:(u[dD][89abAB][0-9a-fA-F]{2})\\(u[dD][c-fC-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
# Instead of the backslashes of surrogate pairs, which libyaml does not take: a noncharacter, which
# by Unicode no text has.
_STAND_IN: Final = "\U0010fffe"
_WRITTEN_STAND_IN: Final = re.compile(rf"{_STAND_IN}|\\U0010fffe", re.IGNORECASE)
_PAIR: Final = re.compile(rf"{_STAND_IN}u(.{{4}}){_STAND_IN}u(.{{4}})")


def names_a_bot(content: bytes) -> bool:
    """Whether a file names a Lex V2 bot: in UTF-8, or wider, as which it cannot be read."""
    # UTF-16 and UTF-32 have zeros between the letters of ASCII.
    return _BOT.search(content.replace(b"\0", b"")) is not None


def is_short(node: Any) -> bool:
    """Whether a YAML node is a short form, such as `!Ref`."""
    return bool(node.tag.startswith("!") and node.tag != "!")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A line and a column of a file, counted from 1 as editors do."""

    line: int
    column: int

    def __str__(self) -> str:
        """Return the position as compilers write it."""
        return f"{self.line}:{self.column}"


def position_in(text: str, index: int) -> Position:
    """Return the position of a character of a text.

    Lines end as for editors and `patch`: YAML sees more ends, such as U+2028 inside of a text.
    """
    start = text.rfind("\n", 0, index) + 1
    return Position(text.count("\n", 0, start) + 1, index - start + 1)


class NoTemplateError(UsageError):
    """What was read is no object, so it can be no template."""


def is_merge(key: Any) -> bool:
    """Whether a key's node merges what it is the key of (`<<`)."""
    return bool(key.tag == f"{_TAG}merge")


@dataclass(frozen=True, slots=True)
class Template:
    """A template's text, its YAML nodes, and its value with long forms only.

    `first_shared` is where the first alias or merge key is, or what an alias refers to.
    `file` is another name where the text is a string in that file, as in the output of
    `get-template`.
    """

    name: str
    text: str
    root: Any = field(repr=False)
    value: dict[str, Any] = field(repr=False)
    first_shared: Position | None
    file: str

    @property
    def is_quoted(self) -> bool:
        """Whether the text is a string in its file."""
        return self.file != self.name

    def position(self, place: Place) -> Position:
        """Return where a place is in the file, or the nearest one around it that is there.

        It is where the value begins, at its key where it has one.
        """
        mark, node, is_open = None, self.root, False
        for step in place:
            if is_short(node) and not is_open:
                # A short form's own node is that of its argument.
                found = (node, node) if step == _long(node) else None
                is_open = True
            else:
                found = _member(node, step)
                is_open = False
            if found is None:
                break
            start, node = found
            mark = start.start_mark
        return position_in(self.text, mark.index) if mark else Position(1, 1)


def _member(node: Any, step: str | int) -> tuple[Any, Any] | None:
    """Return the node that a member or an item of a node begins with, and its own node."""
    if isinstance(node, yaml.MappingNode):
        own = (pair for pair in node.value if pair[0].value == step and not is_merge(pair[0]))
        merged = (_member(one, step) for one in reversed([*_merged(node)]))
        return next(own, None) or next(filter(None, merged), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _merged(node: Any) -> Iterator[Any]:
    """Yield the nodes that an object's node merges, those that win over others behind these."""
    for key, value in node.value:
        if is_merge(key):
            yield from reversed(value.value) if isinstance(value, yaml.SequenceNode) else [value]


def _long(node: Any) -> str:
    """Return the long form of a short one, `Fn::Sub` of `!Sub`."""
    short: str = node.tag.removeprefix("!")
    return short if short in _WITHOUT_FN else f"Fn::{short}"


def parse(name: str, content: bytes) -> Template:
    """Read a template.

    Raises UnreadableError with the file's name, what is wrong, and where; NoTemplateError for what
    is no object.
    """
    if len(content) > LARGEST:
        raise UnreadableError(name, f"is larger than any template: over {LARGEST:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(name, f"is not UTF-8 text (byte {error.start})") from error
    return _parsed(name, text, name)


def _parsed(name: str, text: str, file: str) -> Template:
    if "%TAG" in text and _TAG_DIRECTIVE.search(text):
        raise UnreadableError(name, "CloudFormation takes no directive %TAG")
    try:
        root = _compose(name, text)
    except yaml.MarkedYAMLError as error:
        if error.context == _SECOND_DOCUMENT and not _begins_as_template(name, text):
            raise NoTemplateError(
                f"{name}: is no template: it is several YAML documents."
            ) from error
        raise _syntax(name, text, error) from error
    except yaml.YAMLError as error:
        raise UnreadableError(name, str(error).splitlines()[0].removesuffix(".")) from error
    if not isinstance(root, yaml.MappingNode):
        raise NoTemplateError(f"{name}: is no template: a template is an object of sections.")
    body = _body(root) if name == file else root
    if isinstance(body, yaml.ScalarNode):
        try:
            return _parsed(f"{name} ({BODY})", body.value, file)
        except UnreadableError as error:
            error.file = file
            raise
    reader = _Reader(name, text)
    return Template(name, text, body, reader.value(body), reader.first_shared, file)


def _begins_as_template(name: str, text: str) -> bool:
    """Return whether the first of several documents is meant as a template."""
    loader = _Loader(name, text)
    first = loader.get_node() if loader.check_node() else None
    keys = [key.value for key, _ in first.value] if isinstance(first, yaml.MappingNode) else []
    return "Resources" in keys


def _body(root: Any) -> Any:
    """Return the template's own node, also in the output of `aws cloudformation get-template`."""
    texts = (pair for pair in root.value if isinstance(pair[0], yaml.ScalarNode))
    members = {key.value: value for key, value in texts}
    body = members.get(BODY)
    is_output = "Resources" not in members and not is_short(body or root)
    return body if is_output and isinstance(body, yaml.MappingNode | yaml.ScalarNode) else root


def _compose(name: str, text: str) -> Any:
    """Return the root of a text's nodes; all marks are those of the text as it is."""
    readable = text
    if "\t" in text and text.lstrip().startswith("{") and _JSON.fullmatch(text):
        # YAML takes no tabs between its tokens.
        readable = text.replace("\t", " ")
    hidden = _ESCAPED.sub(_hide_pair, readable)
    if hidden == readable:
        return _Loader(name, readable).get_single_node()
    if _WRITTEN_STAND_IN.search(readable):
        raise UnreadableError(name, "holds U+10FFFE, which is no character")
    root = _Loader(name, hidden).get_single_node()
    known: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) in known:
            continue
        known.add(id(node))
        if isinstance(node, yaml.MappingNode):
            stack += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            stack += node.value
        elif node.style == '"':
            node.value = _PAIR.sub(_joined, node.value)
        else:
            # Only between these quotes is a backslash more than itself.
            node.value = node.value.replace(_STAND_IN, "\\")
    return root


def _hide_pair(escaped: re.Match[str]) -> str:
    high, low = escaped.groups()
    return f"{_STAND_IN}{high}{_STAND_IN}{low}" if high else escaped[0]


def _joined(pair: re.Match[str]) -> str:
    """Return the character of a surrogate pair."""
    high, low = (int(half, 16) for half in pair.groups())
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


class _Loader(_LOADER):  # type: ignore[misc] # It is one of two classes, and written in C.
    """Composes nodes, of which it counts how many and how deep they are, before each is made.

    libyaml parses without recursion, and PyYAML then composes with: at some depth the process ends.
    PyYAML calls the resolver for each node, from outside to inside; an alias is no node of its own.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self._name = name
        self._text = text
        self._depth = self._nodes = 0

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:  # noqa: ARG002 - as in PyYAML.
        self._depth += 1
        self._nodes += 1
        if self._depth > DEEPEST:
            raise _refused(self._name, self._text, current_node, _TOO_DEEP)
        if self._nodes > MOST:
            raise _refused(self._name, self._text, current_node, _TOO_LARGE)

    def ascend_resolver(self) -> None:
        self._depth -= 1


def _syntax(name: str, text: str, error: yaml.MarkedYAMLError) -> UnreadableError:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return UnreadableError(name, str(error.problem))
    at = position_in(text, mark.index)
    if "Unicode character escape" in str(error.problem):
        # The mark is behind the backslash and the letter.
        digits = 4 if text[mark.index - 1] == "u" else 8
        escaped = text[mark.index - 2 : mark.index + digits]
        return UnreadableError(name, f"{escaped} alone is no character", at.line, at.column - 2)
    if error.context == _SECOND_DOCUMENT:
        second = "a second YAML document begins here; a template is one"
        return UnreadableError(name, second, at.line, at.column)
    is_tab = "\t" in text[mark.index + 1 - at.column : mark.index + 1]
    what = "YAML takes no tab here; indent with spaces" if is_tab else str(error.problem)
    return UnreadableError(name, what, at.line, at.column)


class _Reader:
    """Walks over all nodes, those of an alias again at each place, and makes their values."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self.first_shared: Position | None = None
        self._known: set[int] = set()
        self._around: list[int] = []
        self._values = self._characters = 0

    def value(self, node: Any) -> Any:
        value = self._plain(node)
        if not is_short(node):
            return value
        long = _long(node)
        has_name = long == "Fn::GetAtt" and isinstance(node, yaml.ScalarNode)
        return {long: node.value.split(".", 1) if has_name else value}

    def _plain(self, node: Any) -> Any:
        """Return the value of a node, whatever its tag."""
        is_scalar = isinstance(node, yaml.ScalarNode)
        self._values += 1
        self._characters += len(node.value) if is_scalar else 0
        if self._values > MOST or self._characters > LARGEST:
            raise _refused(self._name, self._text, node, _TOO_LARGE)
        if id(node) in self._known:
            self._share(node)
        self._known.add(id(node))
        if is_scalar:
            return _scalar(node)
        if id(node) in self._around:
            raise _refused(self._name, self._text, node, "an alias refers to itself")
        if len(self._around) == DEEPEST:
            raise _refused(self._name, self._text, node, _TOO_DEEP)
        self._around.append(id(node))
        try:
            return self._object(node) if isinstance(node, yaml.MappingNode) else self._list(node)
        finally:
            self._around.pop()

    def _list(self, node: Any) -> list[Any]:
        # By map, since a comprehension takes more of the stack in Python before 3.12.
        return list(map(self.value, node.value))

    def _object(self, node: Any) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for merged in _merged(node):
            self._share(node)
            if not isinstance(merged, yaml.MappingNode) or is_short(merged):
                raise _refused(
                    self._name, self._text, merged, "a merge key (<<) takes objects only"
                )
            values |= self._plain(merged)
        own: set[str] = set()
        for key, value in node.value:
            if is_merge(key):
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise _refused(self._name, self._text, key, "a key has to be a text")
            if key.value in own:
                first = next(known for known, _ in node.value if known.value == key.value)
                before = position_in(self._text, first.start_mark.index)
                what = f"the key {key.value} is there twice, first at {before}"
                raise _refused(self._name, self._text, key, what)
            own.add(key.value)
            self._characters += len(key.value)
            values[key.value] = self.value(value)
        return values

    def _share(self, node: Any) -> None:
        self.first_shared = self.first_shared or position_in(self._text, node.start_mark.index)


def _refused(name: str, text: str, node: Any, what: str) -> UnreadableError:
    at = position_in(text, node.start_mark.index)
    return UnreadableError(name, what, at.line, at.column)


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
