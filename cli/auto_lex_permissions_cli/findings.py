"""What there is to say of a template: each code hook, and whether Lex may invoke its function."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from auto_lex_permissions import Problem, Request, TemplateError
from auto_lex_permissions.code_hooks import BOT
from auto_lex_permissions.conditions import ALWAYS, expression
from auto_lex_permissions.loops import written
from auto_lex_permissions.reports import ADVICE
from auto_lex_permissions.sources import TEST_ALIAS_ID
from auto_lex_permissions.transform import Examination, examine

from .reading import Place

# The code of a note on a mistake of the author, for which the core has no code.
MISTAKE: Final = "Mistake"
_STEP: Final = re.compile(r"\[(\d+)\]|([^.]+?)(?=\.|\[\d+\]|$)")


class State(StrEnum):
    """Whether Lex may invoke the function of a hook."""

    PERMITTED = "permitted"
    MISSING = "missing"
    ADDED = "added by the macro"
    OPTED_OUT = "opted out"
    UNREACHABLE = "out of reach"


@dataclass(frozen=True, slots=True)
class Hook:
    """One place that names a function: where, which, who invokes it, when, and in which state.

    The caller is the logical id of a bot alias, or that of a bot and `/TSTALIASID`.
    """

    place: Place
    function: Any
    caller: str
    condition: Any
    state: State

    @property
    def function_name(self) -> str:
        """The function in as few words as a reader needs."""
        return short_name(self.function)


@dataclass(frozen=True, slots=True)
class Note:
    """What is wrong or noteworthy beside the hooks: a code of the report, or a mistake."""

    place: Place
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Findings:
    """All that there is to say of one template."""

    hooks: tuple[Hook, ...]
    notes: tuple[Note, ...]

    @property
    def missing(self) -> tuple[Hook, ...]:
        """The hooks that Lex may not invoke."""
        return tuple(hook for hook in self.hooks if hook.state is State.MISSING)

    @property
    def mistakes(self) -> tuple[Note, ...]:
        """What the author has to correct."""
        return tuple(note for note in self.notes if note.code == MISTAKE)


def steps(path: str) -> Place:
    """Return a path of the core, `Resources.Alias.Properties.List[0]`, as a place.

    A key that holds a dot comes apart; none on the way to a hook does. This goes when the core
    hands out places itself.
    """
    return tuple(key or int(number) for number, key in _STEP.findall(path))


def findings(request: Request, *, by_macro: bool = False) -> Findings:
    """Look at a template by the macro's own core; never raises for what the author wrote.

    With `by_macro` the template lists the macro, which adds what is missing.
    """
    try:
        examination = examine(request)
    except TemplateError as error:
        return Findings((), tuple(map(_mistake, error.problems)))
    notes = [
        Note(steps(report.path), report.code, f"{report.why} {ADVICE[report.code]}".lstrip())
        for report in sorted(set(examination.reports()))
    ]
    hooks = tuple(_hooks(examination, by_macro=by_macro))
    return Findings(hooks, (*map(_mistake, examination.problems), *notes))


def _hooks(examination: Examination, *, by_macro: bool) -> Iterator[Hook]:
    states = {
        path: State.ADDED if by_macro else State.MISSING
        for grant in examination.missing
        for hook in grant.hooks
        if not examination.permissions.is_covered(hook)
        for path in hook.paths
    }
    states |= {path: State.UNREACHABLE for hook in examination.far for path in hook.paths}
    for hook in examination.found:
        is_out = hook.source.logical_id in examination.disabled
        caller: str = written(hook.source.logical_id)
        if hook.source.type == BOT:
            caller = f"{caller}/{TEST_ALIAS_ID}"
        for path in hook.paths:
            yield Hook(
                steps(path),
                written(hook.function),
                caller,
                None if hook.life is ALWAYS else written(expression(hook.life)),
                State.OPTED_OUT if is_out else states.get(path, State.PERMITTED),
            )


def _mistake(problem: Problem) -> Note:
    return Note(steps(written(problem.path)), MISTAKE, written(f"{problem.what} {problem.remedy}"))


def short_name(expression: Any) -> str:
    """Return an expression in as few words as a reader needs."""
    match expression:
        case str():
            return expression
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"{name}.{attribute}"
        case {"Fn::GetAtt": str(name)} | {"Ref": str(name)} | {"Fn::Sub": str(name)}:
            return name
    return json.dumps(expression, ensure_ascii=False)
