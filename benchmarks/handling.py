"""What the macro costs on a template: the core alone, and the Lambda function around it.

The measure of both is the JSON round trip of the same event, which Lambda pays in any case.
"""

import contextlib
import json
import logging
import os
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, TextIO

from auto_lex_permissions import Request, transform
from auto_lex_permissions import handler as shell
from benchmarks.clock import SECONDS_PER_FIGURE, best
from tests.listening import Context

REGION = "us-east-1"
ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True)
class Case:
    """A template to measure, and the largest part of the round trip that the core may take."""

    name: str
    fragment: dict[str, Any]
    most: float = 1.5
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def event(self) -> str:
        """Return the request that brings the template, as Lambda gets it."""
        event = {
            "region": REGION,
            "accountId": ACCOUNT,
            "fragment": self.fragment,
            "transformId": f"{ACCOUNT}::AutoLexPermissions",
            "params": self.parameters,
            "requestId": "benchmark",
            "templateParameterValues": {"Stage": "dev"},
        }
        return json.dumps(event)


@dataclass(frozen=True, slots=True)
class Measured:
    """Times in seconds on one template: of the core, the Lambda function, and the round trip."""

    size: int
    core: float
    handler: float
    round_trip: float


@contextlib.contextmanager
def sent_to(sink: TextIO) -> Iterator[None]:
    """Let the Lambda function write its log lines and metrics, all of them, to a sink."""
    # The logger keeps the standard output that it found when it was made.
    printer = shell.logger.registered_handler
    assert isinstance(printer, logging.StreamHandler)  # noqa: S101 - for the type checker
    before = printer.setStream(sink)
    try:
        with contextlib.redirect_stdout(sink):
            yield
    finally:
        printer.setStream(before)


def answering(text: str) -> Callable[[], dict[str, object]]:
    """Return a call of the Lambda function with an event, once it has answered that well."""
    # As Lambda hands it over: keys are shared, values are not.
    event = json.loads(text)

    def call() -> dict[str, object]:
        return shell.handler(event, Context())  # type: ignore[arg-type]

    with sent_to(StringIO()):
        answer = call()
    if answer["status"] != "success":
        # To refuse a template is another piece of work, and no figure for this table.
        raise ValueError(answer["errorMessage"])
    return call


def measured(cases: Sequence[Case], seconds: float = SECONDS_PER_FIGURE) -> list[Measured]:
    """Measure the macro on templates, in turns, and the JSON round trip of each one's event."""
    texts = [case.event for case in cases]
    runs = [run for case, text in zip(cases, texts, strict=True) for run in _runs(case, text)]
    with open(os.devnull, "w") as sink, sent_to(sink):  # noqa: PTH123 - no path, but a device
        times = best(*runs, seconds=seconds)
    three = zip(texts, times[::3], times[1::3], times[2::3], strict=True)
    return [Measured(len(text), *of_one) for text, *of_one in three]


def _runs(case: Case, text: str) -> Iterator[Callable[[], object]]:
    """Yield what is measured of a case, in the order of the times of `Measured`."""
    request = Request(json.loads(text)["fragment"], REGION, ACCOUNT, case.parameters)
    yield lambda: transform(request)
    yield answering(text)
    yield lambda: json.dumps(json.loads(text))


def memory_beside(fragment: dict[str, Any]) -> float:
    """Return the MB that the core allocates beside the event itself."""
    request = Request(json.loads(json.dumps(fragment)), REGION, ACCOUNT)
    tracemalloc.start()
    transform(request)
    peak: float = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return peak
