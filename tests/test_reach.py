"""Which functions are visibly out of this stack's reach (rule 4.1)."""

from collections.abc import Callable
from typing import Any

import pytest

from auto_lex_permissions import Request, TemplateError, transform
from auto_lex_permissions.transform import examine
from tests.test_declared import ACCOUNT, REGION, stack

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"


@pytest.mark.parametrize(
    ("region", "account"), [(REGION, ACCOUNT), ("", ACCOUNT), (REGION, ""), ("", "")]
)
def test_where_the_stack_itself_is_not_known_nothing_is_elsewhere(
    region: str, account: str
) -> None:
    """A literal ARN is of another account or Region only beside the stack's own (rule 4.1)."""
    assert transform(Request(stack(ARN), region, account)).permissions_added == 1


def test_a_literal_of_another_account_is_out_of_reach() -> None:
    """Its owner has to grant it (rule 4.1)."""
    with pytest.raises(TemplateError):
        transform(Request(stack(ARN.replace(ACCOUNT, "999999999999")), REGION, ACCOUNT))


@pytest.mark.parametrize("value", [3, None, ["999999999999"], {"Account": "999999999999"}])
def test_a_parameter_without_a_text_says_nothing(value: object) -> None:
    """CloudFormation sends texts; whatever else may come is no account (rules 4.1, 6.2)."""
    arn = {"Fn::Sub": f"arn:aws:lambda:{REGION}:${{Owner}}:function:orders"}
    fragment = {**stack(arn), "Parameters": {"Owner": {"Type": "String"}}}
    request = Request(fragment, REGION, ACCOUNT, template_parameters={"Owner": value})
    assert transform(request).permissions_added == 1


FOREIGN = ARN.replace(REGION, "eu-west-1")
LATEST = f"{ARN}:$LATEST"
LONG = "f" * 141


def under(condition: object, arn: object) -> dict[str, Any]:
    """Return a template that hooks this function under a condition, and another one elsewhere."""
    fragment = stack({"Fn::If": ["IsHere", arn, {"Fn::GetAtt": ["F", "Arn"]}]})
    parameters = {
        "Stage": {"Type": "String"},
        "Secret": {"Type": "String", "NoEcho": True},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<String>"},
    }
    fragment["Parameters"] |= parameters
    fragment["Conditions"] |= {"IsHere": condition}
    return fragment


def equal(reference: str, value: str) -> dict[str, Any]:
    """Return a comparison of what is referred to."""
    return {"Fn::Equals": [{"Ref": reference}, value]}


@pytest.mark.parametrize("arn", [FOREIGN, LATEST, LONG])
@pytest.mark.parametrize(
    ("condition", "lives"),
    [
        (equal("AWS::Region", "eu-west-1"), False),
        (equal("AWS::Region", REGION), True),
        ({"Fn::Equals": [{"Fn::Sub": "${AWS::Region}-x"}, "eu-west-1-x"]}, False),
        ({"Fn::Not": [equal("AWS::Region", REGION)]}, False),
        (equal("AWS::AccountId", "999999999999"), False),
        (equal("AWS::AccountId", ACCOUNT), True),
        (equal("AWS::Partition", "aws-cn"), False),
        (equal("AWS::Partition", "aws"), True),
        (equal("AWS::StackName", "orders"), True),
        (equal("Stage", "prod"), False),
        (equal("Stage", ""), True),
        ({"Fn::Equals": [{"Fn::Sub": "${Stage}-${AWS::Region}"}, f"-{REGION}"]}, True),
        # What is secret, or kept elsewhere, is not read.
        (equal("Secret", "prod"), True),
        (equal("Stored", "prod"), True),
    ],
)
def test_what_cannot_live_in_this_deployment_is_no_mistake(
    condition: object, arn: str, *, lives: bool
) -> None:
    """Another deployment of the template has it (rules 4.1 to 4.3)."""
    values = {"Stage": "", "Secret": "dev", "Stored": "/stage"}
    fragment = under(condition, arn)
    for parameters in ({}, {"OnUnreachable": "Skip"}):
        request = Request(fragment, REGION, ACCOUNT, parameters, values)
        found = {report.code for report in examine(request).diagnostics} - {"ALP114", "ALP406"}
        assert bool(found) is lives, found


def test_what_cannot_live_in_this_deployment_gets_no_permission_of_a_foreign_function() -> None:
    """The other branch has its own as ever (rule 4.1)."""
    fragment = under(equal("AWS::Region", "eu-west-1"), FOREIGN)
    resources: Any = transform(Request(fragment, REGION, ACCOUNT)).fragment["Resources"]
    assert FOREIGN in str(resources["A"])
    assert all(FOREIGN not in str(body) for name, body in resources.items() if name != "A")


def test_where_the_stack_itself_is_not_known_everything_may_live() -> None:
    """Offline nothing says which Region it will be (rule 4.2)."""
    fragment = under(equal("AWS::Region", "eu-west-1"), LATEST)
    with pytest.raises(TemplateError, match="ALP403"):
        transform(Request(fragment, "", ACCOUNT))
    with pytest.raises(TemplateError, match="ALP403"):
        transform(Request(fragment, "eu-west-1", ""))


@pytest.mark.parametrize(
    "join",
    [
        lambda output: output,
        lambda output: {"Fn::Join": ["", [output]]},
        lambda output: {"Fn::Join": [":", [output, "live"]]},
        lambda output: {"Fn::Sub": ["${Output}:live", {"Output": output}]},
    ],
)
def test_an_output_of_a_stack_elsewhere_is_out_of_reach(join: Callable[[object], object]) -> None:
    """Whatever stands around it (rule 4.1)."""
    output = {"StackName": "hooks", "OutputName": "Arn", "Region": "eu-west-1"}
    with pytest.raises(TemplateError, match="ALP401"):
        transform(Request(stack(join({"Fn::GetStackOutput": output})), REGION, ACCOUNT))
    for region in (REGION, "{{resolve:ssm:/region}}"):  # Which may be this one.
        output["Region"] = region
        fragment = stack(join({"Fn::GetStackOutput": output}))
        assert transform(Request(fragment, REGION, ACCOUNT)).permissions_added == 1
