"""CloudFormation's request to a macro, and the answer to it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
"""

from collections.abc import Mapping

from .transform import Request


class BadRequest(Exception):  # noqa: N818 - named for what it says of the request
    """The request is not one that CloudFormation sends to a macro."""


def request_of(event: object) -> Request:
    """Read a macro's event; raises BadRequest where it holds no fragment."""
    if not isinstance(event, dict) or "fragment" not in event:
        message = (
            "AutoLexPermissions received a request without a fragment. It is a CloudFormation"
            " macro: name it in a template's Transform section."
        )
        raise BadRequest(message)
    fragment = event["fragment"]
    if not isinstance(fragment, dict):
        message = (
            "AutoLexPermissions received a fragment that is not an object. A template is an"
            " object with a Resources section."
        )
        raise BadRequest(message)
    parameters = event.get("params")
    values = event.get("templateParameterValues")
    return Request(
        fragment,
        region=_text(event.get("region")),
        account=_text(event.get("accountId")),
        parameters={} if parameters is None else parameters,
        template_parameters=values if isinstance(values, dict) else {},
    )


def request_id(event: object) -> str:
    """Return the request's id, which the answer has to repeat."""
    return _text(event.get("requestId")) if isinstance(event, dict) else ""


def success(event: object, fragment: Mapping[str, object]) -> dict[str, object]:
    """Return the answer with which CloudFormation goes on."""
    return {"requestId": request_id(event), "status": "success", "fragment": fragment}


def failure(event: object, message: str) -> dict[str, object]:
    """Return the answer that CloudFormation shows to the author, with a full stop of its own."""
    told = message.removesuffix(".")
    return {"requestId": request_id(event), "status": "failure", "errorMessage": told}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
