"""The real SAM CLI from its own environment, with a time-out on every call and nothing left behind.

Tests and the demo build and deploy as users do: ``sam build`` and ``sam deploy`` as commands of
their own. Where they deploy to is decided by the environment variables alone.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAM = ROOT / ".environments" / "sam" / "bin" / "sam"
SAM_PYTHON = SAM.with_name("python")

BUILD_SECONDS = 180.0
DEPLOY_SECONDS = 120.0
OURS = ("AWS_", "SAM_", "MAKE", "MFLAGS")
"""Variables of the caller that would change what SAM CLI, or the make that it runs, does."""


class SamError(Exception):
    """A SAM CLI command failed or took too long; the text is all that it said."""

    @property
    def reason(self) -> str:
        """Return why the change set failed, in CloudFormation's words; empty where it did not."""
        return str(self).partition("Status: FAILED. Reason: ")[2].strip()


def sam_environment(notes: Path) -> dict[str, str]:
    """Return the caller's environment without AWS and SAM settings of its own.

    ``notes`` is where SAM CLI keeps what it remembers of its user, instead of the home folder.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | {
        "__SAM_CLI_APP_DIR": str(notes),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # Seconds between two looks at a deployment: 2.5 s for one instead of 6.3 s.
        "SAM_CLI_POLL_DELAY": "1",
        "SAM_CLI_TELEMETRY": "0",
    }


def silent(_: str) -> None:
    """Say nothing of a step."""


@dataclass(frozen=True, slots=True)
class Sam:
    """SAM CLI with an environment, and a function that reports what it does."""

    environment: Mapping[str, str]
    say: Callable[[str], None] = silent

    def build(self, target: Path, template: str = "template.yaml") -> Path:
        """Build a template of this project into a new folder and return the built one."""
        options = ["--template", template, "--build-dir", str(target / "build")]
        self._run("sam build", ["build", *options], BUILD_SECONDS)
        return target / "build" / "template.yaml"

    def deploy(
        self, template: Path, *options: str, parameters: Mapping[str, str] | None = None
    ) -> str:
        """Deploy a template, with options as on the command line; return what SAM CLI said."""
        overrides = [f"{name}={value}" for name, value in (parameters or {}).items()]
        arguments = ["deploy", "--template", str(template), *options]
        if overrides:
            arguments += ["--parameter-overrides", *overrides]
        return self._run(f"sam deploy of {template.name}", arguments, DEPLOY_SECONDS)

    def _run(self, title: str, arguments: Sequence[str], seconds: float) -> str:
        """Run a command in the repository's folder and return its output, or raise with it."""
        started = time.monotonic()
        self.say(f"{title} …")
        status, output = _run_group([str(SAM), *arguments], self.environment, seconds)
        passed = time.monotonic() - started
        if status is None:
            raise SamError(f"{title} took more than {seconds:.0f} s:\n{output}")
        if status != 0:
            raise SamError(f"{title} ended with {status} after {passed:.1f} s:\n{output}")
        self.say(f"{title}: {passed:.1f} s")
        return output


def _run_group(
    command: Sequence[str], environment: Mapping[str, str], seconds: float
) -> tuple[int | None, str]:
    """Run a command in a process group of its own; return its status (None: too long) and output.

    The group is killed at the end however it comes, since SAM CLI starts make, which starts pip.
    """
    with tempfile.TemporaryFile() as file:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        status: int | None = None
        try:
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(seconds)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
        file.seek(0)
        return status, file.read().decode(errors="replace")
