"""What stands in the project's Markdown pages."""

import re
import textwrap
from pathlib import Path

CONTRACT = Path(__file__).parent.parent / "docs" / "contract.md"
RULE = re.compile(r"^- \*\*(\d\.\d+)\*\* (.+(?:\n {2}.+)*)", re.MULTILINE)


def rules() -> list[tuple[str, str]]:
    """Return the contract's rules, number and text, in its order."""
    return RULE.findall(CONTRACT.read_text())


def fenced(text: str, language: str) -> list[str]:
    """Return a document's blocks of code in a language."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in found]
