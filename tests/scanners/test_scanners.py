"""cfn-lint and checkov: the macro adds nothing that they would hold against the template's author.

The golden templates are as small as they can be and some are odd on purpose, so what is found in a
template before the macro is its author's. docs/scanners.md explains the exceptions.
"""

from pathlib import Path

import pytest

from localcloud.sam import ROOT
from tests.scanners.pairs import FAULTY, OWN, PERMISSION, Scanned, names
from tests.scanners.scanning import CheckovReport, Finding, Findings

pytestmark = pytest.mark.timeout(300)

EXPLANATIONS = (ROOT / "docs" / "scanners.md").read_text()
# A permission that has a DeletionPolicy and no UpdateReplacePolicy.
KEPT = "W3011"
# A permission that names neither the account nor the caller that may use it.
TOO_WIDE = "CKV_AWS_364"


def by_path(path: Path) -> str:
    """Return a template's path in the project, for the test report."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("name", names())
def test_cfn_lint_finds_nothing_that_the_macro_has_added(
    scanned: Scanned, linted: Findings, name: str
) -> None:
    """Neither errors nor warnings nor information, but that a permission is kept on purpose.

    Its `FunctionName` is the author's `LambdaArn` (rule 2.2): what is held against the one is held
    against the other as well.
    """
    before, after = scanned.paths[name]
    repeated = {each.rule for each in linted[before] if "/LambdaArn" in each.place}
    added = [
        each
        for each in scanned.added(name, linted)
        if not ("/Properties/FunctionName" in each.place and each.rule in repeated)
    ]
    kept = [
        Finding(KEPT, f"Resources/{logical_id}")
        for logical_id, resource in scanned.pairs[name].generated.items()
        if "DeletionPolicy" in resource and "UpdateReplacePolicy" not in resource
    ]
    assert added == kept
    # What it says when it has not looked at all.
    unread = {each for each in linted[after] if each.rule.startswith("E0")}
    assert not unread or not scanned.pairs[name].generated


@pytest.mark.parametrize("name", names())
def test_checkov_finds_nothing_that_the_macro_has_added(
    scanned: Scanned, checked: CheckovReport, name: str
) -> None:
    """And reads afterwards what it could read before."""
    assert scanned.added(name, checked.failed) == []
    before, after = scanned.paths[name]
    assert (before in checked.unread) is (after in checked.unread)


@pytest.mark.parametrize("name", names())
def test_each_generated_permission_passes_checkovs_check_of_permissions(
    scanned: Scanned, checked: CheckovReport, name: str
) -> None:
    """It has been looked at, and names who may use it (rule 2.1)."""
    _, after = scanned.paths[name]
    assert {resource["Type"] for resource in scanned.pairs[name].generated.values()} <= {PERMISSION}
    for logical_id in scanned.pairs[name].generated:
        assert checked.passed[after][Finding(TOO_WIDE, f"{PERMISSION}.{logical_id}")] == 1


@pytest.mark.parametrize("template", OWN, ids=by_path)
def test_our_own_templates_are_clean(
    linted: Findings, checked: CheckovReport, template: Path
) -> None:
    """In whole; what checkov has to skip has its reason beside it."""
    assert linted[template] == {}
    assert checked.failed[template] == {}
    assert template not in checked.unread
    assert all(finding.message.endswith(".") for finding in checked.skipped[template])


def test_the_template_of_the_dist_is_as_clean(
    scanned: Scanned, linted: Findings, checked: CheckovReport
) -> None:
    """And checkov skips in it what it skips in the one that it is made from."""
    template = scanned.distributed
    assert linted[template] == {}
    assert checked.failed[template] == {}
    assert template not in checked.unread
    skipped = {finding.rule for finding in checked.skipped[ROOT / "template.yaml"]}
    assert {finding.rule for finding in checked.skipped[template]} == skipped


def test_a_permission_that_is_too_wide_would_be_noticed(
    scanned: Scanned, linted: Findings, checked: CheckovReport
) -> None:
    """Both scanners look at what the macro adds, and so would find a fault in it."""
    assert {each.rule for each in scanned.added(FAULTY, checked.failed)} == {TOO_WIDE}
    assert [each.place for each in scanned.added(FAULTY, linted)] == [
        "Resources/Permission/Properties/FunctionName/Ref"
    ]


def test_the_exceptions_are_explained() -> None:
    """By the scanner's own name of the rule."""
    assert KEPT in EXPLANATIONS
