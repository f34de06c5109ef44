"""What the hook holds against a template: what `auto-lex-permissions check` would, by its code.

But for two things. No value of the template is in it, since everybody reads the answer who may see
the stack. And template parameters have no values here, not even their defaults: CloudFormation
sends none, and the deployment may have others.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from auto_lex_permissions import Diagnostic, Request
from auto_lex_permissions.cfn.formulas import ALWAYS
from auto_lex_permissions.cfn.intrinsics import Reference, text
from auto_lex_permissions.cfn.template import Template
from auto_lex_permissions.cfn.values import Place
from auto_lex_permissions.diagnostics import (
    NAME_TOO_LONG,
    NO_PERMISSION,
    NO_POLICY,
    OUT_OF_REACH,
    SUPPRESSION,
    TOO_MUCH_WORK,
)
from auto_lex_permissions.reach import of_stack
from auto_lex_permissions_cli.console import UnreadableError
from auto_lex_permissions_cli.findings import Findings, Hook, State, findings, suppressions
from auto_lex_permissions_cli.reading import NoTemplateError, names_a_bot, parse
from auto_lex_permissions_cli.requests import Stack, use_of

from .protocol import NotJudgedError

_NAME: Final = "template"
# Mistakes of one deployment, such as a function of another account where that is the one meant: a
# template may have them for others (rules 4.1 to 4.3).
_OF_DEPLOYMENT: Final = frozenset({OUT_OF_REACH, NO_POLICY, NAME_TOO_LONG})


class Judgement(NamedTuple):
    """What was found: missing permissions first, and what its author suppresses only counted.

    `undecided` are mistakes of which only the values of parameters say whether this deployment has
    them, and `parameters` the names of those by which code hooks name their functions.
    """

    code_hooks: int = 0
    uses_macro: bool = False
    found: tuple[Diagnostic, ...] = ()
    undecided: tuple[Diagnostic, ...] = ()
    suppressed: int = 0
    parameters: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Return what makes the hook fail."""
        return tuple(each for each in self.found if each.is_mistake)

    @property
    def remarks(self) -> tuple[Diagnostic, ...]:
        """Return the warnings and notes."""
        return tuple(each for each in self.found if not each.is_mistake)


def judge(template: str, region: str, account: str, macro: str) -> Judgement:
    """Judge a template, YAML or JSON, that is deployed in a Region and account.

    One that names no Lex V2 bot is not even parsed. `macro` is the name under which the macro is
    registered; it adds what is missing in a template that lists it. Raises NotJudgedError.
    """
    content = template.encode("utf-8", "surrogatepass")
    if not names_a_bot(content):
        return Judgement()
    value = _parsed(content)
    if use_of(value, Stack(macro=macro)):
        return Judgement(uses_macro=True)
    hooks = findings(Request(value, region, account))
    if any(note.message == TOO_MUCH_WORK for note in hooks.notes):
        raise NotJudgedError("it takes more work than AutoLexPermissions may do for a template")
    found = [*suppressions(value, (*hooks.missing, *hooks.notes))]
    left = [each.diagnostic for each in found if each.reason is None]
    by_place = {hook.place: hook for hook in hooks.hooks}
    whole = Template(value, region, account)
    here = whole.conditions_where(of_stack(whole))
    undecided = [
        each
        for each in left
        if each.message in _OF_DEPLOYMENT and not here.implies(ALWAYS, by_place[each.place].when)
    ]
    return Judgement(
        code_hooks=len(hooks.hooks),
        found=tuple(_without_values(each, by_place) for each in left if each not in undecided),
        undecided=tuple(undecided),
        suppressed=len(found) - len(left),
        parameters=tuple(sorted(set(_parameters(whole, hooks)))),
    )


def _parsed(content: bytes) -> dict[str, object]:
    try:
        return parse(_NAME, content).value
    except NoTemplateError as error:
        raise NotJudgedError("it is no object of sections") from error
    except UnreadableError as error:
        # What is wrong may quote what stands there.
        where = f" at line {error.line}, column {error.column}" if error.line else ""
        raise NotJudgedError(f"it cannot be read as YAML or JSON{where}") from error


def _without_values(diagnostic: Diagnostic, hooks: dict[Place, Hook]) -> Diagnostic:
    """Return a finding of `check` as it may be read by others than the template's author."""
    if diagnostic.message == SUPPRESSION:
        return diagnostic._replace(details={"what": SUPPRESSION.title})
    if diagnostic.message == NO_PERMISSION:
        named = _logical_id(hooks[diagnostic.place].function)
        return diagnostic._replace(details={**diagnostic.details, "function": named})
    return diagnostic


def _logical_id(function: object) -> str:
    """Return the logical id that an expression names, or no more than what it is."""
    match text(function):
        case (Reference(name),):
            return name
    return "the function"


def _parameters(template: Template, hooks: Findings) -> Iterator[str]:
    """Yield the template parameters by which active code hooks name their functions."""
    declared = template.section("Parameters")
    for hook in hooks.hooks:
        if hook.state is not State.OPTED_OUT:
            for word in text(hook.function):
                if isinstance(word, Reference) and word.logical_id in declared:
                    yield word.logical_id
