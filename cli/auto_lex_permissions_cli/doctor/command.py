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

from .account import Account, Rates, Sessions
from .calls import Calls
from .diagnosis import Findings, Wanted, examine
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
) -> int:
    """Look at each profile in each Region; print what was found as `text`, `json` or `jsonl`.

    Takes at most so many seconds. Raises UsageError where nothing can be asked. Returns the exit
    code.
    """
    places = places_of(profiles, regions)
    looked: list[Looked] = []
    unread = silenced = 0
    with progress() as track, _terminal_kept():
        calls = Calls(timeout, track)
        sessions, rates = Sessions(), Rates()

        def examined(place: Place) -> Findings:
            mine = calls.of(place.label) if len(places) > 1 else calls
            clients = mine.one(
                lambda: sessions.sign_in(place.profile, place.region), "Credentials", None
            )
            if clients is None:
                raise UsageError(f"credentials: {calls.too_late}.")
            wanted = Wanted(clients.region, bot, alias, clients.account)
            return examine(Account(clients, mine, rates), wanted)

        for answer in look(places, examined):
            unread += answer.unread
            silenced += answer.silenced
            looked.append(_printed(answer) if form == "jsonl" else answer)
    looked.sort(key=lambda one: places.index(one.place))
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
