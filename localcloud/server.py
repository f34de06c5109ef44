"""Starts LocalStack with this project's plug-ins on a free loopback port, and stops it again.

Everything that LocalStack writes is in one temporary folder, and every process that it starts
in one process group, so several can run side by side and none leaves anything behind: not after an
exception, Ctrl-C or SIGTERM (``local_cloud`` stops it), and not after SIGKILL (``guard`` does).

LocalStack finds plug-ins by the entry points of installed distributions. Instead of installing
this package into LocalStack's environment, ``PYTHONPATH`` names a folder that holds nothing but
the metadata of a distribution with those entry points: nothing has to be built, nothing fetched,
and every edit of this package takes effect with the next start.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from localcloud.records import FOLDER_VARIABLE, Records
from localcloud.runtime_api import PYTHON_VARIABLE, RUNTIME_VARIABLE, link_runtime
from localcloud.sam import ROOT, sam_environment

PYTHON = ROOT / ".environments" / "localstack" / "bin" / "python"
ENTRY_POINTS = Path(__file__).resolve().parent / "entry_points"

ACCOUNT = "111122223333"
"""LocalStack takes a 12-digit access key id as the account id."""
REGION = "us-east-1"

START_SECONDS = 90.0
STOP_SECONDS = 5.0
REQUEST_SECONDS = 2.0
LOOK_SECONDS = 0.1
LOG_TAIL_LINES = 40


class StartError(Exception):
    """LocalStack did not start; the text holds the end of its log."""


@dataclass(frozen=True, slots=True)
class LocalCloud:
    """A running LocalStack: where it listens, where it writes, and what it has recorded."""

    endpoint: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> Path:
        """Return the file that holds LocalStack's output."""
        return self.folder / "localstack.log"

    @property
    def records(self) -> Records:
        """Return what was deployed and invoked."""
        return Records(self.folder / "records")

    def log_tail(self) -> str:
        """Return the last lines of LocalStack's output."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def environment(self, account: str = ACCOUNT) -> dict[str, str]:
        """Return the environment for AWS clients of any kind: they can reach this cloud alone.

        It is the caller's, without whatever the caller has set for AWS or SAM: no profile and no
        credentials of a real account come near a test.
        """
        return sam_environment(self.folder / "sam") | {
            "AWS_ACCESS_KEY_ID": account,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_SECRET_ACCESS_KEY": "test",
        }


@contextmanager
def local_cloud() -> Iterator[LocalCloud]:
    """Start LocalStack, yield it when it answers, and stop it whatever happens.

    Raises StartError with the end of LocalStack's log when it does not answer in time.
    """
    with _sigterm_as_exit(), _temporary_folder() as folder:
        cloud = _start(folder)
        try:
            _wait_until_ready(cloud)
            yield cloud
        finally:
            _stop(cloud.process)


def main(arguments: list[str]) -> int:
    """Run a command against a local cloud and return its status; without one, wait for Ctrl-C."""
    with local_cloud() as cloud:
        sys.stderr.write(f"LocalStack answers at {cloud.endpoint}, its log is {cloud.log}\n")
        if arguments:
            # No time-out here: the command is the user's, who can press Ctrl-C.
            return subprocess.run(arguments, env=cloud.environment(), check=False).returncode
        names = sorted(set(cloud.environment()) - set(os.environ))
        exports = [f"export {name}={cloud.environment()[name]}\n" for name in names]
        sys.stdout.writelines(exports)
        sys.stdout.flush()
        cloud.process.wait()
    return 1


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _start(folder: Path) -> LocalCloud:
    """Start LocalStack in a process group of its own."""
    if not PYTHON.exists():
        message = f"There is no {PYTHON.relative_to(ROOT)}: `make setup` makes it."
        raise StartError(message)
    for name in ("tmp", "records"):
        (folder / name).mkdir()
    port = free_port()
    with (folder / "localstack.log").open("wb") as log:
        process = subprocess.Popen(
            [PYTHON, "-m", "localcloud.guard", folder],
            cwd=folder,
            env=_localstack_environment(folder, port),
            # The guard ends LocalStack when this pipe closes; nobody writes to it.
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return LocalCloud(f"http://127.0.0.1:{port}", folder, process)


def _localstack_environment(folder: Path, port: int) -> dict[str, str]:
    """Return LocalStack's configuration (https://docs.localstack.cloud/references/configuration/)."""
    return {
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ENTRY_POINTS)]),
        # The repository stays as it is: bytecode of localcloud/ would appear in it.
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        # Listen on loopback, alone: no DNS server, no usage events, no downloads.
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "LOCALSTACK_HOST": f"127.0.0.1:{port}",
        "DNS_ADDRESS": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "FILESYSTEM_ROOT": str(folder / "filesystem"),
        "LOCALSTACK_VOLUME_DIR": str(folder / "volume"),
        # A type without a provider fails the deployment instead of passing for deployed.
        "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "0",
        "CFN_VERBOSE_ERRORS": "1",
        "LAMBDA_RUNTIME_EXECUTOR": "localcloud",
        PYTHON_VARIABLE: sys.executable,
        RUNTIME_VARIABLE: str(link_runtime(folder / "runtime")),
        FOLDER_VARIABLE: str(folder / "records"),
    }


def _wait_until_ready(cloud: LocalCloud) -> None:
    """Return when LocalStack answers; raise when it ends before that, or takes too long."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if cloud.process.poll() is not None:
            message = f"LocalStack ended with {cloud.process.returncode}:\n{cloud.log_tail()}"
            raise StartError(message)
        if _health(cloud.endpoint).get("services"):
            return
        time.sleep(LOOK_SECONDS)
    message = f"LocalStack did not answer within {START_SECONDS:.0f} s:\n{cloud.log_tail()}"
    raise StartError(message)


def _health(endpoint: str) -> Mapping[str, object]:
    """Return what LocalStack says of itself; nothing while it does not answer."""
    url = f"{endpoint}/_localstack/health"
    try:
        with urllib.request.urlopen(url, timeout=REQUEST_SECONDS) as answer:  # noqa: S310 - always http.
            health: dict[str, object] = json.load(answer)
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError):
        return {}
    return health


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End LocalStack's process group; closing the pipe makes the guard do the same."""
    if process.stdin is not None:
        process.stdin.close()
    # Its state is thrown away, so there is nothing to shut down gently.
    _kill_group(process.pid)
    process.wait(timeout=STOP_SECONDS)


def _kill_group(group: int) -> None:
    """Kill whatever is left of a process group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """Yield a new folder, and remove it even while a dying process may still write to it."""
    folder = Path(tempfile.mkdtemp(prefix="localcloud-"))
    try:
        yield folder.resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _sigterm_as_exit() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the stack like Ctrl-C does, so that ``finally`` runs."""

    def leave(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
