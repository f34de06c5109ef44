"""What was added to a template, put into its text: insertions alone, at the marks of its nodes.

Nothing of the author's text is changed or moved, and only whole members and items are ever taken
out: undoing the edits gives the text back to the byte, comments and all. What could only be had by
rewriting is refused.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple

import yaml

from auto_lex_permissions.cfn.values import Place

from .console import UsageError
from .reading import Template, is_merge, is_short, position_in
from .rendering import Value, block, dash_column, flow, has_lines, line_indent, style_of

# From the end of a key, a dash or a comma to the end of the alias that follows it.
_ALIAS: Final = re.compile(r"(?:[\s:,\[{-]|#[^\n]*\n)*\*[^\s,\[\]{}]+")
_COMMENT: Final = re.compile(r"#[^\n]*")
_KEEPS_LINES: Final = re.compile(r"[|>]\d?\+")


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """A text that goes in before the character of this index of the original, or one that goes."""

    index: int
    text: str
    removed: str = ""


def spliced(text: str, insertions: Iterable[Edit]) -> str:
    """Return a text with insertions, which stand in their order."""
    parts: list[str] = []
    done = 0
    for insertion in insertions:
        parts += [text[done : insertion.index], insertion.text]
        done = insertion.index + len(insertion.removed)
    return "".join([*parts, text[done:]])


def unspliced(text: str, insertions: Iterable[Edit]) -> str:
    """Return a text without the insertions that were made; raises ValueError where they differ."""
    parts: list[str] = []
    done = shift = 0
    for insertion in insertions:
        start = insertion.index + shift
        if text[start : start + len(insertion.text)] != insertion.text:
            raise ValueError(insertion.index)
        parts += [text[done:start], insertion.removed]
        done = start + len(insertion.text)
        shift += len(insertion.text) - len(insertion.removed)
    return "".join([*parts, text[done:]])


def insertions(template: Template, after: Any) -> tuple[Edit, ...]:
    """Return what has to go into a template's text so that its value becomes another.

    Raises UsageError where that takes more than insertions.
    """
    splicer = _Splicer(template)
    splicer.change(template.root, template.value, after, _Expected(0, -1))
    return in_order(splicer.made)


def removals(template: Template, places: Iterable[Place]) -> tuple[Edit, ...]:
    """Return what takes members and items out of a template's text, with the lines they have.

    Of a list that would be empty without one, the list is taken out. Raises UsageError where more
    would go.
    """
    return _Splicer(template).removals(places)


def in_order(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return edits of one text as `spliced` takes them: what goes in here is before what goes."""
    return tuple(sorted(edits, key=lambda edit: (edit.index, bool(edit.removed))))


class _Expected(NamedTuple):
    """Where a node is expected: behind this index, below a key in this column.

    A node that begins before the index is not there: an alias is, which refers to it.
    """

    behind: int
    column: int


class _Splicer:
    """Walks over a node and its value before and after, and notes what to insert."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._name = template.name
        self._text = template.text
        self._style = style_of(template)
        # What belongs inside is noted first, so that it stays first where both end.
        self.made: list[Edit] = []

    def change(self, node: Any, before: Any, after: Any, expected: _Expected) -> None:
        """Note what makes one value of another."""
        if before == after:
            return
        if node.start_mark.index < expected.behind:
            raise self._refused(node, "what has to be added belongs to an alias (*): write it out")
        if is_short(node):
            # A short form's own node is that of its argument.
            before, after = _argument(before), _argument(after)
        match before, after:
            case dict(), dict() if isinstance(node, yaml.MappingNode):
                self._change_object(node, before, after)
            case list(), list() if isinstance(node, yaml.SequenceNode):
                self._change_list(node, before, after)
            case None, dict() if isinstance(node, yaml.ScalarNode) and not node.value:
                # A key without a value gets its members.
                column = expected.column + len(self._style.step)
                index = self._below(node.end_mark.index, column)
                self._insert_lines(index, column, block(after, self._style))
            case _, [first, *others] if first == before and _is_inline(node):
                # A value becomes a list by brackets around it.
                self._insert(node.start_mark.index, "[")
                inside = flow(others, self._style)
                self._insert(node.end_mark.index, f"{self._style.separators[0]}{inside}]")
            case _:
                raise self._refused(node, "what is here would have to be written anew")

    def _change_object(self, node: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
        own = {key.value: (key, value) for key, value in node.value if not is_merge(key)}
        if any(before[key] != after[key] for key in before.keys() - own.keys()):
            raise self._refused(
                node, "what has to be added belongs to a merge key (<<): write it out"
            )
        for key, value in own.values():
            expected = _Expected(key.end_mark.index, key.start_mark.column)
            self.change(value, before[key.value], after[key.value], expected)
        new = {key: value for key, value in after.items() if key not in before}
        if "Conditions" in new and "Resources" in before:
            self._insert_conditions(node, {"Conditions": new.pop("Conditions")})
        if new and node.flow_style:
            self._insert_flow(node, new)
        elif new:
            self._insert_members(node, new)

    def _change_list(self, node: Any, before: list[Any], after: list[Any]) -> None:
        behind = node.start_mark.index
        for item, old, new in zip(node.value, before, after, strict=False):
            self.change(item, old, new, _Expected(behind, -1))
            behind = self._end(item, behind)
        added = after[len(before) :]
        if added and node.flow_style:
            self._insert_flow(node, added)
        elif added:
            column = dash_column(self._text, node)
            index = self._below(self._last_end(node), column)
            self._insert_lines(index, column, block(added, self._style))

    def removals(self, places: Iterable[Place]) -> tuple[Edit, ...]:
        """Return what takes members and items out, by their places."""
        going: dict[int, tuple[Any, set[int]]] = {}
        for place in places:
            around, number = self._found(place)
            going.setdefault(id(around), (around, set()))[1].add(number)
        return in_order(
            edit for around, numbers in going.values() for edit in self._without(around, numbers)
        )

    def _found(self, place: Place) -> tuple[Any, int]:
        """Return the collection that holds what is at a place, and its number in it."""
        node = self._template.root
        path: list[tuple[Any, int]] = []
        for step in place:
            around = node
            members = around.value
            if isinstance(around, yaml.MappingNode):
                number = next((n for n, (key, _) in enumerate(members) if key.value == step), None)
                if number is None:
                    raise self._refused(around, "what has to go is written in another form")
                node = members[number][1]
            else:
                number = int(step)
                node = members[number]
            path.append((around, number))
        while isinstance(path[-1][0], yaml.SequenceNode) and len(path[-1][0].value) == 1:
            path.pop()
        return path[-1]

    def _without(self, around: Any, numbers: set[int]) -> Iterator[Edit]:
        """Yield what takes members or items out of a collection, by their numbers."""
        parts = [part if isinstance(part, tuple) else (part, part) for part in around.value]
        starts = [int(first.start_mark.index) for first, _ in parts]
        ends = [
            self._end(part, first.end_mark.index if first is not part else start)
            for (first, part), start in zip(parts, starts, strict=True)
        ]
        last = len(parts) - 1
        for number in sorted(numbers):
            if not around.flow_style:
                behind = ends[number - 1] if number else 0
                begin, end = self._lines(parts[number][0], ends[number], behind)
            elif not numbers.issuperset(range(number, len(parts))):
                begin, end = starts[number], starts[number + 1]
            else:
                # All that is left goes, with the comma before it.
                begin, end = ends[number - 1] if number else starts[number], ends[last]
            yield Edit(begin, "", self._text[begin:end])
            if end == ends[last]:
                return

    def _lines(self, first: Any, end: int, behind: int) -> tuple[int, int]:
        """Return the lines of what begins and ends here in a block, with the comments above.

        `behind` is where what is before it ends. Those above the first member may be about all.
        Empty lines go where others follow.
        """
        begin = first.start_mark.index
        line = self._text.rfind("\n", 0, begin) + 1
        if self._text[line:begin].strip(" -"):
            raise self._refused(first, "what has to go shares its line")
        end = self._next_line(end)
        if behind:
            line = self._up_to(line, behind, "#")
        if not self._text[end : self._next_line(end)].strip():
            line = self._up_to(line, behind, "")
        return line, end

    def _up_to(self, line: int, behind: int, beginning: str) -> int:
        """Return the beginning of the first of the lines above that all are comments, or empty."""
        while line > behind:
            above = self._text.rfind("\n", behind, line - 1) + 1
            words = self._text[above:line].strip()
            if above <= behind or words[:1] != beginning:
                break
            line = above
        return line

    def _refused(self, node: Any, why: str) -> UsageError:
        position = position_in(self._text, node.start_mark.index)
        return UsageError(f"{self._name}:{position}: {why}.")

    def _insert(self, index: int, text: str) -> None:
        self.made.append(Edit(index, text))

    # What is put on lines of its own.

    def _insert_members(self, node: Any, new: dict[str, Any]) -> None:
        """Put members at the end of a block, in flow style where most of its members are."""
        values = [value for _, value in node.value if isinstance(value, yaml.MappingNode)]
        takes_flow = 2 * sum(bool(value.flow_style) for value in values) > len(values)
        gap = [""] if self._has_gaps(node) else []
        lines: list[str] = []
        for key, value in new.items():
            in_flow = takes_flow and isinstance(value, dict)
            member = {key: value}
            lines += gap
            lines += [flow(member, self._style)] if in_flow else block(member, self._style)
        column = node.value[0][0].start_mark.column
        self._insert_lines(self._below(self._last_end(node), column), column, lines)

    def _insert_lines(self, index: int, column: int, lines: list[str]) -> None:
        """Put lines before an index, which is the beginning of a line or the end of the file."""
        newline = self._style.newline
        text = newline.join(" " * column + line if line else "" for line in lines)
        has_line_end = index == 0 or self._text[index - 1] == "\n"
        self._insert(index, f"{text}{newline}" if has_line_end else f"{newline}{text}")

    def _has_gaps(self, node: Any) -> bool:
        """Whether most members of a block have empty lines between them."""
        gaps = [
            re.search(
                r"\n[ \t]*\r?\n",
                self._text[self._end(value, key.end_mark.index) - 1 : following.start_mark.index],
            )
            for (key, value), (following, _) in pairwise(node.value)
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

    def _insert_conditions(self, node: Any, new: dict[str, Any]) -> None:
        """Put the section before Resources, and before the comments right above these."""
        place = next(n for n, (key, _) in enumerate(node.value) if key.value == "Resources")
        mark, style = node.value[place][0].start_mark, self._style
        if node.flow_style:
            if has_lines(self._text, node):
                indent = line_indent(self._text, mark.index)
                text = f"{flow(new, style, indent, deep=True)},{style.newline}{indent}"
            else:
                text = f"{flow(new, style)}{style.separators[0]}"
            self._insert(mark.index, text)
            return
        lines = [*block(new, style), *([""] if self._has_gaps(node) else [])]
        least = mark.index
        if place:
            key, value = node.value[place - 1]
            least = self._end(value, key.end_mark.index)
        index = self._text.rfind("\n", 0, mark.index) + 1
        while index > least:
            above = self._text.rfind("\n", 0, index - 1) + 1
            if above < least or not self._text[above:index].strip().startswith("#"):
                break
            index = above
        self._insert_lines(index, mark.column, lines)

    # What is put between braces or brackets.

    def _insert_flow(self, node: Any, new: Value) -> None:
        style = self._style
        opening, closing = self._braces(node)
        if not node.value:
            self._insert(opening + 1, self._inside_empty(opening, closing, new))
            return
        end = self._last_end(node)
        rest = self._text[end:closing]
        # A comma in a comment separates nothing; a comma at the end of all is the author's.
        comma = _COMMENT.sub(lambda comment: " " * len(comment[0]), rest).find(",")
        if not has_lines(self._text, node):
            separator = style.separators[0] if comma < 0 else " "
            self._insert(end + comma + 1, f"{separator}{flow(new, style)}")
            return
        first = node.value[0][0] if isinstance(node, yaml.MappingNode) else node.value[0]
        indent = line_indent(self._text, first.start_mark.index)
        inside = flow(new, style, indent, deep=self._takes_lines(node))
        if comma < 0:
            self._insert(end, ",")
        line_end = re.search(r"\r?\n", rest)
        index = end + line_end.start() if line_end else end + comma + 1
        self._insert(index, f"{style.newline}{indent}{inside}{',' if comma >= 0 else ''}")

    def _inside_empty(self, opening: int, closing: int, new: Value) -> str:
        """Return what is put between braces that have nothing between them."""
        style = self._style
        if not style.on_lines:
            return flow(new, style)
        outer = line_indent(self._text, opening)
        indent = outer + style.step
        end = "" if "\n" in self._text[opening:closing] else f"{style.newline}{outer}"
        return f"{style.newline}{indent}{flow(new, style, indent, deep=True)}{end}"

    def _takes_lines(self, node: Any) -> bool:
        """Whether the collections in a collection have lines of their own, as far as there are."""
        inside = [part[1] if isinstance(part, tuple) else part for part in node.value]
        collections = [part for part in inside if isinstance(part, yaml.CollectionNode)]
        lines = [has_lines(self._text, part) for part in collections if part.value]
        return any(lines) or not lines

    def _braces(self, node: Any) -> tuple[int, int]:
        """Return the places of a collection's braces; an anchor or a tag may stand before them."""
        opening = "{" if isinstance(node, yaml.MappingNode) else "["
        return self._text.index(opening, node.start_mark.index), node.end_mark.index - 1

    # Where things end.

    def _end(self, node: Any, behind: int) -> int:
        """Return where a node's own text ends; marks of blocks lie behind what follows them."""
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        if start < behind:
            alias = _ALIAS.match(self._text, behind)
            if alias is None:
                raise self._refused(node, "where what refers to it ends cannot be found")
            return alias.end()
        if isinstance(node, yaml.ScalarNode):
            is_block = node.style in ("|", ">")
            if is_block and not _KEEPS_LINES.search(self._text, start, self._next_line(start)):
                # Empty lines at its end do not count.
                return start + len(self._text[start:end].rstrip())
            return end
        return end if node.flow_style else self._last_end(node)

    def _last_end(self, node: Any) -> int:
        """Return where the last member or item of a collection ends."""
        if isinstance(node, yaml.MappingNode):
            key, value = node.value[-1]
            return self._end(value, key.end_mark.index)
        end = self._braces(node)[0] if node.flow_style else int(node.start_mark.index)
        for item in node.value:
            end = self._end(item, end)
        return end


def _argument(call: Any) -> Any:
    """Return the argument of a call, or None of what is no call any more."""
    return next(iter(call.values())) if isinstance(call, dict) and len(call) == 1 else None


def _is_inline(node: Any) -> bool:
    """Whether brackets may stand around a node."""
    if isinstance(node, yaml.ScalarNode):
        return node.style not in ("|", ">")
    return bool(node.flow_style)
