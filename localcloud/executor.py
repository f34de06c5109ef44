# LocalStack is in an environment of its own, where mypy does not run.
# mypy: disallow-subclassing-any=False
"""LocalStack's Lambda executor without Docker: the unzipped code under the real runtime client.

LocalStack chooses an executor by name (``LAMBDA_RUNTIME_EXECUTOR``) among the entry points of the
group ``localstack.lambda.runtime_executor``. This one runs each execution environment as a
``RunningFunction``, and records with every answer which code gave it.
"""

import base64
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from localstack.services.lambda_.invocation.lambda_models import (
    FunctionVersion,
    InvocationResult,
)
from localstack.services.lambda_.invocation.plugins import (
    RuntimeExecutorPlugin,
)
from localstack.services.lambda_.invocation.runtime_executor import (
    RuntimeExecutor,
)

from localcloud.records import InvocationRecord, Records
from localcloud.runtime_api import (
    PYTHON_VARIABLE,
    RUNTIME_VARIABLE,
    Answer,
    FunctionCode,
    RunningFunction,
)

RUNTIME = "python3.13"


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """The entry point that LocalStack finds."""

    name = "localcloud"

    def load(self, *_: object) -> type["ProcessExecutor"]:
        """Return the executor class."""
        return ProcessExecutor


class ProcessExecutor(RuntimeExecutor):
    """One execution environment of one function version, as a process."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:  # noqa: A002 - LocalStack's name.
        """Prepare; LocalStack calls ``start`` next."""
        super().__init__(id=id, function_version=function_version)
        self._function: RunningFunction | None = None
        self._files: dict[str, str] = {}
        self._log = ""

    def start(self, env_vars: dict[str, Any]) -> None:
        """Start the process with the environment variables of this function version."""
        config = self.function_version.config
        if config.runtime != RUNTIME:
            raise ValueError(f"Only {RUNTIME} runs here, not {config.runtime}.")
        folder = config.code.get_unzipped_code_location()
        self._files = _file_hashes(folder)
        self._function = RunningFunction(
            FunctionCode(
                folder=folder,
                handler=config.handler,
                runtime=Path(os.environ[RUNTIME_VARIABLE]),
                python=Path(os.environ[PYTHON_VARIABLE]),
                timeout_seconds=config.timeout,
                environment=_environment(env_vars, config.logging_config),
                # LocalStack's own group: killing that leaves no function behind.
                own_process_group=False,
            )
        )
        self._function.start()

    def stop(self) -> None:
        """End the process."""
        if self._function is not None:
            self._function.close()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Hand the event to the process, record the invocation, and return the answer."""
        if self._function is None:
            message = "The execution environment was not started."
            raise RuntimeError(message)
        answer = self._function.invoke(
            payload["payload"].encode(),
            request_id=payload["invoke-id"],
            function_arn=payload["invoked-function-arn"],
            trace_id=payload["trace-id"],
        )
        self._log += answer.log
        self._record(payload["invoke-id"], answer)
        return InvocationResult(payload["invoke-id"], answer.payload, answer.failed, answer.log)

    def get_address(self) -> str:
        """Return where the process runs."""
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """Return where the process finds LocalStack."""
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """Return nothing: the process talks to a Runtime API of its own, never to LocalStack's."""
        return ""

    def get_logs(self) -> str:
        """Return all that was logged so far."""
        return self._log

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unzip the code."""
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Leave the code to LocalStack, which deletes it with the function."""

    def _record(self, request_id: str, answer: Answer) -> None:
        Records.from_environment().add_invocation(
            InvocationRecord(
                function_arn=self.function_version.id.qualified_arn(),
                request_id=request_id,
                code_sha256=_zip_hash(self.function_version),
                files=self._files,
                failed=answer.failed,
                log=answer.log,
            )
        )


def _environment(env_vars: dict[str, Any], logging: dict[str, str]) -> dict[str, str]:
    """Return LocalStack's variables as Lambda would name them, and none of LocalStack's own."""
    ours = (
        "LOCALSTACK_",
        "_AWS_XRAY",
        "EDGE_PORT",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_TIMEOUT",
    )
    kept = {name: str(value) for name, value in env_vars.items() if not name.startswith(ours)}
    # LocalStack always names the default log group, whatever LoggingConfig says.
    return kept | {"AWS_LAMBDA_LOG_GROUP_NAME": logging["LogGroup"]}


def _file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by its path within."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _zip_hash(function_version: FunctionVersion) -> str:
    """Return the SHA-256 of the very archive that was unzipped, as Lambda writes it."""
    with tempfile.TemporaryFile() as archive:
        function_version.config.code._download_archive_to_file(archive)  # noqa: SLF001 - no public way.
        archive.seek(0)
        return base64.b64encode(hashlib.file_digest(archive, "sha256").digest()).decode()
