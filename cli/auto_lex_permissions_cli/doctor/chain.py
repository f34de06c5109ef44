"""The chain behind one bot alias, in order: from who calls the bot to the function itself.

Each step says what was read, whether the chain holds there, and the command that shows it by hand.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from auto_lex_permissions.diagnostics import (
    CONNECT_DENIED,
    DURABLE,
    LOCALE_ABSENT,
    LOCALE_NOT_BUILT,
    TENANT_ISOLATED,
    VERSION_BEHIND,
    Diagnostic,
)
from auto_lex_permissions_cli.console import counted

from .account import Account, BotAlias, Configuration, Unreadable
from .answers import Listed
from .commands import command
from .connect import Connection, lets_in
from .diagnosis import Diagnosis, State
from .examining import Examined, Findings
from .policies import PolicyUnreadableError, read
from .remarks import DRAFT, TEST_ALIAS, Facts
from .text import explanation

_OF_LOCALE: Final = frozenset({LOCALE_ABSENT, LOCALE_NOT_BUILT})


class Holds(StrEnum):
    """Whether the chain holds at a step."""

    YES = "holds"
    NOTE = "note"
    UNKNOWN = "unknown"
    NO = "broken"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the chain: what was read, whether it holds, why not, and how to see it."""

    name: str
    holds: Holds
    read: str
    words: tuple[str, ...] = ()
    command: str = ""


def chain(
    account: Account, examined: Examined, alias: BotAlias, instance: str, profile: str
) -> Iterator[Step]:
    """Yield the steps for a bot alias; where an instance of Connect is given, from there on.

    Without a code hook there is no step behind the version. What could not be read makes the step
    unknown that it would have shown, and no other.
    """
    found = examined.found
    diagnoses = [one for one in found.diagnoses if one.hook.alias == alias]
    place = {"region": found.region, "profile": profile}
    connection = _connection(account, found, alias, instance) if instance else None
    if connection:
        yield from _connect(account, connection, place)
    elif instance:
        words = (
            "the account of the bot alias is not known: neither the credentials say it, nor a"
            " function that can be read"
        )
        yield Step("caller", Holds.UNKNOWN, f"Connect instance {instance}", (words,))
    else:
        yield Step(
            "caller",
            Holds.YES,
            "whoever has an IAM permission of its own; give --connect for an instance of Connect",
        )
    by_alias = {"bot_id": alias.bot.id, "bot_alias_id": alias.id, **place}
    problems = examined.served[alias].hooks.problems
    yield Step(
        "alias",
        Holds.UNKNOWN if problems else Holds.YES,
        f"{alias.bot.name}/{alias.name} ({alias.bot.id}/{alias.id})",
        (*problems, *_replicas(examined.replicas[alias.bot])),
        command("lexv2-models", "describe-bot-alias", **by_alias),
    )
    yield _version(examined, alias, diagnoses, place)
    for group in _alike(diagnoses):
        yield from _hook(examined.facts, group, place)


def _version(
    examined: Examined, alias: BotAlias, diagnoses: Iterable[Diagnosis], place: dict[str, str]
) -> Step:
    """Return the step of the version that an alias serves, and whether the draft is newer."""
    version = examined.served[alias].version
    notes = dict.fromkeys(
        str(note) for one in diagnoses for note in one.notes if note.message is VERSION_BEHIND
    )
    facts = examined.facts
    compared = (facts.versions.get(alias.bot), facts.locales.get((alias.bot, DRAFT)))
    problems = [one.why for one in compared if isinstance(one, Unreadable) and version != DRAFT]
    is_known = version and not problems
    return Step(
        "version",
        Holds.NOTE if notes else (Holds.YES if is_known else Holds.UNKNOWN),
        _named(version) + (" (the test alias)" * (alias.id == TEST_ALIAS)),
        (*notes, *problems),
        command("lexv2-models", "list-bot-versions", bot_id=alias.bot.id, **place),
    )


def _named(version: str) -> str:
    return f"version {version or 'not known'}"


def _replicas(listed: Listed[str]) -> Iterator[str]:
    """Yield where a bot has replicas, whose chains are others, and why there may be more."""
    for region in listed.found:
        yield f"It has a replica in {region}; --region {region} shows the chain there."
    for problem in listed.problems:
        yield f"Whether it has replicas could not be read: {problem}"


def _connection(
    account: Account, found: Findings, alias: BotAlias, instance: str
) -> Connection | None:
    """Return a bot alias and an instance, with their account; None where that is not known.

    As for code hooks, it is the one of the credentials, or else of a function that can be read.
    """
    if found.account:
        resource = f"bot-alias/{alias.bot.id}/{alias.id}"
        arn = f"arn:{account.partition}:lex:{found.region}:{found.account}:{resource}"
        return Connection(arn, instance, found.account)
    for one in found.diagnoses:
        if one.hook.alias == alias and one.state is not State.UNKNOWN:
            return Connection(one.source_arn, instance, one.account)
    return None


def _connect(account: Account, connection: Connection, place: dict[str, str]) -> Iterator[Step]:
    """Yield the association with the instance, and the statement in the alias's policy."""
    instance, arn = connection.instance, connection.alias_arn
    by_instance = {"instance_id": instance, "lex_version": "V2", **place}
    listed = account.connected(instance)
    is_listed = arn in listed.found
    holds = Holds.YES if is_listed else (Holds.UNKNOWN if listed.problems else Holds.NO)
    said: Iterable[Diagnostic] = (
        [CONNECT_DENIED.at(instance=instance, why="it is not among the bots of the instance")]
        if holds is Holds.NO
        else ()
    )
    yield Step(
        "caller",
        holds,
        f"Connect instance {instance}: {counted(len(listed.found), 'bot alias', 'bot aliases')}",
        (*map(str, said), *listed.problems),
        command("connect", "list-bots", **by_instance),
    )
    shown = command("lexv2-models", "describe-resource-policy", resource_arn=arn, **place)
    policy = account.policy_of_alias(arn)
    if isinstance(policy, Unreadable):
        yield Step("Lex policy", Holds.UNKNOWN, "the alias's policy", (policy.why,), shown)
        return
    try:
        statements = read(policy) if policy else ()
        known = lets_in(statements, connection)
    except PolicyUnreadableError as error:
        words = (f"the policy cannot be read: {error}",)
        yield Step("Lex policy", Holds.UNKNOWN, "the alias's policy", words, shown)
        return
    why = "no statement of its policy lets connect.amazonaws.com use it for this instance"
    denied = CONNECT_DENIED.at(instance=instance, why=why)
    yield Step(
        "Lex policy",
        Holds.UNKNOWN if known is None else (Holds.YES if known else Holds.NO),
        counted(len(statements), "statement") if policy else "the alias has no policy",
        (str(denied),) if known is False else (),
        shown,
    )


def _alike(diagnoses: Iterable[Diagnosis]) -> Iterable[list[Diagnosis]]:
    """Return the locales together of which there is the same to say, but for their names."""
    groups: dict[tuple[object, ...], list[Diagnosis]] = {}
    for one in diagnoses:
        of_locale = tuple(str(said) for said in one.findings if said.message in _OF_LOCALE)
        groups.setdefault((one.hook.function, one.hook.enabled, of_locale), []).append(one)
    return groups.values()


def _hook(facts: Facts, group: list[Diagnosis], place: dict[str, str]) -> Iterator[Step]:
    """Yield the steps of locales that name one function: their build, their hook, the function."""
    one, *_ = group
    hook, function = one.hook, one.function
    names = ", ".join(other.hook.locale for other in group)
    said = [finding for finding in one.findings if finding.message in _OF_LOCALE]
    bot, version = hook.alias.bot, hook.version
    locales = facts.locales.get((bot, version))
    why = [locales.why] if isinstance(locales, Unreadable) else []
    by_version = {"bot_id": bot.id, "bot_version": version, **place}
    yield Step(
        f"{'locale' if len(group) == 1 else 'locales'} {names}",
        Holds.NO if said else (Holds.YES if isinstance(locales, Mapping) else Holds.UNKNOWN),
        _named(version) + ("" if hook.enabled else "; the locale is off"),
        (*map(str, said), *why),
        command("lexv2-models", "list-bot-locales", **by_version) if version else "",
    )
    yield Step("hook", Holds.YES if function else Holds.UNKNOWN, hook.function)
    if function is None:
        return
    of_kind = [one_of for one_of in one.findings if one_of.message in {DURABLE, TENANT_ISOLATED}]
    durable = [finding for finding in of_kind if finding.message is DURABLE]
    yield Step(
        "qualifier",
        Holds.NO if durable or function.qualifier.startswith("$") else Holds.YES,
        function.qualifier or "none: the function itself is called",
        tuple(map(str, durable)),
    )
    named = {"function_name": function.unqualified.arn, "qualifier": function.qualifier, **place}
    states = {State.ALLOWED: Holds.YES, State.DENIED: Holds.NO, State.MISSING: Holds.NO}
    yield Step(
        "the function's policy",
        states.get(one.state, Holds.UNKNOWN),
        one.state.value,
        tuple(explanation(one)),
        command("lambda", "get-policy", **named),
    )
    configuration = one.configuration
    # Of a function in another Region, and by $LATEST, the policy's step says all.
    if configuration is None:
        return
    rest = [
        remark
        for remark in (*one.findings, *one.notes)
        if remark.code in {"ALP408", "ALP806", "ALP814"}
    ]
    why = [configuration.why] if isinstance(configuration, Unreadable) else []
    is_known = isinstance(configuration, Configuration)
    holds = Holds.YES if is_known else Holds.UNKNOWN
    if one.state is State.MISSING or any(remark in one.findings for remark in rest):
        holds = Holds.NO
    elif rest:
        holds = Holds.NOTE
    yield Step(
        "the function itself",
        holds,
        f"state {configuration.state}"
        if isinstance(configuration, Configuration)
        else ("it is not there" if one.state is State.MISSING else "not known"),
        (*map(str, rest), *why),
        # Never without the query: all of it would show the environment variables.
        command("lambda", "get-function-configuration", query="[State,StateReason]", **named),
    )
