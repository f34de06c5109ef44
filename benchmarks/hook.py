"""`make bench-hook`: what the hook takes for a template of 1 MB.

The built function runs under the runtime client of real Lambda, and is asked, over TLS on loopback,
about templates as CloudFormation sends them: a payload of JSON that holds YAML. Lambda gives it
processor time in proportion to its memory, a whole processor at 1,769 MB, so what counts is the
processor time that it takes here:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from cfnlint.decode import cfn_yaml
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from benchmarks.hostile import long_paths
from benchmarks.machine import described
from benchmarks.templates import template
from localcloud.runtime_api import FunctionCode, RunningFunction, link_runtime
from tests.hook.server import CERTIFICATE, URL, Bucket, bucket, holds

ROOT: Final = Path(__file__).parent.parent
TEMPLATE: Final = ROOT / "hook" / "template.yaml"
MEGABYTES_OF_ONE_PROCESSOR: Final = 1769
STACK_ID: Final = "arn:aws:cloudformation:us-west-2:123456789012:stack/MyStack/1a2345b6"
# The one thing that is not as on Lambda: addresses of AWS lead to the server of the tests.
AROUND: Final = """
import os, socket
_connect = socket.create_connection
server = "127.0.0.1", int(os.environ["PORT"])
socket.create_connection = lambda address, *rest: _connect(
    server if address[0].endswith(".amazonaws.com") else address, *rest
)
from auto_lex_permissions_hook.handler import handler
"""


@dataclass(frozen=True, slots=True)
class Hook:
    """The built function, and the server that holds its templates."""

    code: FunctionCode
    server: Bucket
    memory: int


def machine() -> str:
    """Return what the machine is called for which the function is built to run here."""
    return "aarch64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"


def built(folder: Path) -> Path:
    """Build the hook for this machine, and return the folder that Lambda would get."""
    program = ROOT / "tools" / "build_artifact.py"
    where = ("--machine", machine(), "--artifacts", folder / "hook")
    subprocess.run((sys.executable, program, "hook", *where), check=True)
    return folder / "hook"


@contextmanager
def running(artifact: Path, folder: Path, **environment: str) -> Iterator[Hook]:
    """Yield the function as its template configures it, and the server that it asks."""
    around = folder / "around"
    around.mkdir()
    for entry in artifact.iterdir():
        (around / entry.name).symlink_to(entry)
    (around / "around.py").write_text(AROUND)
    resources = cfn_yaml.load(str(TEMPLATE))["Resources"]
    function = resources["AutoLexPermissionsHookFunction"]["Properties"]
    with bucket() as server:
        yield Hook(
            FunctionCode(
                folder=around,
                handler="around.handler",
                timeout_seconds=function["Timeout"],
                runtime=link_runtime(folder / "runtime"),
                environment={
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function["MemorySize"]),
                    "PORT": str(server.address[1]),
                    "SSL_CERT_FILE": str(CERTIFICATE),
                    **environment,
                },
            ),
            server,
            function["MemorySize"],
        )


def event(**more: object) -> dict[str, object]:
    """Return a request about a stack."""
    data = {"targetName": "STACK", "targetType": "STACK", "payload": URL}
    request = {"clientRequestToken": "token", "stackId": STACK_ID, "requestData": data}
    return {**request, "actionInvocationPoint": "CREATE_PRE_PROVISION", **more}


def _table(hook: Hook) -> Table:
    table = Table(box=MARKDOWN)
    names = "Template", "Size", "Answer", "Processor", f"At {hook.memory:,} MB", "Peak memory"
    for name in names:
        table.add_column(name)
    for name, text in _templates().items():
        hook.server.answer = holds(text, previousTemplate=text)
        with RunningFunction(hook.code) as function:
            pid = function.start().process.pid
            function.invoke({})
            before = _processor_seconds(pid)
            answer = function.invoke(event())
            seconds = _processor_seconds(pid) - before
            slower = seconds * MEGABYTES_OF_ONE_PROCESSOR / hook.memory
            table.add_row(
                name,
                f"{len(text.encode()) / 1000:.0f} KB",
                answer.document["hookStatus"],
                f"{seconds:.2f} s",
                f"{slower:.1f} s",
                f"{_peak(pid) / 1e6:.0f} MB",
            )
    return table


def _templates() -> dict[str, str]:
    with_bots = template(resources=401, bots=80, aliases=3, locales=4)
    _fill(with_bots)
    without = template(resources=500, bots=0)
    _fill(without)
    dump = yaml.CSafeDumper
    return {
        "500 resources, no bot, YAML": yaml.dump(without, Dumper=dump),
        "401 resources, 960 code hooks, YAML": yaml.dump(with_bots, Dumper=dump),
        "401 resources, 960 code hooks, JSON": json.dumps(with_bots),
        # What takes the hook longest of all hostile templates that `make worst` knows.
        "hostile: long paths, JSON": json.dumps(long_paths(1_000_000)),
    }


def _fill(fragment: dict[str, Any], size: int = 1_000_000) -> None:
    """Let a template have almost as many bytes as CloudFormation takes, most of them in values."""
    notes: dict[str, Any] = {}
    fragment["Metadata"] = {"Notes": notes}
    line = {"Text": "0123456789 " * 3, "List": ["a", "b", "c"]}
    most = (size - len(yaml.dump(fragment, Dumper=yaml.CSafeDumper))) // 102
    for number in range(max(0, most)):
        notes[f"N{number}"] = dict(line)


def _peak(pid: int) -> int:
    """Return the peak of a process's resident set in bytes.

    https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
    """
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _processor_seconds(pid: int) -> float:
    """Return how long a process was on a processor.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _zipped(artifact: Path, folder: Path) -> float:
    """Return the megabytes of the zip."""
    with zipfile.ZipFile(folder / "hook.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(artifact.rglob("*")):
            archive.write(path, path.relative_to(artifact))
    return (folder / "hook.zip").stat().st_size / 1e6


def main() -> None:
    """Print the machine, the size of the zip, and a row for each template."""
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        artifact = built(folder)
        console.print(described())
        console.print(f"\nThe artifact has {_zipped(artifact, folder):.1f} MB zipped.")
        with running(artifact, folder) as hook:
            console.print(_table(hook))


if __name__ == "__main__":
    main()
