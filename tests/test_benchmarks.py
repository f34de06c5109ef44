"""The benchmarks measure what they say: a refused template, or one without hooks, would be fast."""

import json
from typing import Any

import pytest

from auto_lex_permissions import Request, transform
from benchmarks import plots
from benchmarks.__main__ import CASES, MEGABYTE
from benchmarks.handling import Case, measured
from benchmarks.templates import template


def _named(name: str, what: str) -> int | None:
    """Return the number before a word in a case's name."""
    parts = (part.split() for part in name.split(", "))
    return next((int(words[0]) for words in parts if words[1:] == [what]), None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases_are_what_their_names_say(case: Case) -> None:
    """A row's name counts its resources, hooks and conditions, and each bot gets its permission."""
    request = Request(case.fragment, "us-east-1", "123456789012", case.parameters)
    result = transform(request)
    resources: Any = result.fragment["Resources"]
    before, after = len(case.fragment["Resources"]), len(resources)
    assert result.permissions_added == after - before
    expected = _named(case.name, "bots") or (0 if "no bot" in case.name else None)
    assert expected in {result.permissions_added, None}
    assert _named(case.name, "resources") in {before, after, None}
    assert _named(case.name, "hooks") in {result.code_hooks, None}
    assert len(case.fragment.get("Conditions", {})) == (_named(case.name, "conditions") or 0)
    if case.name == MEGABYTE:
        assert 800_000 < len(json.dumps(case.fragment)) < 1_000_000


def test_a_refused_template_is_not_measured() -> None:
    """The time of a refusal never stands in the table as that of an answer."""
    with pytest.raises(ValueError, match="CloudFormation allows 500"):
        measured([Case("", template(resources=500, bots=1))], seconds=0.01)


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


def test_straightness_separates_linear_from_quadratic_growth() -> None:
    """R² is 1 on a straight line and visibly less on a square, so that the docs cannot flatter."""
    sizes = list(range(11))
    assert plots.straightness(sizes, [3 + 2 * size for size in sizes]) == pytest.approx(1)
    assert plots.straightness(sizes, [size**2 for size in sizes]) < 0.95


def test_a_plot_replaces_the_one_before() -> None:
    """A plot takes its own place in the document, twice as once, and leaves all else."""
    document = "a\n<!-- plot hooks -->\nold\n<!-- end of plot hooks -->\nb\n"
    once = plots.with_plot(document, plot())
    assert once.startswith("a\n<!-- plot hooks -->\n```mermaid\n")
    assert once.endswith("\n<!-- end of plot hooks -->\nb\n")
    assert "old" not in once
    assert plots.with_plot(once, plot()) == once


def test_a_plot_without_place_is_an_error() -> None:
    """A document without the two comments is not written over."""
    with pytest.raises(ValueError, match="no place for the plot of hooks"):
        plots.with_plot("<!-- plot hooks -->", plot())
