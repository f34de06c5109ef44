"""What `check` and `graph` say of a template: each code hook, and whether it is permitted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from auto_lex_permissions import Diagnostic, Request, TemplateError
from auto_lex_permissions.bots import TEST_ALIAS_ID
from auto_lex_permissions.cfn.conditions import ALWAYS, Formula, expression
from auto_lex_permissions.cfn.loops import unmark
from auto_lex_permissions.cfn.values import path
from auto_lex_permissions.code_hooks import BOT, CodeHook
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
        return Findings((), tuple(map(_note, error.diagnostics)))
    notes = map(_note, [*found.mistakes, *found.reports])
    return Findings(tuple(_hooks(found, by_macro=by_macro)), tuple(notes))


def _hooks(found: Examination, *, by_macro: bool) -> Iterator[Hook]:
    missing = State.ADDED if by_macro else State.MISSING
    uncovered = (hook for grant in found.grants if grant.is_missing for hook in grant.uncovered)
    states = {place: missing for hook in uncovered for place in hook.places}
    states |= {
        place: State.UNREACHABLE for hook in found.cross_account_or_region for place in hook.places
    }
    for hook in found.all_hooks:
        for place in hook.places:
            is_out = hook.resource.logical_id in found.opted_out
            yield Hook(
                path(place),
                unmark(hook.expression),
                source_name(hook),
                condition_of(hook.when),
                State.OPTED_OUT if is_out else states.get(place, State.PERMITTED),
            )


def source_name(hook: CodeHook) -> str:
    """Return a hook source as people name it."""
    name: str = unmark(hook.resource.logical_id)
    return f"{name}/{TEST_ALIAS_ID}" if hook.resource.type == BOT else name


def condition_of(when: Formula) -> Any:
    """Return the condition under which a hook lives, as a template would say it, or None."""
    return None if when == ALWAYS else unmark(expression(when))


def _note(diagnostic: Diagnostic) -> Note:
    name = MISTAKE if diagnostic.is_mistake else diagnostic.name
    return Note(diagnostic.path, name, diagnostic.advice)
