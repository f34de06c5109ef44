"""What CloudFormation sends to a macro is read under its own names, and answered in its shape.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
"""

import pytest

from auto_lex_permissions import Request, TemplateError
from auto_lex_permissions.protocol import failure, request_of, success

NO_FRAGMENT = (
    "ALP602 AutoLexPermissions received a request without a fragment. It is a CloudFormation"
    " macro: name it in a template's Transform section."
)
NO_OBJECT = (
    "ALP603 AutoLexPermissions received a fragment that is not an object. A template is an object"
    " with a Resources section."
)
EVENT: dict[str, object] = {
    "region": "us-east-1",
    "accountId": "123456789012",
    "fragment": {"Resources": {}},
    "transformId": "123456789012::AutoLexPermissions",
    "params": {"SourceScope": "Bot"},
    "requestId": "5dba79b5-f117-4de0-9ce4-d40363bfb6ab",
    "templateParameterValues": {"Stage": "prod"},
}


def test_a_request_is_read_under_cloudformations_names() -> None:
    """Region, account, settings and the values of parameters all reach the macro (rule 6.1)."""
    assert request_of(EVENT) == Request(
        fragment={"Resources": {}},
        region="us-east-1",
        account="123456789012",
        parameters={"SourceScope": "Bot"},
        template_parameters={"Stage": "prod"},
    )


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"fragment": {}}, id="absent"),
        pytest.param(dict.fromkeys(EVENT) | {"fragment": {}}, id="null"),
        pytest.param(
            {"fragment": {}, "region": 1, "accountId": 123456789012, "templateParameterValues": []},
            id="of another type",
        ),
    ],
)
def test_what_a_request_does_not_say_is_not_known(event: object) -> None:
    """Only the fragment is needed (rule 6.1)."""
    assert request_of(event) == Request({})


@pytest.mark.parametrize(
    ("event", "says"),
    [({"requestId": "r"}, NO_FRAGMENT), ({"fragment": []}, NO_OBJECT)],
    ids=["no fragment", "no object"],
)
def test_a_request_without_a_template_learns_where_the_macro_belongs(
    event: object, says: str
) -> None:
    """Whoever sends it reads what is missing, in whole sentences (rule 6.1)."""
    with pytest.raises(TemplateError) as bad:
        request_of(event)
    assert str(bad.value) == says


def test_answers() -> None:
    """An answer repeats the request's id, and ends no message with a second full stop (rule 6.2).

    CloudFormation itself puts one behind the message.
    """
    asked = {"requestId": EVENT["requestId"]}
    assert success(EVENT, {}) == {**asked, "status": "success", "fragment": {}}
    assert failure(EVENT, "Fix it.") == {
        **asked,
        "status": "failure",
        "errorMessage": "Fix it",
    }


def test_what_utf_8_does_not_have_is_written_out() -> None:
    """Half a surrogate pair would keep the answer from being sent (rule 6.2)."""
    answer = failure({"requestId": "r\ud800"}, "No section \udfff.")
    assert (answer["requestId"], answer["errorMessage"]) == ("r\\ud800", "No section \\udfff")
