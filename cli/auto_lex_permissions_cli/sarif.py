"""SARIF 2.1.0, which code scanning and editors read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from auto_lex_permissions import Diagnostic, __version__
from auto_lex_permissions.diagnostics import CATALOGUE, NO_PERMISSION

from .findings import MISTAKE, word_for
from .reading import Position

# Code scanning shows errors; what is only noteworthy is a warning or a note.
LEVELS: Final = {NO_PERMISSION.name: "error", MISTAKE: "error"}
HELP: Final = {
    NO_PERMISSION.name: NO_PERMISSION.title,
    MISTAKE: "The template cannot be served as it is.",
    **{message.name: message.title for message in CATALOGUE if message.severity != "error"},
}


class Result(NamedTuple):
    """What was found, and where in which file."""

    file: str
    position: Position
    diagnostic: Diagnostic


def log(results: Iterable[Result]) -> dict[str, Any]:
    """Return a log of results as SARIF, to be written as JSON."""
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "auto-lex-permissions",
                        "semanticVersion": __version__,
                        "rules": [
                            {"id": code, "shortDescription": {"text": text}}
                            for code, text in HELP.items()
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_entry(result) for result in results],
            }
        ],
    }


def _entry(result: Result) -> dict[str, Any]:
    region = {"startLine": result.position.line, "startColumn": result.position.column}
    file = {"uri": PurePath(result.file).as_posix()}
    rule = word_for(result.diagnostic.message)
    return {
        "ruleId": rule,
        "level": LEVELS.get(rule, "warning"),
        "message": {"text": result.diagnostic.advice},
        "locations": [{"physicalLocation": {"artifactLocation": file, "region": region}}],
    }
