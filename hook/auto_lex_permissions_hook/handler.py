"""The Lambda function behind the hook: logs, metrics, and an answer whatever happens.

A hook without an answer is a failed one, three times 30 seconds later, so nothing is raised from
here. Nothing of the template is logged, nor the address that it is at, which lets anybody read it.
"""

import logging
import os
import traceback
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

# The same templates take five times as long without libyaml, and with the largest ones the time is
# up: a build that lacks it shall not start.
from yaml import CSafeLoader as _  # noqa: F401

from auto_lex_permissions import __version__
from auto_lex_permissions.cfn.intrinsics import LONGEST_NAME
from auto_lex_permissions.diagnostics import INTERNAL_FAILURE, NOT_JUDGED, Diagnostic, cut
from auto_lex_permissions_cli.requests import MACRO

from .judgement import Judgement, judge
from .payload import template_at
from .protocol import (
    PAGE,
    Annotation,
    HookRequest,
    NotJudgedError,
    annotation,
    answer,
    failure_message,
    request_of,
    skipped,
)

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

NAMESPACE: Final = "AutoLexPermissions"
SERVICE: Final = "AutoLexPermissionsHook"
# So many findings are logged, each as its code and its path.
MOST_LOGGED: Final = 20
# What is deleted needs no permission, and has no template.
DELETION: Final = "DELETE_PRE_PROVISION"
TARGETS: Final = frozenset({"STACK", "CHANGE_SET"})

_UNDECIDED: Final = (
    "Only the values of parameters, which CloudFormation does not send to a hook, decide whether"
    " this deployment has it."
)

# A log that cannot be written is lost, and nothing else: an answer is worth more.
# https://docs.python.org/3/library/logging.html#logging.raiseExceptions
logging.raiseExceptions = False

logger = Logger(service=SERVICE, level="INFO")
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)


def handler(event: object, context: "LambdaContext") -> dict[str, object]:
    """Answer CloudFormation's request; never raises."""
    request = request_of(event)
    try:
        logger.structure_logs(
            append=False,
            version=__version__,
            function_request_id=context.aws_request_id,
            stack_id=cut(request.stack_id, LONGEST_NAME),
        )
        answered = _judged(request)
    except NotJudgedError as error:
        logger.warning("template not judged", why=str(error))
        answered = _not_judged(request, NOT_JUDGED.at(why=str(error)))
    except Exception as error:  # noqa: BLE001 - whatever else it is, it is our bug
        # Without the message, which may hold a value.
        frames = traceback.format_tb(error.__traceback__)
        logger.error("internal failure", error=type(error).__name__, frames=frames)  # noqa: TRY400
        where = {"request": context.aws_request_id, "log_group": context.log_group_name}
        answered = _not_judged(request, INTERNAL_FAILURE.at(**where))
    _flush(context)
    return answered


def _judged(request: HookRequest) -> dict[str, object]:
    if request.action == DELETION:
        return answer(request, "AutoLexPermissions has nothing to say about a deletion.")
    if request.target not in TARGETS:
        raise NotJudgedError("its hook has another target than STACK and CHANGE_SET")
    template = template_at(request.payload)
    judgement = judge(template, *request.place, os.environ.get("MACRO_NAME", MACRO))
    _log(judgement)
    annotations = [*map(annotation, (*judgement.errors, *judgement.remarks))]
    annotations += [skipped(each, _UNDECIDED) for each in judgement.undecided]
    if judgement.parameters:
        annotations.append(_named_by(judgement.parameters))
    if judgement.errors:
        _count("TemplatesFailed")
        message = failure_message(judgement.errors, judgement.code_hooks)
        return answer(request, message, annotations, "NonCompliant")
    _count("TemplatesPassed")
    return answer(request, _praise(judgement), annotations)


def _log(judgement: Judgement) -> None:
    logged = [f"{each.code} {each.path}" for each in judgement.found[:MOST_LOGGED]]
    logger.info(
        "template judged",
        code_hooks=judgement.code_hooks,
        uses_macro=judgement.uses_macro,
        errors=len(judgement.errors),
        found=[cut(line, LONGEST_NAME) for line in logged],
        count=len(judgement.found),
        undecided=len(judgement.undecided),
        suppressed=judgement.suppressed,
    )


def _praise(judgement: Judgement) -> str:
    """Return why a template passes."""
    if judgement.uses_macro:
        return "The macro AutoLexPermissions adds what is missing in this template."
    if not judgement.code_hooks:
        return "AutoLexPermissions found no Lex V2 code hook in this template."
    praise = "Lex may invoke the function of each code hook of this template"
    if remarks := len(judgement.remarks):
        are = "1 remark is" if remarks == 1 else f"{remarks} remarks are"
        return f"{praise}; {are} among the details."
    return f"{praise}."


def _named_by(parameters: tuple[str, ...]) -> Annotation:
    """Return what only the values of parameters could decide, which a hook is not sent."""
    named = cut(", ".join(parameters), LONGEST_NAME)
    return {
        "annotationName": "FunctionNamedByParameter",
        "status": "SKIPPED",
        "statusMessage": (
            f"Code hooks name their functions by parameters ({named}), whose values CloudFormation"
            " does not send to a hook: whether a function is of this account and Region was not"
            " judged."
        ),
        "remediationMessage": (
            "If it is another's, its owner has to let Lex invoke it: no permission of this stack"
            " can."
        ),
        "remediationLink": f"{PAGE}#parameters",
        "severityLevel": "INFORMATIONAL",
    }


def _not_judged(request: HookRequest, why: Diagnostic) -> dict[str, object]:
    """Answer as the owner of the hook wants it, and count: a hook that sees nothing is an alarm."""
    _count("NotJudged")
    if os.environ.get("ON_CANNOT_JUDGE") == "fail":
        return answer(request, str(why), [annotation(why)], "InternalFailure")
    return answer(request, f"{why} It was let through.", [skipped(why)])


def _count(name: str) -> None:
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


def _flush(context: "LambdaContext") -> None:
    """Print the metrics; an answer is worth more than they are, so no failure of theirs counts."""
    try:
        metrics.add_dimension(name="function_name", value=context.function_name)
        metrics.flush_metrics()
    except Exception as error:  # noqa: BLE001 - whatever it is, the template is answered
        # Without the message, which exception() would log: it may hold values.
        logger.error("metrics not written", error=type(error).__name__)  # noqa: TRY400
