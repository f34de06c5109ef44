"""The documents are true: each rule of docs/contract.md has a test, README.md shows what happens.

A golden case names its rules at the start of its first line, other tests name theirs in docstrings
and comments, as in "(rule N.N)" or "(rules N.N, N.N)".
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from auto_lex_permissions import Request, transform
from tests.pages import CONTRACT, rules
from tests.templates import Case, cases, name

TESTS = Path(__file__).parent
README = TESTS.parent / "README.md"
DOCUMENTS = [*sorted(README.parent.glob("*.md")), *sorted(CONTRACT.parent.glob("*.md"))]
NUMBER = re.compile(r"\d\.\d+")
CITED = re.compile(r"\brules? (\d\.\d+(?:(?:, | and )\d\.\d+)*)")
GOLDEN = [*cases("cases"), *cases("rejected")]


def _numbers(*, built: bool) -> set[str]:
    """Return the numbers of the rules that are built, or of those that are not yet."""
    return {number for number, text in rules() if text.endswith("(not yet)") is not built}


def _shown(case: Case) -> set[str]:
    """Return the rules that a golden case says it shows."""
    return set(NUMBER.findall(case.headline.partition(":")[0]))


def _named() -> set[str]:
    """Return the rules that the other tests name; this file names only N.N."""
    texts = (path.read_text() for path in TESTS.rglob("*.py"))
    lists = (numbers for text in texts for numbers in CITED.findall(text))
    return {number for numbers in lists for number in NUMBER.findall(numbers)}


def test_the_rules_are_numbered_in_order() -> None:
    """Each section's rules count up from one, none missing and none twice."""
    numbers = [number for number, _ in rules()]
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


def test_the_readme_shows_what_the_macro_adds() -> None:
    """Its template becomes, by the macro, itself and the resource shown after it."""
    shown = README.read_text().partition("## Before and after")[2]
    before, added = re.findall(r"^```yaml\n(.+?)^```", shown, re.MULTILINE | re.DOTALL)[:2]
    fragment = _long(before)
    del fragment["Transform"]
    expected = fragment["Resources"] | _long(f"Resources:\n{added}")["Resources"]
    assert transform(Request(fragment)).fragment == fragment | {"Resources": expected}


def _long(text: str) -> dict[str, Any]:
    """Return a template as CloudFormation hands it on: plain JSON, short forms written out."""
    loaded: dict[str, Any] = json.loads(json.dumps(cfn_yaml.loads(text)))
    return loaded


def _anchors(document: Path) -> set[str]:
    """Return the anchors that a document's headings have, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.name))
def test_local_links_lead_somewhere(document: Path) -> None:
    """Files and headings that the documents link to are there."""
    for link in re.findall(r"\]\((?!https:)([^)]+)\)", document.read_text()):
        name_of_file, _, anchor = link.partition("#")
        target = document.parent / name_of_file if name_of_file else document
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link
