"""The Lambda function answers whatever it is sent, and logs nothing of it."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Never

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auto_lex_permissions import Result
from auto_lex_permissions import handler as shell
from auto_lex_permissions.diagnostics import CATALOGUE
from tests.bad_requests import BAD_REQUESTS, BadRequest
from tests.listening import Context, heard

ROOT = Path(__file__).parent.parent
EVENTS = sorted((ROOT / "events").glob("*.json"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def answer(event: object) -> dict[str, Any]:
    """Return what the function answers, after a check of its shape (rule 6.2)."""
    answered = shell.handler(event, Context())  # type: ignore[arg-type]
    keys = {"success": "fragment", "failure": "errorMessage"}
    assert set(answered) == {"requestId", "status", keys[str(answered["status"])]}
    return answered


def printed(event: object) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the answer and what was printed meanwhile: lines of JSON, each an object."""
    answered, lines = heard(answer, event)
    return answered, [json.loads(line) for line in lines]


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_events(path: Path) -> None:
    """The events that `sam local invoke` takes are answered as their names say."""
    event = json.loads(path.read_text())
    answered = answer(event)
    assert answered["requestId"] == event["requestId"]
    assert answered["status"] == ("failure" if path.stem.startswith("broken") else "success")


@pytest.mark.parametrize("bad", BAD_REQUESTS, ids=lambda bad: bad.name)
def test_bad_requests(bad: BadRequest) -> None:
    """A bad request is answered: as a failure that says why, or with the equal fragment."""
    answered = answer(bad.event)
    event = bad.event if isinstance(bad.event, dict) else {}
    asked = event.get("requestId")
    assert answered["requestId"] == (asked if isinstance(asked, str) else "")
    if bad.says is None:
        assert json.dumps(answered["fragment"]) == json.dumps(event["fragment"])
    else:
        assert answered["errorMessage"].startswith(bad.says)
        assert len(answered["errorMessage"]) <= 2_000


@given(event=JSON | st.fixed_dictionaries({"fragment": JSON, "params": JSON}))
@settings(max_examples=200)
def test_any_json_is_answered(event: object) -> None:
    """No request makes the function raise, or call an author's mistake its own bug."""
    answered = answer(event)
    assert "ALP901" not in answered.get("errorMessage", "")


def _failing(*_: object) -> Never:
    secret = "s3cret"  # noqa: S105 - it stands for a value of the template
    raise KeyError(secret)


def test_our_own_bugs_are_answered_and_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug is one fixed sentence, and a traceback without values in the log (rule 6.4)."""
    monkeypatch.setattr(shell, "transform", _failing)
    answered, lines = printed({"requestId": "r", "fragment": {"Resources": {}}})
    assert answered["errorMessage"] == (
        "ALP901 AutoLexPermissions failed because of a bug in its own code; your template is not"
        " the cause. Ask whoever deployed the macro to look up request"
        " 11111111-2222-3333-4444-555555555555 in log group /aws/lambda/AutoLexPermissions"
    )
    assert "s3cret" not in json.dumps(lines)
    line, metric = lines
    assert (line["level"], line["message"], line["error"]) == (
        "ERROR",
        "internal failure",
        "KeyError",
    )
    assert any("in _failing" in frame for frame in line["frames"])
    assert metric["InternalFailures"] == [1.0]


def test_log_and_metrics_of_a_processed_template() -> None:
    """One line and one metric document say what happened, in counts."""
    _, (line, metric) = printed(
        json.loads((ROOT / "events" / "several-bots-and-locales.json").read_text())
    )
    assert line["message"] == "template processed"
    assert line["cloudformation_request_id"] == "several-bots-and-locales"
    assert line["function_request_id"] == Context().aws_request_id
    assert (line["code_hooks"], line["permissions_added"], line["grants_declared"]) == (6, 4, 1)
    assert metric["TemplatesProcessed"] == [1.0]
    assert metric["PermissionsAdded"] == [4.0]
    assert metric["GrantsAlreadyDeclared"] == [1.0]


def test_metrics_name_the_function_that_counts() -> None:
    """The alarms of two versions side by side differ by the function's name."""
    _, (_, metric) = printed(json.loads((ROOT / "events" / "without-lex.json").read_text()))
    (directive,) = metric["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "AutoLexPermissions"
    (dimensions,) = directive["Dimensions"]
    assert {name: metric[name] for name in dimensions} == {
        "service": "AutoLexPermissions",
        "function_name": Context().function_name,
    }


def test_reports_are_logged_with_advice() -> None:
    """What the macro noticed is a line each, by path and code, and a metric."""
    event = json.loads((ROOT / "events" / "several-bots-and-locales.json").read_text())
    del event["fragment"]["Resources"]["AllowSupport"]["Properties"]["SourceArn"]
    _, (_, line, metric) = printed(event)
    assert line["message"] == "reported"
    assert line["path"] == "Resources.AllowSupport"
    assert (line["id"], line["code"]) == ("ALP201", "PermissionTooWide")
    assert line["advice"].startswith("It has no SourceArn. This permission allows more")
    assert metric["Reports"] == [1.0]


def test_of_many_reports_the_first_are_logged() -> None:
    """Twenty lines of each kind, and how many more there are; the metric counts all."""
    event = json.loads((ROOT / "events" / "several-bots-and-locales.json").read_text())
    resources = event["fragment"]["Resources"]
    wide = {**resources["AllowSupport"]["Properties"]}
    del wide["SourceArn"]
    for number in range(30):
        resources[f"Allow{'X' * 900}{number}"] = {**resources["AllowSupport"], "Properties": wide}
    _, (_, *lines, metric) = printed(event)
    *reported, more = lines
    assert len(reported) == 20
    assert {line["path"] for line in reported} == {f"Resources.Allow{'X' * 239}…"}
    assert (more["message"], more["id"], more["count"]) == ("more reported", "ALP201", 10)
    assert metric["Reports"] == [30.0]


def test_of_reports_of_all_kinds_the_first_are_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighty lines, and how many more there are of each kind (rule 6.4)."""
    kinds = [message for message in CATALOGUE if message.severity != "error"]
    reports = tuple(kind.at("Resources", str(number)) for kind in kinds for number in range(21))
    monkeypatch.setattr(shell, "transform", lambda _: Result({}, reports=reports))
    _, (_, *lines, metric) = printed({"fragment": {}})
    reported = Counter(line["id"] for line in lines if line["message"] == "reported")
    more = {line["id"]: line["count"] for line in lines if line["message"] == "more reported"}
    assert list(reported.values()) == [20, 20, 20, 20]
    assert more == {kind.code: 21 - reported[kind.code] for kind in kinds}
    assert metric["Reports"] == [float(len(reports))]


def test_of_many_mistakes_the_first_are_logged() -> None:
    """Twenty of them, and how many there are (rule 6.4)."""
    event = json.loads((ROOT / "events" / "broken-latest-qualifier.json").read_text())
    alias = event["fragment"]["Resources"]["DevAlias"]["Properties"]
    alias["BotAliasLocaleSettings"] *= 30
    _, (line, _) = printed(event)
    assert (len(line["mistakes"]), line["count"]) == (20, 30)


def test_log_and_metrics_of_a_rejected_template() -> None:
    """The author's mistakes are counted, and named by codes and paths alone."""
    _, (line, metric) = printed(
        json.loads((ROOT / "events" / "broken-latest-qualifier.json").read_text())
    )
    assert line["level"] == "WARNING"
    assert line["message"] == "template rejected"
    (mistake,) = line["mistakes"]
    assert mistake.startswith("ALP403 Resources.DevAlias.Properties.BotAliasLocaleSettings[0]")
    assert metric["TemplatesRejected"] == [1.0]
    assert "InternalFailures" not in metric


def test_imports_from_source_without_any_environment() -> None:
    """The handler needs no environment variable, and none changes a result (rule 5.5)."""
    code = (
        "import sys; import auto_lex_permissions.handler;"
        "print([m for m in sys.modules if m.split('.')[0] == 'boto3'])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "macro",
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout == "[]\n"


def test_garbage_is_collected_but_not_among_what_was_imported() -> None:
    """A cold start is shorter by that, and memory is freed all the same."""
    code = (
        "import gc, auto_lex_permissions.handler; print(gc.isenabled(), gc.get_freeze_count() > 0)"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, cwd=ROOT / "macro", timeout=60) == b"True True\n"
