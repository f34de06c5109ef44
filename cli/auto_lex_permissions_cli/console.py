"""What the program prints, in which colours, and how it exits.

Results go to the standard output, all else to the standard error. Exit codes: 0 fine, 1 findings,
2 misuse. Importing rich takes longer than all else that `--help` does, so only what prints imports
it.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.tree import Tree

NAME: Final = "auto-lex-permissions"
FINE: Final = 0
FINDINGS: Final = 1
MISUSE: Final = 2

_NOTABLE: Final = "yellow"
_COLOURS: Final = {
    "permitted": "green",
    "added by the macro": "green",
    "allowed": "green",
    "missing": "bold red",
    "denied": "bold red",
    "Mistake": "bold red",
}
_DIFF: Final = {"+": "green", "-": "red", "@": "cyan"}
# Wider than any line: no terminal cuts it, so nothing has to be wrapped.
_ENDLESS: Final = 100_000

Part = str | tuple[str, str]
"""A text, or a text and its style."""
Track = Callable[[Iterable[Any], int, str], Iterable[Any]]
"""Yields the items that it is given, and shows how far it is: the items, how many, their name."""


class UsageError(Exception):
    """One line that says where, what is wrong and what to do; the program exits with 2."""


@cache
def stdout() -> "Console":
    """Return the standard output, in colours where it is a terminal."""
    from rich.console import Console  # noqa: PLC0415 - see above.

    return Console(soft_wrap=True, highlight=False)


def write(text: str) -> None:
    """Write a result to the standard output as it is."""
    sys.stdout.write(text)


def print_json(value: Any) -> None:
    """Print a result for programs."""
    write(f"{json.dumps(value, indent=2, ensure_ascii=False)}\n")


def print_line(*parts: Part) -> None:
    """Print a line of a result for people."""
    from rich.text import Text  # noqa: PLC0415 - see above.

    stdout().print(Text.assemble(*parts))


def print_tree(tree: "Tree") -> None:
    """Print a tree; its lines are wrapped on a terminal only."""
    from rich.console import Console  # noqa: PLC0415 - see above.

    console = Console(highlight=False)
    console.width = console.width if console.is_terminal else _ENDLESS
    console.print(tree)


def print_diff(console: "Console", lines: Iterable[str]) -> None:
    """Print the lines of a unified diff: in colours on a terminal, elsewhere as `patch` takes them.

    Each line has the line end of its file; the standard output is given it as it is.
    """
    from rich.text import Text  # noqa: PLC0415 - see above.

    sys.stdout.flush()
    for line in lines:
        if console.is_terminal:
            text = Text(line.rstrip("\r\n"), style=_DIFF.get(line[:1], ""))
            console.print(text, soft_wrap=True, highlight=False)
        else:
            sys.stdout.buffer.write(line.encode())


def print_note(line: str) -> None:
    """Print a line beside the results, to the standard error."""
    sys.stderr.write(f"{line}\n")


def print_error(error: object) -> None:
    """Print what is wrong, after the program's name, to the standard error."""
    print_note(f"{NAME}: {error}")


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
        yield lambda items, total, name: bar.track(items, total=total, description=name)


def coloured(word: str) -> Part:
    """Return the state of a code hook, or the code of a note, with its colour."""
    return word, _COLOURS.get(word, _NOTABLE)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number of things in words: `1 code hook`, `2 bot aliases`."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
