"""What `doctor` says to people: each code hook with its state, why, and what would fix it."""

from collections.abc import Iterable, Iterator
from typing import Final

from auto_lex_permissions.diagnostics import (
    DENIED,
    ERROR_LOGS_OFF,
    FUNCTION_INACTIVE,
    FUNCTION_MISSING,
    TEST_ALIAS_ALONE,
    Diagnostic,
)
from auto_lex_permissions_cli.console import colour_of, coloured, counted, print_line, write

from .diagnosis import Diagnosis, State
from .examining import Findings
from .fixes import fix_for
from .fleet import Looked, Place
from .leftovers import LeftOver
from .policies import Mismatch, Reason

# What matters most is last: that is what a terminal shows.
ORDER: Final = (State.ALLOWED, State.UNKNOWN, State.MISSING, State.DENIED)
_STATE_WIDTH: Final = 9
# What surely silences a hook comes last, whatever its policy says.
_SECTIONS: Final = (
    *((state, False) for state in (State.ALLOWED, State.UNKNOWN)),
    *((state, True) for state in (State.UNKNOWN, State.MISSING, State.ALLOWED, State.DENIED)),
)
# The words below the state say it better.
_SHOWN_BY_STATE: Final = frozenset({DENIED, FUNCTION_MISSING})
_OF_BOT: Final = frozenset({ERROR_LOGS_OFF, TEST_ALIAS_ALONE})


def print_places(places: Iterable[Looked]) -> None:
    """Print what was found at each place; the sum of several is the last line."""
    found = list(places)
    for place in found:
        if place.found:
            print_findings(place.found, place.place)
        elif place.unread:
            _print_state(State.UNKNOWN, f"{place.place.label}: {place.problem}")
    all_found = [place.found for place in found if place.found]
    if len(found) > 1:
        counts = ", ".join(
            f"{sum(one.count(state) for one in all_found)} {state.value}" for state in ORDER
        )
        hooks = counted(sum(len(one.diagnoses) for one in all_found), "code hook")
        print_line(f"{hooks} in {counted(len(found), 'place')}: {counts}")


def print_findings(found: Findings, place: Place) -> None:
    """Print what was found at one place, and how to fix it."""
    _print_left_over(found.left_over, found.region, place.profile)
    _print_notes(found.diagnoses)
    for state, silenced in _SECTIONS:
        for group in _grouped(found.diagnoses, state, silenced=silenced):
            diagnosis = group[0]
            _print_state(state, _headline(group))
            for finding in diagnosis.findings:
                if finding.message not in _SHOWN_BY_STATE:
                    print_line(" " * _STATE_WIDTH, (str(finding), colour_of("error")))
            for line in explanation(diagnosis):
                print_line(f"{' ' * _STATE_WIDTH}{line}")
            fix = fix_for(diagnosis) if state is State.DENIED else None
            if fix is not None:
                # At the left margin, to be copied as it is.
                write(f"\n# Under Resources:\n{fix.yaml}\n")
                write(f"# Or now, by hand:\n{fix.command(found.region, place.profile)}\n\n")
    for unread in found.unread:
        what = unread.bot.name if unread.bot else f"Bots in {found.region}"
        what += f"/{unread.alias.name}" if unread.alias else ""
        _print_state(State.UNKNOWN, f"{what}: not all could be read: {unread.problem}")
    counts = ", ".join(f"{found.count(state)} {state.value}" for state in ORDER)
    hooks = counted(len(found.diagnoses), "code hook")
    aliases = counted(len(found.aliases), "bot alias", "bot aliases")
    places = counted(len(found.unread), "place")
    more = f"; {places} could not be read" if found.unread else ""
    bots = counted(len(found.bots), "replica" if place.replicas else "bot")
    where = f"{found.region} ({place.profile})" if place.profile else found.region
    print_line(f"{hooks} in {aliases} of {bots} in {where}: {counts}{more}")


def _print_left_over(left_over: Iterable[LeftOver], region: str, profile: str) -> None:
    """Print what can go from policies, each with the commands that remove it."""
    for one in left_over:
        _print_note(f"{one.function.label} {one.said}")
        for command in one.commands(region, profile):
            for line in command.splitlines():
                print_line(f"{' ' * _STATE_WIDTH}{line}")


def _print_notes(diagnoses: Iterable[Diagnosis]) -> None:
    """Print each note once, at what it is about: a bot, a function, or a bot alias."""
    notes: dict[tuple[str, str], Diagnostic] = {}
    for diagnosis in diagnoses:
        alias = diagnosis.hook.alias
        for note in diagnosis.notes:
            place = alias.bot.name if note.message in _OF_BOT else f"{alias.bot.name}/{alias.name}"
            if note.message is FUNCTION_INACTIVE and diagnosis.function:
                place = diagnosis.function.label
            notes.setdefault((place, note.what), note)
    for (place, _), note in notes.items():
        _print_note(f"{place} {note}")


def _print_note(words: str) -> None:
    print_line(coloured("note"), " " * (_STATE_WIDTH - len("note")), words)


def _print_state(state: State, line: str) -> None:
    print_line(coloured(state.value), " " * (_STATE_WIDTH - len(state.value)), line)


def _grouped(
    diagnoses: Iterable[Diagnosis], state: State, *, silenced: bool
) -> Iterable[list[Diagnosis]]:
    """Return those in a state, with the locales together that one statement would serve."""
    groups: dict[tuple[object, ...], list[Diagnosis]] = {}
    for diagnosis in diagnoses:
        if diagnosis.state is state and bool(diagnosis.findings) is silenced:
            alias = diagnosis.hook.alias
            said = tuple(finding.what for finding in diagnosis.findings)
            key = alias.bot.id, alias.id, diagnosis.hook.function, *said
            groups.setdefault(key, []).append(diagnosis)
    return groups.values()


def _headline(group: list[Diagnosis]) -> str:
    hooks = [diagnosis.hook for diagnosis in group]
    locales = ", ".join(hook.locale + ("" if hook.enabled else " (off)") for hook in hooks)
    function = group[0].function.label if group[0].function else hooks[0].function
    alias = hooks[0].alias
    return f"{alias.bot.name}/{alias.name} {locales} -> {function}"


def explanation(diagnosis: Diagnosis) -> Iterator[str]:
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
