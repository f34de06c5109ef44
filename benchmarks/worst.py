"""`make worst`: what the worst templates cost, hostile ones and the largest honest ones.

Each is answered by the Lambda function in a process of its own, with limits on its time and
memory, at about 100 KB and at 1 MB, in three processes each. Time is the processor's, the least of
the three, and includes the encoding of the answer; memory is the peak of the whole process. Steps
are those of rule 6.8, the same on any machine. Lambda with 256 MB has about a seventh of a core.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from io import StringIO
from typing import Any, Final

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from auto_lex_permissions.cfn import budget
from auto_lex_permissions.cfn import template as core
from auto_lex_permissions.handler import handler
from benchmarks.handling import ACCOUNT, REGION, sent_to
from benchmarks.hostile import TEMPLATES, Template
from benchmarks.machine import described
from tests.listening import Context

SMALL: Final = 100_000
LARGE: Final = 1_000_000
MOST_SECONDS: Final = 2.0
MOST_SECONDS_OF_HONEST: Final = 0.5
MOST_MEGABYTES: Final = 200
MOST_GROWTH: Final = 15
# What is shorter counts as this: it is mostly the start.
SHORT: Final = 0.01
# Anything else on a machine only adds time, so the least of a few is the nearest.
TIMES: Final = 3
# Where a process is stopped.
LIMIT_SECONDS: Final = 20
LIMIT_BYTES: Final = 3_000_000_000
WIDTH: Final = 130


def event(fragment: object) -> str:
    """Return the request that brings a template, as JSON."""
    return json.dumps(
        {
            "region": REGION,
            "accountId": ACCOUNT,
            "fragment": fragment,
            "transformId": f"{ACCOUNT}::AutoLexPermissions",
            "params": {},
            "requestId": "benchmark",
            "templateParameterValues": {},
        }
    )


def main() -> int:
    """Measure each template, print the table; return 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worst", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of the names of the templates to measure")
    parser.add_argument("--answer", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        number, size = map(int, options.answer)
        sys.stdout.write(json.dumps(_answered(TEMPLATES[number], size)))
        return 0
    wanted = [
        number
        for number, template in enumerate(TEMPLATES)
        if not options.names or any(name in template.name for name in options.names)
    ]
    console, progress = Console(width=WIDTH), Console(stderr=True)
    console.print(described(), highlight=False)
    columns = ("Template", "KB", "Seconds", "Growth", "Steps", "MB", "Answer", "Missed")
    table = Table(*columns, box=MARKDOWN)
    missed = 0
    for number in wanted:
        row, wrong = _measured(number)
        missed += bool(wrong)
        table.add_row(*row, wrong)
        progress.print(f"{len(table.rows)} of {len(wanted)}: {row[0]}", highlight=False)
    console.print(table)
    console.print(f"{len(wanted)} templates, {missed} of them miss a target", highlight=False)
    return 1 if missed else 0


def _measured(number: int) -> tuple[list[str], str]:
    """Return a row of the table, and which targets are missed."""
    template = TEMPLATES[number]
    small, large = (_best(number, size) for size in (SMALL, LARGE))
    if large is None:
        return [template.name, *[""] * 6], "no answer"
    growth = large["seconds"] / max(small["seconds"], SHORT) if small else 0.0
    most = MOST_SECONDS_OF_HONEST if template.honest else MOST_SECONDS
    wrong = [
        *(["time"] if large["seconds"] > most else []),
        *(["memory"] if large["megabytes"] > MOST_MEGABYTES else []),
        *(["growth"] if growth > MOST_GROWTH else []),
        *(["answer"] if template.honest and large["answer"] != "success" else []),
    ]
    row = [
        f"{template.name}{' (honest)' if template.honest else ''}",
        f"{large['size'] / 1e3:.0f}",
        f"{large['seconds']:.2f}",
        f"{growth:.1f}",
        f"{large['steps']:,}",
        f"{large['megabytes']:.0f}",
        large["answer"],
    ]
    return row, ", ".join(wrong)


def _best(number: int, size: int) -> dict[str, Any] | None:
    """Let a few processes answer a template; return the fastest, None where one does not end."""
    answers: list[dict[str, Any]] = []
    for _ in range(TIMES):
        answer = _in_a_process(number, size)
        if answer is None:
            return None
        answers.append(answer)
    return min(answers, key=lambda answer: float(answer["seconds"]))


def _in_a_process(number: int, size: int) -> dict[str, Any] | None:
    """Let a process with limits answer a template; None where it does not come to an end."""
    command = (sys.executable, "-m", "benchmarks.worst", "--answer", str(number), str(size))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _answered(template: Template, size: int) -> dict[str, Any]:
    """Answer a template in this process; return what that took."""
    spent = budget.Budget()
    setattr(core, "Budget", lambda: spent)  # noqa: B010 - it is to be read afterwards
    text = event(template.make(size))
    request = json.loads(text)
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    used = int(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (used + LIMIT_SECONDS, used + LIMIT_SECONDS))
    log = StringIO()
    with sent_to(log):
        begin = time.process_time()
        answer = handler(request, Context())  # type: ignore[arg-type]
        encoded = json.dumps(answer, ensure_ascii=False).encode()
        seconds = time.process_time() - begin
    return {
        "size": len(text),
        "seconds": seconds,
        "steps": spent.spent,
        # The peak of the resident set, in KiB on Linux.
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
        "answer": str(answer.get("errorMessage", answer["status"]))[:40],
        "encoded": len(encoded),
        "log": len(log.getvalue()),
    }


if __name__ == "__main__":
    sys.exit(main())
