"""What `doctor` says to programs; docs/doctor.schema.json has the shapes, and their version."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from auto_lex_permissions.diagnostics import Diagnostic

from .diagnosis import Diagnosis, Unread
from .examining import Findings
from .fixes import fix_for
from .fleet import Looked
from .leftovers import LeftOver
from .text import ORDER, explanation

VERSION: Final = 1


def document(places: Iterable[Looked]) -> dict[str, Any]:
    """Return all that was found, place by place, as one value."""
    found = list(places)
    totals = Counter[str]()
    for place in found:
        totals.update(_summary(place.found) if place.found else {})
    return {
        "version": VERSION,
        "places": [_place(place) for place in found],
        "summary": {name: totals[name] for name in _NAMES},
    }


def lines(place: Looked) -> Iterator[dict[str, Any]]:
    """Yield what was found at one place, line by line, each of which says where that is."""
    where = {"profile": place.place.profile, "region": place.region}
    whole = _place(place)
    for kind, name in (
        ("codeHook", "codeHooks"),
        ("leftOver", "leftOver"),
        ("unread", "unread"),
    ):
        for item in whole.pop(name):
            yield {"version": VERSION, "kind": kind, **where, **item}
    yield {"version": VERSION, "kind": "place", **whole}


def _place(place: Looked) -> dict[str, Any]:
    found = place.found
    return {
        "profile": place.place.profile,
        "region": place.region,
        "replicas": bool(place.place.replicas),
        "skipped": place.is_skipped,
        "problem": str(place.problem) if place.problem else None,
        "codeHooks": [_hook(one, place) for one in (found.diagnoses if found else ())],
        "leftOver": [_left_over(one, place) for one in (found.left_over if found else ())],
        "unread": [_unread(unread) for unread in (found.unread if found else ())],
        "summary": _summary(found) if found else None,
    }


def _summary(found: Findings) -> dict[str, int]:
    states = [found.count(state) for state in ORDER]
    return dict(zip(_NAMES, [len(found.bots), len(found.aliases), *states], strict=True))


_NAMES: Final = ("bots", "botAliases", *(state.value for state in ORDER))


def _unread(unread: Unread) -> dict[str, Any]:
    bot, alias = unread.bot, unread.alias
    return {
        "bot": {"id": bot.id, "name": bot.name} if bot else None,
        "alias": {"id": alias.id, "name": alias.name} if alias else None,
        "problem": unread.problem,
    }


def _hook(diagnosis: Diagnosis, place: Looked) -> dict[str, Any]:
    fix = fix_for(diagnosis)
    hook, verdict = diagnosis.hook, diagnosis.verdict
    return {
        "bot": {"id": hook.alias.bot.id, "name": hook.alias.bot.name},
        "alias": {"id": hook.alias.id, "name": hook.alias.name},
        "locale": hook.locale,
        "enabled": hook.enabled,
        "function": hook.function,
        "sourceArn": diagnosis.source_arn,
        "state": diagnosis.state.value,
        "reasons": [mismatch.reason.value for mismatch in verdict.mismatches],
        "statement": verdict.statement,
        "findings": [_remark(finding) for finding in diagnosis.findings],
        "notes": [_remark(note) for note in diagnosis.notes],
        "explanation": list(explanation(diagnosis)),
        "resource": fix.resource if fix else None,
        "command": fix.command(place.region, place.place.profile) if fix else None,
    }


def _left_over(one: LeftOver, place: Looked) -> dict[str, Any]:
    return {
        "function": one.function.arn,
        "statement": one.statement_id,
        **_remark(one.said),
        "commands": one.commands(place.region, place.place.profile),
    }


def _remark(remark: Diagnostic) -> dict[str, str]:
    return {
        "id": remark.code,
        "name": remark.name,
        "what": remark.what,
        "remedy": remark.remedy,
        "helpUri": remark.message.url,
    }
