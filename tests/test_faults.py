"""What an author is answered when something around the macro fails, under the real runtime client.

Time, memory, output and sizes are brought to their ends here; the limits of templates themselves
are those of tests/test_limits.py (500 resources and one more, 1,000,000 bytes and one more). The
macro never asks how much time remains: it has nothing shorter to answer, and its slowest template
takes a small part of the 30 seconds of template.yaml.
"""

import contextlib
import io
import json
import logging
import os
import resource
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Never

import pytest

from auto_lex_permissions import handler as shell
from auto_lex_permissions.limits import MOST_ANSWER_BYTES, MOST_BYTES
from benchmarks.templates import template
from localcloud.runtime_api import Answer, FunctionCode, RunningFunction, link_runtime
from tests import test_limits
from tests.listening import Context, heard

ROOT = Path(__file__).parent.parent
SMALL = json.loads((ROOT / "events" / "whole-template.json").read_text())
DEPENDENCIES = ("aws-lambda-powertools", "jmespath", "typing-extensions")
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, for request and answer.
MOST_PAYLOAD = 6 * 1024 * 1024
FAULT = "ALP901 AutoLexPermissions failed because of a bug in its own code"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> FunctionCode:
    """Return the macro as it stands in macro/, with what macro/requirements.txt names."""
    folder = tmp_path_factory.mktemp("faults") / "code"
    folder.mkdir()
    (folder / "auto_lex_permissions").symlink_to(ROOT / "macro" / "auto_lex_permissions")
    for name in DEPENDENCIES:
        found = distribution(name)
        for top in sorted({file.parts[0] for file in found.files or []} - {"..", "__pycache__"}):
            (folder / top).symlink_to(Path(str(found.locate_file(top))).resolve())
    return FunctionCode(
        folder=folder,
        handler="auto_lex_permissions.handler.handler",
        runtime=link_runtime(folder.parent / "runtime"),
        timeout_seconds=30,
        environment={"AWS_LAMBDA_FUNCTION_NAME": "AutoLexPermissions"},
    )


@pytest.fixture
def function(code: FunctionCode) -> Iterator[RunningFunction]:
    """Yield the macro, running."""
    with RunningFunction(code) as function:
        yield function


def asking(fragment: object, **more: object) -> dict[str, Any]:
    """Return a request for a fragment."""
    return {**SMALL, "fragment": fragment, "templateParameterValues": {}, **more}


def _answer(event: object, context: Any) -> dict[str, Any]:
    return shell.handler(event, context)


def answered(event: object, context: Any = None) -> tuple[dict[str, Any], list[str]]:
    """Return what the function answers here, and the lines that it prints."""
    return heard(lambda sent: _answer(sent, context or Context()), event)


def usual() -> Any:
    """Return what the small event is answered when nothing fails."""
    return answered(SMALL)[0]


# Time.


def test_the_time_that_remains_is_not_asked_for(function: RunningFunction) -> None:
    """With next to none left the answer is the same: whatever was cut short would be wrong."""

    class Late(Context):
        def get_remaining_time_in_millis(self) -> int:
            raise AssertionError

    answer, _ = answered(SMALL, Late())
    assert answer == usual()
    assert function.invoke(SMALL).document == usual()


@pytest.mark.timeout(120)
def test_the_largest_templates_take_a_small_part_of_the_time(function: RunningFunction) -> None:
    """80 bots with 960 hooks, and a megabyte: a tenth of the 30 seconds is more than enough."""
    hooks = template(resources=400, bots=80, aliases=3, locales=4)
    megabyte = template(resources=450, bots=3, description=600_000)
    for fragment in (hooks, megabyte):
        start = time.monotonic()
        answer = function.invoke(asking(fragment, params={"SourceScope": "Bot"}))
        assert answer.document["status"] == "success"
        assert time.monotonic() - start < 3


def test_a_time_out_is_lambdas_to_report(code: FunctionCode) -> None:
    """Lambda ends the process and says so; the next template is answered by a new one.

    What CloudFormation makes of it for the author could not be tried here.
    """
    large = asking(template(resources=450, bots=3, description=600_000))
    with RunningFunction(code) as function:
        assert function.invoke(SMALL).document == usual()
        function.code = replace(code, timeout_seconds=0.001)
        late = function.invoke(large, request_id="r-1")
        assert late.failed
        assert late.document == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": "RequestId: r-1 Error: Task timed out after 0.00 seconds",
        }
        function.code = code
        assert function.invoke(SMALL).document == usual()


# Memory.


def test_no_memory_is_a_fault_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A MemoryError is answered as any other bug: by one sentence, and an alarm (rule 6.3)."""

    def failing(_: object) -> Never:
        raise MemoryError

    monkeypatch.setattr(shell, "transform", failing)
    answer, lines = answered(SMALL)
    assert answer["status"] == "failure"
    assert answer["errorMessage"].startswith(FAULT)
    line, metric = map(json.loads, lines)
    assert (line["message"], line["error"]) == ("internal failure", "MemoryError")
    assert metric["InternalFailures"] == [1.0]


@pytest.mark.long
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
@pytest.mark.timeout(180)
def test_memory_at_its_limit(code: FunctionCode) -> None:
    """Out of memory in the macro, it answers its fault; in the runtime client, Lambda an error.

    Never half a fragment, and the next template is answered as usual. (Where Lambda itself ends
    the process, that is the signal in tests/artifact/test_runtime_api.py.)
    """
    # With one heap alone, whatever is asked for counts at once.
    code = replace(code, environment={**code.environment, "MALLOC_ARENA_MAX": "1"})
    large = asking(template(resources=450, bots=3, description=600_000))
    whole, _ = answered(large)
    expected = {"fault", "success", "Runtime.ExitError"}
    seen: set[str] = set()
    # How much is enough depends on what the allocator holds back: on, until it was enough.
    for spare in range(0, 40_000_000, 400_000):
        seen.add(_answered_within(code, large, spare, whole))
        if expected <= seen and spare >= 4_400_000:
            break
    assert expected <= seen
    assert seen <= {"fault", "success", "Runtime.ExitError", "Runtime.UnmarshalError", *AT_THE_END}


# Of the runtime client, when it writes an answer.
AT_THE_END = {"Runtime.MarshalError", "Runtime.LambdaRuntimeClientError"}


def _answered_within(code: FunctionCode, event: object, spare: int, whole: object) -> str:
    """Return how a request is answered with so many bytes to spare, and check what comes after."""
    function = RunningFunction(code)
    try:
        process = function.start().process
        function.invoke(SMALL)
        most = (_virtual_size(process.pid) + spare, resource.RLIM_INFINITY)
        resource.prlimit(process.pid, resource.RLIMIT_AS, most)
        answer = function.invoke(event)
        if process.poll() is None:
            no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(process.pid, resource.RLIMIT_AS, no_limit)
        kind = _kind(answer)
        assert kind != "success" or answer.document == whole
        assert function.invoke(SMALL).document == usual()
    finally:
        function.close()
    return kind


def _virtual_size(pid: int) -> int:
    """Return how many bytes of address space a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _kind(answer: Answer) -> str:
    """Say how a request was answered."""
    if answer.failed:
        return str(answer.document["errorType"])
    message = answer.document.get("errorMessage", "")
    return "fault" if message.startswith(FAULT) else str(answer.document["status"])


# Output.


@pytest.mark.parametrize(
    "redirection",
    [
        pytest.param(">/dev/full", id="standard output is full"),
        pytest.param(">/dev/full 2>&1", id="both outputs are full"),
        pytest.param(">&-", id="standard output is closed"),
        pytest.param(">&- 2>/dev/full", id="standard output is closed, errors are full"),
    ],
)
def test_output_that_fails(code: FunctionCode, tmp_path: Path, redirection: str) -> None:
    """Neither log nor metrics can be written: the template is answered all the same."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@" {redirection}\n')
    python.chmod(0o755)
    rejected = asking([])
    with RunningFunction(replace(code, python=python)) as function:
        for event in (SMALL, rejected, SMALL):
            answer = function.invoke(event)
            assert not answer.failed, answer.document
            assert answer.document == answered(event)[0]


def test_closed_output() -> None:
    """Not even a stream that somebody has closed makes the function raise (rule 6.2)."""
    closed = io.StringIO()
    closed.close()
    printer = shell.logger.registered_handler
    assert isinstance(printer, logging.StreamHandler)
    before = printer.setStream(closed)
    try:
        with contextlib.redirect_stdout(closed), contextlib.redirect_stderr(closed):
            answer = shell.handler(SMALL, Context())  # type: ignore[arg-type]
    finally:
        printer.setStream(before)
    assert answer == usual()


# Sizes.


@pytest.mark.timeout(120)
def test_a_request_of_all_that_lambda_takes(function: RunningFunction) -> None:
    """A fragment that can be sent back gets its permissions; a longer one is an error (rule 6.2).

    Both are past 1,000,000 bytes before, and so CloudFormation's to reject (rule 6.7).
    """
    small = _size(asking(SMALL["fragment"] | {"Metadata": {"Note": ""}}))
    note = "x" * (MOST_PAYLOAD - small)
    event = asking(SMALL["fragment"] | {"Metadata": {"Note": note}})
    assert _size(event) == MOST_PAYLOAD
    assert "ALP604" in function.invoke(event).document["errorMessage"]

    event = asking(SMALL["fragment"] | {"Metadata": {"Note": note[: MOST_ANSWER_BYTES - 100_000]}})
    answer = function.invoke(event)
    assert answer.document["status"] == "success"
    added = answer.document["fragment"]["Resources"].keys() - SMALL["fragment"]["Resources"].keys()
    assert added == usual()["fragment"]["Resources"].keys() - SMALL["fragment"]["Resources"].keys()
    assert answer.document["fragment"]["Metadata"] == event["fragment"]["Metadata"]


def _size(event: object) -> int:
    return len(json.dumps(event).encode())


@pytest.mark.parametrize(
    ("fragment", "says"),
    [
        pytest.param(
            test_limits.template(498, 3),
            "ALP501 Resources: with the 3 permissions that AutoLexPermissions adds, the template",
            id="501 resources",
        ),
        pytest.param(
            test_limits.template(3, 1, "x" * (MOST_BYTES - 500)),
            "ALP502 Resources: with the 1 permissions that AutoLexPermissions adds the template is"
            " larger than the 1,000,000 bytes that CloudFormation takes.",
            id="more than 1,000,000 bytes",
        ),
    ],
)
def test_limits_are_reported_by_the_function_too(
    function: RunningFunction, fragment: dict[str, Any], says: str
) -> None:
    """The author reads the messages of tests/test_limits.py, and CloudFormation stops there."""
    answer = function.invoke(asking(fragment)).document
    assert set(answer) == {"requestId", "status", "errorMessage"}
    assert answer["status"] == "failure"
    assert answer["errorMessage"].startswith(says)
