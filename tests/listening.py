"""Calls the Lambda function as its runtime does, and listens to what it prints meanwhile."""

import contextlib
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from auto_lex_permissions import handler as shell


@dataclass(frozen=True, slots=True)
class Context:
    """What the handler reads of Lambda's context."""

    aws_request_id: str = "11111111-2222-3333-4444-555555555555"
    log_group_name: str = "/aws/lambda/AutoLexPermissions"
    function_name: str = "AutoLexPermissions"


def heard(
    call: Callable[[Any], dict[str, Any]], event: Any, logger: Logger = shell.logger
) -> tuple[dict[str, Any], list[str]]:
    """Return what a call answers, and the lines that were printed meanwhile."""
    out = io.StringIO()
    # The logger keeps the standard output that it found when it was made.
    printer = logger.registered_handler
    assert isinstance(printer, logging.StreamHandler)
    before = printer.setStream(out)
    try:
        with contextlib.redirect_stdout(out):
            answer = call(event)
    finally:
        printer.setStream(before)
    return answer, out.getvalue().splitlines()
