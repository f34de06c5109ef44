"""Nothing of a template, its parameters or its settings is logged or answered (rule 6.4).

A canary is planted in every value of every golden case, rejected case and event. It must come out
in no log line, no metric and no message: neither of a processed template, nor of a rejected one,
nor of a fault of the macro's own.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from auto_lex_permissions import handler as shell
from auto_lex_permissions.settings import METADATA_KEY
from tests.listening import Context, heard
from tests.templates import Case, cases

EVENTS = sorted((Path(__file__).parent.parent / "events").glob("*.json"))
CANARY = "canary7e57"
# What the macro goes by. A template in which this were another would say nothing any more.
MEANT = {
    *("Type", "Condition", "Ref", "Fn::GetAtt", "Fn::If", "Fn::FindInMap", "DependsOn"),
    *("Action", "Principal", "DeletionPolicy", "SourceScope", "OnUnreachable", "Enabled", "Effect"),
    *("SourceAccount", "EventSourceToken", "NoEcho", "FunctionName", "Fn::ImportValue"),
}
FOREIGN = f"arn:aws:lambda:eu-west-1:999999999999:function:{CANARY}"
Handler: TypeAlias = Callable[[Any, Any], dict[str, Any]]


def planted(value: Any, key: str = "") -> Any:
    """Return a value with a canary in all texts of it, except in those that the macro goes by."""
    match value:
        case dict():
            inside = {name: planted(item, name) for name, item in value.items()}
            # The names of settings may come out, and a function call has but one key.
            kept = len(value) == 1 or key in {*MEANT, METADATA_KEY}
            return inside if kept else inside | {CANARY: CANARY}
        case list() if key not in MEANT:
            return [planted(item) for item in value]
        case str() if key == "Fn::Sub" or value.startswith("arn:"):
            # All that stands before it stays, so that it still means a function.
            return f"{value}{CANARY}" if value[-1:].isalnum() else value
        case str() if key not in MEANT:
            return CANARY
    return value


def events() -> Iterator[Any]:
    """Yield every request of the golden cases, the rejected ones and the events, with canaries."""
    found: list[Case] = [*cases("cases"), *cases("rejected")]
    for case in found:
        request = case.request
        fragment: Any = request.fragment
        parameters = dict.fromkeys(fragment.get("Parameters", {}), FOREIGN)
        wrong = {"SourceScop": CANARY, "OnUnreachable": CANARY}
        for sent, settings in (
            (fragment, request.parameters),
            (_entries(fragment), request.parameters),
            (_entries(fragment), wrong),
        ):
            yield {
                "region": request.region,
                "accountId": request.account,
                "requestId": "r",
                "fragment": sent,
                "params": settings,
                "templateParameterValues": parameters,
            }
    for path in EVENTS:
        yield json.loads(path.read_text()) | {"templateParameterValues": {"Any": FOREIGN}}


def _entries(fragment: Any) -> Any:
    """Return a template with a canary in all values of its resources, those of hooks included."""
    resources = fragment.get("Resources")
    if not isinstance(resources, dict):
        # The names of its parts may come out.
        return {name: planted(part, name) for name, part in fragment.items()}
    return planted(fragment) | {
        "Resources": {name: planted(resource) for name, resource in resources.items()}
    }


def printed(handler: Handler, event: Any) -> tuple[str, list[str]]:
    """Return the message of the answer, and all lines that were printed meanwhile."""
    answer, lines = heard(lambda sent: handler(sent, Context()), event)
    return answer.get("errorMessage", ""), lines


def leaks(handler: Handler) -> list[str]:
    """Return all messages and lines that hold a canary."""
    every = [printed(handler, event) for event in events()]
    return [line for message, lines in every for line in (message, *lines) if CANARY in line]


def test_it_is_found_where_something_leaks() -> None:
    """A handler that logs its event is caught, so silence means something."""

    def leaky(event: Any, context: Any) -> dict[str, Any]:
        shell.logger.info("received", fragment=event.get("fragment", event))
        return shell.handler(event, context)

    assert len(leaks(leaky)) >= len(cases("cases"))


def test_nothing_leaks() -> None:
    """No log line, metric or message holds a value of the request (rule 6.4)."""
    assert leaks(shell.handler) == []


@pytest.mark.long
def test_enough_is_asked() -> None:
    """Among the requests are many that are rejected, and many that leave a report."""
    every = [printed(shell.handler, event) for event in events()]
    assert sum(bool(message) for message, _ in every) >= 50
    assert sum('"reported"' in line for _, lines in every for line in lines) >= 20


def test_a_fault_of_our_own_leaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the message nor the traceback of an internal failure holds a value (rule 6.3)."""

    def failing(request: Any) -> Any:
        raise ValueError(json.dumps(request.fragment))

    monkeypatch.setattr(shell, "transform", failing)
    every = [printed(shell.handler, event) for event in events()]
    assert sum("ALP901" in message for message, _ in every) >= len(cases("cases"))
    assert not [line for message, lines in every for line in (message, *lines) if CANARY in line]
