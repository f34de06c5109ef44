"""SARIF 2.1.0, which code scanning and editors read. Each message of the catalogue is a rule of it.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and, for what GitHub shows,
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from auto_lex_permissions import Message, __version__
from auto_lex_permissions.diagnostics import HOME, OF_TEMPLATES

from .console import NAME
from .findings import Finding, word_for
from .reading import Position

_ROOT: Final = "%SRCROOT%"
_RULES: Final = {message.code: number for number, message in enumerate(OF_TEMPLATES)}


class Result(NamedTuple):
    """What was found, where in which file, and in words."""

    file: str
    position: Position
    finding: Finding
    words: str


def log(results: Iterable[Result], errors: Sequence[str]) -> dict[str, Any]:
    """Return a log of results as SARIF, to be written as JSON; `errors` is what could not be done.

    Paths are relative to where the command was run, which nobody but the reader knows.
    """
    notifications = [{"level": "error", "message": {"text": error}} for error in errors]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": NAME,
                        "informationUri": HOME,
                        "semanticVersion": __version__,
                        "rules": [_rule(message) for message in OF_TEMPLATES],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": not errors,
                        "toolExecutionNotifications": notifications,
                    }
                ],
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The folder in which the command was run."}}
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
    diagnostic, reason = result.finding.diagnostic, result.finding.reason
    suppressed = [{"kind": "inSource", "justification": reason}] if reason else []
    place = {"artifactLocation": _location(result.file), "region": region}
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": _RULES[diagnostic.code],
        "level": diagnostic.message.severity,
        "message": {"text": result.words},
        "locations": [{"physicalLocation": place}],
        "suppressions": suppressed,
    }


def _location(file: str) -> dict[str, str]:
    """Return a file's place: its URI, percent-encoded, relative to the root where it is."""
    path = PurePath(file)
    uri = quote(os.fsencode(path.as_posix()))
    return {"uri": f"file://{uri}"} if path.is_absolute() else {"uri": uri, "uriBaseId": _ROOT}
