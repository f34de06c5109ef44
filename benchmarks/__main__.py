"""`make bench`: one table of what the macro costs, as ratios within one run.

The measure of all is the JSON round trip of the same event, which Lambda pays in any case.
Each figure is the best of several runs, since everything else on a machine only adds time.
"""

import gc
import json
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from auto_lex_permissions import Request, __version__, transform
from benchmarks.command_line import figures
from benchmarks.templates import template

REGION = "us-east-1"
ACCOUNT = "123456789012"
SECONDS_PER_FIGURE = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Times in seconds of one template: the macro's, and the round trip of its event."""

    name: str
    size: int
    macro: float
    round_trip: float

    @property
    def ratio(self) -> float:
        """Return the macro's time as a part of the round trip's."""
        return self.macro / self.round_trip


def best(run: Callable[[], object]) -> float:
    """Return the shortest time of a run, in seconds; garbage is collected in between."""
    shortest = float("inf")
    end = time.perf_counter() + SECONDS_PER_FIGURE
    gc.collect()
    gc.disable()
    try:
        while (start := time.perf_counter()) < end:
            run()
            shortest = min(shortest, time.perf_counter() - start)
    finally:
        gc.enable()
    return shortest


def measured(name: str, fragment: dict[str, Any], **parameters: str) -> Measured:
    """Measure the macro on a template, and the JSON round trip of the event that brings it."""
    event = {
        "region": REGION,
        "accountId": ACCOUNT,
        "fragment": fragment,
        "transformId": f"{ACCOUNT}::AutoLexPermissions",
        "params": parameters,
        "requestId": "benchmark",
        "templateParameterValues": {"Stage": "dev"},
    }
    text = json.dumps(event)
    # As Lambda hands it over: keys are shared, values are not.
    request = Request(json.loads(text)["fragment"], REGION, ACCOUNT, parameters)
    return Measured(
        name,
        len(text),
        best(lambda: transform(request)),
        best(lambda: json.dumps(json.loads(text))),
    )


def peak_memory(fragment: dict[str, Any]) -> float:
    """Return the MB that the macro allocates beside the event itself."""
    request = Request(json.loads(json.dumps(fragment)), REGION, ACCOUNT)
    tracemalloc.start()
    transform(request)
    peak: float = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return peak


def main() -> None:
    """Measure, and print the table."""
    console = Console(width=100)
    console.print(
        f"auto-lex-permissions {__version__}, Python {platform.python_version()},"
        f" {platform.machine()}, {platform.system()} {platform.release()}"
    )
    large = template(resources=400, bots=80, aliases=3, locales=4)
    megabyte = template(resources=450, bots=3, description=600_000)
    rows = [
        (measured("50 resources, 3 bots", template(resources=50, bots=3)), None),
        (measured("500 resources, no bot", template(resources=500, bots=0)), None),
        (measured("500 resources, 3 bots", template(resources=497, bots=3)), 0.15),
        (measured("400 resources, 80 bots, 960 hooks", large, SourceScope="Bot"), 0.5),
        (measured("450 resources, 40 hooks, 200 conditions", conditional()), None),
        (measured("1 MB, 3 bots", megabyte), None),
    ]
    table = Table("Template", "JSON", "Macro", "Round trip", "Ratio", "Target")
    for row, target in rows:
        table.add_row(
            row.name,
            f"{row.size / 1e3:.0f} KB",
            f"{row.macro * 1e3:.2f} ms",
            f"{row.round_trip * 1e3:.2f} ms",
            f"{row.ratio:.2f}",
            f"{target}" if target else "",
        )
    console.print(table)
    small, _, usual, *_ = (row for row, _ in rows)
    console.print(f"500 resources against 50: {usual.macro / small.macro:.1f} times (target 12)")
    console.print(f"Memory for 1 MB: {peak_memory(megabyte):.1f} MB beside the event")
    programs = Table("Program", "Time", "Held against", "Ratio", "Target")
    for name, taken, against, most in figures():
        programs.add_row(
            name,
            f"{taken * 1e3:.0f} ms",
            f"{against * 1e3:.0f} ms",
            f"{taken / against:.2f}",
            f"{most:.0f}",
        )
    console.print(programs)


def conditional() -> dict[str, Any]:
    """Return a template with 200 conditions, which 40 hooks stand under."""
    return template(resources=450, bots=20, aliases=2, conditions=200)


if __name__ == "__main__":
    sys.exit(main())
