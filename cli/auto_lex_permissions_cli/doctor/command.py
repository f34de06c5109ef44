"""`doctor`: asks the account, prints what it found, and says how it ends."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from auto_lex_permissions.declared import INVOKE, LEX_PRINCIPAL
from auto_lex_permissions_cli.console import (
    Part,
    coloured,
    counted,
    exit_code,
    print_json,
    print_line,
    progress,
    write,
)

from .account import Account, account_of, session_of
from .diagnosis import Diagnosis, Findings, State, Wanted, examine
from .mending import mending
from .policies import Miss, Reason

# What matters most stands last: that is where a terminal is.
ORDER: Final = (State.ALLOWED, State.UNKNOWN, State.MISSING, State.DENIED)
_STATE_WIDTH: Final = 9
INDENT: Final = " " * _STATE_WIDTH


def run(*, region: str, profile: str, bot: str, alias: str, form: str) -> int:
    """Look at an account, print what was found, and return the exit code; raises UsageError."""
    session = session_of(profile, region)
    wanted = Wanted(str(session.region_name), bot, alias, account_of(session))
    with progress() as track:
        found = examine(Account(session, wanted.region, track), wanted)
    if form == "json":
        print_json(_as_json(found, profile))
    else:
        _print_text(found, profile)
    return exit_code((), has_findings=found.has_findings)


def _print_text(found: Findings, profile: str) -> None:
    for state in ORDER:
        for same in _grants(one for one in found.diagnoses if one.state is state):
            print_line(*_line(same))
            for line in _explained(same[0]):
                print_line(f"{INDENT}{line}")
            if state is State.DENIED:
                _print_mending(same[0], found.region, profile)
    for note in found.notes:
        place = note.bot.name + (f"/{note.alias.name}" if note.alias else "")
        words = f"  {place}: its code hooks could not be read: {note.problem}"
        print_line(coloured("unknown"), words)
    print_line(_summary(found))


def _grants(diagnoses: Iterable[Diagnosis]) -> Iterator[list[Diagnosis]]:
    """Put the locales together that one statement would serve."""
    groups: dict[tuple[str, str, str], list[Diagnosis]] = {}
    for one in diagnoses:
        alias = one.hook.alias
        groups.setdefault((alias.bot.id, alias.id, one.hook.function), []).append(one)
    yield from groups.values()


def _line(same: list[Diagnosis]) -> Iterator[Part]:
    first = same[0]
    locales = ", ".join(one.hook.locale + ("" if one.hook.enabled else " (off)") for one in same)
    alias = first.hook.alias
    name = first.function.label if first.function else first.hook.function
    yield coloured(first.state.value)
    yield " " * (_STATE_WIDTH - len(first.state.value))
    yield f"{alias.bot.name}/{alias.name} {locales} -> {name}"


def _explained(one: Diagnosis) -> Iterator[str]:
    """Yield what there is to say of a hook that is not allowed, line by line."""
    for miss in one.verdict.misses:
        yield from _told(miss, one)
    yield from one.words


def _told(miss: Miss, one: Diagnosis) -> Iterator[str]:
    name = one.function.label if one.function else ""
    statement = one.verdict.statement
    match miss.reason:
        case Reason.NO_POLICY:
            yield f"No policy: {name} has none at all."
        case Reason.NO_STATEMENT:
            yield f"No statement: nothing in the policy of {name} is for Lex."
        case Reason.OTHER_QUALIFIER:
            yield f"Statement on another qualifier: {statement} is for {miss.found}."
            yield f"It does not serve calls to {name}."
        case Reason.LATEST:
            yield "$LATEST: Lambda keeps no policy for it, and no other one serves it."
            yield "Let the bot alias name the function without it; then what follows will do."
        case Reason.DENY | Reason.MAY_DENY:
            verb = "denies" if miss.reason is Reason.DENY else "may deny"
            yield f"Statement {statement} {verb} it, and no permission outweighs that."
            yield "Take that statement away, or except Lex from it."
        case Reason.NOT_PROVED:
            yield f"Not proved to allow: statement {statement} has {miss.found}"
            yield "Whether that holds cannot be told from here."
        case reason:
            yield f"{_capital(reason.value)}: statement {statement}"
            yield f"  has:    {miss.found}"
            yield from (f"  Lex V2: {wanted}" for wanted in _instead(miss, one))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _instead(miss: Miss, one: Diagnosis) -> Iterator[str]:
    """Yield what Lex would need to stand there."""
    match miss.reason:
        case Reason.WRONG_PRINCIPAL:
            yield LEX_PRINCIPAL
        case Reason.WRONG_ACTION:
            yield INVOKE
        case Reason.WRONG_RESOURCE if one.function:
            yield one.function.arn
        case Reason.WRONG_ACCOUNT if not miss.found.startswith("arn:"):
            yield one.account
        case Reason.WRONG_SOURCE_ARN | Reason.WRONG_ACCOUNT:
            yield one.source


def _print_mending(one: Diagnosis, region: str, profile: str) -> None:
    """Print what would mend it at the left margin, to be copied as it is."""
    remedy = mending(one)
    if remedy is not None:
        write(f"\n# Under Resources:\n{remedy.yaml}\n")
        write(f"# Or now, by hand:\n{remedy.command(region, profile)}\n\n")


def _summary(found: Findings) -> str:
    counts = ", ".join(f"{found.count(state)} {state.value}" for state in ORDER)
    hooks = counted(len(found.diagnoses), "code hook")
    aliases = counted(len(found.aliases), "bot alias", "bot aliases")
    bots = counted(len(found.bots), "bot")
    unread = counted(len(found.notes), "place")
    told = f"; {unread} could not be read" if found.notes else ""
    return f"{hooks} in {aliases} of {bots} in {found.region}: {counts}{told}"


def _as_json(found: Findings, profile: str) -> dict[str, Any]:
    return {
        "region": found.region,
        "codeHooks": [_hook(one, found.region, profile) for one in found.diagnoses],
        "notes": [
            {
                "bot": {"id": note.bot.id, "name": note.bot.name},
                "alias": {"id": note.alias.id, "name": note.alias.name} if note.alias else None,
                "problem": note.problem,
            }
            for note in found.notes
        ],
        "summary": {
            "bots": len(found.bots),
            "botAliases": len(found.aliases),
            **{state.value: found.count(state) for state in ORDER},
        },
    }


def _hook(one: Diagnosis, region: str, profile: str) -> dict[str, Any]:
    remedy = mending(one)
    alias = one.hook.alias
    return {
        "bot": {"id": alias.bot.id, "name": alias.bot.name},
        "alias": {"id": alias.id, "name": alias.name},
        "locale": one.hook.locale,
        "enabled": one.hook.enabled,
        "function": one.hook.function,
        "sourceArn": one.source,
        "state": one.state.value,
        "reasons": [miss.reason.value for miss in one.verdict.misses],
        "statement": one.verdict.statement,
        "explanation": list(_explained(one)),
        "resource": remedy.resource if remedy else None,
        "command": remedy.command(region, profile) if remedy else None,
    }
