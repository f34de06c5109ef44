"""The laws are tested themselves: each finds a macro in which a fault was planted."""

from functools import cache

import pytest

from tests.laws import misreadings
from tests.laws.faults import FAULTS, Fault
from tests.laws.laws import LAWS_ON_ONE_ANSWER, LAWS_ON_SEVERAL_ANSWERS, violations
from tests.laws.templates import Case, cases

# The rarest fault needs a few hundred templates.
BOUND = 1500


@cache
def templates() -> list[Case]:
    """Return the templates on which a fault has to show, the same for all."""
    return list(cases(1, BOUND))


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(fault: Fault) -> None:
    """The law that a fault breaks is found broken on one of the templates."""
    assert any(_breaks(fault, case) for case in templates())


def test_every_law_finds_a_fault() -> None:
    """No law holds whatever the macro does."""
    assert misreadings.__name__ in {fault.macro.__module__ for fault in FAULTS}
    laws = {law.__name__ for law in (*LAWS_ON_ONE_ANSWER, *LAWS_ON_SEVERAL_ANSWERS)}
    assert {fault.law for fault in FAULTS} == laws | {"answers"}


def _breaks(fault: Fault, case: Case) -> bool:
    """Return whether a fault shows on a template, by the law that has to find it."""
    found = violations(case.template, case.deployment, fault.macro, case.seed, fault.law)
    return any(sentence.startswith(f"{fault.law}: ") for sentence in found)
