"""Send as many random requests as asked for; shrink the first that is answered wrongly."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

from auto_lex_permissions.handler import handler as the_handler
from tests.fuzz.checks import Handler, findings
from tests.fuzz.requests import Asked, request
from tests.laws.reducing import reduced
from tests.laws.running import in_portions

# What one process tries at a time.
PORTION: Final = 250
# Every step of the reduction sends a request for each of its parts.
LARGEST_TO_REDUCE: Final = 60_000


@dataclass(frozen=True, slots=True)
class Finding:
    """A request that is answered wrongly, what is wrong, and what is left of it when reduced."""

    number: int
    wrong: list[str]
    text: str
    smallest: str

    def __str__(self) -> str:
        """Return what is wrong, and the reduced request where it is short enough to read."""
        shown = self.smallest if len(self.smallest) < 4_000 else "(too long to be shown here)"
        return "\n".join([*self.wrong[:10], shown])


@dataclass
class Outcome:
    """What a run has tried, how it was answered, and the first finding if there is one."""

    tried: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    finding: Finding | None = None


def explore(
    seed: int,
    requests: int,
    first: int = 0,
    progress: Callable[[Outcome], None] = lambda _: None,
) -> Outcome:
    """Try so many of the requests that a seed stands for, on all processors; stop at a finding."""
    whole = Outcome()
    with closing(in_portions(portion, seed, first, requests, PORTION)) as parts:
        for part in parts:
            whole.tried += part.tried
            whole.answers += part.answers
            whole.finding = part.finding
            progress(whole)
            if whole.finding is not None:
                break
    return whole


def portion(seed: int, first: int, requests: int, handler: Handler = the_handler) -> Outcome:
    """Try some requests in this process, up to the first that is answered wrongly."""
    outcome = Outcome()

    def listening(event: Any, context: Any) -> dict[str, Any]:
        answer = handler(event, context)
        outcome.answers[_kind(event, answer)] += 1
        return answer

    for number in range(first, first + requests):
        asked = request(seed, number)
        outcome.tried += 1
        wrong = findings(listening, asked.text, asked.secret)
        if wrong:
            outcome.finding = Finding(number, wrong, asked.text, _smallest(handler, asked, wrong))
            break
    return outcome


def _kind(event: Any, answer: dict[str, Any]) -> str:
    """Say how a request was answered."""
    if answer["status"] != "success":
        return "rejected"
    return "unchanged" if answer["fragment"] == event["fragment"] else "permitted"


def _smallest(handler: Handler, asked: Asked, wrong: list[str]) -> str:
    """Return what is left of a request where it is as small as it can be and as wrong."""
    kind = wrong[0].partition(":")[0]

    def breaks(event: dict[str, Any]) -> bool:
        found = findings(handler, json.dumps(event), asked.secret)
        return any(sentence.partition(":")[0] == kind for sentence in found)

    event = json.loads(asked.text)
    if not isinstance(event, dict) or len(asked.text) > LARGEST_TO_REDUCE or kind == "time":
        return asked.text
    return json.dumps(reduced(event, breaks, lambda _: True))
