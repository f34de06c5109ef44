"""`fix --narrow` on random templates, and that what is held of it can be broken."""

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from auto_lex_permissions.cfn.values import Place
from auto_lex_permissions.declared import Declared
from auto_lex_permissions_cli import fix, narrow
from auto_lex_permissions_cli.reading import Template
from auto_lex_permissions_cli.splice import Edit, edits
from tests.laws.narrowing import narrowed, violations_of_narrowing
from tests.laws.templates import Case, cases

SEED = 1
TEMPLATES = 250
# How many templates of a hundred have to show each, so that what is held means something.
FLOORS = {"goes": 8, "stays": 4, "permission": 8}


def found(templates: Iterator[Case], counts: Counter[str] | None = None) -> Iterator[str]:
    """Yield what is wrong with any of the templates, narrowed."""
    for case in templates:
        fixed = narrowed(case)
        if fixed is not None:
            if counts is not None:
                counts["goes"] += bool(fixed.narrowed)
                counts["stays"] += bool(fixed.stays)
                counts["permission"] += bool(fixed.narrowed and fixed.permissions)
            yield from (f"{case.seed}: {wrong}" for wrong in violations_of_narrowing(case, fixed))


@pytest.mark.long
def test_live_hooks_stay_allowed_and_nothing_else() -> None:
    """Whatever was too wide or never matched."""
    counts: Counter[str] = Counter()
    assert not [*found(cases(SEED, TEMPLATES), counts)]
    below = {w: counts[w] for w, least in FLOORS.items() if counts[w] < least * TEMPLATES // 100}
    assert not below


@pytest.mark.parametrize(
    "fault", ["nothing is unseen", "nothing is added instead", "one is overlooked"]
)
def test_a_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of what is held is broken by a fault of its own."""
    if fault == "nothing is unseen":
        monkeypatch.setattr(Declared, "reason_to_stay", lambda *_: "")
    elif fault == "nothing is added instead":

        def removals(
            template: Template, _after: object, going: Iterable[Place]
        ) -> tuple[Edit, ...]:
            return edits(template, template.value, going)

        monkeypatch.setattr(fix, "edits", removals)
        monkeypatch.setattr(fix, "_verify", lambda *_: None)
        monkeypatch.setattr(fix, "_verify_that_nothing_lacks", lambda *_: None)
    else:
        monkeypatch.setattr(narrow, "NEVER_MATCHES", None)
    assert next(found(cases(SEED, TEMPLATES)), "")
