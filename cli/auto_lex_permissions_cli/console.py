"""What the program prints, in which colours, and how it exits.

Results go to the standard output, all else to the standard error. Exit codes: 0 fine, 1 findings,
2 misuse. Importing rich takes longer than all else that `--help` does, so only what prints imports
it.
"""

import io
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

NAME: Final = "auto-lex-permissions"
FINE: Final = 0
FINDINGS: Final = 1
MISUSE: Final = 2

_NOTABLE: Final = "yellow"
_COLOURS: Final = {
    "added by the macro": "green",
    "allowed": "green",
    "missing": "bold red",
    "denied": "bold red",
    "error": "bold red",
    "note": "cyan",
}
_DIFF: Final = {"+": "green", "-": "red", "@": "cyan"}
# Categories of Unicode of what is not seen, or changes how other characters are: controls, formats
# such as marks of direction, halves of surrogate pairs, breaks of lines and paragraphs.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NO_NEWLINE: Final = "\\ No newline at end of file\n"
# What Mermaid reads as something else in a label, between quotes or not.
_ENTITIES: Final = str.maketrans({char: f"#{ord(char)};" for char in '#;&"<>`|\\'})
# Wider than any line: no terminal cuts it, so nothing has to be wrapped.
_ENDLESS: Final = 100_000

# Whether notes and summaries are not wanted: once for the whole run.
_quiet: Final[list[bool]] = []

Part = str | tuple[str, str]
"""A text, or a text and its style."""
Track = Callable[[Iterable[Any], int, str], Iterable[Any]]
"""Yields the items that it is given, and shows how far it is: the items, how many, their name."""


class UsageError(Exception):
    """One line that says where, what is wrong and what to do; the program exits with 2."""


class UnreadableError(UsageError):
    """A file that cannot be read as a template: its name, the place in it if there is one, why.

    `file` is another name where it is a text in that file.
    """

    def __init__(self, name: str, what: str, line: int = 0, column: int = 0) -> None:
        """Take what is wrong without a full stop; lines and columns count from 1."""
        self.name = self.file = name
        self.what = what
        self.line = line
        self.column = column
        place = f":{line}:{column}" if line else ""
        super().__init__(f"{name}{place}: {what}.")


class _Output(io.FileIO):
    """Takes all that is written to it, also when who reads it has seen enough."""

    def write(self, data: Any) -> int:
        """Write bytes to it, or to nowhere from the time on at which nobody reads it any more."""
        try:
            return super().write(data)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return super().write(data)


def output(stream: Any) -> TextIO:
    """Return one of the program's own streams as it is written to.

    What its encoding lacks is escaped. One that the caller has closed, which is None, takes
    nothing.
    """
    if stream and stream.isatty():
        # It has the letters that it has.
        stream.reconfigure(errors="backslashreplace")
        return cast("TextIO", stream)
    # Files and pipes are UTF-8.
    file = stream.fileno() if stream else os.open(os.devnull, os.O_WRONLY)
    raw = io.BufferedWriter(_Output(file, "w", closefd=False))
    by_line = stream is not None and stream.line_buffering
    return io.TextIOWrapper(raw, "utf-8", "backslashreplace", line_buffering=by_line)


@cache
def stdout() -> "Console":
    """Return the standard output, in colours where it is a terminal."""
    from rich.console import Console  # noqa: PLC0415 - see above.

    return Console(soft_wrap=True, highlight=False)


def visible(text: str, *, keep: str = "") -> str:
    """Return a text in which all that is not seen, but what to keep, is escaped as in Python.

    Names, files, policies and answers of AWS may hold what a terminal obeys, or what shows a line
    in another order than programs read it.
    """
    return _replaced(text, keep, lambda character: character.encode("unicode_escape").decode())


def visible_json(text: str) -> str:
    """Return JSON of the same value in which all that is not seen is escaped."""
    # Lines and their indentation: within its texts JSON has neither.
    return _replaced(text, "\n\t", _escaped_in_json)


def _escaped_in_json(character: str) -> str:
    # Half a pair, of a file's name that is no UTF-8, is no character of JSON: it becomes a text.
    escaped = json.dumps(character)[1:-1]
    return f"\\{escaped}" if unicodedata.category(character) == "Cs" else escaped


def _replaced(text: str, keep: str, escape: Callable[[str], str]) -> str:
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        or character in keep
        or unicodedata.category(character) not in _UNSEEN
        else escape(character)
        for character in text
    )


def mermaid_label(text: str) -> str:
    """Return a text as a part of a label of Mermaid, in which all that is not seen is escaped."""
    return visible(text).translate(_ENTITIES)


def as_text(*parts: Part) -> str:
    """Return a line without its colours, in which all that is not seen is escaped."""
    return visible("".join(part if isinstance(part, str) else part[0] for part in parts))


def text_of(*parts: Part) -> "Text":
    """Return a text for rich, in which all that is not seen is escaped."""
    from rich.text import Text  # noqa: PLC0415 - see above.

    return Text.assemble(
        *(visible(part) if isinstance(part, str) else (visible(part[0]), part[1]) for part in parts)
    )


def write(text: str, *, for_programs: bool = False) -> None:
    """Write lines of a result to the standard output; what programs read is UTF-8 everywhere."""
    shown = visible(text, keep="\n")
    if for_programs:
        _write_bytes(shown)
    else:
        sys.stdout.write(shown)


def write_template(text: str) -> None:
    """Write a template to the standard output: as it is, but on a terminal as it can be seen."""
    _write_bytes(visible_json(text) if sys.stdout.isatty() else text)


def as_json(value: Any) -> str:
    """Return a result for programs, with all escaped that is not seen."""
    return f"{visible_json(json.dumps(value, indent=2, ensure_ascii=False))}\n"


def print_json(value: Any) -> None:
    """Print a result for programs."""
    _write_bytes(as_json(value))


def print_json_line(value: Any) -> None:
    """Print one of several results for programs, as soon as it is there."""
    _write_bytes(f"{visible_json(json.dumps(value, ensure_ascii=False))}\n")
    sys.stdout.buffer.flush()


def _write_bytes(text: str) -> None:
    """Write a text for programs, which is UTF-8 whatever the terminal takes."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())


def print_line(*parts: Part) -> None:
    """Print a line of a result for people."""
    stdout().print(text_of(*parts))


def print_tree(tree: "Tree") -> None:
    """Print a tree of texts made here; its lines are wrapped on a terminal only."""
    from rich.console import Console  # noqa: PLC0415 - see above.

    console = Console(highlight=False)
    console.width = console.width if console.file.isatty() else _ENDLESS
    console.print(tree)


def unified_diff(before: str, after: str, name: str, changed: str) -> Iterator[str]:
    """Yield the lines of a unified diff that `patch` takes, each with its line end."""
    import difflib  # noqa: PLC0415 - see above.

    # Other breaks of lines are part of a line, for `patch` as for editors.
    old, new = (list(io.StringIO(text, newline="\n")) for text in (before, after))
    for line in difflib.unified_diff(old, new, _quoted(name), _quoted(changed)):
        yield line
        if not line.endswith("\n"):
            yield f"\n{_NO_NEWLINE}"


def _quoted(name: str) -> str:
    """Return a file's name as `git diff` writes it and `patch` reads it: odd ones as those of C."""
    is_odd = [character in '"\\' or visible(character) != character for character in name]
    if not any(is_odd):
        return name
    octal = (
        "".join(f"\\{byte:03o}" for byte in os.fsencode(character)) if odd else character
        for character, odd in zip(name, is_odd, strict=True)
    )
    return f'"{"".join(octal)}"'


def print_diff(console: "Console", lines: Iterable[str]) -> None:
    """Print the lines of a unified diff: in colours on a terminal, elsewhere as `patch` takes them.

    Each line has the line end of its file; the standard output is given it as it is.
    """
    from rich.text import Text  # noqa: PLC0415 - see above.

    # Not by `is_terminal`, which FORCE_COLOR sets.
    if not console.file.isatty():
        _write_bytes("".join(lines))
        return
    for line in lines:
        shown = visible(line.rstrip("\r\n"), keep="\t")
        console.print(Text(shown, _DIFF.get(line[:1], "")), soft_wrap=True, highlight=False)


def be_quiet() -> None:
    """Print no notes and no summaries from now on."""
    _quiet.append(True)


def is_quiet() -> bool:
    """Return whether notes and summaries are not wanted."""
    return bool(_quiet)


def print_note(line: str) -> None:
    """Print a line beside the results, to the standard error, unless that shall be quiet."""
    if not is_quiet():
        print_beside(line)


def print_beside(line: str) -> None:
    """Print a line to the standard error."""
    sys.stderr.write(f"{visible(line)}\n")


def print_error(error: object) -> None:
    """Print what is wrong, after the program's name, to the standard error."""
    print_beside(f"{NAME}: {error}")


def exit_code(errors: Iterable[UsageError], *, has_findings: bool) -> int:
    """Print what could not be done, after all that could; return how the program exits."""
    failed = False
    for error in errors:
        print_error(error)
        failed = True
    if failed:
        return MISUSE
    return FINDINGS if has_findings else FINE


@contextmanager
def progress() -> Iterator[Track]:
    """Show a progress bar on the standard error, and nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda items, _total, _name: items
        return
    from rich.console import Console  # noqa: PLC0415 - see above.
    from rich.progress import Progress  # noqa: PLC0415 - see above.

    # Drawn when there is something new, and not over what else asks for attention on the terminal.
    with Progress(console=Console(stderr=True), transient=True, auto_refresh=False) as bar:

        def track(items: Iterable[Any], total: int, name: str) -> Iterator[Any]:
            """Show a line as long as something is under way; there may be many after each other."""
            task = bar.add_task(visible(name).replace("[", r"\["), total=total)
            try:
                for item in items:
                    yield item
                    bar.advance(task)
                    bar.refresh()
            finally:
                bar.remove_task(task)

        yield track


def coloured(word: str) -> Part:
    """Return the state of a code hook with its colour."""
    return word, colour_of(word)


def colour_of(word: str) -> str:
    """Return the colour of a state or of a severity."""
    return _COLOURS.get(word, _NOTABLE)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number of things in words: `1 code hook`, `2 bot aliases`."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
