"""`doctor`: asks accounts, prints what it found, and says how it exits."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from auto_lex_permissions_cli.console import (
    UsageError,
    counted,
    exit_code,
    print_json,
    print_json_line,
    print_note,
    progress,
)

from .account import Account, Clients, Rates, Sessions
from .calls import Calls
from .diagnosis import Wanted
from .examining import Findings, examine
from .explaining import explain, print_chain
from .fleet import Looked, Place, look, places_of
from .records import document, lines
from .text import print_places


def run(  # noqa: PLR0913 - the options of the command.
    *,
    regions: Sequence[str],
    profiles: Sequence[str],
    bot: str,
    alias: str,
    timeout: int,
    form: str,
    explained: str = "",
    instance: str = "",
) -> int:
    """Look at each profile in each Region; print what was found as `text`, `json` or `jsonl`.

    Takes at most so many seconds. Raises UsageError where nothing can be asked. Returns the exit
    code. With `explained`, a bot and a bot alias as `BOT/ALIAS`, prints the chain behind it
    instead, which may be drawn as `mermaid`; from an `instance` of Connect on where one is given.
    """
    places = places_of(profiles, regions)
    if explained:
        return _explain(places, explained, instance, timeout, form)
    if form == "mermaid" or instance:
        raise UsageError("--connect and --format mermaid are for --explain BOT/ALIAS.")
    looked: list[Looked] = []
    unread = silenced = 0
    with progress() as track, _terminal_kept():
        calls = Calls(timeout, track)
        sessions, rates = Sessions(), Rates()

        def examined(place: Place) -> Findings:
            is_alone = len(places) == 1 and place in places
            mine = calls if is_alone else calls.of(place.label)
            clients = _signed_in(mine, sessions, place)
            wanted = Wanted(clients.region, bot, alias, clients.account, place.replicas)
            return examine(Account(clients, mine, rates), wanted)

        for answer in look(places, examined):
            unread += answer.unread
            silenced += answer.silenced
            looked.append(_printed(answer) if form == "jsonl" else answer)
    order = {place: number for number, place in enumerate(places)}
    looked.sort(key=lambda one: (order.get(one.place, len(order)), one.place.profile, one.region))
    if form == "json":
        print_json(document(looked))
    elif form == "text":
        print_places(looked)
    for one in looked:
        if one.is_skipped:
            print_note(
                f"{one.place.label} was skipped: the Region is switched off for the account."
            )
    what = f"{counted(unread, 'place')} could not be looked at"
    errors = [UsageError(f"{what}: the report says which, and why.")] if unread else []
    return exit_code(errors, has_findings=silenced > 0)


def _signed_in(calls: Calls, sessions: Sessions, place: Place) -> Clients:
    clients = calls.one(
        lambda: sessions.sign_in(place.profile, place.region), "Credentials", unanswered=None
    )
    if clients is None:
        raise UsageError(f"credentials: {calls.too_late}.")
    return clients


def _explain(
    places: Sequence[Place], explained: str, instance: str, timeout: int, form: str
) -> int:
    """Print the chain behind one bot alias."""
    bot, _, alias = explained.partition("/")
    if len(places) != 1 or not (bot and alias):
        raise UsageError("--explain takes BOT/ALIAS, in one Region and with one profile.")
    if form == "jsonl":
        raise UsageError("--explain is one result: give --format json.")
    (place,) = places
    with progress() as track, _terminal_kept():
        calls = Calls(timeout, track)
        clients = _signed_in(calls, Sessions(), place)
        wanted = Wanted(clients.region, bot, alias, clients.account)
        steps = explain(Account(clients, calls, Rates()), wanted, instance, place.profile)
    return print_chain(steps, form)


def _printed(answer: Looked) -> Looked:
    """Print what was found at one place, and return the place without it: it need not be kept."""
    for line in lines(answer):
        print_json_line(line)
    return replace(answer, found=None)


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
