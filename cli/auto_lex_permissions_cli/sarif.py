"""SARIF 2.1.0, which code scanning and editors read. Each message of the catalogue is a rule of it.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and, for what GitHub shows,
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
"""

import os
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from auto_lex_permissions import Diagnostic, Message, __version__
from auto_lex_permissions.diagnostics import CATALOGUE

from .console import NAME
from .findings import word_for
from .reading import Position

_RULES: Final = {message.code: number for number, message in enumerate(CATALOGUE)}


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
                        "name": NAME,
                        "semanticVersion": __version__,
                        "rules": [_rule(message) for message in CATALOGUE],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_entry(result) for result in results],
            }
        ],
    }


def _rule(message: Message) -> dict[str, Any]:
    """Return a message as SARIF describes a rule.

    `deprecatedIds` are the ids of version 1.0.0, where all mistakes had one. GitHub shows no
    `helpUri`, so that the help names the page, too.
    """
    # What differs from place to place is in the results.
    general = [words for words in (message.what, message.remedy) if "{" not in words]
    explained = " ".join(f"{words[:1].upper()}{words[1:]}" for words in general)
    return {
        "id": message.code,
        "name": message.name,
        "deprecatedIds": [word_for(message)],
        "shortDescription": {"text": message.title},
        "fullDescription": {"text": f"{message.title}."},
        "help": {
            "text": f"{explained} See {message.url}".strip(),
            "markdown": f"{explained} See [{message.code}]({message.url}).".strip(),
        },
        "helpUri": message.url,
        "defaultConfiguration": {"level": message.severity},
    }


def _entry(result: Result) -> dict[str, Any]:
    region = {"startLine": result.position.line, "startColumn": result.position.column}
    file = {"uri": quote(os.fsencode(PurePath(result.file).as_posix()))}
    diagnostic = result.diagnostic
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": _RULES[diagnostic.code],
        "level": diagnostic.message.severity,
        "message": {"text": diagnostic.advice},
        "locations": [{"physicalLocation": {"artifactLocation": file, "region": region}}],
    }
