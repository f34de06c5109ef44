"""Values as text that fits into a file: YAML by PyYAML's own emitter, JSON by Python's.

What is read off the file is what its author would miss: line ends, the step of indentation, short
forms or long ones, `{Ref: Bot}` and JSON on one line or on several.
"""

import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from .console import visible, visible_json
from .reading import Template, is_short

# Short forms that CloudFormation knows, by their long form; all others stay long.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
_SHORT: Final = {"Ref": "!Ref", "Condition": "!Condition"} | {
    f"Fn::{name}": f"!{name}"
    for name in (
        *("And", "Base64", "Cidr", "Equals", "FindInMap", "GetAZs", "GetAtt", "If"),
        *("ImportValue", "Join", "Not", "Or", "Select", "Split", "Sub"),
    )
}
_MAP: Final = "tag:yaml.org,2002:map"
_LIST: Final = "tag:yaml.org,2002:seq"
_TEXT: Final = "tag:yaml.org,2002:str"
# Texts that PyYAML leaves without quotes, and that other readers take for something else.
_MISTAKABLE: Final = re.compile(r"[-+.0-9].*|[yn]", re.ASCII | re.IGNORECASE)
# Such as `AWS::Lambda::Permission`: a colon between letters needs no quotes.
_NAME: Final = re.compile(r"[A-Za-z](?:[\w./-]|:+(?=\w))*", re.ASCII)
# What still reads at a glance.
_LONGEST_LINE: Final = 80

Value = dict[str, Any] | list[Any]
"""Members of an object, or items of a list."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is written.

    `step` is one step of indentation, and `indents_lists` is about the dashes below a key. Where
    `is_compact`, calls and lists of texts are on one line within blocks. The separators are those
    of JSON, `, ` and `: `. A file in flow style has `on_lines` where its sections are on lines of
    their own.
    """

    is_json: bool
    newline: str
    step: str
    indents_lists: bool
    is_compact: bool
    takes_short: bool
    separators: tuple[str, str]
    on_lines: bool


def style_of(template: Template) -> Style:
    """Return the style of a template: what most of its parts have, or else what is usual."""
    text, root = template.text, template.root
    nodes = list(_nodes(root))
    objects = [node for node in nodes if isinstance(node, yaml.MappingNode)]
    lists = [node for node in nodes if isinstance(node, yaml.SequenceNode)]
    pairs = [pair for node in objects for pair in node.value]
    # In block style: how much further to the right a member is than the key above, and a dash.
    blocks = [(key.start_mark.column, value) for key, value in pairs if _is_block(value)]
    steps = Counter(
        value.value[0][0].start_mark.column - column
        for column, value in blocks
        if isinstance(value, yaml.MappingNode)
    )
    dashes = Counter(
        dash_column(text, value) > column
        for column, value in blocks
        if isinstance(value, yaml.SequenceNode)
    )
    # PyYAML takes no step of 1.
    step = " " * max(2, steps.most_common(1)[0][0] if steps else 2)
    if root.flow_style:
        indented = re.match(r"[^{]*\{[^\n]*\n([ \t]+)", text)
        step = indented[1] if indented else step
    is_json = bool(root.flow_style) and all(key.style == '"' for key, _ in pairs)
    calls = [node for node in objects if len(node.value) == 1 and _is_call(node.value[0][0].value)]
    flat = [node for node in lists if all(isinstance(item, yaml.ScalarNode) for item in node.value)]
    compact = Counter(not _is_block(node) for node in (*calls, *flat))
    return Style(
        is_json=is_json,
        newline="\r\n" if re.match(r"[^\n]*\r\n", text) else "\n",
        step=step,
        indents_lists=dashes[True] >= dashes[False],
        is_compact=compact[True] >= compact[False],
        takes_short=not is_json and sum(map(is_short, nodes)) >= len(calls),
        separators=(",", ":") if is_json and '": ' not in text else (", ", ": "),
        on_lines=bool(root.flow_style) and has_lines(text, root),
    )


def _nodes(root: Any) -> Iterator[Any]:
    """Yield all nodes but keys, each once, even where aliases refer to it."""
    known: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) in known:
            continue
        known.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            stack += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            stack += node.value


def _is_block(node: Any) -> bool:
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def _is_call(key: str) -> bool:
    return key == "Ref" or (key.startswith("Fn::") and not key.startswith("Fn::ForEach"))


def has_lines(text: str, node: Any) -> bool:
    """Whether a collection in flow style has its members on lines of their own."""
    if not node.value:
        return False
    first = node.value[0][0] if isinstance(node, yaml.MappingNode) else node.value[0]
    return "\n" in text[node.start_mark.index : first.start_mark.index]


def line_indent(text: str, index: int) -> str:
    """Return the white space at the beginning of the line that an index is on."""
    line = text[text.rfind("\n", 0, index) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def dash_column(text: str, node: Any) -> int:
    """Return the column of a list's dashes; the list's own mark may be that of its anchor."""
    first = node.value[0].start_mark.index
    line = text.rfind("\n", 0, first) + 1
    dash = text.find("-", line, first)
    return dash - line if dash >= 0 else int(node.start_mark.column)


def block(value: Value, style: Style) -> list[str]:
    """Return members or items as lines of YAML in block style, not indented."""
    return _yaml(value, style, in_flow=False).split("\n")[:-1]


def flow(value: Value, style: Style, indent: str | None = None, *, deep: bool = False) -> str:
    """Return members or items in flow style, as they stand between braces or brackets.

    With an indentation each begins a line of its own. In JSON, with `deep`, so do their own parts.
    """
    comma, colon = style.separators
    line_end = f"{style.newline}{indent}"
    if style.is_json and indent is not None and deep:
        text = json.dumps(value, indent=style.step, separators=(",", colon), ensure_ascii=False)
        lines = visible_json(text).split("\n")[1:-1]
        return line_end.join(line.removeprefix(style.step) for line in lines)
    parts: list[Value] = (
        [{key: member} for key, member in value.items()]
        if isinstance(value, dict)
        else [[item] for item in value]
    )
    texts = (
        visible_json(json.dumps(part, separators=style.separators, ensure_ascii=False))
        if style.is_json
        else _yaml(part, style, in_flow=True).rstrip("\n")
        for part in parts
    )
    return (comma if indent is None else f",{line_end}").join(text[1:-1] for text in texts)


def _yaml(value: Value, style: Style, *, in_flow: bool) -> str:
    stream = io.StringIO()
    dumper = _Dumper(stream, style, in_flow=in_flow)
    dumper.open()
    # The value itself is never a call: `{"Condition": "IsProd"}` is a member of a resource.
    if isinstance(value, dict):
        dumper.serialize(dumper.represent_mapping(_MAP, value, flow_style=in_flow))
    else:
        dumper.serialize(dumper.represent_sequence(_LIST, value, flow_style=in_flow))
    dumper.close()
    return stream.getvalue()


class TemplateDumper(yaml.SafeDumper):
    """PyYAML's own, which here writes out what stands twice, since CloudFormation takes no aliases.

    A text with what is not seen stands between double quotes, with all but ASCII escaped; one that
    other readers take for something else stands between quotes, too.
    """

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - of no value at all.
        """Return that no value is referred to by an alias."""
        return True

    def represent_text(self, text: str) -> yaml.Node:
        """Return a text as a node, without a style where PyYAML may choose it."""
        quotes = "'" if _MISTAKABLE.fullmatch(text) else None
        return self.represent_scalar(_TEXT, text, quotes if _is_seen(text) else '"')

    def write_double_quoted(self, text: str, split: bool = True) -> None:  # noqa: FBT001, FBT002 - as in PyYAML.
        """Write a text between double quotes, on several lines where it is `split`."""
        self.allow_unicode = _is_seen(text)
        super().write_double_quoted(text, split)


TemplateDumper.add_representer(str, TemplateDumper.represent_text)


def _is_seen(text: str) -> bool:
    """Whether nothing in a text is invisible but tabs and ends of lines."""
    return visible(text, keep="\n\t") == text


class _Dumper(TemplateDumper):
    """Knows short forms and what of a block is on one line."""

    def __init__(self, stream: io.StringIO, style: Style, *, in_flow: bool) -> None:
        # Without a width, since PyYAML breaks lines within texts.
        options: dict[str, Any] = {"indent": len(style.step), "width": sys.maxsize}
        super().__init__(stream, **options, allow_unicode=True, sort_keys=False)
        self._file = style
        self._in_flow = in_flow

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002 - as in PyYAML.
        super().increase_indent(flow, indentless and not self._file.indents_lists)

    def analyze_scalar(self, scalar: str) -> Any:
        analysis = super().analyze_scalar(scalar)
        analysis.allow_flow_plain |= _NAME.fullmatch(scalar) is not None
        return analysis

    def choose_scalar_style(self) -> str:
        # PyYAML itself puts each text behind a tag into quotes.
        event: Any = self.event
        analysis = self.analyze_scalar(event.value)
        is_plain = analysis.allow_flow_plain if self.flow_level else analysis.allow_block_plain
        return "" if event.tag.startswith("!") and is_plain else super().choose_scalar_style()

    def represent_text(self, text: str) -> yaml.Node:
        if text.isprintable():
            return super().represent_text(text)
        return self.represent_scalar(_TEXT, text, '"')

    def represent_items(self, items: list[Any]) -> yaml.Node:
        is_flat = not any(isinstance(item, dict | list) for item in items)
        on_line = is_flat and self._file.is_compact and self._fits(items)
        return self.represent_sequence(_LIST, items, flow_style=on_line)

    def represent_members(self, members: dict[str, Any]) -> yaml.Node:
        key, argument = next(iter(members.items()), ("", None))
        tag = _SHORT.get(key) if self._file.takes_short and len(members) == 1 else None
        match argument:
            # `!GetAtt A.B.C` is about attribute `B.C` of A.
            case [str(name), str(attribute)] if tag == "!GetAtt" and "." not in name:
                return self.represent_scalar(tag, f"{name}.{attribute}")
            case list() if tag:
                return self.represent_sequence(tag, argument, flow_style=self._fits(members))
            # A value has one tag: what calls another function as its whole argument is long.
            case str() if tag and tag != "!GetAtt":
                return self.represent_scalar(tag, argument)
        is_call = len(members) == 1 and _is_call(key)
        on_line = is_call and self._file.is_compact and self._fits(members)
        return self.represent_mapping(_MAP, members, flow_style=on_line)

    def _fits(self, value: Value) -> bool:
        """Whether a value reads at a glance on one line."""
        line = "" if self._in_flow else _yaml([value], self._file, in_flow=True)
        return len(line) <= _LONGEST_LINE + len("[]\n")


_Dumper.add_representer(str, _Dumper.represent_text)
_Dumper.add_representer(list, _Dumper.represent_items)
_Dumper.add_representer(dict, _Dumper.represent_members)
