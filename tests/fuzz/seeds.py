"""What the mutations begin with: requests that are known, good ones and bad ones.

Golden cases, rejected cases, the events of events/, the example and the corpus of bad requests, and
templates that the macro's own additions bring to CloudFormation's limits.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from cfnlint.decode import cfn_yaml

from tests.bad_requests import BAD_REQUESTS
from tests.templates import ACCOUNT, REGION, cases

ROOT: Final = Path(__file__).parent.parent.parent
# A request of more characters takes so long that few of its kind are drawn.
LARGE: Final = 100_000
# How often each kind is drawn.
WEIGHTS: Final[Mapping[str, int]] = {
    "golden": 1_000,
    "rejected": 300,
    "event": 200,
    "bad": 200,
    "large": 10,
}
type Seeds = dict[str, list[str]]


@cache
def seeds() -> Seeds:
    """Return the requests of each kind, as JSON."""
    found: Seeds = {kind: [] for kind in WEIGHTS}
    for kind, event in _events():
        text = json.dumps(event)
        found[kind if len(text) < LARGE else "large"].append(text)
    return found


def _events() -> Iterator[tuple[str, Any]]:
    for kind, folder in (("golden", "cases"), ("rejected", "rejected")):
        for case in cases(folder):
            asked = case.request
            yield (
                kind,
                _event(
                    asked.fragment,
                    region=asked.region,
                    accountId=asked.account,
                    params=asked.parameters,
                    templateParameterValues=asked.template_parameters,
                ),
            )
    example = cfn_yaml.load(str(ROOT / "examples" / "connect-bot.yaml"))
    yield "golden", _event({key: example[key] for key in example if key != "Transform"})
    for path in sorted((ROOT / "events").glob("*.json")):
        yield "event", json.loads(path.read_text())
    for bad in BAD_REQUESTS:
        yield "bad", bad.event
    whole = json.loads((ROOT / "events" / "whole-template.json").read_text())
    for resources in (498, 499, 500):
        yield "large", _filled(whole, resources)
    for size in (997_000, 999_000, 1_000_000):
        yield "large", _padded(whole, size)


def _event(fragment: object, **more: object) -> dict[str, object]:
    """Return a request as CloudFormation sends it."""
    return {
        "region": REGION,
        "accountId": ACCOUNT,
        "fragment": fragment,
        "transformId": f"{ACCOUNT}::AutoLexPermissions",
        "params": {},
        "requestId": "fuzz",
        "templateParameterValues": {},
        **more,
    }


def _filled(event: dict[str, Any], resources: int) -> dict[str, Any]:
    """Return a request whose template has so many resources."""
    given = event["fragment"]["Resources"]
    more = {f"T{number}": {"Type": "AWS::SNS::Topic"} for number in range(resources - len(given))}
    return event | {"fragment": event["fragment"] | {"Resources": given | more}}


def _padded(event: dict[str, Any], size: int) -> dict[str, Any]:
    """Return a request whose template has so many bytes, with a long text in its Metadata."""

    def padded(note: str) -> dict[str, Any]:
        return event | {"fragment": event["fragment"] | {"Metadata": {"Note": note}}}

    bare = len(json.dumps(padded("")["fragment"], separators=(",", ":")))
    return padded("x" * (size - bare))
