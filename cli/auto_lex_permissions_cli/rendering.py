"""Values as text in the style of a file: YAML in blocks or in flow, JSON on one line or on many.

What a program adds to somebody's file should look as if its author had written it. The style is
read off the file: its line ends, its steps of indentation, whether it takes short forms, what it
quotes, and whether a call such as `{"Ref": "Bot"}` stands on one line.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import yaml

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
# YAML 1.1 reads these as booleans or as null.
_NO_TEXTS: Final = frozenset({"y", "yes", "n", "no", "true", "false", "on", "off", "null"})
# Texts that need no quotes, whoever reads them; what begins with a digit may be a number.
_PLAIN_IN_FLOW: Final = re.compile(
    r"[A-Za-z_/](?:[\w./@+*$=&-]|:(?=[^\s,\[\]{}])| (?=[\w(]))*", re.ASCII
)
_PLAIN: Final = re.compile(r"[A-Za-z_/$](?:[\w./@+*$=&{}-]|:(?=[^\s,\[\]])| (?=[\w(]))*", re.ASCII)
# What still reads at a glance.
_LONGEST_LINE: Final = 80


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is written.

    `quotes_arguments` is about the texts behind short forms, such as `!Ref "Bot"`.
    `unit` is one step of indentation and `dash` the one from a key to the dashes below it; `pad`
    stands inside the braces of an object on one line. `lines` tells whether an object in flow
    style has its members on lines of their own where nothing else shows it.
    """

    is_json: bool = False
    newline: str = "\n"
    unit: str = "  "
    dash: str = "  "
    short: bool = True
    quote: str = '"'
    quotes_texts: bool = False
    quotes_arguments: bool = False
    quotes_keys: bool = False
    is_ascii: bool = False
    colon: str = ": "
    comma: str = ", "
    pad: str = ""
    lines: bool = False
    calls_on_a_line: bool = True
    lists_on_a_line: bool = True


class _Seen(NamedTuple):
    """A node of the file, and the column of the key that it stands under, -1 where there is none.

    `is_key` is told of keys.
    """

    node: Any
    column: int
    is_key: bool = False


def style_of(template: Template) -> Style:
    """Return the style of a template."""
    text, root = template.text, template.root
    seen = list(_walk(root))
    is_json = bool(root.flow_style) and _is_json(text)
    texts = [one.node for one in seen if not one.is_key and _is_text(one.node)]
    keys = [one.node for one in seen if one.is_key]
    calls = [one.node for one in seen if _is_call_node(one.node)]
    shorts = [one.node for one in seen if is_short(one.node)]
    flows = [one.node for one in seen if _is_flow_object(one.node)]
    return Style(
        is_json=is_json,
        newline="\r\n" if re.match(r"[^\n]*\r\n", text) else "\n",
        unit=_flow_unit(text, root) if root.flow_style else _step(seen, yaml.MappingNode, 1),
        dash=_step(seen, yaml.SequenceNode, 0),
        short=not is_json and len(shorts) >= len(calls),
        quote="'" if _mostly(node.style == "'" for node in texts if node.style) else '"',
        quotes_texts=is_json or _mostly(bool(node.style) for node in texts),
        quotes_arguments=_mostly(bool(getattr(node, "style", None)) for node in shorts),
        quotes_keys=is_json or _mostly(bool(node.style) for node in keys),
        is_ascii=is_json and text.isascii(),
        **(_separators(text, flows) if is_json else {"pad": _pad(text, flows)}),
        lines=bool(root.flow_style) and has_lines(text, root),
        calls_on_a_line=_mostly((_is_on_a_line(node) for node in calls), default=True),
        lists_on_a_line=_mostly(
            (_is_on_a_line(one.node) for one in seen if _is_leaf_list(one.node)), default=True
        ),
    )


def _walk(root: Any) -> Iterator[_Seen]:
    """Yield all nodes, each once, even where aliases refer to it."""
    known: set[int] = set()
    stack = [_Seen(root, -1)]
    while stack:
        one = stack.pop()
        if id(one.node) in known:
            continue
        known.add(id(one.node))
        yield one
        if isinstance(one.node, yaml.MappingNode):
            for key, value in one.node.value:
                yield _Seen(key, -1, is_key=True)
                stack.append(_Seen(value, key.start_mark.column))
        elif isinstance(one.node, yaml.SequenceNode):
            stack += [_Seen(item, -1) for item in one.node.value]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _mostly(votes: Iterable[bool], *, default: bool = False) -> bool:
    """Tell what the majority says."""
    told = Counter(votes)
    return told[True] > told[False] if told else default


def _is_text(node: Any) -> bool:
    is_block = node.style in ("|", ">") if isinstance(node, yaml.ScalarNode) else True
    return not is_block and node.tag == "tag:yaml.org,2002:str"


def _is_call_node(node: Any) -> bool:
    if not isinstance(node, yaml.MappingNode) or len(node.value) != 1:
        return False
    name = node.value[0][0].value
    return isinstance(name, str) and _is_function(name)


def _is_function(name: str) -> bool:
    return name == "Ref" or (name.startswith("Fn::") and not name.startswith("Fn::ForEach"))


def _is_flow_object(node: Any) -> bool:
    return isinstance(node, yaml.MappingNode) and bool(node.flow_style) and bool(node.value)


def _is_leaf_list(node: Any) -> bool:
    return isinstance(node, yaml.SequenceNode) and all(
        isinstance(item, yaml.ScalarNode) for item in node.value
    )


def _is_on_a_line(node: Any) -> bool:
    return bool(node.flow_style) and node.start_mark.line == node.end_mark.line


def _step(seen: Iterable[_Seen], kind: type, least: int) -> str:
    """Return the usual step from a key to the block below it."""
    steps = (
        _column(node) - column
        for node, column, _ in seen
        if column >= 0 and isinstance(node, kind) and not getattr(node, "flow_style", None)
    )
    usual = Counter(step for step in steps if step >= least).most_common(1)
    return " " * usual[0][0] if usual else "  "


def _column(node: Any) -> int:
    """Return the column of a block, whose own mark may be that of an anchor before it."""
    first = node.value[0]
    if isinstance(first, tuple):
        return int(first[0].start_mark.column)
    return int(first.start_mark.column) - len("- ")


def has_lines(text: str, node: Any) -> bool:
    """Tell whether a collection in flow style has its members on lines of their own."""
    if not node.value:
        return False
    first = node.value[0][0] if isinstance(node, yaml.MappingNode) else node.value[0]
    return "\n" in text[node.start_mark.index : first.start_mark.index]


def line_indent(text: str, index: int) -> str:
    """Return the white space at the beginning of a line."""
    line = text[text.rfind("\n", 0, index) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _flow_unit(text: str, root: Any) -> str:
    if not root.value:
        return "  "
    inside = line_indent(text, root.value[0][0].start_mark.index)
    return inside.removeprefix(line_indent(text, root.start_mark.index)) or "  "


def _separators(text: str, flows: list[Any]) -> dict[str, Any]:
    """Return what stands between the parts of JSON: `{"a":1}` or `{"a": 1}`."""
    colons = Counter(
        text[node.value[0][0].end_mark.index : node.value[0][1].start_mark.index] for node in flows
    )
    colon = next((one for one, _ in colons.most_common() if "\n" not in one), ": ")
    return {
        "colon": colon,
        "comma": ", " if colon.endswith(" ") else ",",
        "pad": _pad(text, flows),
    }


def _pad(text: str, flows: list[Any]) -> str:
    pads = (
        text[node.start_mark.index + 1 : node.value[0][0].start_mark.index]
        for node in flows
        if _is_on_a_line(node) and not is_short(node)
    )
    return " " if _mostly(pad == " " for pad in pads) else ""


def scalar(value: Any, style: Style, *, in_flow: bool) -> str:
    """Return a text, a number, a boolean or null."""
    if not isinstance(value, str) or style.is_json:
        return json.dumps(value, ensure_ascii=style.is_ascii)
    return _text(value, style, in_flow=in_flow, quotes=style.quotes_texts)


def _text(text: str, style: Style, *, in_flow: bool, quotes: bool) -> str:
    plain = _PLAIN_IN_FLOW if in_flow else _PLAIN
    if not quotes and plain.fullmatch(text) and text.lower() not in _NO_TEXTS:
        return text
    if not text.isprintable():
        escaped: str = yaml.dump(text, default_style='"', width=1_000_000, allow_unicode=True)
        return escaped.rstrip("\n")
    if style.quote == "'" or '"' in text or "\\" in text:
        doubled = text.replace("'", "''")
        return f"'{doubled}'"
    return f'"{text}"'


def _key(key: str, style: Style, *, in_flow: bool) -> str:
    if style.is_json:
        return json.dumps(key, ensure_ascii=style.is_ascii)
    return _text(key, style, in_flow=in_flow, quotes=style.quotes_keys)


def _shortened(value: Any, style: Style) -> tuple[str, Any]:
    """Return the tag of a short form and its argument, or no tag and the value itself.

    YAML takes one tag for a value, so what calls another function as its whole argument is long.
    """
    if not (style.short and isinstance(value, dict) and len(value) == 1):
        return "", value
    ((name, argument),) = value.items()
    match argument:
        case [str(one), str(attribute)] if name == "Fn::GetAtt" and "." not in one:
            return "!GetAtt", f"{one}.{attribute}"
        case str() if name == "Fn::GetAtt":
            return "", value
        case str() | list() if name in _SHORT:
            return _SHORT[name], argument
    return "", value


def _is_call(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and _is_function(next(iter(value)))


def _is_on_one_line(value: Any, style: Style) -> bool:
    """Tell whether a value is put on one line, as the file does with its like."""
    tag, argument = _shortened(value, style)
    if not isinstance(argument, dict | list) or not argument:
        return True
    if len(inline(value, style)) > _LONGEST_LINE:
        return False
    if tag or _is_call(value):
        return bool(tag) or style.calls_on_a_line
    is_flat = isinstance(value, list) and not any(isinstance(one, dict | list) for one in value)
    return is_flat and style.lists_on_a_line


def inline(value: Any, style: Style, *, in_flow: bool = False) -> str:
    """Return a value on one line."""
    tag, argument = _shortened(value, style)
    before = f"{tag} " if tag else ""
    match argument:
        case {} if argument:
            members = (
                f"{_key(key, style, in_flow=True)}{style.colon}{inline(one, style, in_flow=True)}"
                for key, one in argument.items()
            )
            return f"{before}{{{style.pad}{style.comma.join(members)}{style.pad}}}"
        case list():
            items = style.comma.join(inline(one, style, in_flow=True) for one in argument)
            return f"{before}[{items}]"
        case {}:
            return "{}"
    if tag:
        quotes = style.quotes_arguments
        return before + _text(argument, style, in_flow=in_flow, quotes=quotes)
    return scalar(argument, style, in_flow=in_flow)


def member(key: str, value: Any, indent: str, style: Style) -> list[str]:
    """Return a key and its value as the lines of a block."""
    head = f"{indent}{_key(key, style, in_flow=False)}:"
    if _is_on_one_line(value, style):
        return [f"{head} {inline(value, style)}"]
    tag, argument = _shortened(value, style)
    deeper = indent + (style.dash if isinstance(argument, list) else style.unit)
    return [f"{head} {tag}".rstrip(), *_block(argument, deeper, style)]


def item(value: Any, indent: str, style: Style) -> list[str]:
    """Return an item of a list as the lines of a block."""
    if _is_on_one_line(value, style):
        return [f"{indent}- {inline(value, style)}"]
    tag, argument = _shortened(value, style)
    lines = _block(argument, f"{indent}  ", style)
    if tag:
        return [f"{indent}- {tag}", *lines]
    return [f"{indent}- {lines[0][len(indent) + 2 :]}", *lines[1:]]


def _block(value: Any, indent: str, style: Style) -> list[str]:
    if isinstance(value, dict):
        parts = [member(key, one, indent, style) for key, one in value.items()]
    else:
        parts = [item(one, indent, style) for one in value]
    return [line for part in parts for line in part]


def on_lines(value: Any, indent: str, style: Style) -> str:
    """Return a value in flow style with its parts on lines of their own."""
    if _is_on_one_line(value, style):
        return inline(value, style, in_flow=True)
    tag, argument = _shortened(value, style)
    deeper = indent + style.unit
    if isinstance(argument, dict):
        parts = [entry(key, one, deeper, style) for key, one in argument.items()]
        opening, closing = "{}"
    else:
        parts = [on_lines(one, deeper, style) for one in argument]
        opening, closing = "[]"
    inside = f",{style.newline}".join(deeper + part for part in parts)
    before = f"{tag} " if tag else ""
    return f"{before}{opening}{style.newline}{inside}{style.newline}{indent}{closing}"


def entry(key: str, value: Any, indent: str, style: Style) -> str:
    """Return a key and its value in flow style, the value on lines of its own."""
    return f"{_key(key, style, in_flow=True)}{style.colon}{on_lines(value, indent, style)}"


def entry_on_a_line(key: str, value: Any, style: Style) -> str:
    """Return a key and its value in flow style on one line."""
    return f"{_key(key, style, in_flow=True)}{style.colon}{inline(value, style, in_flow=True)}"
