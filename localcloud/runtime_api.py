"""Lambda's Runtime API on loopback, around the runtime client that real Lambda runs.

A Lambda function is a process that asks for events and posts answers over HTTP
(https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). ``RunningFunction`` starts
``python -m awslambdaric <handler>`` in a folder of unzipped code and plays the other side: one
event at a time, a time-out on each, errors in the words of Lambda, the log lines of each
invocation, and nothing left running.

The process sees what it would see on Lambda and nothing else: no site-packages of any
environment, only the code folder, the standard library and the runtime client. A dependency that
is missing from the zip is therefore missing here too. (Lambda also brings boto3; the code under
test must not need it, so it is left out.)
"""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from types import TracebackType
from typing import Any, Self

RUNTIME_VARIABLE = "LOCALCLOUD_RUNTIME"
"""Names the folder of the runtime client to an executor that runs in another environment."""
PYTHON_VARIABLE = "LOCALCLOUD_PYTHON"
"""Names the interpreter to it."""
API_ROOT = "/2018-06-01/runtime"
RUNTIME_DISTRIBUTIONS = ("awslambdaric", "simplejson", "snapshot-restore-py")
INIT_SECONDS = 10.0
"""Lambda ends an initialization after 10 seconds
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html)."""
SETTLE_SECONDS = 2.0
"""How long a process may take from its answer to its next request."""
CLOSED_LOOK_SECONDS = 0.1
"""How often a request that waits for an event looks whether the API was closed."""


@dataclass(frozen=True, slots=True)
class FunctionCode:
    """Unzipped code with its handler, and what Lambda's configuration says about it."""

    folder: Path
    handler: str
    runtime: Path
    """The runtime client alone, as ``link_runtime`` made it."""
    python: Path = Path(sys.executable)
    """The interpreter; it needs no packages of its own."""
    timeout_seconds: float = 3.0
    environment: Mapping[str, str] = field(default_factory=dict)
    """Overrides what ``lambda_environment`` sets, as a function's own configuration does."""
    own_process_group: bool = True
    """False leaves the process in its starter's group, which then has to end both."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event on its way to the function."""

    request_id: str
    payload: bytes
    function_arn: str
    deadline_milliseconds: int
    trace_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What Lambda's ``Invoke`` returns: the payload, whether it is an error, and the log lines."""

    payload: bytes
    failed: bool
    log: str = ""

    @property
    def document(self) -> Any:  # noqa: ANN401 - a function may answer any JSON value.
        """Return the payload as JSON."""
        return json.loads(self.payload)


@dataclass(frozen=True, slots=True)
class _Idle:
    """The process asks for the next event."""


@dataclass(frozen=True, slots=True)
class _Exited:
    """The process ended; the status is negative for a signal."""

    status: int


type _Happening = Answer | _Idle | _Exited


def link_runtime(target: Path) -> Path:
    """Fill a new folder with links to the runtime client of this environment, and return it."""
    target.mkdir(parents=True)
    for name in RUNTIME_DISTRIBUTIONS:
        found = distribution(name)
        tops = {file.parts[0] for file in found.files or []} - {"..", "__pycache__"}
        for top in sorted(tops):
            (target / top).symlink_to(Path(str(found.locate_file(top))).resolve())
    return target


def lambda_environment(code: FunctionCode, api_address: str) -> dict[str, str]:
    """Return the environment variables of the process, as Lambda sets them and no others.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    name = code.environment.get("AWS_LAMBDA_FUNCTION_NAME", "function")
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"2026/01/01/[$LATEST]{uuid.uuid4().hex}",
        "AWS_REGION": "us-east-1",
        "AWS_SECRET_ACCESS_KEY": "test",
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        **code.environment,
        "_HANDLER": code.handler,
        "AWS_LAMBDA_RUNTIME_API": api_address,
        "LAMBDA_RUNTIME_DIR": str(code.runtime),
        "LAMBDA_TASK_ROOT": str(code.folder),
        "PYTHONPATH": str(code.runtime),
        # Lambda's code folder is read-only: no bytecode may appear in it here either.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


class _RuntimeApi(ThreadingHTTPServer):
    """The HTTP side: hands out one event at a time, and puts what happens into one queue."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port of the loopback interface."""
        super().__init__(("127.0.0.1", 0), _RuntimeApiHandler)
        self.waiting: queue.Queue[Invocation] = queue.Queue()
        self.happenings: queue.Queue[_Happening] = queue.Queue()
        self._current: Invocation | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Return host and port, as ``AWS_LAMBDA_RUNTIME_API`` wants them."""
        return f"127.0.0.1:{self.server_address[1]}"

    def next_invocation(self) -> Invocation | None:
        """Wait for an event; None when the API was closed meanwhile."""
        self.happenings.put(_Idle())
        while not self._closed.is_set():
            with suppress(queue.Empty):
                self._current = self.waiting.get(timeout=CLOSED_LOOK_SECONDS)
                return self._current
        return None

    def take_answer(self, request_id: str, answer: Answer) -> bool:
        """Accept the answer to the event under way; False for any other."""
        if self._current is None or self._current.request_id != request_id:
            return False
        self._current = None
        self.happenings.put(answer)
        return True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a connection breaks whenever its process is killed, which is reported."""

    def close(self) -> None:
        """Stop listening, and release every request that waits."""
        self._closed.set()
        self.shutdown()
        self.server_close()
        self._thread.join(timeout=5)


class _RuntimeApiHandler(BaseHTTPRequestHandler):
    """The requests of the Runtime API that a function without extensions makes."""

    protocol_version = "HTTP/1.1"
    # Head and body are two writes; with Nagle's algorithm each answer would wait 40 milliseconds.
    disable_nagle_algorithm = True
    server: _RuntimeApi

    def do_GET(self) -> None:
        """Answer ``/invocation/next`` as soon as there is an event."""
        if self.path != f"{API_ROOT}/invocation/next":
            self._reply(HTTPStatus.NOT_FOUND)
        elif invocation := self.server.next_invocation():
            self._reply(HTTPStatus.OK, invocation.payload, _headers(invocation))
        else:
            self.close_connection = True

    def do_POST(self) -> None:
        """Take an answer, an error, or the error of a failed initialization."""
        payload = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        match self.path.removeprefix(f"{API_ROOT}/").split("/"):
            case ["init", "error"]:
                self.server.happenings.put(Answer(payload, failed=True))
                accepted = True
            case ["invocation", request_id, ("response" | "error") as kind]:
                answer = Answer(payload, failed=kind == "error")
                accepted = self.server.take_answer(request_id, answer)
            case _:
                accepted = False
        self._reply(HTTPStatus.ACCEPTED if accepted else HTTPStatus.BAD_REQUEST)

    def log_message(self, *_: object) -> None:
        """Keep requests out of the output: the function's own log is what matters."""

    def _reply(
        self, status: HTTPStatus, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _headers(invocation: Invocation) -> dict[str, str]:
    """Return the headers that go with an event."""
    return {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_milliseconds),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Lambda-Runtime-Trace-Id": invocation.trace_id,
    }


@dataclass(slots=True)
class _Process:
    """One process with the API that it talks to; it is ready once it has asked for an event."""

    api: _RuntimeApi
    process: subprocess.Popen[bytes]
    own_group: bool
    ready: bool = False

    def happening(self, seconds: float) -> _Happening | None:
        """Return what happens next, None where nothing does within the time."""
        try:
            return self.api.happenings.get(timeout=seconds)
        except queue.Empty:
            return None

    def end(self) -> None:
        """Kill the process, as Lambda does with functions that have no extensions."""
        with suppress(ProcessLookupError):
            if self.own_group:
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        self.process.wait(timeout=5)
        self.api.close()


class RunningFunction:
    """One execution environment of a function: a process that serves several invocations."""

    def __init__(self, code: FunctionCode) -> None:
        """Prepare; the process starts with ``start`` or with the first event."""
        self.code = code
        # A file instead of a pipe: whatever the process wrote before it asks for the next event
        # is in the file by then, so that every line belongs to exactly one invocation.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it is open until close().
        self._log_read = 0
        self._process: _Process | None = None

    def __enter__(self) -> Self:
        """Start the process."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process."""
        self.close()

    def start(self) -> _Process:
        """Start the process; its initialization runs on until the first event."""
        api = _RuntimeApi()
        process = subprocess.Popen(
            [self.code.python, "-S", "-m", "awslambdaric", self.code.handler],
            cwd=self.code.folder,
            env=lambda_environment(self.code, api.address),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            process_group=0 if self.code.own_process_group else None,
        )
        threading.Thread(
            target=lambda: api.happenings.put(_Exited(process.wait())), daemon=True
        ).start()
        self._process = _Process(api, process, own_group=self.code.own_process_group)
        return self._process

    def invoke(
        self,
        event: object,
        *,
        request_id: str = "",
        function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:function",
        trace_id: str = "Root=1-00000000-000000000000000000000000;Sampled=0",
    ) -> Answer:
        """Hand one event (bytes, or whatever JSON can say) to the function; return its answer.

        A process that ended, or was ended by a time-out, is started afresh for the next event, as
        Lambda does.
        """
        invocation = Invocation(
            request_id=request_id or str(uuid.uuid4()),
            payload=event if isinstance(event, bytes) else json.dumps(event).encode(),
            function_arn=function_arn,
            deadline_milliseconds=int((time.time() + self.code.timeout_seconds) * 1000),
            trace_id=trace_id,
        )
        answer = self._exchange(self._process or self.start(), invocation)
        return Answer(answer.payload, answer.failed, self._new_log())

    def close(self) -> None:
        """End the process and close the log; harmless when repeated."""
        self._end()
        self._log.close()

    def _exchange(self, process: _Process, invocation: Invocation) -> Answer:
        """Wait for the process, hand it the event, and wait for the answer or what else happens."""
        if not process.ready:
            happening = process.happening(INIT_SECONDS)
            if not isinstance(happening, _Idle):
                return self._failure(invocation, happening, INIT_SECONDS)
            process.ready = True
        process.api.waiting.put(invocation)
        happening = process.happening(self.code.timeout_seconds)
        if not isinstance(happening, Answer):
            return self._failure(invocation, happening, self.code.timeout_seconds)
        if not isinstance(process.happening(SETTLE_SECONDS), _Idle):
            self._end()
        return happening

    def _failure(
        self, invocation: Invocation, happening: _Happening | None, seconds: float
    ) -> Answer:
        """End the process and say what went wrong, as Lambda reports it to the caller."""
        self._end()
        match happening:
            case Answer():
                return happening
            case _Exited(status):
                return _error(invocation, "Runtime.ExitError", _exit_text(status))
            case _:
                text = f"Task timed out after {seconds:.2f} seconds"
                return _error(invocation, "Sandbox.Timedout", text)

    def _new_log(self) -> str:
        """Return what was logged since the last call."""
        size = os.fstat(self._log.fileno()).st_size
        text = os.pread(self._log.fileno(), size - self._log_read, self._log_read)
        self._log_read = size
        return text.decode(errors="replace")

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


def _exit_text(status: int) -> str:
    """Say how the runtime ended, in Lambda's words."""
    if status == 0:
        return "Runtime exited without providing a reason"
    if status < 0:
        return f"Runtime exited with error: signal: {signal.Signals(-status).name}"
    return f"Runtime exited with error: exit status {status}"


def _error(invocation: Invocation, error_type: str, text: str) -> Answer:
    """Return the payload of an error that the function itself could not report."""
    message = f"RequestId: {invocation.request_id} Error: {text}"
    payload = json.dumps({"errorType": error_type, "errorMessage": message})
    return Answer(payload.encode(), failed=True)
