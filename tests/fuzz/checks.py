"""What holds of every answer, whatever the request was.

The author's part is judged by the laws of tests/laws, on a template whose loops are laid open.
"""

import json
import re
import signal
from collections.abc import Callable, Iterator
from functools import cached_property
from types import FrameType
from typing import Any, Final

from auto_lex_permissions.cfn.template import SECTIONS
from auto_lex_permissions.diagnostics import INTERNAL_FAILURE, MOST_CHARACTERS, MOST_MISTAKES
from auto_lex_permissions.diagnostics import METADATA_KEY as REPORT
from auto_lex_permissions.limits import MOST_BYTES, MOST_RESOURCES
from tests.fuzz.mutations import FOR_EACH, Place, places, resources_of
from tests.laws.laws import the_author_is_left_alone, the_report_holds_no_values
from tests.laws.trial import OURS, Deployment, Trial
from tests.listening import Context, heard

type Handler = Callable[[Any, Any], dict[str, Any]]

# Seconds of the processor. Lambda ends the macro after the 30 seconds of template.yaml.
MOST_SECONDS: Final = 5.0
SHAPES: Final = (
    {"requestId", "status", "fragment"},
    {"requestId", "status", "errorMessage"},
)

LETTERS: Final = re.compile("[A-Za-z0-9]+")
# An ARN in the place of a bot's id.
COLON: Final = re.compile(r"(?<!:):(?!:)")
# A logical id, a pseudo parameter, or one of them with an attribute.
NAME: Final = re.compile(r"[A-Za-z0-9]+(::[A-Za-z]+)?(\.[A-Za-z0-9.]+)?")


class EndlessError(BaseException):
    """The handler did not come to an end; no Exception, which it would catch."""


def findings(handler: Handler, text: str, secret: str = "") -> list[str]:
    """Send a request, as JSON, to a handler; return what is wrong, each by its kind first."""
    event = json.loads(text)
    try:
        answer, lines = _within_time(lambda: heard(lambda sent: handler(sent, Context()), event))
    except EndlessError:
        return [f"time: no answer within {MOST_SECONDS} seconds"]
    except Exception as error:  # noqa: BLE001 - whatever it raises, it must not (6.2).
        return [f"raised: {error!r}"]
    found = [*_logged(lines)]
    if json.dumps(event) != text:
        found.append("request: it was changed")
    try:
        written = json.dumps(answer)
    except (TypeError, ValueError) as error:
        return [*found, f"shape: not JSON: {error}"]
    found += _shaped(event, answer)
    if found:
        return found
    if answer["status"] == "failure":
        found += _rejected(answer["errorMessage"])
    else:
        found += _processed(event, text, json.loads(written)["fragment"])
        if _is_plausible(event["fragment"]):
            found += _again(handler, event, answer)
    return [*found, *_leaks(secret, answer, lines)]


def _within_time(call: Callable[[], Any]) -> Any:
    """Return what a call returns; raises EndlessError where it takes too long."""

    def end(_: int, __: FrameType | None) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        return call()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _logged(lines: list[str]) -> Iterator[str]:
    """Each line of the log is an object of JSON."""
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            yield f"log: not an object: {line[:200]}"


def _shaped(event: Any, answer: Any) -> Iterator[str]:
    """The answer has the keys of its status, and the id of its request (6.2)."""
    if not isinstance(answer, dict) or set(answer) not in SHAPES:
        yield f"shape: {type(answer).__name__} of {sorted(answer or ())}"
        return
    if answer["status"] != ("success" if "fragment" in answer else "failure"):
        yield f"shape: status is {answer['status']!r}"
    asked = event.get("requestId") if isinstance(event, dict) else ""
    # Half a surrogate pair cannot be sent, and is escaped.
    sent = asked.encode("utf-8", "backslashreplace").decode() if isinstance(asked, str) else ""
    if answer["requestId"] != sent:
        yield "shape: requestId is another request's"


def _rejected(message: Any) -> Iterator[str]:
    """The message is one that CloudFormation can show, about the author's mistakes (6.3)."""
    if not isinstance(message, str) or not message:
        yield "message: there is none"
        return
    if INTERNAL_FAILURE.code in message:
        yield "fault: the macro failed because of a bug of its own"
    if len(message) > MOST_CHARACTERS:
        yield f"message: of {len(message)} characters"
    if len(re.findall(r"(?:^| )\(\d+\) ", message)) > MOST_MISTAKES:
        yield "message: of too many mistakes"


def _processed(event: dict[str, Any], text: str, after: Any) -> Iterator[str]:
    """The author's part is as it was, what was added is ours, and limits hold (6.6, 6.7)."""
    before = json.loads(text)["fragment"]
    if not isinstance(after, dict):
        yield f"shape: the fragment is {type(after).__name__}"
        return
    # An empty section of conditions takes what is added to it.
    opened = [
        {**fragment, "Conditions": {}} if fragment.get("Conditions", {}) is None else fragment
        for fragment in map(_opened, (before, after))
    ]
    for section in ("Resources", "Conditions", "Metadata"):
        was = opened[0].get(section, {})
        if not isinstance(was, dict):
            # Of the wrong shape, it is CloudFormation's to reject.
            if json.dumps(was) != json.dumps(opened[1].get(section)):
                yield f"author: {section} was replaced"
            opened = [
                {key: fragment[key] for key in fragment if key != section} for fragment in opened
            ]
    trial = _Asked(opened[0], Deployment(event.get("params") or {}), lambda *_: opened[1])
    yield from (f"author: {broken}" for broken in the_author_is_left_alone(trial))
    for name in trial.generated if "Resources" in opened[0] else ():
        if trial.resource(name).get("Type") != "AWS::Lambda::Permission":
            yield f"author: {name} was added, which is no permission"
    yield from (f"report: {broken}" for broken in the_report_holds_no_values(trial))
    yield from _limited(before, after)


class _Asked(Trial):
    """A trial of a template whose settings may be of any shape."""

    @cached_property
    def bot_wide(self) -> bool:
        """Return whether an alias may have been made to wait (5.2)."""
        metadata: Any = self.before.get("Metadata", {})
        given = (self.deployment.settings, metadata.get(OURS))
        return any(
            isinstance(settings, dict) and settings.get("SourceScope") == "Bot"
            for settings in given
        )


def _opened(fragment: dict[str, Any]) -> dict[str, Any]:
    """Return a template, whose loops stand before their bodies' resources, not around them."""
    resources = fragment.get("Resources")
    entries = {key: fragment[key] for key in fragment if key != "Fn::Transform"}
    # A map of resources may hold one of the name Resources, among others.
    is_map = entries.keys() - {"Resources"} and all(
        key.startswith(FOR_EACH) or (isinstance(entry, dict) and isinstance(entry.get("Type"), str))
        for key, entry in entries.items()
    )
    whole = isinstance(resources, dict) or entries.keys() <= SECTIONS
    if is_map or not whole:
        return {"Resources": dict(_laid_out(fragment))}
    if not isinstance(resources, dict):
        return fragment
    return fragment | {"Resources": dict(_laid_out(resources))}


def _laid_out(entries: dict[str, Any], around: str = "") -> Iterator[tuple[str, Any]]:
    for name, entry in entries.items():
        match entry:
            case [str(variable), collection, dict(body)] if name.startswith(FOR_EACH):
                yield f"{around}{name}", [variable, collection]
                yield from _laid_out(body, f"{around}{name}/")
            case {"Metadata": str() | list() | int() | float() | None}:
                # The law looks into Metadata; of another shape it is a member like any other.
                renamed = {"Metadata": "Metadata, no object"}
                yield f"{around}{name}", {renamed.get(key, key): entry[key] for key in entry}
            case _:
                yield f"{around}{name}", entry


def _limited(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """What was added takes no template past a limit that it had kept (6.7)."""
    was, now = (resources_of({"fragment": _opened(fragment)}) for fragment in (before, after))
    if len(was) < len(now) and not any(FOR_EACH in name for name in now):
        if len(was) <= MOST_RESOURCES < len(now):
            yield f"limit: {len(now)} resources"
        size = _size(after)
        if _size(before) <= MOST_BYTES < size:
            yield f"limit: {size} bytes"


def _size(fragment: dict[str, Any]) -> int:
    compact = json.dumps(fragment, ensure_ascii=False, separators=(",", ":"))
    return len(compact.encode("utf-8", "surrogatepass"))


def _is_plausible(fragment: dict[str, Any]) -> bool:
    """Return whether all names are such as CloudFormation takes, and all conditions are defined.

    It rejects any other template in its own words, so that no answer to one comes back. A function
    with a name and a condition is left to the laws, which know whether it exists where it is named.
    """
    conditions = fragment.get("Conditions")
    defined = conditions if isinstance(conditions, dict) else {}
    return all(_is_plausible_at(place, defined) for place in places(fragment))


def _is_plausible_at(place: Place, defined: dict[str, Any]) -> bool:
    match place.value:
        case {"Condition": _, "Properties": {"FunctionName": _}}:
            return False
        case value if place.key == "BotId" and COLON.search(json.dumps(value, separators=("", ""))):
            return False
        case str(value) if place.key == "BotId" or place.above.startswith(FOR_EACH):
            return LETTERS.fullmatch(value) is not None
        case str(value) if place.is_name:
            is_condition = place.key == "Condition" or place.above.startswith("Fn::If")
            return NAME.fullmatch(value) is not None and (value in defined or not is_condition)
    return True


def _again(handler: Handler, event: dict[str, Any], answer: dict[str, Any]) -> Iterator[str]:
    """Applied to its own answer the macro changes nothing more (6.5)."""
    again, _ = heard(
        lambda sent: handler(sent, Context()), event | {"fragment": answer["fragment"]}
    )
    if json.dumps(again) != json.dumps(answer):
        yield f"twice: another answer: {str(again.get('errorMessage', again['status']))[:300]}"


def _leaks(secret: str, answer: dict[str, Any], lines: list[str]) -> Iterator[str]:
    """No message, log or report holds a secret of the request (6.4)."""
    fragment = answer.get("fragment")
    metadata = fragment.get("Metadata") if isinstance(fragment, dict) else None
    report = metadata.get(REPORT) if isinstance(metadata, dict) else None
    texts = {
        "the message": answer.get("errorMessage", ""),
        "the log": "\n".join(lines),
        "the report": json.dumps(report),
    }
    yield from (f"canary: in {where}" for where, text in texts.items() if secret and secret in text)
