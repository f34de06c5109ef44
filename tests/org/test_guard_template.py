"""The policy in org/guard.yaml: AWS takes it, and it spares nobody but a few roles.

What it denies is decided in test_who_may_change.py, by an evaluator that not every machine has.
"""

import json
import re
from typing import Any

import pytest

from tests.org.templates import GUARD, Stack, load
from tests.pages import rights

# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
LARGEST = 5_120
# AWS names what only looks by these, and what calls a function by Invoke.
LOOKING = r"(Describe|Detect|Generate|Get|Invoke|List|Simulate)\*"
DEPLOYMENT, RUNNING, ROLES = (
    "OnlyTheDeploymentChangesTheMacro",
    "OnlyDeploymentAndOperatorsRunTheMacro",
    "OnlyAdministratorsChangeTheRoles",
)
LONGEST = {
    "AccountIds": "111122223333",
    "DeploymentRoleName": "d" * 64,
    "OperatorRoleName": "o" * 64,
    "AdministratorRoleName": "a" * 128,
    "FunctionName": "f" * 64,
    "StackName": "s" * 128,
}


def guard(**parameters: str) -> Stack:
    """Return the template with its parameters, in the management account."""
    return Stack(load(GUARD), "999988887777", {"AdministratorRoleName": "admin", **parameters})


def statements(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return the statements of the policy, by their Sid."""
    (resource,) = stack.template["Resources"].values()
    document = stack.document(resource["Properties"]["Content"])
    assert document["Version"] == "2012-10-17"
    return {each["Sid"]: each for each in document["Statement"]}


def matches(parameter: str, value: str) -> bool:
    """Return whether a parameter takes a value; CloudFormation matches the whole of it."""
    pattern = load(GUARD)["Parameters"][parameter]["AllowedPattern"]
    return re.fullmatch(pattern, value) is not None


def test_it_fits_whatever_the_parameters_are() -> None:
    """With the longest value of each, and with all the white space that JSON may have on a line."""
    assert set(LONGEST) == set(load(GUARD)["Parameters"])
    for parameter, value in LONGEST.items():
        assert matches(parameter, value)
        assert not matches(parameter, value + value[-1])
    policy = {
        "Version": "2012-10-17",
        "Statement": list(statements(guard(**LONGEST)).values()),
    }
    assert len(json.dumps(policy)) <= LARGEST


def test_each_statement_denies_and_spares_certain_roles() -> None:
    """By their names in the very account, so that one policy serves several."""
    role = "arn:aws:iam::*:role/"
    deployment, operator = (
        f"{role}auto-lex-permissions-deployment",
        f"{role}auto-lex-permissions-operator",
    )
    spared = {
        DEPLOYMENT: deployment,
        RUNNING: [deployment, operator],
        ROLES: f"{role}admin",
    }
    found = statements(guard())
    assert {each["Effect"] for each in found.values()} == {"Deny"}
    assert {sid: each["Condition"] for sid, each in found.items()} == {
        sid: {"ArnNotEquals": {"aws:PrincipalArn": roles}} for sid, roles in spared.items()
    }


def test_only_looking_calling_and_what_operators_do_is_left() -> None:
    """What AWS adds is denied, since a statement lists what it leaves."""
    found = statements(guard())
    operators = found[RUNNING]["Action"]
    left = {*found[DEPLOYMENT]["NotAction"], *found[ROLES]["NotAction"]} - {"sts:*"}
    assert set(operators) < left
    for action in left - set(operators):
        assert re.fullmatch(rf"[a-z0-9]+:{LOOKING}", action)
    assert found[RUNNING]["Resource"] in found[DEPLOYMENT]["Resource"]


def test_it_is_attached_to_the_accounts_that_are_named() -> None:
    """As what it is: a service control policy."""
    properties = load(GUARD)["Resources"]["Guard"]["Properties"]
    assert properties["Type"] == "SERVICE_CONTROL_POLICY"
    assert properties["TargetIds"] == {"Ref": "AccountIds"}


def test_the_page_names_each_statement_and_nothing_else() -> None:
    """Beside each right what closes it; a tag is nothing of AWS's."""
    closed = {said for _, actions, said in rights() if actions}
    assert closed == {f"`{sid}`" for sid in statements(guard())}
    (tag,) = [said for _, actions, said in rights() if not actions]
    assert tag == "[The rules for tags](#deploy-from-github)"


@pytest.mark.parametrize(
    ("parameter", "value", "taken"),
    [
        ("AccountIds", "011122223333", True),
        ("AccountIds", "r-ab12", False),
        ("DeploymentRoleName", "*", False),
        ("DeploymentRoleName", "team/deployment", False),
        ("OperatorRoleName", "oper*", False),
        ("AdministratorRoleName", "administrators", True),
        (
            "AdministratorRoleName",
            "aws-reserved/sso.amazonaws.com/*AWSReservedSSO_AdministratorAccess_*",
            True,
        ),
        # Either would spare everybody.
        ("AdministratorRoleName", "*", False),
        ("AdministratorRoleName", "a*", False),
        ("AdministratorRoleName", "", False),
        ("FunctionName", "*", False),
        ("FunctionName", "", False),
        ("StackName", "*", False),
        ("StackName", "", False),
    ],
)
def test_parameters(parameter: str, value: str, taken: bool) -> None:  # noqa: FBT001
    """What would spare too many, or guard nothing, fails before anything is made."""
    assert matches(parameter, value) is taken
