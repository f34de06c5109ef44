"""`doctor`: asks the account, prints what it found, and says how it exits."""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

from auto_lex_permissions_cli.console import (
    UsageError,
    coloured,
    counted,
    exit_code,
    print_json,
    print_line,
    progress,
    write,
)

from .account import Account, sign_in
from .calls import Calls
from .diagnosis import Diagnosis, Findings, State, Wanted, examine
from .fixes import fix_for
from .policies import Mismatch, Reason

# What matters most is last: that is what a terminal shows.
_ORDER: Final = (State.ALLOWED, State.UNKNOWN, State.MISSING, State.DENIED)
_STATE_WIDTH: Final = 9


def run(  # noqa: PLR0913 - the options of the command.
    *, region: str, profile: str, bot: str, alias: str, timeout: int, form: str
) -> int:
    """Look at an account and print what was found, as `text` or `json`; return the exit code.

    Takes at most so many seconds. Raises UsageError where the account cannot be asked.
    """
    with progress() as track, _terminal_kept():
        calls = Calls(timeout, track)
        clients = calls.one(lambda: sign_in(profile, region), "Credentials", unanswered=None)
        if clients is None:
            raise UsageError(f"credentials: {calls.too_late}.")
        wanted = Wanted(clients.region, bot, alias, clients.account)
        found = examine(Account(clients, calls), wanted)
    if form == "json":
        print_json(_as_json(found, profile))
    else:
        _print_text(found, profile)
    return exit_code(
        _unread(found),
        has_findings=found.count(State.DENIED) + found.count(State.MISSING) > 0,
    )


def _unread(found: Findings) -> Iterator[UsageError]:
    """Yield what there is to say where not all could be looked at."""
    places = len(found.notes) + found.count(State.UNKNOWN)
    if places:
        what = f"{counted(places, 'place')} could not be looked at"
        yield UsageError(f"{what}: the report says which, and why.")


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """Leave the terminal as it was found: boto3 asks for an MFA code without echo, in a thread."""
    with ExitStack() as afterwards:
        with suppress(ImportError, OSError):
            import termios  # noqa: PLC0415 - Windows has none, and gives back its console itself.

            terminal = os.open(os.ctermid(), os.O_RDWR | os.O_NOCTTY)
            afterwards.callback(os.close, terminal)
            before = termios.tcgetattr(terminal)

            @afterwards.callback
            def _() -> None:
                # Setting it stops a process in the background, so only what asked for a code does.
                if termios.tcgetattr(terminal) != before:
                    termios.tcsetattr(terminal, termios.TCSADRAIN, before)

        yield


def _print_text(found: Findings, profile: str) -> None:
    for state in _ORDER:
        for group in _grouped(found.diagnoses, state):
            diagnosis = group[0]
            _print_state(state, _headline(group))
            for line in _explanation(diagnosis):
                print_line(f"{' ' * _STATE_WIDTH}{line}")
            fix = fix_for(diagnosis) if state is State.DENIED else None
            if fix is not None:
                # At the left margin, to be copied as it is.
                write(f"\n# Under Resources:\n{fix.yaml}\n")
                write(f"# Or now, by hand:\n{fix.command(found.region, profile)}\n\n")
    for note in found.notes:
        place = note.bot.name if note.bot else f"Bots in {found.region}"
        place += f"/{note.alias.name}" if note.alias else ""
        _print_state(State.UNKNOWN, f"{place}: not all could be read: {note.problem}")
    counts = ", ".join(f"{found.count(state)} {state.value}" for state in _ORDER)
    hooks = counted(len(found.diagnoses), "code hook")
    aliases = counted(len(found.aliases), "bot alias", "bot aliases")
    unread = f"; {counted(len(found.notes), 'place')} could not be read" if found.notes else ""
    bots = counted(len(found.bots), "bot")
    print_line(f"{hooks} in {aliases} of {bots} in {found.region}: {counts}{unread}")


def _print_state(state: State, line: str) -> None:
    print_line(coloured(state.value), " " * (_STATE_WIDTH - len(state.value)), line)


def _grouped(diagnoses: Iterable[Diagnosis], state: State) -> Iterable[list[Diagnosis]]:
    """Return those in a state, with the locales together that one statement would serve."""
    groups: dict[tuple[str, str, str], list[Diagnosis]] = {}
    for diagnosis in diagnoses:
        if diagnosis.state is state:
            alias = diagnosis.hook.alias
            key = alias.bot.id, alias.id, diagnosis.hook.function
            groups.setdefault(key, []).append(diagnosis)
    return groups.values()


def _headline(group: list[Diagnosis]) -> str:
    hooks = [diagnosis.hook for diagnosis in group]
    locales = ", ".join(hook.locale + ("" if hook.enabled else " (off)") for hook in hooks)
    function = group[0].function.label if group[0].function else hooks[0].function
    alias = hooks[0].alias
    return f"{alias.bot.name}/{alias.name} {locales} -> {function}"


def _explanation(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what there is to say of a hook that is not allowed, line by line."""
    for mismatch in diagnosis.verdict.mismatches:
        yield from _mismatch_lines(mismatch, diagnosis)
    yield from diagnosis.words


def _mismatch_lines(mismatch: Mismatch, diagnosis: Diagnosis) -> Iterator[str]:
    name = diagnosis.function.label if diagnosis.function else ""
    statement = diagnosis.verdict.statement
    match mismatch.reason:
        case Reason.NO_POLICY:
            yield f"No policy: {name} has none at all."
        case Reason.NO_STATEMENT:
            yield f"No statement: nothing in the policy of {name} is for Lex."
        case Reason.OTHER_QUALIFIER:
            yield f"Statement on another qualifier: {statement} is for {mismatch.found}."
            yield f"It does not serve calls to {name}."
        case Reason.LATEST:
            yield "$LATEST: Lambda keeps no policy for it, and no other one serves it."
            yield "Let the bot alias name the function without it; then what follows will do."
        case Reason.DENY | Reason.MAY_DENY:
            verb = "denies" if mismatch.reason is Reason.DENY else "may deny"
            yield f"Statement {statement} {verb} it, and no permission outweighs that."
            yield "Take that statement away, or except Lex from it."
        case Reason.NOT_PROVED:
            yield f"Not proved to allow: statement {statement} has {mismatch.found}"
            yield "Whether that holds cannot be judged from here."
        case reason:
            yield f"{reason.value[:1].upper()}{reason.value[1:]}: statement {statement}"
            yield f"  has:    {mismatch.found}"
            if mismatch.expected:
                yield f"  Lex V2: {mismatch.expected}"


def _as_json(found: Findings, profile: str) -> dict[str, Any]:
    return {
        "region": found.region,
        "codeHooks": [
            _hook_as_json(diagnosis, found.region, profile) for diagnosis in found.diagnoses
        ],
        "notes": [
            {
                "bot": {"id": note.bot.id, "name": note.bot.name} if note.bot else None,
                "alias": {"id": note.alias.id, "name": note.alias.name} if note.alias else None,
                "problem": note.problem,
            }
            for note in found.notes
        ],
        "summary": {
            "bots": len(found.bots),
            "botAliases": len(found.aliases),
            **{state.value: found.count(state) for state in _ORDER},
        },
    }


def _hook_as_json(diagnosis: Diagnosis, region: str, profile: str) -> dict[str, Any]:
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
        "explanation": list(_explanation(diagnosis)),
        "resource": fix.resource if fix else None,
        "command": fix.command(region, profile) if fix else None,
    }
