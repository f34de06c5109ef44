"""CloudFormation's request to a macro, and the answer to it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
"""

from collections.abc import Mapping

from .diagnostics import FRAGMENT_SHAPE, NO_FRAGMENT, TemplateError
from .transform import Request


def request_of(event: object) -> Request:
    """Read a macro's event; raises TemplateError where it holds no fragment."""
    if not isinstance(event, dict) or "fragment" not in event:
        raise TemplateError([NO_FRAGMENT.at()])
    fragment = event["fragment"]
    if not isinstance(fragment, dict):
        raise TemplateError([FRAGMENT_SHAPE.at()])
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
    return _sendable(_text(event.get("requestId"))) if isinstance(event, dict) else ""


def success(event: object, fragment: Mapping[str, object]) -> dict[str, object]:
    """Return the answer with which CloudFormation goes on."""
    return {"requestId": request_id(event), "status": "success", "fragment": fragment}


def failure(event: object, message: str) -> dict[str, object]:
    """Return the answer that CloudFormation shows to the author, with a full stop of its own."""
    shown = _sendable(message.removesuffix("."))
    return {"requestId": request_id(event), "status": "failure", "errorMessage": shown}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _sendable(text: str) -> str:
    """Return a text as UTF-8 can carry it: half a surrogate pair is written out as its number."""
    return text.encode(errors="backslashreplace").decode()
