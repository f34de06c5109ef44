"""CloudFormation's request to a Lambda Hook, and the answer to it.

Source: https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks-create-lambda-function.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from auto_lex_permissions.diagnostics import HOME, Diagnostic, Severity, cut

PAGE: Final = f"{HOME}/blob/main/docs/hook.md"
# CloudFormation cuts a message at the first length, and GetHookResult at the second:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetHookResult.html
LONGEST_MESSAGE: Final = 4_096
ESSENTIAL: Final = 1_024
# With the sentence in front of it, the first finding is within what is essential.
LONGEST_FINDING: Final = 850
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Annotation.html
LONGEST_TEXT: Final = 16_384
# How many annotations an answer may have is documented nowhere; a stack has no more resources.
MOST_ANNOTATIONS: Final = 500

Annotation = dict[str, str]
_STATUS: Final[Mapping[Severity, tuple[str, str]]] = {
    "error": ("FAILED", "HIGH"),
    "warning": ("PASSED", "LOW"),
    "note": ("PASSED", "INFORMATIONAL"),
}
_STACK_ID: Final = re.compile(r"arn:[a-z-]+:cloudformation:([a-z0-9-]+):([0-9]{12}):stack/")


class NotJudgedError(Exception):
    """Nobody can tell whether a template is in order; the text says why, and holds no value."""


class HookRequest(NamedTuple):
    """What CloudFormation asks: which stack, what is done with it, and where its template is.

    `target` is `STACK` or `CHANGE_SET`, `action` such as `CREATE_PRE_PROVISION`, `payload` a URL.
    What is not in the request is empty.
    """

    token: str
    stack_id: str
    target: str
    action: str
    payload: str

    @property
    def place(self) -> tuple[str, str]:
        """Return the stack's Region, of which the partition follows, and its account."""
        found = _STACK_ID.match(self.stack_id)
        return (found[1], found[2]) if found else ("", "")


def request_of(event: object) -> HookRequest:
    """Read a hook's event, whatever it is; the page above has two spellings of some fields."""
    data = _member(event, "requestData")
    return HookRequest(
        _text(event, "clientRequestToken") or _text(event, "clientRequesttoken"),
        _text(event, "stackId") or _text(event, "stackID"),
        _text(data, "targetType"),
        _text(event, "actionInvocationPoint"),
        _text(data, "payload"),
    )


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: object, name: str) -> str:
    found = _member(value, name)
    # What UTF-8 does not have would end the answer on its way.
    return found.encode("utf-8", "backslashreplace").decode() if isinstance(found, str) else ""


def answer(
    request: HookRequest,
    message: str,
    annotations: Sequence[Annotation] = (),
    error: Literal["", "NonCompliant", "InternalFailure"] = "",
) -> dict[str, object]:
    """Return the answer: success, or what kind of failure it is."""
    return {
        "hookStatus": "FAILED" if error else "SUCCESS",
        **({"errorCode": error} if error else {}),
        "message": message,
        "clientRequestToken": request.token,
        "annotations": [*annotations[:MOST_ANNOTATIONS]],
    }


def annotation(diagnostic: Diagnostic) -> Annotation:
    """Return what GetHookResult shows of a finding: an error is what makes the hook fail."""
    status, severity = _STATUS[diagnostic.message.severity]
    return {
        "annotationName": diagnostic.code,
        "status": status,
        "statusMessage": cut(f"{diagnostic.path}: {diagnostic.what}", LONGEST_TEXT),
        "remediationMessage": cut(diagnostic.remedy, LONGEST_TEXT),
        "remediationLink": diagnostic.message.url,
        "severityLevel": severity,
    }


def skipped(diagnostic: Diagnostic, why: str = "") -> Annotation:
    """Return what it shows of something that was not judged, and why."""
    shown = annotation(diagnostic)
    return {
        **shown,
        "status": "SKIPPED",
        "statusMessage": f"{shown['statusMessage']} {why}".strip(),
        "severityLevel": "INFORMATIONAL",
    }


def failure_message(errors: Sequence[Diagnostic], code_hooks: int) -> str:
    """Return what the caller reads: how many errors, where help is, and as many as there is room.

    The count, the link and the first error are within what is essential.
    """
    hooks = f"{code_hooks} code hook{'' if code_hooks == 1 else 's'}"
    found = f"{len(errors)} error{'' if len(errors) == 1 else 's'}"
    message = f"AutoLexPermissions found {found} in this template ({hooks}). See {PAGE}."
    for number, error in enumerate(errors, start=1):
        left = len(errors) - number
        line = f" ({number}) {cut(str(error), LONGEST_FINDING)}"
        more = f" and {left} more" if left else ""
        if len(message) + len(line) + len(more) > LONGEST_MESSAGE:
            return f"{message} and {left + 1} more"
        message += line
    return message
