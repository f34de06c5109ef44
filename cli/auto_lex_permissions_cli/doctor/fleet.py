"""Several Regions and profiles, side by side: places, each with what was found there.

Each place is looked at in threads of its own. Memory holds as many places as are under way, and
what the caller keeps of those that are done.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from auto_lex_permissions_cli.console import UsageError

from .account import Bot, regions_of_lex
from .answers import CredentialsError
from .calls import side_by_side
from .diagnosis import NoSuchNameError, State
from .examining import Findings

ALL: Final = "all"
# Of each, WORKERS calls are under way.
PLACES_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Place:
    """A profile and a Region, as they were given: the configured ones where empty."""

    profile: str
    region: str
    is_named: bool = True
    """Whether the Region was named, and is not just one of all."""
    replicas: tuple[Bot, ...] = ()
    """Bots whose replicas alone are looked at there; all bots where empty."""
    problem: UsageError | None = None
    """Why it is not known which Regions it stands for: all of the profile."""

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.region or 'its Region'} ({self.profile})" if self.profile else self.region


@dataclass(frozen=True, slots=True)
class Looked:
    """A place, with what was found there, or why it could not be looked at."""

    place: Place
    found: Findings | None = None
    problem: UsageError | None = None
    is_skipped: bool = False
    """Whether the Region is switched off for the account, and was not named."""

    @property
    def region(self) -> str:
        """Return the Region, empty where it is the configured one and could not be had."""
        return self.found.region if self.found else self.place.region

    @property
    def unread(self) -> int:
        """Return how much could not be looked at that should have been."""
        if self.found:
            return len(self.found.unread) + self.found.count(State.UNKNOWN)
        return int(self.problem is not None and not self.is_skipped)

    @property
    def silenced(self) -> int:
        """Return how many code hooks Lex may not invoke, or cannot."""
        return self.found.silenced if self.found else 0


def places_of(profiles: Sequence[str], regions: Sequence[str]) -> list[Place]:
    """Return each profile in each Region, once.

    Of several profiles, one whose Regions are not known takes nothing from the others. Raises
    UsageError where it is the only one.
    """
    found: dict[tuple[str, str], Place] = {}
    for profile in profiles or [""]:
        named = [region for region in regions or [""] if region != ALL]
        for region in named:
            found.setdefault((profile, region), Place(profile, region))
        try:
            known = regions_of_lex(profile) if ALL in regions else []
        except UsageError as error:
            if not profiles[1:]:
                raise
            found[profile, ALL] = Place(profile, ALL, problem=error)
            continue
        for region in known:
            found.setdefault((profile, region), Place(profile, region, is_named=False))
    return list(found.values())


def look(places: Sequence[Place], examine: Callable[[Place], Findings]) -> Iterator[Looked]:
    """Yield what is found at each place as soon as it is there.

    Of one place alone a UsageError is raised. Of several, what cannot be looked at takes nothing
    from the others, and one without the bot or alias that was asked for is passed over, unless all
    are. A Region that takes no credentials that another one takes is switched off for the account:
    that shows when all are through. Then come replicas of bots that none of the places has shown,
    but for those without the alias.
    """
    reached = _Reached()
    for answer in _named(places, examine):
        if answer.problem and len(places) == 1:
            raise answer.problem
        reached.add(answer)
        yield answer
    for answer in _side_by_side(reached.missed_replicas(), examine):
        if not isinstance(answer.problem, NoSuchNameError):
            yield answer


def _named(places: Sequence[Place], examine: Callable[[Place], Findings]) -> Iterator[Looked]:
    signed_in: set[str] = set()
    refused: list[Looked] = []
    nowhere: NoSuchNameError | None = None
    is_anywhere = False
    for answer in _side_by_side(places, examine):
        problem = answer.problem
        if isinstance(problem, CredentialsError) and problem.may_be_of_region:
            refused.append(answer)
            continue
        # Nothing else proves that AWS takes the credentials.
        if answer.found or isinstance(problem, NoSuchNameError):
            signed_in.add(answer.place.profile)
        if isinstance(problem, NoSuchNameError):
            nowhere = problem
            continue
        is_anywhere = True
        yield answer
    for answer in refused:
        is_off = answer.place.profile in signed_in and not answer.place.is_named
        is_anywhere = is_anywhere or not is_off
        yield replace(answer, is_skipped=is_off)
    if nowhere and not is_anywhere:
        raise nowhere


def _side_by_side(
    places: Sequence[Place], examine: Callable[[Place], Findings]
) -> Iterator[Looked]:
    def looked(place: Place) -> Looked:
        if place.problem:
            return Looked(place, problem=place.problem)
        try:
            return Looked(place, examine(place))
        except UsageError as error:
            return Looked(place, problem=error)

    for _, answer in side_by_side(places, looked, PLACES_AT_ONCE):
        yield answer


class _Reached:
    """Which bots were looked at, and which replicas of bots there are beside these."""

    def __init__(self) -> None:
        """Begin with none."""
        self._failed: set[tuple[str, str]] = set()
        self._bots: set[tuple[str, str, str]] = set()
        self._replicas: dict[tuple[str, str, str], dict[str, Bot]] = {}

    def add(self, answer: Looked) -> None:
        """Add what was found at a place."""
        found, profile = answer.found, answer.place.profile
        if found is None:
            self._failed.add((profile, answer.region))
            return
        # Two profiles may be of one account.
        owner = found.account or profile
        self._bots.update((owner, found.region, bot.id) for bot in found.bots)
        for bot, region in found.replicas:
            self._replicas.setdefault((owner, region, bot.id), {})[profile] = bot

    def missed_replicas(self) -> list[Place]:
        """Return the places with the replicas that were not looked at, and may be."""
        missed: dict[tuple[str, str], list[Bot]] = {}
        for (owner, region, bot_id), by_profile in sorted(self._replicas.items()):
            # Whichever profile came first, one of them is asked.
            profile, bot = min(by_profile.items())
            if (owner, region, bot_id) not in self._bots and (profile, region) not in self._failed:
                missed.setdefault((profile, region), []).append(bot)
        return [Place(*where, replicas=tuple(bots)) for where, bots in sorted(missed.items())]
