"""The golden cases: each folder of cases/ is a template and the fragment that comes of it."""

import copy
import json
from pathlib import Path

import pytest

from auto_lex_permissions import TemplateError, transform
from auto_lex_permissions.cfn.budget import Budget
from tests.templates import Case, cases, name


@pytest.mark.parametrize("case", cases("cases"), ids=name)
def test_the_fragment_is_the_expected_one(case: Case) -> None:
    """Values and the order of keys are those of expected.yaml (rules 6.5, 6.6)."""
    assert json.dumps(transform(case.request).fragment) == json.dumps(case.expected)


@pytest.mark.parametrize("case", cases("cases"), ids=name)
def test_applying_it_twice_changes_nothing_more(case: Case) -> None:
    """A processed template comes back equal (rule 6.5)."""
    request = case.request
    again = request._replace(fragment=case.expected)
    assert json.dumps(transform(again).fragment) == json.dumps(case.expected)


@pytest.mark.parametrize("case", cases("cases"), ids=name)
def test_the_request_is_left_as_it_was(case: Case) -> None:
    """The macro never changes what it reads (rule 6.6)."""
    request = case.request
    before = copy.deepcopy(request.fragment)
    transform(request)
    assert json.dumps(request.fragment) == json.dumps(before)


@pytest.mark.parametrize("case", cases("rejected"), ids=name)
def test_a_mistake_is_rejected_in_these_words(case: Case) -> None:
    """The author reads exactly message.txt (rule 6.3)."""
    with pytest.raises(TemplateError) as rejected:
        transform(case.request)
    assert str(rejected.value) == case.message


@pytest.mark.parametrize("case", cases("cases"), ids=name)
def test_work_is_counted_in_whole_steps_and_has_a_name(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a template that takes too many steps the author reads what took them (rule 6.8)."""
    counted: list[tuple[object, object]] = []
    spend = Budget.spend

    def watched(budget: Budget, steps: int, work: str) -> None:
        counted.append((steps, work))
        spend(budget, steps, work)

    monkeypatch.setattr(Budget, "spend", watched)
    transform(case.request)
    assert all(isinstance(steps, int) and steps >= 0 for steps, _ in counted)
    assert all(isinstance(work, str) and work[:1].isupper() for _, work in counted)


def test_a_case_in_short_forms_is_refused_in_words(tmp_path: Path) -> None:
    """Who copies a template into a case reads what to change."""
    (tmp_path / "template.yaml").write_text("Resources: !Ref Bot\n")
    with pytest.raises(ValueError, match=r"!Ref.*\{Ref: Bot\} in place of !Ref Bot"):
        _ = Case(tmp_path).request
