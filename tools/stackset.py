"""Writes org/registration.yaml into org/stackset.yaml, which rolls it out.

A stack set takes its template as a text of its own, so that text stands twice in the repository.
This makes the second from the first, and a test holds that they are equal, byte for byte:

    python tools/stackset.py
"""

import textwrap
from itertools import dropwhile
from pathlib import Path
from typing import Final

ORG: Final = Path(__file__).resolve().parent.parent / "org"
REGISTRATION: Final = ORG / "registration.yaml"
STACK_SET: Final = ORG / "stackset.yaml"
KEY: Final = "      TemplateBody: |\n"
INDENT: Final = " " * 8


def with_registration(stack_set: str, registration: str) -> str:
    """Return the stack set's template with a registration as the literal text of its body.

    Raises ValueError unless the stack set has one such text.
    """
    if stack_set.count(KEY) != 1:
        raise ValueError(f"Not exactly one line reads {KEY!r}.")
    before, key, after = stack_set.partition(KEY)
    rest = "".join(dropwhile(_belongs_to_the_text, after.splitlines(keepends=True)))
    return f"{before}{key}{textwrap.indent(registration, INDENT)}\n{rest}"


def _belongs_to_the_text(line: str) -> bool:
    return line.startswith(INDENT) or not line.strip()


if __name__ == "__main__":
    STACK_SET.write_text(with_registration(STACK_SET.read_text(), REGISTRATION.read_text()))
