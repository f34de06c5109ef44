"""What `sam build` made answers every event of events/, under the runtime client of real Lambda.

Nothing but the artifact, the standard library and the runtime client is on its path.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.runtime_api import Answer, FunctionCode, RunningFunction

EVENTS = sorted((Path(__file__).parents[2] / "events").glob("*.json"))
SHORTEST_REVEALING_VALUE = 6
"""A shorter text of a template may stand in a log by chance, like "1.0" in a version number."""

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def function(code: FunctionCode) -> Iterator[RunningFunction]:
    """Yield one execution environment that answers all events, as a warm one does."""
    with RunningFunction(code) as function:
        yield function


@pytest.fixture(params=EVENTS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    """Return one event's file."""
    found: Path = request.param
    return found


def test_there_are_events() -> None:
    """The folder that the other tests read is not empty."""
    assert EVENTS


def test_answer(function: RunningFunction, path: Path) -> None:
    """The answer has the shape of rule 6.2, and succeeds unless the event is a broken one."""
    event = json.loads(path.read_text())
    answer = function.invoke(event)
    assert not answer.failed, answer.payload
    body = answer.document
    assert body["requestId"] == event["requestId"]
    if path.stem.startswith("broken"):
        assert set(body) == {"requestId", "status", "errorMessage"}
        assert body["status"] == "failure"
        assert body["errorMessage"]
    else:
        assert set(body) == {"requestId", "status", "fragment"}
        assert body["status"] == "success"
        assert isinstance(body["fragment"], dict)


def test_half_a_surrogate_pair(function: RunningFunction) -> None:
    """What UTF-8 does not have is a mistake, wherever it stands, and not the end of the process."""
    alias = {"Type": "AWS::Lex::BotAlias", "Metadata": {"AutoLexPermissions": {"Off\udfff": 1}}}
    for resources in ({"Alias": {"Type": "\ud800"}}, {"Alias\ud800": alias}):
        event = {"requestId": "id\ud800", "fragment": {"Resources": resources}}
        answer = function.invoke(event)
        assert not answer.failed, answer.payload
        assert answer.document["status"] == "failure"
        assert "ALP604" in answer.document["errorMessage"]


def test_same_bytes_warm_and_cold(
    code: FunctionCode, function: RunningFunction, path: Path
) -> None:
    """Rule 6.5: an event gets the same bytes again, from the same process and from a new one."""
    event = path.read_bytes()
    first = function.invoke(event).payload
    assert function.invoke(event).payload == first
    with RunningFunction(code) as another:
        assert another.invoke(event).payload == first


def test_own_output_is_left_alone(function: RunningFunction, path: Path) -> None:
    """Rule 6.5: the macro adds nothing to what it has answered before."""
    event = json.loads(path.read_text())
    body = function.invoke(event).document
    if body["status"] == "success":
        again = function.invoke(event | {"fragment": body["fragment"]}).document
        assert json.dumps(again["fragment"]) == json.dumps(body["fragment"])


def test_log(function: RunningFunction, path: Path) -> None:
    """Rule 6.4: each log line is a JSON object, and none holds a value of the template."""
    event = json.loads(path.read_text())
    lines = logged(function.invoke(event))
    assert lines
    text = "\n".join(text for line in lines for text in texts(line))
    template = [event.get(key) for key in ("fragment", "params", "templateParameterValues")]
    assert [value for value in telling_values(template) if value in text] == []


SECRET = "correct-horse-battery-staple"  # noqa: S105 - it stands for one.


@pytest.mark.parametrize("parameters", [{}, {"SourceScope": SECRET}], ids=["good", "rejected"])
def test_log_of_a_secret(function: RunningFunction, parameters: dict[str, str]) -> None:
    """Rule 6.4 with a `NoEcho` value in every place that a request has for it."""
    event = {
        "region": "us-east-1",
        "accountId": "111122223333",
        "transformId": "111122223333::AutoLexPermissions",
        "requestId": "request",
        "params": parameters,
        "templateParameterValues": {"Password": SECRET},
        "fragment": {"Resources": {"Alias": _alias_with(SECRET)}, "Metadata": {"Note": SECRET}},
    }
    answer = function.invoke(event)
    assert answer.document["status"] == ("failure" if parameters else "success")
    assert SECRET not in answer.log
    assert SECRET not in answer.document.get("errorMessage", "")


def _alias_with(text: str) -> dict[str, Any]:
    """Return a bot alias that names its function by this text."""
    hook = {"LambdaCodeHook": {"CodeHookInterfaceVersion": "1.0", "LambdaArn": text}}
    setting = {"Enabled": True, "CodeHookSpecification": hook}
    locale = {"LocaleId": "en_US", "BotAliasLocaleSetting": setting}
    return {"Type": "AWS::Lex::BotAlias", "Properties": {"BotAliasLocaleSettings": [locale]}}


def logged(answer: Answer) -> list[dict[str, Any]]:
    """Return the log lines of an invocation, each of which has to be an object."""
    lines = [json.loads(line) for line in answer.log.splitlines()]
    assert all(isinstance(line, dict) for line in lines)
    return lines


def texts(value: object) -> Iterator[str]:
    """Yield every key and every text within a JSON value."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from texts(item)
        case dict():
            yield from value
            yield from texts(list(value.values()))


def keys(value: object) -> Iterator[str]:
    """Yield every key within a JSON value: logical ids and names, which a log may hold."""
    match value:
        case list():
            for item in value:
                yield from keys(item)
        case dict():
            yield from value
            yield from keys(list(value.values()))


def telling_values(template: object) -> set[str]:
    """Return the texts of a template that are no names, and long enough to be recognised."""
    found = set(texts(template)) - set(keys(template))
    return {text for text in found if len(text) >= SHORTEST_REVEALING_VALUE}
