"""Who may invoke the macro's function, decided by an evaluator of IAM policies.

The policies are derived from the templates themselves: the function's as Lambda stores it, a
deploying role's as org/registration.yaml makes it. npm brings the evaluator, so these tests run
where `make scan` has installed it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.org.evaluator import Policy, evaluate
from tests.org.templates import MACRO, REGISTRATION, Stack, Template, load

CENTRAL: Final = "111122223333"
MEMBER: Final = "444455556666"
ORGANIZATION: Final = "o-a1b2c3d4e5"
ANOTHER_ORGANIZATION: Final = "o-z9y8x7w6v5"

SHARED: Final = Stack(load(MACRO), CENTRAL, {"OrganizationId": ORGANIZATION})
UNSHARED: Final = Stack(load(MACRO), CENTRAL, {})
REGISTERED: Final = Stack(load(REGISTRATION), MEMBER, {"CentralAccountId": CENTRAL})
ALIAS: Final = SHARED.value(SHARED.template["Outputs"]["FunctionAliasArn"]["Value"])
FUNCTION: Final = ALIAS.removesuffix(":live")

ALLOWED: Final = "Allowed"
DENIED: Final = "ImplicitlyDenied"
"""Nothing allows it; nothing has to forbid it."""
ANY_FUNCTION: Final[Policy] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}],
}


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody calls the function: who, by which ARN, and with what policies on either side."""

    policy: Policy | None
    account: str | None = MEMBER
    organization: str | None = ORGANIZATION
    resource: str = ALIAS
    identity: Policy | None = None

    def encoded(self) -> dict[str, Any]:
        """Return what the evaluator reads; without an account nobody has signed the request."""
        organization = self.organization if self.account else None
        return {
            "principal": self.account and f"arn:aws:iam::{self.account}:role/deploy",
            "action": "lambda:InvokeFunction",
            "resource": self.resource,
            "account": CENTRAL,
            "context": {"aws:PrincipalOrgID": organization} if organization else {},
            "identity": self.identity if self.account else None,
            "policy": self.policy,
        }


def policy_of_the_alias(stack: Stack) -> Policy | None:
    """Return the policy that Lambda makes of the template's permission; none where it has none.

    Its shape is that of
    https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-organization.html.
    """
    resource = stack.template["Resources"]["AutoLexPermissionsOrganizationPermission"]
    if not stack.exists(resource):
        return None
    properties = {key: stack.value(value) for key, value in resource["Properties"].items()}
    statement: dict[str, Any] = {
        "Sid": "organization",
        "Effect": "Allow",
        "Principal": properties.pop("Principal"),
        "Action": properties.pop("Action"),
        "Resource": properties.pop("FunctionName"),
    }
    if organization := properties.pop("PrincipalOrgID", None):
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": organization}}
    assert not properties
    return {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}


def open_to_everybody() -> Template:
    """Return the macro's template with the fault that has to be noticed: no PrincipalOrgID."""
    template = load(MACRO)
    permission = template["Resources"]["AutoLexPermissionsOrganizationPermission"]
    permission["Properties"].pop("PrincipalOrgID", None)
    return template


def policy_of_a_deploying_role(stack: Stack) -> Policy:
    """Return the managed policy that a registration makes."""
    document = stack.template["Resources"]["InvokePolicy"]["Properties"]["PolicyDocument"]
    policy: Policy = stack.document(document)
    return policy


POLICY: Final = policy_of_the_alias(SHARED)
FAULTY: Final = policy_of_the_alias(
    Stack(open_to_everybody(), CENTRAL, {"OrganizationId": ORGANIZATION})
)
MAY_INVOKE: Final = policy_of_a_deploying_role(REGISTERED)

CASES: Final[Mapping[str, tuple[Request, str]]] = {
    "of-the-organization": (Request(POLICY, identity=MAY_INVOKE), ALLOWED),
    "of-the-organization-without-a-policy-of-its-own": (Request(POLICY), DENIED),
    "of-another-organization": (
        Request(POLICY, organization=ANOTHER_ORGANIZATION, identity=ANY_FUNCTION),
        DENIED,
    ),
    "of-no-organization": (Request(POLICY, organization=None, identity=ANY_FUNCTION), DENIED),
    "anonymous": (Request(POLICY, account=None), DENIED),
    # The alias is what is shared: the function and each version have policies of their own.
    "by-the-function": (Request(POLICY, resource=FUNCTION, identity=ANY_FUNCTION), DENIED),
    "by-a-version": (Request(POLICY, resource=f"{FUNCTION}:1", identity=ANY_FUNCTION), DENIED),
    "by-another-alias": (
        Request(POLICY, resource=f"{FUNCTION}:dev", identity=ANY_FUNCTION),
        DENIED,
    ),
    "of-the-central-account": (Request(POLICY, account=CENTRAL, identity=MAY_INVOKE), ALLOWED),
    "unshared-of-the-central-account": (
        Request(policy_of_the_alias(UNSHARED), account=CENTRAL, identity=MAY_INVOKE),
        ALLOWED,
    ),
    "unshared-of-another-account": (
        Request(policy_of_the_alias(UNSHARED), identity=ANY_FUNCTION),
        DENIED,
    ),
    # What the cases above would see if the template lost that property.
    "faulty-of-another-organization": (
        Request(FAULTY, organization=ANOTHER_ORGANIZATION, identity=ANY_FUNCTION),
        ALLOWED,
    ),
    "faulty-anonymous": (Request(FAULTY, account=None), ALLOWED),
}


@pytest.fixture(scope="module")
def decisions() -> dict[str, str]:
    """Return what the evaluator decides, by case; it is asked once for all of them."""
    decided = evaluate([request.encoded() for request, _ in CASES.values()])
    return dict(zip(CASES, decided, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_who_may_invoke(decisions: dict[str, str], case: str) -> None:
    """The principals of one organization by the alias, where their own policies say so too."""
    _, expected = CASES[case]
    assert decisions[case] == expected
