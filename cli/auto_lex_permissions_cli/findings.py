"""What `check` and `graph` say of a template: each code hook, and whether it is permitted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from auto_lex_permissions import Problem, Request, TemplateError
from auto_lex_permissions.code_hooks import BOT, CodeHook
from auto_lex_permissions.conditions import ALWAYS, Formula, expression
from auto_lex_permissions.loops import written
from auto_lex_permissions.reports import ADVICE, Report
from auto_lex_permissions.sources import TEST_ALIAS_ID
from auto_lex_permissions.transform import Examination, examine


class State(StrEnum):
    """Whether Lex may invoke the function of a hook."""

    PERMITTED = "permitted"
    MISSING = "missing"
    ADDED = "added by the macro"
    OPTED_OUT = "opted out"
    UNREACHABLE = "out of reach"


@dataclass(frozen=True, slots=True)
class Hook:
    """One place that names a function: where, which, for whom, when, and in which state."""

    path: str
    function: Any
    source: str
    condition: Any
    state: State


@dataclass(frozen=True, slots=True)
class Note:
    """What is wrong or noteworthy beside that: a code of the report, or a mistake."""

    path: str
    code: str
    message: str


MISTAKE: Final = "Mistake"
# `Resources.Alias.Properties.List[0]`: no key on the way to a hook holds a dot or a bracket.
_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def steps(path: str) -> list[str | int]:
    """Return a path as the keys and places on the way down."""
    return [key or int(place) for key, place in _STEP.findall(path)]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that there is to say of one template."""

    hooks: tuple[Hook, ...]
    notes: tuple[Note, ...]

    @property
    def missing(self) -> tuple[Hook, ...]:
        """Return the hooks that Lex may not invoke."""
        return tuple(hook for hook in self.hooks if hook.state is State.MISSING)

    @property
    def has_findings(self) -> bool:
        """Tell whether something is missing or wrong: exit code 1."""
        return bool(self.missing) or any(note.code == MISTAKE for note in self.notes)


def findings(request: Request, *, by_macro: bool = False) -> Findings:
    """Look at a template by the macro's own core; never raises for what the author wrote.

    What is missing is added where the template lists the macro.
    """
    try:
        found = examine(request)
    except TemplateError as error:
        return Findings((), tuple(map(_mistake, error.problems)))
    notes = [*map(_mistake, found.problems), *map(_note, sorted(set(found.reports())))]
    return Findings(tuple(_hooks(found, by_macro=by_macro)), tuple(notes))


def _hooks(found: Examination, *, by_macro: bool) -> Iterator[Hook]:
    missing = State.ADDED if by_macro else State.MISSING
    lacking = (
        hook
        for grant in found.missing
        for hook in grant.hooks
        if not found.permissions.is_covered(hook)
    )
    states = {place: missing for hook in lacking for place in hook.paths}
    states |= {place: State.UNREACHABLE for hook in found.far for place in hook.paths}
    for hook in found.found:
        for place in hook.paths:
            is_out = hook.source.logical_id in found.disabled
            yield Hook(
                place,
                written(hook.function),
                source_name(hook),
                condition_of(hook.life),
                State.OPTED_OUT if is_out else states.get(place, State.PERMITTED),
            )


def source_name(hook: CodeHook) -> str:
    """Return a hook source as people name it."""
    name: str = written(hook.source.logical_id)
    return f"{name}/{TEST_ALIAS_ID}" if hook.source.type == BOT else name


def condition_of(life: Formula) -> Any:
    """Return the condition under which a hook lives, as a template would say it, or None."""
    return None if life == ALWAYS else written(expression(life))


def _mistake(problem: Problem) -> Note:
    return Note(written(problem.path), MISTAKE, written(f"{problem.what} {problem.remedy}"))


def _note(report: Report) -> Note:
    return Note(report.path, report.code, f"{report.why} {ADVICE[report.code]}".lstrip())
