"""What a cold start costs: the built artifact under the runtime client of real Lambda.

A start is the time from the start of the process to its first answer. It is held against a
handler that imports the Logger and the Metrics of powertools and sends the fragment back: what no
macro with this logging could go below. What is around it on Lambda (fetching and unpacking the
code) is not measured; the size of the zip stands for it.
"""

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from localcloud.runtime_api import FunctionCode, RunningFunction, link_runtime
from localcloud.sam import SAM_PYTHON
from tests.build.sam_tools import zip_as_sam_does
from tools.build_artifact import compile_bytecode

ROOT = Path(__file__).parent.parent
STARTS = 25
TIMEOUT_SECONDS = 30.0
# The function's own, as template.yaml has it.
MEMORY = "256"
ANSWER = """
def handler(event, context):
    return {
        "requestId": event["requestId"], "status": "success", "fragment": event["fragment"]
    }
"""
IMPORTS = "from aws_lambda_powertools import Logger, Metrics\n"


@dataclass(slots=True)
class Starts:
    """Seconds from the start of a process to its first answer, of one handler."""

    name: str
    code: FunctionCode
    seconds: list[float] = field(default_factory=list)

    @property
    def best(self) -> float:
        """Return the shortest time."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """Return the median."""
        return statistics.median(self.seconds)


@contextmanager
def built() -> Iterator[Path]:
    """Build the artifact as `sam build` does; yield a folder that holds it as `macro`."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        python = _output(ROOT / "tools" / "find-python", "--with-pip")
        program = ROOT / "tools" / "build_artifact.py"
        _output(python, program, "macro", "--artifacts", folder / "macro")
        link_runtime(folder / "runtime")
        yield folder


def _output(*command: str | Path) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def handlers(folder: Path) -> tuple[Starts, Starts, Starts]:
    """Return the macro, a handler that only imports, and one that does not even do that."""
    only = folder / "only"
    shutil.copytree(folder / "macro", only)
    shutil.rmtree(only / "auto_lex_permissions")
    (only / "imports.py").write_text(IMPORTS + ANSWER)
    (only / "bare.py").write_text(ANSWER)
    compile_bytecode(sys.executable, only)
    macro = FunctionCode(
        folder=folder / "macro",
        handler="auto_lex_permissions.handler.handler",
        runtime=folder / "runtime",
        timeout_seconds=TIMEOUT_SECONDS,
        environment={
            "AWS_LAMBDA_FUNCTION_NAME": "AutoLexPermissions",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": MEMORY,
        },
    )
    bare = replace(macro, folder=only, handler="bare.handler")
    return (
        Starts("the macro", macro),
        Starts("imports Logger and Metrics", replace(bare, handler="imports.handler")),
        Starts("imports nothing", bare),
    )


def measure(starts: tuple[Starts, ...], event: str) -> None:
    """Start each handler many times, in turns, so that a busy machine slows all of them."""
    for _ in range(STARTS):
        for handler in starts:
            handler.seconds.append(_start(handler.code, event.encode()))


def _start(code: FunctionCode, event: bytes) -> float:
    begin = time.perf_counter()
    with RunningFunction(code) as function:
        answer = function.invoke(event)
        taken = time.perf_counter() - begin
    if answer.failed or answer.document["status"] != "success":
        raise ValueError(answer.payload)
    return taken


def peak_memory(code: FunctionCode, event: str) -> float | None:
    """Return the most MB that a process held in memory until it had answered; Linux only."""
    with RunningFunction(code) as function:
        process = function.start().process
        function.invoke(event.encode())
        status = Path(f"/proc/{process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
    # https://docs.kernel.org/filesystems/proc.html: the peak of the resident set, in KiB.
    peaks = [int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:")]
    return peaks[0] if peaks else None


def zip_size(folder: Path) -> float | None:
    """Return the MB of the artifact, zipped by the code of `sam deploy`; None without SAM CLI."""
    if not SAM_PYTHON.exists():
        return None
    return zip_as_sam_does(folder / "macro", folder / "zipped").stat().st_size / 1e6


def unzipped_size(folder: Path) -> float:
    """Return the MB of the artifact as Lambda unpacks it."""
    files = (path for path in (folder / "macro").rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files) / 1e6
