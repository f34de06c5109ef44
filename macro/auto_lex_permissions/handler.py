"""The Lambda function behind the macro: logs, metrics, and an answer whatever happens.

A macro that raises reaches the author as "Received malformed response", so nothing is raised
from here. Nothing of the template is logged: it may hold values of `NoEcho` parameters.
"""

import gc

# Nothing that is imported is garbage: for the collector to look through it takes a tenth of a cold
# start. Source: https://docs.python.org/3/library/gc.html#gc.freeze
gc.disable()

import logging
import traceback
from collections import Counter
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from . import __version__
from .cfn.intrinsics import LONGEST_NAME
from .diagnostics import INTERNAL_FAILURE, TemplateError, cut
from .protocol import failure, request_id, request_of, success
from .transform import Result, transform

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SERVICE: Final = "AutoLexPermissions"
# Of each kind, and of all kinds, as many lines are logged, and then how many more there are.
MOST_LINES: Final = 20
MOST_LINES_OF_ALL: Final = 80

# A log that cannot be written is lost, and nothing else: an answer is worth more.
# https://docs.python.org/3/library/logging.html#logging.raiseExceptions
logging.raiseExceptions = False

logger = Logger(service=SERVICE, level="INFO")
metrics = Metrics(namespace=SERVICE, service=SERVICE)

gc.freeze()
gc.enable()


def handler(event: object, context: "LambdaContext") -> dict[str, object]:
    """Answer CloudFormation's request; never raises."""
    try:
        answer = _answer(event, context)
    except Exception as error:  # noqa: BLE001 - whatever else it is, it is our bug
        answer = _internal_failure(event, context, error)
    _flush(context)
    return answer


def _answer(event: object, context: "LambdaContext") -> dict[str, object]:
    logger.structure_logs(
        append=False,
        version=__version__,
        function_request_id=context.aws_request_id,
        cloudformation_request_id=cut(request_id(event), LONGEST_NAME),
    )
    try:
        result = transform(request_of(event))
    except TemplateError as error:
        return _rejected(event, error)
    _log_result(result)
    return success(event, result.fragment)


def _log_result(result: Result) -> None:
    logger.info(
        "template processed",
        code_hooks=result.code_hooks,
        permissions_added=result.permissions_added,
        grants_declared=result.grants_declared,
    )
    more: Counter[str] = Counter()
    logged: Counter[str] = Counter()
    for report in result.reports:
        if logged[report.code] == MOST_LINES or logged.total() == MOST_LINES_OF_ALL:
            more[report.code] += 1
            continue
        logged[report.code] += 1
        logger.warning(
            "reported",
            path=cut(report.path, LONGEST_NAME),
            code=report.name,
            id=report.code,
            advice=report.advice,
        )
    for code, count in more.items():
        logger.warning("more reported", id=code, count=count)
    _count("TemplatesProcessed", 1)
    _count("Reports", len(result.reports))
    _count("PermissionsAdded", result.permissions_added)
    _count("GrantsAlreadyDeclared", result.grants_declared)


def _rejected(event: object, error: TemplateError) -> dict[str, object]:
    """Answer a mistake of the author's, which pages nobody."""
    first = error.diagnostics[:MOST_LINES]
    mistakes = [cut(f"{mistake.code} {mistake.path}".strip(), LONGEST_NAME) for mistake in first]
    logger.warning("template rejected", mistakes=mistakes, count=len(error.diagnostics))
    _count("TemplatesRejected", 1)
    return failure(event, str(error))


def _internal_failure(
    event: object, context: "LambdaContext", error: Exception
) -> dict[str, object]:
    """Answer a bug of ours; the traceback is logged without messages, which may hold values."""
    frames = traceback.format_tb(error.__traceback__)
    logger.error("internal failure", error=type(error).__name__, frames=frames)
    _count("InternalFailures", 1)
    where = {"request": context.aws_request_id, "log_group": context.log_group_name}
    return failure(event, str(INTERNAL_FAILURE.at(**where)))


def _count(name: str, value: int) -> None:
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def _flush(context: "LambdaContext") -> None:
    """Print the metrics; an answer is worth more than they are, so no failure of theirs counts."""
    try:
        # Two versions of the macro side by side differ by their functions.
        metrics.add_dimension(name="function_name", value=context.function_name)
        metrics.flush_metrics()
    except Exception as error:  # noqa: BLE001 - whatever it is, the template is answered
        # Without the message, which exception() would log: it may hold values (rule 6.4).
        logger.error("metrics not written", error=type(error).__name__)  # noqa: TRY400
