"""The templates for a function in each account fit each other and the one that they roll out."""

from typing import Any, Final

import pytest

from localcloud.sam import ROOT
from tests.org.templates import (
    ARTIFACTS,
    FUNCTION_STACK_SET,
    MACRO,
    STACK_SET,
    Stack,
    bucket_policy,
    load,
    of_type,
)
from tests.pages import fenced
from tools.dist import PARAMETERS, STACKS

ORGANIZATION: Final = "o-a1b2c3d4e5"
PREFIX: Final = "auto-lex-permissions-example"
BUCKET: Final = f"arn:aws:s3:::{PREFIX}-eu-central-1"
GIVEN: Final = {
    "ArtifactBucketPrefix": PREFIX,
    "OrganizationId": ORGANIZATION,
    "Version": "1.0.0",
    "ArtifactKeyPrefix": "releases/",
}
# What names one account or one Region, or takes from an account what not each of them has.
NOT_FOR_EACH: Final = {
    "AlarmTopicArn",
    "MaxConcurrency",
    "OrganizationId",
    "PermissionsBoundaryArn",
}


def rolled_out() -> dict[str, Any]:
    """Return the properties of the stack set."""
    (resource,) = of_type(load(FUNCTION_STACK_SET), "AWS::CloudFormation::StackSet").values()
    properties: dict[str, Any] = resource["Properties"]
    return properties


def test_the_stack_set_hands_on_what_holds_in_every_account() -> None:
    """Each under its own name, with the same declaration, so that no default differs."""
    declared = load(MACRO)["Parameters"] | {key: dict(each) for key, each in PARAMETERS.items()}
    handed = {
        each["ParameterKey"]: each["ParameterValue"]["Ref"] for each in rolled_out()["Parameters"]
    }
    assert handed == {name: name for name in declared if name not in NOT_FOR_EACH}
    own = load(FUNCTION_STACK_SET)["Parameters"]
    for name in handed:
        assert own[name].pop("Description")
        declared[name].pop("Description")
        assert own[name] == declared[name]


def test_the_stack_set_is_rolled_out_as_the_other_one_is() -> None:
    """To the same accounts and in the same order; but an account that leaves keeps its own."""
    ours = rolled_out()
    (resource,) = of_type(load(STACK_SET), "AWS::CloudFormation::StackSet").values()
    others = resource["Properties"]
    alike = ("CallAs", "Capabilities", "ManagedExecution", "OperationPreferences")
    for name in (*alike, "PermissionModel"):
        assert ours[name] == others[name]
    assert ours["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": True}
    (group,) = ours["StackInstancesGroup"]
    assert group == {
        "Regions": {"Ref": "Regions"},
        "DeploymentTargets": {"OrganizationalUnitIds": {"Ref": "OrganizationalUnitIds"}},
    }


def test_the_stack_set_takes_the_template_of_a_release_from_the_bucket() -> None:
    """Under the name that `make dist` gives it."""
    stack = Stack(load(FUNCTION_STACK_SET), "111122223333", {**GIVEN})
    url = stack.value(
        {
            "Fn::Sub": rolled_out()["TemplateURL"]["Fn::Sub"].replace(
                "${AWS::URLSuffix}", "amazonaws.com"
            )
        }
    )
    bucket = Stack(load(ARTIFACTS), "111122223333", {**GIVEN})
    (resource,) = of_type(bucket.template, "AWS::S3::Bucket").values()
    name = bucket.value(resource["Properties"]["BucketName"])
    assert url == (
        f"https://{name}.s3.eu-central-1.amazonaws.com/releases/{STACKS[0].name}-1.0.0.yaml"
    )


def test_nothing_in_the_bucket_is_public_and_all_of_it_stays() -> None:
    """All four of S3's settings; no access lists; old versions of objects are kept."""
    (bucket,) = of_type(load(ARTIFACTS), "AWS::S3::Bucket").values()
    block = bucket["Properties"]["PublicAccessBlockConfiguration"]
    assert [*block.values()] == [True] * 4
    rules = bucket["Properties"]["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"


def test_the_policy_lets_one_organization_read_and_nobody_without_tls() -> None:
    """In full."""
    assert bucket_policy(PREFIX, ORGANIZATION)["Statement"] == [
        {
            "Sid": "TheOrganizationReads",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"{BUCKET}/*",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
        },
        {
            "Sid": "NobodyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [BUCKET, f"{BUCKET}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]


@pytest.mark.parametrize("page", ["organization.md", "hook.md"])
def test_the_template_in_the_bucket_is_checked_before_it_is_rolled_out(page: str) -> None:
    """Nothing names its digest, as it names that of the code."""
    text = (ROOT / "docs" / page).read_text()
    (shell,) = (
        each for each in fenced(text, "sh") if "stackset.yaml" in each and "VERSION" in each
    )
    taken, checked, deployed = (
        shell.index(command)
        for command in (
            'aws s3 cp "s3://$PREFIX-us-east-1/auto-lex-permissions-',
            "sha256sum --check --ignore-missing SHA256SUMS &&\n",
            "aws cloudformation deploy --region us-east-1 ",
        )
    )
    assert taken < checked < deployed
