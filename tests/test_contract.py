"""docs/contract.md and the tests agree: whatever it says is shown, and whatever is shown it says.

A golden case names its rules at the start of its first line, other tests name theirs in docstrings
and comments, as in "(rule N.N)" or "(rules N.N, N.N)".
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.templates import Case, cases, name

TESTS = Path(__file__).parent
CONTRACT = TESTS.parent / "docs" / "contract.md"
NUMBER = re.compile(r"\d\.\d+")
RULE = re.compile(r"^- \*\*(\d\.\d+)\*\* (.+(?:\n {2}.+)*)", re.MULTILINE)
CITED = re.compile(r"\brules? (\d\.\d+(?:(?:, | and )\d\.\d+)*)")
GOLDEN = [*cases("cases"), *cases("rejected")]


def _rules() -> list[tuple[str, str]]:
    """Return the contract's rules, number and text, in its order."""
    return RULE.findall(CONTRACT.read_text())


def _numbers(*, built: bool) -> set[str]:
    """Return the numbers of the rules that are built, or of those that are not yet."""
    return {number for number, text in _rules() if text.endswith("(not yet)") is not built}


def _shown(case: Case) -> set[str]:
    """Return the rules that a golden case says it shows."""
    return set(NUMBER.findall(case.headline.partition(":")[0]))


def _named() -> set[str]:
    """Return the rules that the other tests name; this file names only N.N."""
    sources = (path.read_text() for path in TESTS.rglob("*.py"))
    lists = (numbers for source in sources for numbers in CITED.findall(source))
    return {number for numbers in lists for number in NUMBER.findall(numbers)}


def test_the_rules_are_numbered_in_order() -> None:
    """Each section's rules count up from one, none missing and none twice."""
    numbers = [number for number, _ in _rules()]
    sections = Counter(number.partition(".")[0] for number in numbers)
    assert numbers == [f"{place}.{n + 1}" for place, size in sections.items() for n in range(size)]


def test_every_rule_has_a_test() -> None:
    """What the contract says without "(not yet)", a golden case or another test shows."""
    shown = {number for case in GOLDEN for number in _shown(case)}
    assert _numbers(built=True) - shown - _named() == set()


def test_tests_name_rules_that_exist() -> None:
    """No test names a number that the contract does not have."""
    assert _named() <= _numbers(built=True) | _numbers(built=False)


@pytest.mark.parametrize("case", GOLDEN, ids=name)
def test_a_golden_case_shows_rules_of_the_contract(case: Case) -> None:
    """A golden case names rules, and only such as are said to be built."""
    assert _shown(case)
    assert _shown(case) <= _numbers(built=True)
