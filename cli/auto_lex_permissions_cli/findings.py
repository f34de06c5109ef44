"""What there is to say of a template: each code hook, and whether Lex may invoke its function."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from auto_lex_permissions import Diagnostic, Message, Request, TemplateError
from auto_lex_permissions.bots import TEST_ALIAS_ID
from auto_lex_permissions.cfn.formulas import ALWAYS, And, Formula, Named, Not, expression
from auto_lex_permissions.cfn.loops import unmark
from auto_lex_permissions.cfn.values import Place
from auto_lex_permissions.code_hooks import BOT
from auto_lex_permissions.diagnostics import NO_PERMISSION, OF_TEMPLATES, SUPPRESSION, Severity
from auto_lex_permissions.settings import METADATA_KEY, SUPPRESS
from auto_lex_permissions.transform import Examination, examine

MISTAKE: Final = "Mistake"
# What stops no deployment.
_MAY_STAY: Final = frozenset(
    message.code
    for message in OF_TEMPLATES
    if message == NO_PERMISSION or message.severity != "error"
)


class State(StrEnum):
    """Whether Lex may invoke the function of a hook."""

    ALLOWED = "allowed"
    DENIED = "denied"
    ADDED = "added by the macro"
    OPTED_OUT = "opted out"
    UNREACHABLE = "out of reach"


@dataclass(frozen=True, slots=True)
class Hook:
    """One place that names a function: where, which, who invokes it, when, and in which state.

    `resource` is the logical id of a bot alias or, where a bot's test alias invokes, of the bot.
    """

    place: Place
    function: Any
    resource: str
    is_of_test_alias: bool
    when: Formula
    state: State

    @property
    def function_name(self) -> str:
        """The function in as few words as a reader needs."""
        return short_name(self.function)

    @property
    def caller(self) -> str:
        """The logical id of a bot alias, or that of a bot and `/TSTALIASID`."""
        return f"{self.resource}/{TEST_ALIAS_ID}" if self.is_of_test_alias else self.resource

    @property
    def condition(self) -> Any:
        """The condition under which it exists, as a template writes it, or None."""
        return None if self.when == ALWAYS else unmark(expression(self.when))

    @property
    def diagnostic(self) -> Diagnostic | None:
        """What is wrong with it: its permission is missing, or nothing."""
        if self.state is not State.DENIED:
            return None
        kind = "the test alias of bot" if self.is_of_test_alias else "bot alias"
        return NO_PERMISSION.at(
            *self.place,
            function=self.function_name,
            caller=f"{kind} {self.resource}",
            where="" if self.when == ALWAYS else f" (where {condition_in_words(self.when)})",
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic, and why it may stay where its author says so."""

    diagnostic: Diagnostic
    reason: str | None = None

    @property
    def severity(self) -> Severity:
        """How serious it is."""
        return self.diagnostic.message.severity


@dataclass(frozen=True, slots=True)
class Findings:
    """All that there is to say of one template; `notes` are what is beside the hooks."""

    hooks: tuple[Hook, ...]
    notes: tuple[Diagnostic, ...]

    @property
    def missing(self) -> tuple[Diagnostic, ...]:
        """One diagnostic for each hook that Lex may not invoke."""
        found = (hook.diagnostic for hook in self.hooks)
        return tuple(diagnostic for diagnostic in found if diagnostic)

    @property
    def mistakes(self) -> tuple[Diagnostic, ...]:
        """What the author has to correct."""
        return tuple(note for note in self.notes if note.is_mistake)


def findings(request: Request, *, by_macro: bool = False) -> Findings:
    """Look at a template by the macro's own core; never raises for what the author wrote.

    With `by_macro` the template lists the macro, which adds what is missing.
    """
    try:
        examination = examine(request)
    except TemplateError as error:
        return Findings((), tuple(map(_unmarked, error.diagnostics)))
    notes = map(_unmarked, [*examination.mistakes, *examination.reports])
    return Findings(tuple(_hooks(examination, by_macro=by_macro)), tuple(notes))


def _hooks(examination: Examination, *, by_macro: bool) -> Iterator[Hook]:
    states = {
        place: State.ADDED if by_macro else State.DENIED
        for grant in examination.grants
        for hook in grant.uncovered
        for place in hook.places
    }
    unreachable = examination.cross_account_or_region
    states |= {place: State.UNREACHABLE for hook in unreachable for place in hook.places}
    for hook in examination.all_hooks:
        is_out = hook.resource.logical_id in examination.opted_out
        for place in hook.places:
            yield Hook(
                _unmarked_place(place),
                unmark(hook.expression),
                unmark(hook.resource.logical_id),
                hook.resource.type == BOT,
                hook.when,
                State.OPTED_OUT if is_out else states.get(place, State.ALLOWED),
            )


def _unmarked(diagnostic: Diagnostic) -> Diagnostic:
    return diagnostic._replace(place=_unmarked_place(diagnostic.place))


def _unmarked_place(place: Place) -> Place:
    """Return a place as it stands in the file, with variables in place of the marks of loops."""
    return tuple(map(unmark, place))


def word_for(message: Message) -> str:
    """Return what version 1.0.0 called a message: `Mistake` for all mistakes, else its name."""
    is_mistake = message.severity == "error" and message != NO_PERMISSION
    return MISTAKE if is_mistake else message.name


def condition_in_words(when: Formula) -> str:
    """Return when something exists: `IsProd and not IsTest`."""
    match when:
        case Named(name):
            return str(unmark(name))
        case Not(operand):
            return f"not {_inner(operand)}"
    word = " and " if isinstance(when, And) else " or "
    return word.join(map(_inner, when.operands))


def _inner(when: Formula) -> str:
    words = condition_in_words(when)
    return words if isinstance(when, Named | Not) else f"({words})"


def short_name(expression: Any) -> str:
    """Return an expression in as few words as a reader needs."""
    match expression:
        case str():
            return expression
        case {"Fn::GetAtt": [str(name), "Arn"]}:
            return name
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"{name}.{attribute}"
        case {"Fn::GetAtt": str(name)}:
            return name.removesuffix(".Arn")
        case {"Ref": str(name)} | {"Fn::Sub": str(name)}:
            return name
    return json.dumps(expression, ensure_ascii=False)


# What may stay.


def suppressions(template: Mapping[str, Any], found: Iterable[Diagnostic]) -> Iterator[Finding]:
    """Yield what was found, with the reason of each that its resource's Metadata lets stay.

    What is suppressed by mistake is a finding of its own.
    """
    wrong: dict[Place, Diagnostic] = {}
    for diagnostic in found:
        place, listed = _suppressed_at(template, diagnostic.place)
        reasons: dict[str, str] = {}
        for number, entry in enumerate(listed):
            match entry:
                case {"Id": str(code), "Reason": str(reason)} if reason.strip():
                    if code in _MAY_STAY:
                        reasons[code] = reason.strip()
                        continue
                    problem = f"{code} is no finding that can be suppressed"
                case _:
                    problem = "this has not both an Id and a Reason"
            at = (*place, number)
            wrong[at] = SUPPRESSION.at(*at, what=problem)
        yield Finding(diagnostic, reasons.get(diagnostic.code))
    yield from map(Finding, wrong.values())


def _suppressed_at(template: Mapping[str, Any], place: Place) -> tuple[Place, list[Any]]:
    """Return what the resource around a place suppresses, and where it says so."""
    value: Any = template if "Resources" in template else {"Resources": template}
    for depth, step in enumerate((*place, None)):
        match value:
            case {"Type": str(), "Metadata": {"AutoLexPermissions": {"Suppress": [*listed]}}}:
                return (*place[:depth], "Metadata", METADATA_KEY, SUPPRESS), listed
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
    return (), []
