"""Who may do what, in all templates that this project deploys: exactly this, and no more."""

from pathlib import Path

import pytest

from tests.org.templates import (
    ARTIFACTS,
    FUNCTION_STACK_SET,
    HOOK,
    HOOK_STACK_SET,
    MACRO,
    REGISTRATION,
    STACK_SET,
    everything_in,
    load,
    of_type,
)

WRITING = ["logs:CreateLogStream", "logs:PutLogEvents"]
CENTRAL_ALIAS = (
    "arn:${AWS::Partition}:lambda:${AWS::Region}:${CentralAccountId}:function:${FunctionName}:live"
)
TEMPLATES = {
    "template": MACRO,
    "registration": REGISTRATION,
    "stackset": STACK_SET,
    "hook": HOOK,
    "hook-stackset": HOOK_STACK_SET,
    "artifacts": ARTIFACTS,
    "function-stackset": FUNCTION_STACK_SET,
}
# By template and logical id: the service that may assume it, what that may do, and with what.
ROLES = {
    ("template", "AutoLexPermissionsRole"): (
        "lambda.amazonaws.com",
        WRITING,
        "AutoLexPermissionsLogGroup",
    ),
    ("template", "AutoLexPermissionsLogRole"): (
        "cloudformation.amazonaws.com",
        WRITING,
        "AutoLexPermissionsLogGroup",
    ),
    ("registration", "LogRole"): ("cloudformation.amazonaws.com", WRITING, "LogGroup"),
    ("hook", "AutoLexPermissionsHookRole"): (
        "lambda.amazonaws.com",
        WRITING,
        "AutoLexPermissionsHookLogGroup",
    ),
    ("hook", "AutoLexPermissionsHookExecutionRole"): (
        "hooks.cloudformation.amazonaws.com",
        "lambda:InvokeFunction",
        "AutoLexPermissionsHookFunction",
    ),
}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html counts what has a name.
NAMES = {"RoleName", "ManagedPolicyName", "GroupName", "UserName", "InstanceProfileName"}


def test_there_are_no_other_roles_or_policies() -> None:
    """Nor anything else of IAM."""
    found = {
        (name, logical_id): resource["Type"]
        for name, path in TEMPLATES.items()
        for logical_id, resource in load(path)["Resources"].items()
        if resource["Type"].startswith("AWS::IAM::")
    }
    policies = {("registration", "InvokePolicy"): "AWS::IAM::ManagedPolicy"}
    assert found == dict.fromkeys(ROLES, "AWS::IAM::Role") | policies


@pytest.mark.parametrize("name", ROLES, ids=" ".join)
def test_a_role_may_do_one_thing_and_one_service_may_assume_it(name: tuple[str, str]) -> None:
    """Actions, resource and trust, in full."""
    service, actions, resource = ROLES[name]
    role = of_type(load(TEMPLATES[name[0]]), "AWS::IAM::Role")[name[1]]["Properties"]
    (policy,) = role["Policies"]
    assert policy["PolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": actions,
                "Resource": {"Fn::GetAtt": [resource, "Arn"]},
            }
        ],
    }
    assert role["AssumeRolePolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        ],
    }
    known = {"Description", "AssumeRolePolicyDocument", "PermissionsBoundary", "Policies"}
    assert set(role) == known


def test_the_policy_for_deploying_roles_allows_one_call() -> None:
    """To invoke this very alias; a role needs it beside what its own template needs."""
    (policy,) = of_type(load(REGISTRATION), "AWS::IAM::ManagedPolicy").values()
    assert policy["Properties"]["PolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "lambda:InvokeFunction",
                "Resource": {"Fn::Sub": CENTRAL_ALIAS},
            }
        ],
    }
    assert set(policy["Properties"]) == {"Description", "PolicyDocument"}


@pytest.mark.parametrize("path", TEMPLATES.values(), ids=TEMPLATES)
def test_nothing_of_iam_has_a_fixed_name(path: Path) -> None:
    """One account gets the same stack in several Regions, and IAM has none."""
    assert not NAMES & set(map(str, everything_in(load(path))))


def test_one_permission_for_one_organization_on_the_alias() -> None:
    """Every principal, but of this organization; on the alias, which is what gets called."""
    (permission,) = of_type(load(MACRO), "AWS::Lambda::Permission").values()
    assert permission["Properties"] == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Fn::Sub": "${AutoLexPermissionsFunction.Arn}:live"},
        "Principal": "*",
        "PrincipalOrgID": {"Ref": "OrganizationId"},
    }
    assert permission["Condition"] == "HasOrganization"
    assert permission["DependsOn"] == "AutoLexPermissionsFunctionAliaslive"


def test_each_suppression_has_its_reason_beside_it() -> None:
    """Those of cfn_nag here; those of checkov are held by the scanners' own tests."""
    suppressed = [
        rule
        for path in TEMPLATES.values()
        for resource in load(path)["Resources"].values()
        for rule in resource.get("Metadata", {}).get("cfn_nag", {}).get("rules_to_suppress", [])
    ]
    assert [rule["id"] for rule in suppressed] == ["F13"]
    assert all(rule["reason"].endswith(".") for rule in suppressed)
