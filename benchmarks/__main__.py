"""`make bench`: tables of what the macro costs, as ratios within one run.

The measure of all is work of the same size that is paid anyway or that people use instead: the
JSON round trip of the event, SAM's translator, a handler that only imports. Times are the best of
several runs, since everything else on a machine only adds time.
"""

from collections.abc import Sequence
from subprocess import CalledProcessError

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from benchmarks import cold_start
from benchmarks.command_line import figures
from benchmarks.handling import Case, Measured, measured, memory_beside
from benchmarks.machine import described
from benchmarks.sam import Translated, translated
from benchmarks.templates import template

# What the core may take of the JSON round trip of its event, where it is less than elsewhere.
MOST_WITH_CONDITIONS = 1.0
MOST_OF_LARGE = 0.25
MOST_GROWTH = 12
MOST_COLD_MILLISECONDS = 10
MOST_MEMORY = 128
# Each table is Markdown, and each row a line: docs/benchmarks.md shows them as they are printed.
WIDTH = 160
TYPICAL = "50 resources, 3 bots"
LARGE = "500 resources, 3 bots"
MEGABYTE = "1 MB, 3 bots"

CASES = (
    Case("50 resources, no bot", template(resources=50, bots=0)),
    Case(TYPICAL, template(resources=50, bots=3)),
    Case(
        "50 resources, 3 bots, 200 conditions",
        template(resources=50, bots=3, conditions=200),
        MOST_WITH_CONDITIONS,
    ),
    Case("500 resources, no bot", template(resources=500, bots=0)),
    # With the permissions that the macro adds, these come to 500: more would be refused.
    Case(LARGE, template(resources=497, bots=3), MOST_OF_LARGE),
    Case(
        "500 resources, 3 bots, 200 conditions",
        template(resources=497, bots=3, conditions=200),
        MOST_WITH_CONDITIONS,
    ),
    Case("500 resources, 80 bots", template(resources=420, bots=80)),
    Case(
        "500 resources, 80 bots, 200 conditions",
        template(resources=420, bots=80, conditions=200),
        MOST_WITH_CONDITIONS,
    ),
    Case(
        "401 resources, 80 bots, 960 hooks",
        template(resources=401, bots=80, aliases=3, locales=4),
        # One for each bot alias would pass 500 resources, and be refused.
        parameters={"SourceScope": "Bot"},
    ),
    Case(
        "450 resources, 40 hooks, 200 conditions",
        template(resources=450, bots=20, aliases=2, conditions=200),
        MOST_WITH_CONDITIONS,
    ),
    Case(MEGABYTE, template(resources=450, bots=3, description=600_000)),
)


def main() -> None:
    """Measure, and print the tables."""
    console = Console(width=WIDTH)
    console.print(described(), highlight=False)
    rows = measured(CASES)
    sam = translated(case.fragment for case in CASES)
    console.print(_templates(rows, sam))
    console.print(_in_words(rows, sam), highlight=False)
    try:
        _print_cold_starts(console)
    except CalledProcessError as error:
        # The build fetches packages: without the network everything else is still measured.
        console.print(f"Cold starts are left out, since the artifact was not built: {error}")
    console.print(_programs())


def _templates(rows: Sequence[Measured], sam: Translated | None) -> Table:
    """Return the table of the templates."""
    table = Table(
        *("Template", "JSON", "Round trip", "Core", "Ratio", "Target", "Handler", "Ratio"),
        *("SAM", "Times"),
        box=MARKDOWN,
    )
    for number, (case, row) in enumerate(zip(CASES, rows, strict=True)):
        table.add_row(
            case.name,
            f"{row.size / 1e3:.0f} KB",
            _milliseconds(row.round_trip),
            _milliseconds(row.core),
            f"{row.core / row.round_trip:.2f}",
            f"≤ {case.most}",
            _milliseconds(row.handler),
            f"{row.handler / row.round_trip:.2f}",
            *(_against_sam(row, sam.times[number]) if sam else ("", "")),
        )
    return table


def _against_sam(row: Measured, seconds: float) -> tuple[str, str]:
    """Return the translator's time, and how many times the handler's that is."""
    return f"{seconds * 1e3:.0f} ms", f"{seconds / row.handler:.0f}"


def _in_words(rows: Sequence[Measured], sam: Translated | None) -> str:
    """Return what the table shows beside its rows."""
    named = {case.name: row for case, row in zip(CASES, rows, strict=True)}
    small, large = named[TYPICAL], named[LARGE]
    megabyte = next(case for case in CASES if case.name == MEGABYTE)
    translator = f"samtranslator {sam.version}" if sam else "not here, see `make setup`"
    return (
        f"SAM: {translator}\n"
        f"500 resources against 50: core {large.core / small.core:.1f} times, handler"
        f" {large.handler / small.handler:.1f} times (target: at most {MOST_GROWTH})\n"
        f"Memory of the core for 1 MB: {memory_beside(megabyte.fragment):.1f} MB beside the event"
    )


def _print_cold_starts(console: Console) -> None:
    """Print what cold starts, the zip and the memory of a process come to."""
    with cold_start.built() as folder:
        starts = cold_start.handlers(folder)
        event, largest = (
            next(case.event for case in CASES if case.name == name) for name in (TYPICAL, MEGABYTE)
        )
        cold_start.measure(starts, event)
        peaks = [cold_start.peak_memory(handler.code, largest) for handler in starts]
        console.print(_starts(starts, peaks))
        macro, imports, _ = starts
        console.print(
            f"Cold start beyond the imports: best {(macro.best - imports.best) * 1e3:+.1f} ms,"
            f" median {(macro.median - imports.median) * 1e3:+.1f} ms"
            f" (target: at most {MOST_COLD_MILLISECONDS} ms)\n"
            f"Artifact: {_megabytes(cold_start.zip_size(folder))} zipped,"
            f" {_megabytes(cold_start.unzipped_size(folder))} unpacked",
            highlight=False,
        )


def _starts(starts: Sequence[cold_start.Starts], peaks: Sequence[float | None]) -> Table:
    """Return the table of the handlers under the runtime client."""
    handler = f"Handler, {cold_start.STARTS} cold starts"
    table = Table(handler, "Best", "Median", "Memory for 1 MB", "Target", box=MARKDOWN)
    for number, (start, peak) in enumerate(zip(starts, peaks, strict=True)):
        target = "" if number else f"≤ {MOST_MEMORY} MB"
        times = (f"{start.best * 1e3:.1f} ms", f"{start.median * 1e3:.1f} ms")
        table.add_row(start.name, *times, _megabytes(peak), target)
    return table


def _programs() -> Table:
    """Return the table of the command line."""
    table = Table("Program", "Time", "Held against", "Ratio", "Target", box=MARKDOWN)
    for name, taken, against, most in figures():
        table.add_row(
            name,
            f"{taken * 1e3:.0f} ms",
            f"{against * 1e3:.0f} ms",
            f"{taken / against:.2f}",
            f"≤ {most:.0f}",
        )
    return table


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"


def _megabytes(size: float | None) -> str:
    return "not measured" if size is None else f"{size:.1f} MB"


if __name__ == "__main__":
    main()
