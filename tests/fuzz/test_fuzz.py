"""The macro on odd requests, and planted faults that must be found among as many.

`make fuzz` sends as many as asked for, `make test` as many as take some seconds, and `make check` a
handful.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auto_lex_permissions import handler as shell
from auto_lex_permissions.diagnostics import INTERNAL_FAILURE
from auto_lex_permissions.protocol import failure, success
from tests.fuzz import checks
from tests.fuzz.__main__ import verdict
from tests.fuzz.explore import explore, portion
from tests.fuzz.mutations import resources_of
from tests.fuzz.requests import request
from tests.fuzz.seeds import seeds

REQUESTS = 2_000
# The same requests in every run of the tests; `make fuzz` draws others each time.
SEED = 1
# A handful, and as many as a planted fault has to show on.
BOUND = 200
ROOT = Path(__file__).parent.parent.parent
WHOLE = json.loads((ROOT / "events" / "whole-template.json").read_text())

type Faulty = Callable[[Any, Any], dict[str, Any]]


def test_a_handful_of_requests_is_answered_as_it_should_be() -> None:
    """No exception, no changed part of the author's, no limit passed, no secret shown."""
    outcome = portion(SEED, 0, BOUND)
    assert outcome.finding is None, str(outcome.finding)
    assert outcome.tried == BOUND


@pytest.mark.long
@pytest.mark.timeout(240)
def test_every_request_is_answered_as_it_should_be() -> None:
    """No exception, no changed part of the author's, no limit passed, no secret shown (6.2 to 6.7).

    And the requests are of use: many are granted permissions, many are rejected.
    """
    outcome = explore(SEED, REQUESTS)
    if outcome.finding is not None:
        again = f"make fuzz SEED={SEED} REQUESTS={REQUESTS}"
        pytest.fail(f"{again}\n{outcome.finding}\n{outcome.finding.text}", pytrace=False)
    assert outcome.tried == REQUESTS
    assert min(outcome.answers[kind] for kind in ("permitted", "rejected", "unchanged")) >= 300


def test_a_request_is_the_same_whatever_was_made_before() -> None:
    """A seed and a number are enough to repeat a finding."""
    alone = request(7, 3)
    assert [request(7, number) for number in range(5)][3] == alone
    assert request(8, 3) != alone


def test_each_kind_of_seed_is_there() -> None:
    """Cases, events, bad requests and templates at the limits are all mutated."""
    assert all(seeds().values())


def _raising(event: Any, context: Any) -> dict[str, Any]:
    """Look up a section that need not be there."""
    _ = event["fragment"]["Resources"]
    return shell.handler(event, context)


def _failing(event: Any, context: Any) -> dict[str, Any]:
    """Take a bug of its own for an answer."""
    try:
        return _raising(event, context)
    except Exception:  # noqa: BLE001 - the fault that is planted.
        return failure(event, str(INTERNAL_FAILURE.at(request="r", log_group="g")))


def _dropping(event: Any, context: Any) -> dict[str, Any]:
    """Lose the first resource of the author's."""
    answer = copy.deepcopy(shell.handler(event, context))
    resources = resources_of(answer)
    resources.pop(next(iter(resources), ""), None)
    return answer


def _adding(event: Any, context: Any) -> dict[str, Any]:
    """Add a resource that is no permission."""
    answer = copy.deepcopy(shell.handler(event, context))
    if "fragment" in answer:
        resources_of(answer)["Extra"] = {"Type": "AWS::SNS::Topic"}
    return answer


def _echoing(event: Any, context: Any) -> dict[str, Any]:
    """Say what is wrong, and the whole fragment with it."""
    answer = shell.handler(event, context)
    if answer["status"] == "failure" and isinstance(event, dict):
        return failure(event, f"no: {json.dumps(event.get('fragment'))}"[:2_000])
    return answer


def _logging(event: Any, context: Any) -> dict[str, Any]:
    """Log the values of parameters."""
    if isinstance(event, dict):
        shell.logger.info("received", values=event.get("templateParameterValues"))
    return shell.handler(event, context)


def _printing(event: Any, context: Any) -> dict[str, Any]:
    """Print what is no JSON."""
    print("here")  # noqa: T201 - the fault that is planted.
    return shell.handler(event, context)


def _mutating(event: Any, context: Any) -> dict[str, Any]:
    """Change the request."""
    answer = copy.deepcopy(shell.handler(event, context))
    resources_of(event)["Extra"] = {"Type": "AWS::SNS::Topic"}
    return answer


def _verbose(event: Any, context: Any) -> dict[str, Any]:
    """Report each mistake at any length."""
    answer = shell.handler(event, context)
    return answer if "fragment" in answer else failure(event, f"{answer['errorMessage']}" * 30)


def _listing(event: Any, context: Any) -> dict[str, Any]:
    """Report more than 20 mistakes."""
    answer = shell.handler(event, context)
    message = " ".join(f"({number}) no." for number in range(1, 22))
    return answer if "fragment" in answer else failure(event, message)


def _speechless(event: Any, context: Any) -> dict[str, Any]:
    """Answer a failure without a message."""
    answer = shell.handler(event, context)
    return answer if "fragment" in answer else failure(event, "")


def _confusing(event: Any, context: Any) -> dict[str, Any]:
    """Answer with the id of another request."""
    return shell.handler(event, context) | {"requestId": "another"}


def _unwritable(event: Any, context: Any) -> dict[str, Any]:
    """Answer what JSON cannot say."""
    return shell.handler(event, context) | {"fragment": {1, 2}}


def _restless(event: Any, context: Any) -> dict[str, Any]:
    """Add one more permission each time."""
    answer = copy.deepcopy(shell.handler(event, context))
    resources = resources_of(answer)
    if resources:
        resources[f"P{len(resources)}"] = {"Type": "AWS::Lambda::Permission"}
    return answer


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param(_raising, "raised", id="raises KeyError"),
        pytest.param(_failing, "fault", id="calls itself faulty"),
        pytest.param(_dropping, "author", id="drops a resource"),
        pytest.param(_adding, "author", id="adds a resource of another type"),
        pytest.param(_echoing, "canary", id="echoes a value in its message"),
        pytest.param(_logging, "canary", id="logs a value"),
        pytest.param(_printing, "log", id="prints no JSON"),
        pytest.param(_mutating, "request", id="changes the request"),
        pytest.param(_verbose, "message", id="writes too many characters"),
        pytest.param(_listing, "message", id="lists too many mistakes"),
        pytest.param(_speechless, "message", id="says nothing"),
        pytest.param(_confusing, "shape", id="answers another request"),
        pytest.param(_unwritable, "shape", id="answers no JSON"),
        pytest.param(_restless, "twice", id="adds each time"),
    ],
)
def test_a_planted_fault_is_found(fault: Faulty, kind: str) -> None:
    """A macro with a fault is found out, by the check that is there for it."""
    outcome = portion(SEED, 0, BOUND, fault)
    assert outcome.finding is not None
    kinds = {sentence.partition(":")[0] for sentence in outcome.finding.wrong}
    assert kind in kinds


def test_a_macro_without_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stopped, and the next request gets its time again."""
    monkeypatch.setattr(checks, "MOST_SECONDS", 0.05)

    def endless(_: Any, __: Any) -> dict[str, Any]:
        while True:
            pass

    for _ in range(2):
        assert checks.findings(endless, "{}") == ["time: no answer within 0.05 seconds"]


@pytest.mark.parametrize("size", [500, 1_000_000])
def test_a_macro_without_limits_is_found(size: int) -> None:
    """What it adds takes a full template past what CloudFormation takes (6.7)."""

    def unlimited(event: Any, _: Any) -> dict[str, Any]:
        resources = {**event["fragment"]["Resources"], "P": {"Type": "AWS::Lambda::Permission"}}
        return success(event, event["fragment"] | {"Resources": resources})

    full = [text for text in seeds()["large"] if _is_full(json.loads(text), size)]
    assert full
    for text in full:
        (found, *_) = checks.findings(unlimited, text)
        assert found.startswith("limit: ")


def _is_full(event: Any, size: int) -> bool:
    """Return whether a template has exactly so many resources, or so many bytes."""
    fragment = event["fragment"]
    text = json.dumps(fragment, separators=(",", ":"))
    return size in {len(text), len(resources_of(event))}


def test_a_finding_is_reduced_and_written_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is left still shows the fault, and can be sent again."""
    finding = portion(SEED, 0, BOUND, _dropping).finding
    assert finding is not None
    assert len(finding.smallest) < len(finding.text)
    assert verdict(SEED, finding, tmp_path) == 1
    printed = capsys.readouterr().out
    assert f"--seed {SEED} --first {finding.number} --requests 1" in printed
    whole, small = sorted(tmp_path.iterdir(), key=lambda path: len(path.name))
    assert whole.read_text() == finding.text
    assert any("author:" in sentence for sentence in checks.findings(_dropping, small.read_text()))
    assert not checks.findings(shell.handler, small.read_text())


def test_nothing_found_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The exit code is that of a command that has succeeded."""
    assert verdict(SEED, None, tmp_path) == 0
    assert "as it should be" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_known_requests_are_answered_as_they_should_be() -> None:
    """What the mutations begin with is right by the same checks."""
    every = [text for texts in seeds().values() for text in texts]
    assert [found for text in every for found in checks.findings(shell.handler, text)] == []


def alias(function: object, **more: object) -> dict[str, object]:
    """Return a bot alias with a hook on a function."""
    hook = {"CodeHookSpecification": {"LambdaCodeHook": {"LambdaArn": function}}}
    settings = {"BotAliasLocaleSettings": [{"BotAliasLocaleSetting": hook}]}
    return {"Type": "AWS::Lex::BotAlias", "Properties": settings, **more}


PLAIN = {"Fn::GetAtt": ["F", "Arn"]}
CHOSEN = {"Fn::If": ["A", PLAIN, {"Fn::GetAtt": ["G", "Arn"]}]}


@pytest.mark.parametrize(
    "fragment",
    [
        pytest.param({"Resources": {"\ud800": alias(PLAIN)}}, id="half of a surrogate pair"),
        pytest.param(
            {"Resources": {"A": alias(CHOSEN)}, "Conditions": "C"}, id="Conditions is a text"
        ),
        pytest.param(
            {"Resources": {"A": alias(PLAIN, Condition="{{")}}, id="a condition named by braces"
        ),
        pytest.param({"Resources": alias(PLAIN)}, id="a resource in place of the resources"),
        pytest.param(
            {"Resources": alias(PLAIN), "Metadata": {"AutoLexPermissionsReport": []}},
            id="a resource in place of the resources, and a report",
        ),
        pytest.param(
            {"Resources": alias(PLAIN), "Other": alias(PLAIN)}, id="a resource called Resources"
        ),
    ],
)
def test_what_was_found_before(fragment: object) -> None:
    """Requests on which the macro or a check has failed, each as small as it can be."""
    assert checks.findings(shell.handler, json.dumps(WHOLE | {"fragment": fragment})) == []
