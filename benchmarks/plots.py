"""`python -m benchmarks.plots`: how the time grows with resources and with code hooks.

Each plot is a Mermaid chart, which GitHub draws by itself, between two comments in
docs/benchmarks.md. Below it stands how near the times are to a straight line.
"""

import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.handling import Case, measured
from benchmarks.machine import described
from benchmarks.templates import template

DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
SECONDS = 1.0
# Blue and grey of one lightness: they are seen on a white page and on a black one.
COLOURS = "#2f81f7, #8b949e"


@dataclass(frozen=True, slots=True)
class Plot:
    """Times over one size: the handler's and those of the round trip, in milliseconds."""

    name: str
    what: str
    sizes: list[int]
    handler: list[float]
    round_trip: list[float]

    @property
    def chart(self) -> str:
        """Return the Mermaid chart."""
        colours = {"themeVariables": {"xyChart": {"plotColorPalette": COLOURS}}}
        highest = max(*self.handler, *self.round_trip) * 1.05
        return "\n".join(
            (
                "```mermaid",
                f"%%{{init: {json.dumps(colours)}}}%%",
                "xychart-beta",
                '    title "Handler (blue) and JSON round trip (grey)"',
                f'    x-axis "{self.what}" {_listed(map(str, self.sizes))}',
                f'    y-axis "milliseconds" 0 --> {highest:.1f}',
                f"    line {_listed(f'{time:.2f}' for time in self.handler)}",
                f"    line {_listed(f'{time:.2f}' for time in self.round_trip)}",
                "```",
            )
        )

    @property
    def in_words(self) -> str:
        """Say how near the handler's times are to a straight line."""
        slope, start = statistics.linear_regression(self.sizes, self.handler)
        return (
            f"Handler: {start:.2f} ms and {slope * 1e3:.1f} µs for each of the {self.what};"
            f" R² of this straight line: {straightness(self.sizes, self.handler):.3f}."
        )


def straightness(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Return R² of the straight line that fits best: 1 where every time stands on it."""
    return statistics.correlation(sizes, times) ** 2


def _listed(values: Iterable[str]) -> str:
    return f"[{', '.join(values)}]"


def resources(sizes: Iterable[int] = range(50, 501, 50), seconds: float = SECONDS) -> Plot:
    """Measure templates of 3 bots and more and more other resources."""
    # The three permissions that the macro adds are counted: 500 is CloudFormation's limit.
    cases = {size: Case("", template(resources=size - 3, bots=3)) for size in sizes}
    return _plot("resources", "resources", cases, seconds)


def hooks(bots: Iterable[int] = range(0, 81, 10), seconds: float = SECONDS) -> Plot:
    """Measure 401 resources of which more and more are bots, with 12 code hooks each."""
    cases = {
        number * 12: Case(
            "",
            template(resources=401, bots=number, aliases=3, locales=4),
            parameters={"SourceScope": "Bot"},
        )
        for number in bots
    }
    return _plot("hooks", "code hooks", cases, seconds)


def _plot(name: str, what: str, cases: dict[int, Case], seconds: float) -> Plot:
    rows = measured(list(cases.values()), seconds)
    return Plot(
        name,
        what,
        list(cases),
        [row.handler * 1e3 for row in rows],
        [row.round_trip * 1e3 for row in rows],
    )


def with_plot(document: str, plot: Plot) -> str:
    """Return a document with the plot in the place that is named after it."""
    begin, end = f"<!-- plot {plot.name} -->", f"<!-- end of plot {plot.name} -->"
    before, found, rest = document.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"docs/benchmarks.md has no place for the plot of {plot.name}")
    return f"{before}{begin}\n{plot.chart}\n\n{plot.in_words}\n{end}{after}"


def main() -> None:
    """Measure, and write the plots into the document."""
    sys.stdout.write(f"{described()}\n")
    for plot in (resources(), hooks()):
        DOCUMENT.write_text(with_plot(DOCUMENT.read_text(), plot))
        sys.stdout.write(f"{plot.in_words}\n")


if __name__ == "__main__":
    main()
