"""`python -m benchmarks.load`: the built macro under load, in one process and in several.

Thousands of requests in a row go to what `sam build` made, under the runtime client of real Lambda.
Held: every answer is the one to its own request, has the bytes of the first answer to the same
template, and the process needs no more memory at the end than when it was warm.
"""

import argparse
import itertools
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cfnlint.decode import cfn_yaml

from auto_lex_permissions import __version__
from benchmarks.templates import template
from localcloud.runtime_api import FunctionCode, RunningFunction, link_runtime
from localcloud.sam import Sam, sam_environment, silent

ROOT: Final = Path(__file__).parent.parent
# By then every kind of request was answered a few times, and Python's pools of memory are filled.
WARM_UP: Final = 500
# How often memory is looked at.
PORTION: Final = 500


@dataclass(frozen=True, slots=True)
class Figures:
    """What one process did: its requests, how fast, and its memory when warm and at the end.

    `wrong` counts answers of another request, `unequal` those with other bytes than the first one
    to their template. Memory is the resident set in bytes.
    """

    requests: int
    seconds: float
    warm: int
    end: int
    most: int
    wrong: int
    unequal: int

    @property
    def growth(self) -> int:
        """Return how many bytes the process has grown by since it was warm."""
        return self.end - self.warm


def built(folder: Path, say: Callable[[str], None] = silent) -> FunctionCode:
    """Build the macro with the real SAM CLI; return what Lambda would run, and how."""
    made = Sam(sam_environment(folder / "sam"), say).build(folder)
    function = cfn_yaml.load(str(made))["Resources"]["AutoLexPermissionsFunction"]["Properties"]
    return FunctionCode(
        folder=made.parent / function["CodeUri"],
        handler=function["Handler"],
        timeout_seconds=function["Timeout"],
        runtime=link_runtime(folder / "runtime"),
        environment={
            "AWS_LAMBDA_FUNCTION_NAME": "AutoLexPermissions",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_VERSION": "7",
        },
    )


def events() -> list[dict[str, Any]]:
    """Return the events of events/, and templates with many hooks and with none."""
    known = [json.loads(path.read_text()) for path in sorted((ROOT / "events").glob("*.json"))]
    large = [
        template(resources=50, bots=3),
        template(resources=200, bots=10, aliases=2, locales=2, conditions=20),
        template(resources=200, bots=0),
    ]
    return known + [known[0] | {"fragment": fragment} for fragment in large]


def load(code: FunctionCode, requests: int, warm_up: int = WARM_UP) -> Figures:
    """Send so many requests in a row to one process; each has an id of its own."""
    function = RunningFunction(code)
    try:
        return _answered(function, requests, warm_up)
    finally:
        function.close()


def _answered(function: RunningFunction, requests: int, warm_up: int) -> Figures:
    pid = function.start().process.pid
    first: dict[int, bytes] = {}
    wrong = unequal = 0
    sizes: list[int] = []
    start = time.perf_counter()
    for number, (kind, event) in zip(range(requests), itertools.cycle(enumerate(events()))):
        identity = f"request-{number:08}"
        answer = function.invoke(event | {"requestId": identity})
        answered = answer.document.get("requestId")
        wrong += answer.failed or answered != identity
        # The id is of a fixed length and found once: the rest is the answer to the template.
        rest = answer.payload.replace(identity.encode(), b"")
        unequal += first.setdefault(kind, rest) != rest
        if number >= warm_up - 1 and (number + 1 - warm_up) % PORTION == 0:
            sizes.append(resident(pid))
    seconds = time.perf_counter() - start
    sizes.append(resident(pid))
    return Figures(requests, seconds, sizes[0], sizes[-1], max(sizes), wrong, unequal)


def side_by_side(code: FunctionCode, processes: int, requests: int, warm_up: int) -> list[Figures]:
    """Send so many requests to each of several processes at once."""
    with ThreadPoolExecutor(processes) as pool:
        return list(pool.map(lambda _: load(code, requests, warm_up), range(processes)))


def resident(pid: int) -> int:
    """Return how much memory a process holds, in bytes; Linux alone has it in /proc.

    https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
    """
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def main() -> int:
    """Run the load, print the figures, and fail where an answer is not as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000, metavar="N", help="in a row")
    parser.add_argument("--processes", type=int, default=4, metavar="P", help="side by side")
    asked = parser.parse_args()
    say(
        f"auto-lex-permissions {__version__}, Python {platform.python_version()},"
        f" {platform.machine()}, {platform.system()} {platform.release()}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        code = built(Path(folder))
        alone = load(code, asked.requests)
        say(f"{shown('in a row', alone)}\n")
        each = asked.requests // asked.processes
        beside = side_by_side(code, asked.processes, each, min(WARM_UP, each))
    for number, figures in enumerate(beside, start=1):
        say(f"{shown(f'process {number} of {asked.processes}', figures)}\n")
    return int(any(figures.wrong or figures.unequal for figures in (alone, *beside)))


def shown(name: str, figures: Figures) -> str:
    """Return the figures of one process in a line."""
    return (
        f"{name}: {figures.requests:,} requests, {figures.requests / figures.seconds:.0f} a second;"
        f" memory {figures.warm / 1e6:.2f} MB warm, {figures.end / 1e6:.2f} MB at the end, most"
        f" {figures.most / 1e6:.2f} MB, growth {figures.growth / 1e3:+.0f} KB;"
        f" answers of another request: {figures.wrong}; unequal answers: {figures.unequal}"
    )


def say(text: str) -> None:
    """Write to the terminal at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
