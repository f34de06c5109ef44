"""Who may change what the macro does, decided by an evaluator of IAM policies.

The policy is that of org/guard.yaml, the rights are those of docs/organization.md, and the actions
are all that AWS lists. npm brings evaluator and list, so these tests run where `make scan` has
installed them.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any, Final

import pytest

from tests.org.evaluator import Policy, actions_on, evaluate
from tests.org.templates import GUARD, Stack, load
from tests.pages import ORGANIZATION, rights

CENTRAL: Final = "111122223333"
PLACE: Final = f"us-east-1:{CENTRAL}"
MANAGEMENT: Final = "us-east-1:999988887777"
STACK: Final = Stack(load(GUARD), "999988887777", {"AdministratorRoleName": "administrators"})
POLICY: Final[Policy] = STACK.document(load(GUARD)["Resources"]["Guard"]["Properties"]["Content"])
ANYTHING: Final[Policy] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
ALLOWED: Final = "Allowed"
DENIED: Final = "ExplicitlyDenied"

DEPLOYMENT, OPERATOR, ADMINISTRATOR, ANYBODY = ROLES = (
    "auto-lex-permissions-deployment",
    "auto-lex-permissions-operator",
    "administrators",
    "developer",
)
ROOT_USER: Final = f"arn:aws:iam::{CENTRAL}:root"
SAM_BUCKET: Final = "arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-1a2b3c4d5e6f"
RELEASES: Final = "arn:aws:s3:::auto-lex-permissions-example-us-east-1"
ACCESS_POINT: Final = f"arn:aws:s3:{PLACE}:accesspoint/another-way"

# What is guarded, by service and kind as AWS names them; who may change it, and an example of it.
type Guarded = tuple[str, str, str, str]
GUARDED: Final[Mapping[str, Guarded]] = {
    "function": (
        "lambda",
        "function",
        DEPLOYMENT,
        f"arn:aws:lambda:{PLACE}:function:AutoLexPermissions",
    ),
    "alias": (
        "lambda",
        "function",
        DEPLOYMENT,
        f"arn:aws:lambda:{PLACE}:function:AutoLexPermissions:live",
    ),
    "next-major-version": (
        "lambda",
        "function",
        DEPLOYMENT,
        f"arn:aws:lambda:{PLACE}:function:AutoLexPermissions2",
    ),
    "code-signing": (
        "lambda",
        "code signing config",
        DEPLOYMENT,
        f"arn:aws:lambda:{PLACE}:code-signing-config:csc-0f6c334abcdea4d8b",
    ),
    "stack": (
        "cloudformation",
        "stack",
        DEPLOYMENT,
        f"arn:aws:cloudformation:{PLACE}:stack/auto-lex-permissions/1a2b",
    ),
    "stack-of-the-stack-set": (
        "cloudformation",
        "stack",
        DEPLOYMENT,
        f"arn:aws:cloudformation:{PLACE}:stack/auto-lex-permissions-registrations/1a2b",
    ),
    # It is the management account's, also where the delegated administrator has made it:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html
    "stack-set": (
        "cloudformation",
        "stackset",
        DEPLOYMENT,
        f"arn:aws:cloudformation:{MANAGEMENT}:stackset/auto-lex-permissions-registrations:1a2b",
    ),
    "stack-of-sam": (
        "cloudformation",
        "stack",
        DEPLOYMENT,
        f"arn:aws:cloudformation:{PLACE}:stack/aws-sam-cli-managed-default/1a2b",
    ),
    "bucket": ("s3", "bucket", DEPLOYMENT, SAM_BUCKET),
    "code": ("s3", "object", DEPLOYMENT, f"{SAM_BUCKET}/auto-lex-permissions/1a2b"),
    "bucket-of-releases": ("s3", "bucket", DEPLOYMENT, RELEASES),
    "release": ("s3", "object", DEPLOYMENT, f"{RELEASES}/auto-lex-permissions-1.0.0.yaml"),
    "access-point": ("s3", "accesspoint", DEPLOYMENT, ACCESS_POINT),
    "code-by-an-access-point": (
        "s3",
        "accesspointobject",
        DEPLOYMENT,
        f"{ACCESS_POINT}/object/auto-lex-permissions/1a2b",
    ),
    **{
        role: ("iam", "role", ADMINISTRATOR, f"arn:aws:iam::{CENTRAL}:role/{role}")
        for role in (DEPLOYMENT, OPERATOR, ADMINISTRATOR)
    },
    # Of the macro's own stack, which the deployment makes.
    **{
        f"role-{name}": ("iam", "role", DEPLOYMENT, f"arn:aws:iam::{CENTRAL}:role/{name}")
        for name in (
            "auto-lex-permissions-AutoLexPermissionsRole-1A2B3C4D5E6F",
            "auto-lex-permissions-AutoLexPermissionsLogRole-1A2B3C4D5E6F",
            "auto-lex-permissions-2-AutoLexPermissionsRole-1A2B3C4D5E6F",
        )
    },
}
# For whom a statement keeps what it closes; operators may run what the deployment changes.
OWNERS: Final = {
    "OnlyTheDeploymentChangesTheMacro": DEPLOYMENT,
    "OnlyDeploymentAndOperatorsRunTheMacro": DEPLOYMENT,
    "OnlyAdministratorsChangeTheRoles": ADMINISTRATOR,
}
# What makes the macro in an account where a stack set puts it.
FUNCTION_STACKS: Final = "auto-lex-permissions-functions"
STACK_SETS: Final = "stacksets-exec-1a2b3c4d5e6f"
# What operators do, as the runbooks say.
RUNNING: Final = {
    "lambda:DeleteFunctionConcurrency",
    "lambda:PutFunctionConcurrency",
    "lambda:UpdateAlias",
}
# Changes nothing here, though AWS calls it writing: it calls the function.
CALLING: Final = {"lambda:InvokeAsync", "lambda:InvokeFunction", "lambda:InvokeFunctionUrl"}
# AWS calls it reading, though it says where a bucket's logs may go.
NOT_READING: Final = {"s3:AllowVendedLogDeliveryForResource"}
UNGUARDED: Final = {
    "another-function": ("lambda:UpdateFunctionCode", f"arn:aws:lambda:{PLACE}:function:orders"),
    "another-stack": (
        "cloudformation:UpdateStack",
        f"arn:aws:cloudformation:{PLACE}:stack/orders/1a2b",
    ),
    "another-stack-set": (
        "cloudformation:UpdateStackSet",
        f"arn:aws:cloudformation:{PLACE}:stackset/baseline:1a2b",
    ),
    "another-bucket": ("s3:PutObject", "arn:aws:s3:::orders/1a2b"),
    "another-role": ("iam:CreateRole", f"arn:aws:iam::{CENTRAL}:role/orders"),
    "role-of-another-stack": (
        "iam:CreateRole",
        f"arn:aws:iam::{CENTRAL}:role/orders-AutoLexPermissionsRole-1A2B3C4D5E6F",
    ),
    "another-role-of-the-same-beginning": (
        "iam:CreateRole",
        f"arn:aws:iam::{CENTRAL}:role/auto-lex-permissions-readers",
    ),
}


def request(action: str, resource: str, role: str, guard: Policy = POLICY) -> dict[str, Any]:
    """Return what the evaluator reads: an administrator by its own policy, under the guard."""
    principal = role if role == ROOT_USER else f"arn:aws:iam::{CENTRAL}:role/{role}"
    return {
        "principal": principal,
        "action": action,
        "resource": resource,
        "account": CENTRAL,
        "context": {"aws:PrincipalArn": principal},
        "identity": ANYTHING,
        "guard": guard,
    }


@pytest.mark.parametrize("guarded", GUARDED.values(), ids=GUARDED)
def test_every_change_is_for_those_who_may(guarded: Guarded) -> None:
    """All of AWS's actions on it that change something, and nothing that only looks."""
    service, kind, owner, resource = guarded
    actions = actions_on(service, kind)
    assert actions

    def expected(action: str, changes: bool, role: str) -> str:  # noqa: FBT001
        if role == owner or action in CALLING or not (changes or action in NOT_READING):
            return ALLOWED
        return ALLOWED if action in RUNNING and role == OPERATOR else DENIED

    asked = list(product(actions.items(), (*ROLES, ROOT_USER)))
    decided = evaluate([request(action, resource, role) for (action, _), role in asked])
    wrong = {
        (action, role): decision
        for ((action, changes), role), decision in zip(asked, decided, strict=True)
        if decision != expected(action, changes, role)
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("right", "actions", "closed"),
    [pytest.param(*row, id=row[1][0]) for row in rights() if row[1]],
)
def test_each_right_on_the_page_is_closed_by_the_statement_beside_it(
    right: str, actions: list[str], closed: str
) -> None:
    """With that statement alone it is denied, and with all but that one it is not."""
    (statement,) = [each for each in POLICY["Statement"] if f"`{each['Sid']}`" == closed]
    others = [each for each in POLICY["Statement"] if each != statement]
    asked = [
        (action, resource)
        for action in actions
        for service, kind, owner, resource in GUARDED.values()
        if owner == OWNERS[statement["Sid"]] and action in actions_on(service, kind)
    ]
    assert {action for action, _ in asked} == set(actions), right
    for kept, expected in (([statement], DENIED), (others, ALLOWED)):
        guard = {**POLICY, "Statement": kept}
        requests = [request(action, resource, ANYBODY, guard) for action, resource in asked]
        assert set(evaluate(requests)) == {expected}, right


def test_what_is_not_the_macros_is_left_alone() -> None:
    """The policy is no wider than it has to be."""
    asked = [request(*each, ANYBODY) for each in UNGUARDED.values()]
    decided = dict(zip(UNGUARDED, evaluate(asked), strict=True))
    assert decided == dict.fromkeys(UNGUARDED, ALLOWED)


@pytest.mark.parametrize(("named", "decided"), [("GuardedElsewhere", ALLOWED), (None, DENIED)])
def test_a_stack_set_makes_functions_of_another_name(named: str | None, decided: str) -> None:
    """By the name that docs/organization.md gives the guard, which spares no role of stack sets."""
    assert named is None or f"`FunctionName={named}`" in ORGANIZATION.read_text()
    given = {"AdministratorRoleName": "administrators"} | ({"FunctionName": named} if named else {})
    stack = Stack(load(GUARD), "999988887777", given)
    guard = stack.document(stack.template["Resources"]["Guard"]["Properties"]["Content"])
    own = f"StackSet-{FUNCTION_STACKS}-1a2b"
    asked = [
        ("lambda:CreateFunction", GUARDED["function"][3], decided),
        ("lambda:CreateAlias", GUARDED["alias"][3], decided),
        ("cloudformation:CreateStack", f"arn:aws:cloudformation:{PLACE}:stack/{own}/1a", ALLOWED),
        ("iam:CreateRole", f"arn:aws:iam::{CENTRAL}:role/{own}-AutoLexPermissionsRole-1A", ALLOWED),
        # Its bucket and its stack set stay guarded.
        ("s3:PutObject", GUARDED["release"][3], DENIED),
        ("cloudformation:UpdateStackSet", GUARDED["stack-set"][3], DENIED),
    ]
    said = evaluate([request(action, on, STACK_SETS, guard) for action, on, _ in asked])
    assert said == [expected for _, _, expected in asked]


def test_a_roles_own_policy_says_who_may_assume_it() -> None:
    """Operators come from elsewhere in the account, and a deployment from GitHub."""
    resources = [
        resource
        for _, kind, owner, resource in GUARDED.values()
        if kind == "role" and owner == ADMINISTRATOR
    ]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:role/{ANYBODY}"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    asked = [{**request("sts:AssumeRole", each, ANYBODY), "policy": trust} for each in resources]
    assert evaluate(asked) == [ALLOWED] * 3
