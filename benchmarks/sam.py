"""What SAM's translator costs on the same templates.

It is the transform that most templates of this kind go through in any case: CloudFormation runs it
for `Transform: AWS::Serverless-2016-10-31`. It runs in the SAM CLI's environment and measures
itself there, in a process of its own.
"""

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from localcloud.sam import SAM_PYTHON

# It changes the template that it is given, so each run has a fresh one, made outside of the time.
# The templates take turns, so that a machine which is busy for a while slows all of them.
PROGRAM = """
import gc, json, sys, time
from samtranslator import __version__
from samtranslator.translator.transform import transform
ROUNDS = 5
lines = sys.stdin.readlines()
times = [float("inf")] * len(lines)
for number, line in [*enumerate(lines)] * ROUNDS:
    end = time.perf_counter() + float(sys.argv[1]) / ROUNDS
    while time.perf_counter() < end:
        template = json.loads(line)
        gc.collect()
        gc.disable()
        start = time.perf_counter()
        transform(template, {}, None)
        times[number] = min(times[number], time.perf_counter() - start)
        gc.enable()
print(json.dumps({"version": __version__, "times": times}))
"""
LIMIT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Translated:
    """Times in seconds of the translator, in the order of the templates."""

    version: str
    times: list[float]


def translated(fragments: Iterable[dict[str, Any]], seconds: float = 3.0) -> Translated | None:
    """Measure the translator on templates; None where there is no SAM CLI."""
    if not SAM_PYTHON.exists():
        return None
    result = subprocess.run(
        [SAM_PYTHON, "-c", PROGRAM, str(seconds)],
        input="\n".join(map(json.dumps, fragments)),
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONPATH": ""},
        stdout=subprocess.PIPE,
        # It says at its end that it has published no metrics.
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=LIMIT_SECONDS,
        check=True,
    )
    return Translated(**json.loads(result.stdout))
