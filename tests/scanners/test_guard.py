"""cfn-guard with the rules of AWS Control Tower: it passes what it can make sense of.

npm brings it, so these tests run where `make scan` has installed it. docs/scanners.md explains the
exceptions.
"""

from pathlib import Path

import pytest

from localcloud.sam import ROOT
from tests.scanners.pairs import EXAMPLES, FAULTY, HOOK, ORGANIZATION, Scanned, names
from tests.scanners.scanning import GUARD_RULES, Finding, Findings

pytestmark = pytest.mark.timeout(300)

EXPLANATIONS = (ROOT / "docs" / "scanners.md").read_text()
# CT.LAMBDA.PR.2, about permissions.
PUBLIC = "lambda_function_public_access_prohibited_check"
# CT.LAMBDA.PR.3, about functions.
OUTSIDE_VPC = "lambda_inside_vpc_check"


@pytest.mark.parametrize("name", names())
def test_it_fails_exactly_what_has_a_source_that_it_does_not_understand(
    scanned: Scanned, guarded: Findings, name: str
) -> None:
    """A `SourceArn` by Fn::GetAtt passes, any other function in its place does not."""
    generated = scanned.pairs[name].generated.items()
    expected = {
        Finding(PUBLIC, logical_id)
        for logical_id, resource in generated
        if "Fn::GetAtt" not in resource["Properties"]["SourceArn"]
    }
    assert set(scanned.added(name, guarded)) == expected


def test_it_passes_what_the_macro_adds_to_the_example(scanned: Scanned, guarded: Findings) -> None:
    """There is nothing to explain where a bot alias has a hook and nothing is set."""
    assert scanned.pairs["connect-bot"].generated
    assert scanned.added("connect-bot", guarded) == []


def test_our_own_templates(scanned: Scanned, guarded: Findings) -> None:
    """A function outside a VPC, and a permission by a parameter; nothing else."""
    for template in EXAMPLES:
        assert {each.rule for each in guarded[template]} <= {OUTSIDE_VPC}
    shared = Finding(PUBLIC, "AutoLexPermissionsOrganizationPermission")
    assert guarded[ROOT / "template.yaml"] == {shared: 1}
    # Of a function it knows only where it is CloudFormation's own.
    outside = Finding(OUTSIDE_VPC, "AutoLexPermissionsFunction")
    assert guarded[scanned.distributed] == {shared: 1, outside: 1}
    assert ORGANIZATION
    for template in (HOOK, *ORGANIZATION):
        assert guarded[template] == {}


def test_a_permission_that_is_too_wide_would_be_noticed(
    scanned: Scanned, guarded: Findings
) -> None:
    """It looks at what the macro adds."""
    assert scanned.added(FAULTY, guarded) == [Finding(PUBLIC, "Permission")]


@pytest.mark.parametrize("rule", [PUBLIC, OUTSIDE_VPC])
def test_the_exceptions_are_explained(guarded: Findings, rule: str) -> None:
    """By the number that AWS Control Tower gives the rule."""
    assert guarded
    (path,) = [each for each in GUARD_RULES.glob("*.guard") if f"rule {rule} " in each.read_text()]
    assert number(path) in EXPLANATIONS


def number(path: Path) -> str:
    """Return a rule's number, as in CT.LAMBDA.PR.2, after which its file is named."""
    return path.stem.upper().replace("-", ".")
