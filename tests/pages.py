"""What stands in the project's Markdown pages."""

import re
import textwrap


def fenced(text: str, language: str) -> list[str]:
    """Return a document's blocks of code in a language."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in found]
