"""What there is to say of a template: each code hook, and whether Lex may invoke its function."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from auto_lex_permissions import Diagnostic, Request, TemplateError
from auto_lex_permissions.bots import TEST_ALIAS_ID
from auto_lex_permissions.cfn.formulas import ALWAYS, expression
from auto_lex_permissions.cfn.loops import unmark
from auto_lex_permissions.cfn.values import Place
from auto_lex_permissions.code_hooks import BOT
from auto_lex_permissions.transform import Examination, examine

# The code of a note on any mistake of the author.
MISTAKE: Final = "Mistake"


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


def findings(request: Request, *, by_macro: bool = False) -> Findings:
    """Look at a template by the macro's own core; never raises for what the author wrote.

    With `by_macro` the template lists the macro, which adds what is missing.
    """
    try:
        examination = examine(request)
    except TemplateError as error:
        return Findings((), tuple(map(_note, error.diagnostics)))
    notes = map(_note, [*examination.mistakes, *examination.reports])
    return Findings(tuple(_hooks(examination, by_macro=by_macro)), tuple(notes))


def _hooks(examination: Examination, *, by_macro: bool) -> Iterator[Hook]:
    states = {
        place: State.ADDED if by_macro else State.MISSING
        for grant in examination.grants
        if grant.is_missing
        for hook in grant.uncovered
        for place in hook.places
    }
    unreachable = examination.cross_account_or_region
    states |= {place: State.UNREACHABLE for hook in unreachable for place in hook.places}
    for hook in examination.all_hooks:
        is_out = hook.resource.logical_id in examination.opted_out
        caller: str = unmark(hook.resource.logical_id)
        if hook.resource.type == BOT:
            caller = f"{caller}/{TEST_ALIAS_ID}"
        for place in hook.places:
            yield Hook(
                _unmarked(place),
                unmark(hook.expression),
                caller,
                None if hook.when == ALWAYS else unmark(expression(hook.when)),
                State.OPTED_OUT if is_out else states.get(place, State.PERMITTED),
            )


def _note(diagnostic: Diagnostic) -> Note:
    code = MISTAKE if diagnostic.is_mistake else diagnostic.name
    return Note(_unmarked(diagnostic.place), code, diagnostic.advice)


def _unmarked(place: Place) -> Place:
    return tuple(map(unmark, place))


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
