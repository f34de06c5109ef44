"""The local Runtime API behaves as Lambda does when a function misbehaves."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.runtime_api import FunctionCode, RunningFunction, link_runtime

HANDLER = """
import os, sys, time
print("starting")

def handler(event, context):
    print("event", event)
    match event:
        case "raise": raise ValueError("no")
        case "exit": sys.exit(3)
        case "crash": os.kill(os.getpid(), 9)
        case "hang": time.sleep(60)
        case "pid": return os.getpid()
        case "path": return sys.path
        case "context":
            return [context.aws_request_id, context.invoked_function_arn, context.function_name,
                    0 < context.get_remaining_time_in_millis() <= 1000]
        case "environment": return dict(os.environ)
        case _: return len(event)
"""


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the runtime client."""
    return link_runtime(tmp_path_factory.mktemp("runtime") / "runtime")


@pytest.fixture
def code(tmp_path: Path, runtime: Path) -> FunctionCode:
    """Return a function that does what its event asks for."""
    (tmp_path / "index.py").write_text(HANDLER)
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    return FunctionCode(tmp_path, "index.handler", runtime, timeout_seconds=1)


@pytest.fixture
def function(code: FunctionCode) -> Iterator[RunningFunction]:
    """Yield that function, running."""
    with RunningFunction(code) as function:
        yield function


def test_answers_and_logs(function: RunningFunction) -> None:
    """One process answers event after event, and each answer has its own log lines."""
    first = function.invoke("pid")
    second = function.invoke("pid")
    assert (first.failed, second.failed) == (False, False)
    assert first.document == second.document
    assert first.log == "starting\nevent pid\n"
    assert second.log == "event pid\n"


def test_large_events(function: RunningFunction) -> None:
    """An event may have the 6 MB that Lambda allows."""
    assert function.invoke("x" * 6_000_000).document == 6_000_000


def test_context(function: RunningFunction) -> None:
    """The function learns who it is, and how long it has."""
    arn = "arn:aws:lambda:us-east-1:111122223333:function:function:live"
    answer = function.invoke("context", request_id="r-1", function_arn=arn)
    assert answer.document == ["r-1", arn, "function", True]


def test_nothing_of_the_caller(function: RunningFunction, code: FunctionCode) -> None:
    """Neither packages nor variables of the caller's environment reach the function."""
    assert function.invoke("path").document[:2] == [str(code.folder), str(code.runtime)]
    assert not any("site-packages" in entry for entry in function.invoke("path").document)
    environment = function.invoke("environment").document
    assert environment["LAMBDA_TASK_ROOT"] == str(code.folder)
    assert "PYTEST_CURRENT_TEST" in os.environ
    assert "PYTEST_CURRENT_TEST" not in environment


def test_exception(function: RunningFunction) -> None:
    """An exception is answered as an error with its trace, and the process goes on."""
    before = function.invoke("pid").document
    answer = function.invoke("raise")
    assert answer.failed
    assert answer.document["errorType"] == "ValueError"
    assert answer.document["errorMessage"] == "no"
    assert answer.document["stackTrace"]
    assert function.invoke("pid").document == before


@pytest.mark.parametrize(
    ("event", "how"),
    [("exit", "exit status 3"), ("crash", "signal: SIGKILL")],
)
def test_end_of_the_process(function: RunningFunction, event: str, how: str) -> None:
    """A process that ends is an error; the next event gets a new one."""
    answer = function.invoke(event, request_id="r-1")
    assert answer.failed
    assert answer.document == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: r-1 Error: Runtime exited with error: {how}",
    }
    assert function.invoke("pid").log.startswith("starting\n")


def test_time_out(function: RunningFunction) -> None:
    """A function that takes too long is killed, and the next event gets a new process."""
    pid = function.invoke("pid").document
    started = time.monotonic()
    answer = function.invoke("hang", request_id="r-1")
    assert time.monotonic() - started < 5
    assert answer.failed
    assert answer.document == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: r-1 Error: Task timed out after 1.00 seconds",
    }
    assert not alive(pid)
    assert function.invoke("pid").document != pid


def test_failing_initialization(code: FunctionCode, runtime: Path) -> None:
    """Code that cannot be imported is answered with the error of its import."""
    broken = FunctionCode(code.folder, "broken.handler", runtime)
    with RunningFunction(broken) as function:
        answer = function.invoke("anything")
    assert answer.failed
    assert answer.document["errorType"] == "Runtime.ImportModuleError"
    assert "nothing_of_this_name" in answer.document["errorMessage"]


def test_nothing_is_left(code: FunctionCode) -> None:
    """Leaving the block ends the process, also while it still works on an event."""
    with RunningFunction(code) as function:
        pid = function.invoke("pid").document
        assert alive(pid)
    assert not alive(pid)
    assert not list(code.folder.rglob("__pycache__"))


def test_events_are_json(function: RunningFunction) -> None:
    """Bytes go to the function as they are: the runtime client rejects what is no JSON."""
    assert function.invoke(json.dumps("abc").encode()).document == 3
    assert function.invoke(b"no json").document["errorType"] == "Runtime.UnmarshalError"


def alive(pid: int) -> bool:
    """Return whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
