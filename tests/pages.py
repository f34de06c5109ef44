"""What stands in the project's Markdown pages."""

import re
import textwrap
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
CONTRACT = DOCS / "contract.md"
ORGANIZATION = DOCS / "organization.md"
RULE = re.compile(r"^- \*\*(\d\.\d+)\*\* (.+(?:\n {2}.+)*)", re.MULTILINE)


def rules() -> list[tuple[str, str]]:
    """Return the contract's rules, number and text, in its order."""
    return RULE.findall(CONTRACT.read_text())


def fenced(text: str, language: str) -> list[str]:
    """Return a document's blocks of code in a language."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in found]


def rights() -> list[tuple[str, list[str], str]]:
    """Return who can change what the macro does, as docs/organization.md has it in its table.

    By row: all that its first column says, the IAM actions in it, and what the last column says.
    """
    table = (
        ORGANIZATION.read_text().partition("| Right | How | Closed by |\n")[2].partition("\n\n")[0]
    )
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[1:]]
    return [(right, re.findall(r"`(\w+:\w+)`", right), closed) for right, _, closed in rows]
