"""The benchmarks measure what they say: templates, sink and plots. No time is tested.

A figure is worth what is behind it: a template that the macro refused, or one without hooks, would
be a fast one.
"""

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from auto_lex_permissions import Request, transform
from benchmarks import cold_start, plots
from benchmarks.__main__ import CASES, LARGE, MEGABYTE, TYPICAL
from benchmarks.clock import best
from benchmarks.handling import Case, answering, measured, sent_to
from benchmarks.sam import translated
from benchmarks.templates import template
from tests.build.sam_tools import SAM_PYTHON

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "benchmarks.md").read_text()
BY_NAME = {case.name: case for case in CASES}
# The permissions that the macro adds, by the numbers that stand in each name.
ADDED = {
    "50 resources, no bot": 0,
    TYPICAL: 3,
    "50 resources, 3 bots, 200 conditions": 3,
    "500 resources, no bot": 0,
    LARGE: 3,
    "500 resources, 3 bots, 200 conditions": 3,
    "500 resources, 80 bots": 80,
    "500 resources, 80 bots, 200 conditions": 80,
    "401 resources, 80 bots, 960 hooks": 80,
    "450 resources, 40 hooks, 200 conditions": 40,
    MEGABYTE: 3,
}


def _named(name: str, what: str) -> int | None:
    """Return the number before a word in a case's name."""
    parts = (part.split() for part in name.split(", "))
    return next((int(words[0]) for words in parts if words[1:] == [what]), None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases_are_what_their_names_say(case: Case) -> None:
    """A row's name tells its resources, hooks and conditions, and the macro adds as many."""
    request = Request(case.fragment, "us-east-1", "123456789012", case.parameters)
    result = transform(request)
    resources: Any = result.fragment["Resources"]
    before, after = len(case.fragment["Resources"]), len(resources)
    assert result.permissions_added == after - before == ADDED[case.name]
    assert _named(case.name, "resources") in {before, after, None}
    assert _named(case.name, "hooks") in {result.code_hooks, None}
    assert len(case.fragment.get("Conditions", {})) == (_named(case.name, "conditions") or 0)


def test_megabyte() -> None:
    """The 1 MB template is as large as CloudFormation takes, to a fifth."""
    assert 800_000 < len(json.dumps(BY_NAME[MEGABYTE].fragment)) < 1_000_000


def test_log_goes_to_the_sink(capsys: pytest.CaptureFixture[str]) -> None:
    """What is timed is the Lambda function with its log line and its metrics, all of them sunk."""
    sink = io.StringIO()
    call = answering(BY_NAME[TYPICAL].event)
    with sent_to(sink):
        answer = call()
    assert answer["status"] == "success"
    log, metrics = (json.loads(line) for line in sink.getvalue().splitlines())
    assert log["permissions_added"] == 3
    assert metrics["PermissionsAdded"] == [3.0]
    assert capsys.readouterr().out == ""


def test_a_refused_template_is_not_measured() -> None:
    """The time of a refusal never stands in the table as that of an answer."""
    with pytest.raises(ValueError, match="CloudFormation takes 500"):
        measured([Case("", template(resources=500, bots=1))], seconds=0.01)


def test_best_is_the_shortest_of_each() -> None:
    """Runs take turns, and each gets its own time: a run that waits 5 ms takes no less."""
    called: list[str] = []

    def slow() -> None:
        called.append("slow")
        time.sleep(0.005)

    times = best(slow, lambda: called.append("fast"), seconds=0.1)
    assert times[1] < 0.005 <= times[0]
    assert called.index("slow", called.index("fast"))


@pytest.mark.skipif(not SAM_PYTHON.exists(), reason="needs the SAM CLI's environment: make setup")
def test_translator_measures_itself() -> None:
    """SAM's translator takes the very templates of the table, and gives a time for each."""
    small = [BY_NAME[TYPICAL].fragment, BY_NAME["50 resources, no bot"].fragment]
    found = translated(small, seconds=0.05)
    assert found is not None
    assert len(found.times) == 2
    assert all(0 < time < 60 for time in found.times)


def test_cold_start_is_held_against_the_same_packages(tmp_path: Path) -> None:
    """The handler that only imports has the packages and bytecode of the artifact itself."""
    package, other = (tmp_path / "macro" / name for name in ("auto_lex_permissions", "jmespath"))
    for folder in (package, other):
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    macro, imports, bare = cold_start.handlers(tmp_path)
    assert macro.code.folder == tmp_path / "macro"
    assert imports.code.folder == bare.code.folder
    names = {path.name for path in imports.code.folder.iterdir()}
    assert names == {"jmespath", "imports.py", "bare.py", "__pycache__"}
    assert (imports.code.folder / "jmespath" / "__pycache__").is_dir()
    assert imports.code.environment == macro.code.environment


def plot(**changes: Any) -> plots.Plot:
    """Return a small plot, of which one line is straight."""
    known: dict[str, Any] = {
        "name": "hooks",
        "what": "code hooks",
        "sizes": [0, 10, 20],
        "handler": [1.0, 2.0, 3.0],
        "round_trip": [2.0, 2.5, 4.0],
    }
    return plots.Plot(**known | changes)


def test_chart() -> None:
    """A chart shows both lines over the sizes, from zero to above the highest."""
    lines = [line.strip() for line in plot().chart.splitlines()]
    assert lines[0] == "```mermaid"
    assert 'x-axis "code hooks" [0, 10, 20]' in lines
    assert 'y-axis "milliseconds" 0 --> 4.2' in lines
    assert lines[-3:] == ["line [1.00, 2.00, 3.00]", "line [2.00, 2.50, 4.00]", "```"]


def test_straightness_tells_linear_from_quadratic_growth() -> None:
    """R² is 1 on a straight line and visibly less on a square, so that the docs cannot flatter."""
    sizes = list(range(11))
    assert plots.straightness(sizes, [3 + 2 * size for size in sizes]) == pytest.approx(1)
    assert plots.straightness(sizes, [size**2 for size in sizes]) < 0.95


def test_words_below_a_plot() -> None:
    """Below a plot stand what a template costs by itself and what each piece adds."""
    assert plot().in_words == (
        "Handler: 1.00 ms and 100.0 µs for each of the code hooks; R² of this straight line: 1.000."
    )


def test_a_plot_replaces_the_one_before() -> None:
    """A plot takes its own place in the document, twice as once, and leaves all else."""
    document = "a\n<!-- plot hooks -->\nold\n<!-- end of plot hooks -->\nb\n"
    once = plots.with_plot(document, plot())
    assert once.startswith("a\n<!-- plot hooks -->\n```mermaid\n")
    assert once.endswith("\n<!-- end of plot hooks -->\nb\n")
    assert "old" not in once
    assert plots.with_plot(once, plot()) == once


def test_a_plot_without_place_is_told() -> None:
    """A document without the two comments is not written over."""
    with pytest.raises(ValueError, match="no place for the plot of hooks"):
        plots.with_plot("<!-- plot hooks -->", plot())


@pytest.mark.parametrize("name", ["resources", "hooks"])
def test_document_shows_both_plots(name: str) -> None:
    """docs/benchmarks.md has a drawn plot in each place."""
    _, _, rest = DOCUMENT.partition(f"<!-- plot {name} -->")
    inside, end, _ = rest.partition(f"<!-- end of plot {name} -->")
    assert end
    assert "xychart-beta" in inside
    assert "R² of this straight line" in inside


def test_plots_measure_their_sizes() -> None:
    """The sizes below a plot are those of the templates: resources with what the macro adds."""
    assert plots.resources([50, 500], seconds=0.01).sizes == [50, 500]
    assert plots.hooks([0, 2], seconds=0.01).sizes == [0, 24]
    fragment = template(resources=401, bots=2, aliases=3, locales=4)
    settings = {"SourceScope": "Bot"}
    assert transform(Request(fragment, "us-east-1", "123456789012", settings)).code_hooks == 24


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_document_shows_each_row(case: Case) -> None:
    """The table of docs/benchmarks.md has each template that `make bench` measures."""
    assert f"| {case.name} " in DOCUMENT
