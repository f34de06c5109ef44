"""Which functions are visibly out of this stack's reach (rule 4.1)."""

import pytest

from auto_lex_permissions import Request, TemplateError, transform
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
