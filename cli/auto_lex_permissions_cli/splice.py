"""What was added to a template, put into its text: insertions alone, at the marks of its nodes.

Nothing of the author's text is changed or moved, and only whole members and items are ever taken
out: undoing the edits gives the text back to the byte, comments and all. What could only be had by
rewriting is refused.
"""

import re
from bisect import bisect_right
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
_LINE_END: Final = re.compile(r"[ \t]*\r?\n")
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


def edits(template: Template, after: Any, going: Iterable[Place] = ()) -> tuple[Edit, ...]:
    """Return what makes another value of a template, and takes members and items out of its text.

    What goes is in both values. Of a list that would be empty, the list goes. Raises UsageError
    where that takes more than insertions, or more would go.
    """
    splicer = _Splicer(template, going)
    splicer.change(template.root, template.value, after, _Expected(0, -1))
    splicer.remove()
    # What goes in here is before what goes.
    return tuple(sorted(splicer.made, key=lambda edit: (edit.index, bool(edit.removed))))


Span = tuple[int, int]
"""From an index of a text to another."""


class _Expected(NamedTuple):
    """Where a node is expected: behind this index, below a key in this column.

    A node that begins before the index is not there: an alias is, which refers to it.
    """

    behind: int
    column: int


class _Splicer:
    """Walks over a node and its value before and after, and notes what to insert."""

    def __init__(self, template: Template, going: Iterable[Place]) -> None:
        self._template = template
        self._name = template.name
        self._text = template.text
        self._style = style_of(template)
        # Collections by their ids: the numbers of what goes of them, and which get something.
        self._going: dict[int, tuple[Any, set[int]]] = {}
        self._growing: set[int] = set()
        # What belongs inside is noted first, so that it stays first where both end.
        self.made: list[Edit] = []
        for place in going:
            self._let_go(self._path(place))

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

    # What is taken out.

    def _path(self, place: Place) -> list[tuple[Any, int]]:
        """Return the collections around what is at a place, each with the number of the next."""
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
        return path

    def _let_go(self, path: list[tuple[Any, int]]) -> None:
        """Note that what a path leads to goes, and the list that nothing is left of."""
        around, number = path.pop()
        numbers = self._going.setdefault(id(around), (around, set()))[1]
        numbers.add(number)
        if isinstance(around, yaml.SequenceNode) and len(numbers) == len(around.value):
            del self._going[id(around)]
            self._let_go(path)

    def remove(self) -> None:
        """Note what takes out all that goes."""
        for around, numbers in self._going.values():
            spans = self._spans(around)
            whole = (
                self._of_flow(around, numbers, spans)
                if around.flow_style
                else self._of_block(around, numbers, spans)
            )
            self.made += [Edit(begin, "", self._text[begin:end]) for begin, end in whole]

    def _of_block(self, around: Any, numbers: set[int], spans: list[Span]) -> Iterator[Span]:
        """Yield the lines of members or items of a block."""
        for number in sorted(numbers):
            begin, end = spans[number]
            line = self._line(begin)
            if self._text[line:begin].strip(" -"):
                raise self._refused(around.value[number][0], "what has to go shares its line")
            # A comment that is deeper is in it.
            end = self._below(end, len(line_indent(self._text, begin)) + 1)
            yield self._lines(begin, end, spans[number - 1][1] if number else 0)

    def _of_flow(self, around: Any, numbers: set[int], spans: list[Span]) -> Iterator[Span]:
        """Yield what members or items between braces take with them, a comma each."""
        closing = self._braces(around)[1]
        ends = [end for _, end in spans]
        for begin, end in self._with_commas(around, numbers, spans):
            number = bisect_right(ends, begin)
            yield self._with_blanks(begin, end, ends[number - 1] if number else 0, closing)

    def _with_blanks(self, begin: int, end: int, behind: int, closing: int) -> Span:
        """Return what goes between braces with the blanks beside it, or with its lines.

        `behind` is where what is before it ends. Where something else is on its lines, a comment
        stays there, too.
        """
        gap = self._text[behind:begin]
        rest = self._text[end : self._next_line(end)]
        blanks = len(rest) - len(rest.lstrip())
        if end + blanks == closing:
            # A comment ends with its line.
            return behind + len(gap.rstrip(" \t" if "#" in gap else None)), end
        if rest.strip() and rest[blanks] != "#":
            return begin, end + blanks
        if not self._text[self._line(begin) : begin].strip():
            return self._lines(begin, self._next_line(end), behind)
        if "\n" in self._text[begin:end]:
            # It is alone on the last of its lines.
            end += len(rest.rstrip())
        return behind + len(gap.rstrip(" \t")), end

    def _with_commas(self, around: Any, numbers: set[int], spans: list[Span]) -> list[Span]:
        """Return members or items between braces with their commas, in one where only blanks are.

        The last without a comma takes the one before it, unless something comes there.
        """
        follow = [*(start for start, _ in spans[1:]), self._braces(around)[1]]
        commas = [self._comma(end, start) for (_, end), start in zip(spans, follow, strict=True)]
        pieces = [(spans[n][0], max(spans[n][1], commas[n] + 1)) for n in sorted(numbers)]
        kept = self._kept(around)
        last = kept[-1] if kept else -1
        if commas[-1] < 0 and commas[last] >= 0 and id(around) not in self._growing:
            pieces.append((commas[last], commas[last] + 1))
        joined: list[Span] = []
        for begin, end in sorted(pieces):
            is_next = joined and not self._text[joined[-1][1] : begin].strip()
            joined.append((joined.pop()[0] if is_next else begin, end))
        return joined

    def _kept(self, around: Any) -> list[int]:
        """Return the numbers of what stays in a collection."""
        _, numbers = self._going.get(id(around), (around, frozenset()))
        return [number for number in range(len(around.value)) if number not in numbers]

    def _lines(self, begin: int, end: int, behind: int) -> Span:
        """Return the lines from where something begins to the end of a line, with comments above.

        `behind` is where what is before it ends. Comments above the first member may be about all.
        Empty lines go where others follow.
        """
        line = self._line(begin)
        if behind:
            line = self._up_to(line, behind, _comment(len(line_indent(self._text, begin))))
        if not self._text[end : self._next_line(end)].strip():
            line = self._up_to(line, behind, _LINE_END)
        return line, end

    def _up_to(self, line: int, behind: int, like: re.Pattern[str]) -> int:
        """Return the beginning of the first of the lines right above that all are like this."""
        while line > behind:
            above = self._line(line - 1)
            if above < behind or not like.match(self._text, above):
                break
            line = above
        return line

    def _line(self, index: int) -> int:
        """Return the beginning of the line that an index is on."""
        return self._text.rfind("\n", 0, index) + 1

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
        index = self._up_to(self._line(mark.index), least, _comment(mark.column))
        self._insert_lines(index, mark.column, lines)

    # What is put between braces or brackets.

    def _insert_flow(self, node: Any, new: Value) -> None:
        style = self._style
        opening, closing = self._braces(node)
        self._growing.add(id(node))
        if not self._kept(node):
            self._insert(opening + 1, self._inside_empty(opening, closing, new))
            return
        spans, kept = self._spans(node), self._kept(node)
        end = spans[kept[-1]][1]
        follows = closing if kept[-1] == len(spans) - 1 else spans[kept[-1] + 1][0]
        comma = self._comma(end, follows)
        if not has_lines(self._text, node):
            separator = style.separators[0] if comma < 0 else " "
            self._insert(end if comma < 0 else comma + 1, f"{separator}{flow(new, style)}")
            return
        first = node.value[0][0] if isinstance(node, yaml.MappingNode) else node.value[0]
        indent = line_indent(self._text, first.start_mark.index)
        inside = flow(new, style, indent, deep=self._takes_lines(node))
        if comma < 0:
            self._insert(end, ",")
        ends_with_comma = self._comma(spans[-1][1], closing) >= 0
        line_end = _LINE_END.search(self._text, max(end, comma + 1), follows)
        index = line_end.start() if line_end else max(end, comma + 1)
        self._insert(index, f"{style.newline}{indent}{inside}{',' if ends_with_comma else ''}")

    def _comma(self, begin: int, end: int) -> int:
        """Return where the comma behind a member is, or -1; one in a comment separates nothing."""
        rest = _COMMENT.sub(lambda comment: " " * len(comment[0]), self._text[begin:end])
        comma = rest.find(",")
        return comma if comma < 0 else begin + comma

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
        return self._spans(node)[-1][1]

    def _spans(self, node: Any) -> list[Span]:
        """Return where each member or item of a collection begins and ends."""
        spans: list[Span] = []
        behind = self._braces(node)[0] if node.flow_style else int(node.start_mark.index)
        for part in node.value:
            first, last = part if isinstance(part, tuple) else (part, part)
            begin = int(first.start_mark.index)
            end = self._end(last, behind if first is last else first.end_mark.index)
            # An alias has the mark of what it refers to.
            spans.append((begin if begin >= behind else self._text.rindex("*", behind, end), end))
            behind = end
        return spans


def _comment(column: int) -> re.Pattern[str]:
    """Return what a line is like that has a comment alone, no deeper than a column.

    One that is deeper belongs to what is above.
    """
    return re.compile(rf"[ \t]{{0,{column}}}#")


def _argument(call: Any) -> Any:
    """Return the argument of a call, or None of what is no call any more."""
    return next(iter(call.values())) if isinstance(call, dict) and len(call) == 1 else None


def _is_inline(node: Any) -> bool:
    """Whether brackets may stand around a node."""
    if isinstance(node, yaml.ScalarNode):
        return node.style not in ("|", ">")
    return bool(node.flow_style)
