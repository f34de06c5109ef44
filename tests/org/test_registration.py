"""The templates in org/ fit each other and the central stack, and stack sets accept them."""

import re
from pathlib import Path

import pytest

from localcloud.sam import ROOT
from tests.org.templates import MACRO, REGISTRATION, STACK_SET, Stack, everything_in, load
from tools.stackset import with_registration

CENTRAL = "111122223333"
MEMBER = "444455556666"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html
INLINE_LIMIT = 51_200

type Case = tuple[Path, str, str]
"""A template, one of its parameters, and a value for it."""

ACCEPTED: dict[str, Case] = {
    "no-organization": (MACRO, "OrganizationId", ""),
    "organization": (MACRO, "OrganizationId", "o-a1b2c3d4e5"),
    "longest-organization": (MACRO, "OrganizationId", "o-" + "a" * 32),
    "no-topic": (MACRO, "AlarmTopicArn", ""),
    "topic": (MACRO, "AlarmTopicArn", "arn:aws:sns:eu-west-1:111122223333:on-call"),
    "topic-in-china": (MACRO, "AlarmTopicArn", "arn:aws-cn:sns:cn-north-1:111122223333:On_Call"),
    "topic-in-govcloud": (
        MACRO,
        "AlarmTopicArn",
        "arn:aws-us-gov:sns:us-gov-west-1:111122223333:x",
    ),
    "no-concurrency": (MACRO, "MaxConcurrency", ""),
    "one-at-once": (MACRO, "MaxConcurrency", "1"),
    "ten-thousand-at-once": (MACRO, "MaxConcurrency", "10000"),
    "central-account": (REGISTRATION, "CentralAccountId", "011122223333"),
    "no-boundary": (REGISTRATION, "PermissionsBoundaryName", ""),
    "boundary": (REGISTRATION, "PermissionsBoundaryName", "OrgBoundary"),
    "boundary-with-path": (REGISTRATION, "PermissionsBoundaryName", "team/a/OrgBoundary"),
    "unit": (STACK_SET, "OrganizationalUnitIds", "ou-ab12-1234abcd"),
    "root": (STACK_SET, "OrganizationalUnitIds", "r-ab12"),
    "region": (STACK_SET, "Regions", "ap-northeast-1"),
    "region-in-govcloud": (STACK_SET, "Regions", "us-gov-west-1"),
    "region-in-the-sovereign-cloud": (STACK_SET, "Regions", "eusc-de-east-1"),
}
REJECTED: dict[str, Case] = {
    "organization-arn": (
        MACRO,
        "OrganizationId",
        "arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5",
    ),
    "short-organization": (MACRO, "OrganizationId", "o-a1b2c3d4e"),
    "organization-in-capitals": (MACRO, "OrganizationId", "O-A1B2C3D4E5"),
    "any-organization": (MACRO, "OrganizationId", "*"),
    "unit-for-organization": (MACRO, "OrganizationId", "ou-ab12-1234abcd"),
    "topic-name": (MACRO, "AlarmTopicArn", "on-call"),
    "queue": (MACRO, "AlarmTopicArn", "arn:aws:sqs:eu-west-1:111122223333:on-call"),
    "fifo-topic": (MACRO, "AlarmTopicArn", "arn:aws:sns:eu-west-1:111122223333:on-call.fifo"),
    "subscription": (MACRO, "AlarmTopicArn", "arn:aws:sns:eu-west-1:111122223333:on-call:1234"),
    # It would switch the function off, and every deployment with it.
    "none-at-once": (MACRO, "MaxConcurrency", "0"),
    "octal": (MACRO, "MaxConcurrency", "010"),
    "fewer-than-none": (MACRO, "MaxConcurrency", "-1"),
    "half-of-one": (MACRO, "MaxConcurrency", "0.5"),
    "unlimited": (MACRO, "MaxConcurrency", "unlimited"),
    "no-central-account": (REGISTRATION, "CentralAccountId", ""),
    "short-account": (REGISTRATION, "CentralAccountId", "11122223333"),
    "account-with-hyphens": (REGISTRATION, "CentralAccountId", "1111-2222-3333"),
    "boundary-arn": (
        REGISTRATION,
        "PermissionsBoundaryName",
        "arn:aws:iam::111122223333:policy/OrgBoundary",
    ),
    "account-for-unit": (STACK_SET, "OrganizationalUnitIds", "111122223333"),
    "organization-for-unit": (STACK_SET, "OrganizationalUnitIds", "o-a1b2c3d4e5"),
    "zone-for-region": (STACK_SET, "Regions", "us-east-1a"),
    "any-region": (STACK_SET, "Regions", "*"),
}

FILES = sorted((ROOT / "org").iterdir())


def matches(case: Case) -> bool:
    """Return whether a parameter takes a value; CloudFormation matches the whole of it."""
    path, parameter, value = case
    declared = load(path)["Parameters"][parameter]
    assert declared["ConstraintDescription"].endswith(".")
    return re.fullmatch(declared["AllowedPattern"], value) is not None


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(case: Case) -> None:
    """What AWS gives out is taken."""
    assert matches(case)


@pytest.mark.parametrize("case", REJECTED.values(), ids=REJECTED)
def test_rejected(case: Case) -> None:
    """What would fail later, or let too many in, fails before anything is made."""
    assert not matches(case)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_in_org_names_a_transform(path: Path) -> None:
    """Stack sets with service-managed permissions refuse a template that does."""
    found = set(map(str, everything_in(load(path))))
    assert not {"Transform", "Fn::Transform"} & found
    assert not any(each.startswith("Fn::ForEach::") for each in found)


def test_the_stack_set_rolls_out_this_very_registration() -> None:
    """Byte for byte; where it does not, run `python tools/stackset.py`."""
    body = load(STACK_SET)["Resources"]["Registrations"]["Properties"]["TemplateBody"]
    remedy = "org/registration.yaml has changed: run `python tools/stackset.py`"
    assert body == REGISTRATION.read_text(), remedy
    assert STACK_SET.read_text() == with_registration(STACK_SET.read_text(), body), remedy


def test_both_fit_into_a_request() -> None:
    """Neither needs a bucket: CloudFormation takes texts up to this size as they are."""
    assert len(REGISTRATION.read_bytes()) <= INLINE_LIMIT
    assert len(STACK_SET.read_bytes()) <= INLINE_LIMIT


@pytest.mark.parametrize("text", ["Resources: {}\n", "      TemplateBody: |\n" * 2])
def test_a_stack_set_without_one_place_for_the_text_is_refused(text: str) -> None:
    """The tool writes nothing where it does not know where."""
    with pytest.raises(ValueError, match="Not exactly one line"):
        with_registration(text, "Resources: {}\n")


def test_the_stack_set_hands_every_parameter_on() -> None:
    """Each under its own name, with the same declaration, so that no default differs."""
    stack_set = load(STACK_SET)
    registration = load(REGISTRATION)["Parameters"]
    handed = stack_set["Resources"]["Registrations"]["Properties"]["Parameters"]
    assert handed == [
        {"ParameterKey": name, "ParameterValue": {"Ref": name}} for name in registration
    ]
    for name, declared in registration.items():
        again = stack_set["Parameters"][name]
        assert again.pop("Description")
        declared.pop("Description")
        assert again == declared


@pytest.mark.parametrize("name", ["MacroName", "FunctionName", "LogRetentionInDays"])
def test_all_three_templates_declare_these_alike(name: str) -> None:
    """Who changes no default has names that fit."""
    declared = [load(path)["Parameters"][name] for path in (MACRO, REGISTRATION, STACK_SET)]
    for each in declared:
        del each["Description"]
    assert declared[0] == declared[1] == declared[2]


def test_the_stack_set_is_service_managed_and_follows_the_organization() -> None:
    """Accounts that join get the macro, and those that leave lose it."""
    properties = load(STACK_SET)["Resources"]["Registrations"]["Properties"]
    assert properties["PermissionModel"] == "SERVICE_MANAGED"
    assert properties["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": False}
    assert properties["Capabilities"] == ["CAPABILITY_IAM"]
    assert properties["CallAs"] == {"Ref": "CallAs"}
    (group,) = properties["StackInstancesGroup"]
    assert group == {
        "Regions": {"Ref": "Regions"},
        "DeploymentTargets": {
            "OrganizationalUnitIds": {"Ref": "OrganizationalUnitIds"},
            "AccountFilterType": "DIFFERENCE",
            "Accounts": [{"Ref": "CentralAccountId"}],
        },
    }


@pytest.mark.parametrize(
    ("partition", "region"), [("aws", "eu-west-1"), ("aws-us-gov", "us-gov-west-1")]
)
@pytest.mark.parametrize("names", [{}, {"FunctionName": "Lex-Permissions_2"}], ids=["", "renamed"])
def test_registered_is_the_alias_of_the_central_stack(
    partition: str, region: str, names: dict[str, str]
) -> None:
    """In the same Region, whatever the function is called: no output has to be carried over."""
    central = Stack(load(MACRO), CENTRAL, names, region, partition)
    member = Stack(
        load(REGISTRATION), MEMBER, {"CentralAccountId": CENTRAL, **names}, region, partition
    )
    alias = central.value(central.template["Outputs"]["FunctionAliasArn"]["Value"])
    resources = member.template["Resources"]
    (statement,) = resources["InvokePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert member.value(resources["Macro"]["Properties"]["FunctionName"]) == alias
    assert member.value(member.template["Outputs"]["FunctionAliasArn"]["Value"]) == alias
    assert member.value(statement["Resource"]) == alias


@pytest.mark.parametrize(("account", "made"), [(MEMBER, True), (CENTRAL, False)])
def test_the_central_account_is_not_registered_twice(account: str, made: bool) -> None:  # noqa: FBT001
    """Automatic deployments do not look at the stack set's filter, so the template itself does."""
    stack = Stack(load(REGISTRATION), account, {"CentralAccountId": CENTRAL})
    existing = {name for name, each in stack.template["Resources"].items() if stack.exists(each)}
    assert existing == (
        {"Macro", "LogGroup", "LogRole", "InvokePolicy"} if made else {"InvokePolicy"}
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_parameter_and_output_is_described_and_grouped(path: Path) -> None:
    """The console asks for them in an order that makes sense."""
    template = load(path)
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])
    described = [*template["Parameters"].values(), *template["Outputs"].values()]
    assert all(each["Description"].endswith(".") for each in described)
