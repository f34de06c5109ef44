"""What was added to a template, put into its text: insertions alone, at the marks of its nodes.

Nothing of the author's text is changed or moved: taking the insertions out gives it back to the
byte, comments and all. What could only be had by rewriting is refused.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import yaml

from .console import UsageError
from .reading import Template, is_short
from .rendering import (
    entry,
    entry_on_a_line,
    has_lines,
    inline,
    item,
    line_indent,
    member,
    on_lines,
    style_of,
)

# From the end of a key, a dash or a comma to the end of the alias that follows it.
_ALIAS: Final = re.compile(r"(?:[\s:,\[{-]|#[^\n]*\n)*\*[^\s,\[\]{}]+")
_COMMENT: Final = re.compile(r"#[^\n]*")
_KEEPS_LINES: Final = re.compile(r"[|>]\d?\+")


@dataclass(frozen=True, slots=True, order=True)
class Insertion:
    """A text that goes in before the character of this index of the original."""

    index: int
    text: str


def spliced(text: str, insertions: Iterable[Insertion]) -> str:
    """Return a text with insertions, which stand in their order."""
    parts: list[str] = []
    done = 0
    for one in insertions:
        parts += [text[done : one.index], one.text]
        done = one.index
    return "".join([*parts, text[done:]])


def unspliced(text: str, insertions: Iterable[Insertion]) -> str:
    """Return a text without the insertions that were made; raises ValueError where they differ."""
    parts: list[str] = []
    done = shift = 0
    for one in insertions:
        start = one.index + shift
        if text[start : start + len(one.text)] != one.text:
            raise ValueError(one.index)
        parts.append(text[done:start])
        shift += len(one.text)
        done = start + len(one.text)
    return "".join([*parts, text[done:]])


def insertions(template: Template, after: Any) -> tuple[Insertion, ...]:
    """Return what has to go into a template's text so that its value becomes another.

    Raises UsageError where that takes more than insertions.
    """
    splicer = _Splicer(template)
    splicer.value(template.root, template.value, after, _Place(0, -1))
    return tuple(sorted(splicer.made, key=lambda insertion: insertion.index))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node is expected: behind this index, below a key in this column.

    A node that stands before the index is not there: an alias is, which refers to it.
    """

    behind: int
    column: int


class _Splicer:
    """Walks over a node and its value before and after, and notes what to insert."""

    def __init__(self, template: Template) -> None:
        self._name = template.name
        self._text = template.text
        self._style = style_of(template)
        # What belongs inside is noted first, so that it stays first where both end.
        self.made: list[Insertion] = []

    def value(self, node: Any, before: Any, after: Any, place: _Place) -> None:
        """Note what makes one value of another."""
        if before == after:
            return
        if node.start_mark.index < place.behind:
            raise self._refused(node, "what has to be added belongs to an alias (*): write it out")
        if is_short(node):
            # A short form's own node is that of its argument.
            before, after = _argument(before), _argument(after)
        match before, after:
            case dict(), dict() if isinstance(node, yaml.MappingNode):
                self._of_object(node, before, after)
            case list(), list() if isinstance(node, yaml.SequenceNode):
                self._of_list(node, before, after)
            case None, dict() if isinstance(node, yaml.ScalarNode) and not node.value:
                self._fill(node, after, place)
            case _, [first, *others] if first == before and self._is_wrappable(node):
                self._wrap(node, others)
            case _:
                raise self._refused(node, "what is here would have to be written anew")

    def _refused(self, node: Any, why: str) -> UsageError:
        mark = node.start_mark
        return UsageError(f"{self._name}:{mark.line + 1}:{mark.column + 1}: {why}.")

    def _insert(self, index: int, text: str) -> None:
        self.made.append(Insertion(index, text))

    def _of_object(self, node: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        for key, value in node.value:
            place = _Place(key.end_mark.index, key.start_mark.column)
            self.value(value, before[key.value], after[key.value], place)
        new = {key: value for key, value in after.items() if key not in before}
        conditions = new.pop("Conditions", None) if "Resources" in before else None
        if conditions is not None:
            self._before(node, "Resources", "Conditions", conditions)
        if new and node.flow_style:
            self._into_flow(node, new)
        elif new:
            self._into_block(node, new)

    def _of_list(self, node: Any, before: list[Any], after: list[Any]) -> None:
        behind = node.start_mark.index
        for value, old, new in zip(node.value, before, after, strict=False):
            self.value(value, old, new, _Place(behind, -1))
            behind = self._end(value, behind)
        added = after[len(before) :]
        if added and node.flow_style:
            self._into_flow(node, added)
        elif added:
            indent = " " * self._dash_column(node)
            lines = [line for one in added for line in item(one, indent, self._style)]
            self._add_lines(self._below(self._end(node, 0), len(indent)), lines)

    def _dash_column(self, node: Any) -> int:
        """Return the column of a list's dashes; the list's own mark may be that of its anchor."""
        mark = node.value[0].start_mark
        line = self._text.rfind("\n", 0, mark.index) + 1
        dash = self._text.find("-", line, mark.index)
        return dash - line if dash >= 0 else int(node.start_mark.column)

    # What is put on lines of its own.

    def _into_block(self, node: Any, new: Mapping[str, Any]) -> None:
        column = node.value[0][0].start_mark.column
        indent = " " * column
        lines: list[str] = []
        for key, value in new.items():
            lines += [""] if self._has_gaps(node) else []
            lines += self._member(node, key, value, indent)
        self._add_lines(self._below(self._end(node, 0), column), lines)

    def _member(self, node: Any, key: str, value: Any, indent: str) -> list[str]:
        """Return a member as its neighbours are written: as a block, or in flow style."""
        others = [one for _, one in node.value if isinstance(one, yaml.MappingNode)]
        flow = [one for one in others if one.flow_style]
        if not isinstance(value, dict) or 2 * len(flow) <= len(others):
            return member(key, value, indent, self._style)
        if any(has_lines(self._text, one) for one in flow):
            return [indent + entry(key, value, indent, self._style)]
        return [indent + entry_on_a_line(key, value, self._style)]

    def _add_lines(self, index: int, lines: list[str]) -> None:
        """Put lines before an index, which is the beginning of a line or the end of the file."""
        newline = self._style.newline
        text = newline.join(lines)
        has_line_end = index == 0 or self._text[index - 1] == "\n"
        self._insert(index, f"{text}{newline}" if has_line_end else f"{newline}{text}")

    def _has_gaps(self, node: Any) -> bool:
        """Tell whether the members of a block have empty lines between them."""
        gaps = [
            re.search(r"\n[ \t]*\r?\n", self._text[self._end(one, a.end_mark.index) - 1 : b])
            for (a, one), b in (
                (pair, following[0].start_mark.index) for pair, following in pairwise(node.value)
            )
        ]
        return 2 * sum(map(bool, gaps)) > len(gaps)

    def _below(self, end: int, column: int) -> int:
        """Return the beginning of the line after what ends here, and after its comments.

        A comment belongs to it that is indented as deep as its members are.
        """
        index = end if end and self._text[end - 1] == "\n" else self._next_line(end)
        position = index
        while index < len(self._text):
            following = self._next_line(index)
            line = self._text[index:following]
            words = line.strip()
            if words.startswith("#") and len(line) - len(line.lstrip(" ")) >= column:
                position = following
            elif words:
                break
            index = following
        return position

    def _next_line(self, index: int) -> int:
        return self._text.find("\n", index) + 1 or len(self._text)

    def _before(self, node: Any, other: str, key: str, value: Any) -> None:
        """Put a new section before another one, and before the comments right above that."""
        place = next(n for n, (one, _) in enumerate(node.value) if one.value == other)
        mark = node.value[place][0].start_mark
        if node.flow_style:
            self._before_in_flow(node, mark.index, key, value)
            return
        lines = member(key, value, " " * mark.column, self._style)
        lines += [""] if self._has_gaps(node) else []
        last = node.value[place - 1] if place else None
        least = self._end(last[1], last[0].end_mark.index) if last else mark.index
        self._add_lines(self._above(mark.index, least), lines)

    def _above(self, index: int, least: int) -> int:
        """Return the beginning of a line, or of the comments right above it, no less than that."""
        index = self._text.rfind("\n", 0, index) + 1
        while index > least:
            above = self._text.rfind("\n", 0, index - 1) + 1
            if above < least or not self._text[above:index].strip().startswith("#"):
                break
            index = above
        return index

    def _before_in_flow(self, node: Any, index: int, key: str, value: Any) -> None:
        style = self._style
        if has_lines(self._text, node):
            indent = line_indent(self._text, index)
            self._insert(index, f"{entry(key, value, indent, style)},{style.newline}{indent}")
        else:
            self._insert(index, f"{entry_on_a_line(key, value, style)}{style.comma}")

    def _fill(self, node: Any, new: Mapping[str, Any], place: _Place) -> None:
        """Give a key without a value its members."""
        indent = " " * place.column + self._style.unit
        lines = [line for key in new for line in member(key, new[key], indent, self._style)]
        self._add_lines(self._below(node.end_mark.index, len(indent)), lines)

    # What is put between braces or brackets.

    def _is_wrappable(self, node: Any) -> bool:
        """Tell whether brackets may stand around a value."""
        if isinstance(node, yaml.ScalarNode):
            return node.style not in ("|", ">")
        return bool(node.flow_style)

    def _wrap(self, node: Any, others: list[Any]) -> None:
        """Make a list of a value by brackets around it and others behind it."""
        comma = self._style.comma
        told = [inline(one, self._style, in_flow=True) for one in others]
        self._insert(node.start_mark.index, "[")
        self._insert(node.end_mark.index, f"{comma}{comma.join(told)}]")

    def _into_flow(self, node: Any, new: Mapping[str, Any] | list[Any]) -> None:
        opening, closing = self._braces(node)
        if not node.value:
            self._into_empty(opening, closing, new)
            return
        end = self._last_end(node)
        rest = self._text[end:closing]
        comma = _without_comments(rest).find(",")
        style = self._style
        if not has_lines(self._text, node):
            index, before = (end, style.comma) if comma < 0 else (end + comma + 1, " ")
            self._insert(index, before + style.comma.join(self._parts(node, new, None)))
            return
        first = node.value[0][0] if isinstance(node, yaml.MappingNode) else node.value[0]
        indent = line_indent(self._text, first.start_mark.index)
        written = f",{style.newline}{indent}".join(self._parts(node, new, indent))
        if comma < 0:
            self._insert(end, ",")
        line_end = re.search(r"\r?\n", rest)
        index = end + line_end.start() if line_end else max(end, end + comma + 1)
        self._insert(index, f"{style.newline}{indent}{written}{',' if comma >= 0 else ''}")

    def _into_empty(self, opening: int, closing: int, new: Mapping[str, Any] | list[Any]) -> None:
        style = self._style
        if not style.lines:
            self._insert(opening + 1, style.comma.join(self._parts(None, new, None)))
            return
        outer = line_indent(self._text, opening)
        indent = outer + style.unit
        written = f",{style.newline}{indent}".join(self._parts(None, new, indent))
        is_open = "\n" in self._text[opening:closing]
        end = "" if is_open else f"{style.newline}{outer}"
        self._insert(opening + 1, f"{style.newline}{indent}{written}{end}")

    def _parts(
        self, node: Any, new: Mapping[str, Any] | list[Any], indent: str | None
    ) -> Iterator[str]:
        """Yield new members or items; on several lines where those before them are."""
        if indent is not None and not self._takes_lines(node):
            indent = None
        if isinstance(new, Mapping):
            for key, value in new.items():
                if indent is None:
                    yield entry_on_a_line(key, value, self._style)
                else:
                    yield entry(key, value, indent, self._style)
        else:
            for value in new:
                is_long = indent is not None
                yield (
                    on_lines(value, indent or "", self._style)
                    if is_long
                    else inline(value, self._style, in_flow=True)
                )

    def _takes_lines(self, node: Any) -> bool:
        """Tell whether the collections in a collection have lines of their own."""
        values = [] if node is None else node.value
        inside = [one[1] if isinstance(one, tuple) else one for one in values]
        collections = [one for one in inside if isinstance(one, yaml.CollectionNode) and one.value]
        lines = [has_lines(self._text, one) for one in collections]
        return any(lines) or not lines

    def _braces(self, node: Any) -> tuple[int, int]:
        """Return the places of a collection's braces; an anchor or a tag may stand before them."""
        opening = "{" if isinstance(node, yaml.MappingNode) else "["
        return self._text.index(opening, node.start_mark.index), node.end_mark.index - 1

    # Where things end.

    def _last_end(self, node: Any) -> int:
        last = node.value[-1]
        if isinstance(last, tuple):
            return self._end(last[1], last[0].end_mark.index)
        behind = self._braces(node)[0] if len(node.value) == 1 else node.start_mark.index
        return self._end(last, behind)

    def _end(self, node: Any, behind: int) -> int:
        """Return where a node's own text ends; marks of blocks lie behind what follows them."""
        if node.start_mark.index < behind:
            alias = _ALIAS.match(self._text, behind)
            if alias is None:
                raise self._refused(node, "cannot tell where what refers to it ends")
            return alias.end()
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            return self._end_of_block(node)
        end = int(node.end_mark.index)
        if getattr(node, "style", None) in ("|", ">"):
            return self._end_of_lines(node.start_mark.index, end)
        return end

    def _end_of_block(self, node: Any) -> int:
        if isinstance(node, yaml.MappingNode):
            key, value = node.value[-1]
            return self._end(value, key.end_mark.index)
        behind = int(node.start_mark.index)
        for one in node.value:
            behind = self._end(one, behind)
        return behind

    def _end_of_lines(self, start: int, end: int) -> int:
        """Return the end of a text in block style, without empty lines that do not count."""
        if _KEEPS_LINES.search(self._text, start, self._next_line(start)):
            return end
        return start + len(self._text[start:end].rstrip())


def _argument(call: Any) -> Any:
    """Return the argument of a call, or None of what is none."""
    return next(iter(call.values())) if isinstance(call, dict) and len(call) == 1 else None


def _without_comments(text: str) -> str:
    """Return a text with blanks for its comments, everything else in its place."""
    return _COMMENT.sub(lambda comment: " " * len(comment[0]), text)
