"""From what an account says to one diagnosis per code hook."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from auto_lex_permissions.diagnostics import DENIED, FUNCTION_MISSING
from auto_lex_permissions_cli.console import UsageError

from .account import (
    Account,
    Bot,
    BotAlias,
    Configuration,
    Document,
    Hook,
    Missing,
    NoPolicy,
    Policy,
    Served,
    Unreadable,
)
from .answers import Listed
from .diagnosis import Diagnosis, NoSuchNameError, State, Unread, Wanted
from .leftovers import LeftOver, left_over
from .policies import Call, Function, Mismatch, Reason, Verdict, judge
from .remarks import DRAFT, NOTES, TEST_ALIAS, Facts, remarks

# What a policy elsewhere could explain: the statement was made, and in the wrong place.
_NOTHING_HERE: Final = frozenset({Reason.NO_POLICY, Reason.NO_STATEMENT})
_MOST_NAMES: Final = 10
_BY_STATE: Final = {State.DENIED: DENIED, State.MISSING: FUNCTION_MISSING}


@dataclass(frozen=True, slots=True)
class Findings:
    """All that there is to say of an account, or of one bot or alias of it."""

    region: str
    bots: tuple[Bot, ...]
    aliases: tuple[BotAlias, ...]
    diagnoses: tuple[Diagnosis, ...]
    unread: tuple[Unread, ...]
    account: str = ""
    """Empty where the credentials do not say it."""
    replicas: tuple[tuple[Bot, str], ...] = ()
    """The bots that have replicas, each with the Region of one."""
    left_over: tuple[LeftOver, ...] = ()

    def count(self, state: State) -> int:
        """Return how many code hooks are in a state."""
        return sum(diagnosis.state is state for diagnosis in self.diagnoses)

    @property
    def silenced(self) -> int:
        """Return how many code hooks there is a finding for."""
        return sum(bool(diagnosis.findings) for diagnosis in self.diagnoses)


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found of code hooks, and all that it was found by."""

    found: Findings
    served: Mapping[BotAlias, Served]
    replicas: Mapping[Bot, Listed[str]]
    facts: Facts
    policies: Mapping[Function, Policy]


def examine(account: Account, wanted: Wanted) -> Findings:
    """Judge the code hooks of an account, and find what is left over; raises UsageError."""
    examined = examine_hooks(account, wanted)
    found = examined.found
    is_all = not (found.unread or wanted.bot or wanted.alias or wanted.replicas)
    left, problems = left_over(account, examined.policies, found.diagnoses, wanted, is_all=is_all)
    unread = (Unread(None, None, problem) for problem in problems)
    return replace(found, unread=(*found.unread, *unread), left_over=tuple(left))


def examine_hooks(account: Account, wanted: Wanted) -> Examined:
    """Ask an account for its code hooks and judge each; raises UsageError."""
    unread: list[Unread] = []
    bots = list(wanted.replicas) or _bots(account, wanted, unread)
    listed = account.aliases(bots)
    # Until here all that is unread is lists that may have the name.
    aliases = _aliases(bots, listed, wanted, unread)
    replicas = {} if wanted.replicas else _replicas(account, bots, unread)
    alone = frozenset(
        bot
        for bot, own in zip(bots, listed, strict=True)
        if not own.problems and {alias.id for alias in own.found} == {TEST_ALIAS}
    )
    served = dict(zip(aliases, account.served(aliases), strict=True))
    for alias, one in served.items():
        unread += (Unread(alias.bot, alias, problem) for problem in one.hooks.problems)
    hooks = [hook for one in served.values() for hook in one.hooks.found]
    diagnoses, policies, facts = _diagnoses(account, hooks, wanted, unread, alone)
    found = Findings(
        wanted.region,
        tuple(bots),
        tuple(aliases),
        tuple(diagnoses),
        tuple(unread),
        wanted.account,
        tuple((bot, region) for bot, own in replicas.items() for region in own.found),
    )
    return Examined(found, served, replicas, facts, policies)


def _bots(account: Account, wanted: Wanted, unread: list[Unread]) -> list[Bot]:
    listed = account.bots()
    bots, problems = listed.found, listed.problems
    if problems and not bots:
        raise UsageError(f"the bots in {wanted.region} cannot be listed: {problems[0]}")
    unread += (Unread(None, None, problem) for problem in problems)
    chosen = [bot for bot in bots if not wanted.bot or wanted.bot in (bot.id, bot.name)]
    # Where some could not be read, that may be one of them.
    if wanted.bot and not chosen and not unread:
        names = _listed([bot.name for bot in bots])
        raise NoSuchNameError(f"--bot {wanted.bot}: no such bot in {wanted.region}; {names}.")
    return sorted(chosen, key=lambda bot: (bot.name, bot.id))


def _replicas(account: Account, bots: list[Bot], unread: list[Unread]) -> dict[Bot, Listed[str]]:
    """Return the Regions in which each bot has a replica."""
    replicas = dict(zip(bots, account.replicas(bots), strict=True))
    for bot, listed in replicas.items():
        unread += (Unread(bot, None, problem) for problem in listed.problems)
    return replicas


def _aliases(
    bots: list[Bot], listed: list[Listed[BotAlias]], wanted: Wanted, unread: list[Unread]
) -> list[BotAlias]:
    aliases: list[BotAlias] = []
    for bot, own in zip(bots, listed, strict=True):
        unread += (Unread(bot, None, problem) for problem in own.problems)
        aliases += sorted(own.found, key=lambda alias: (alias.name, alias.id))
    chosen = [
        alias for alias in aliases if not wanted.alias or wanted.alias in (alias.id, alias.name)
    ]
    if wanted.alias and not chosen and not unread:
        where = f"of bot {wanted.bot}" if wanted.bot else f"in {wanted.region}"
        names = _listed(sorted({alias.name for alias in aliases}))
        raise NoSuchNameError(f"--alias {wanted.alias}: no such alias {where}; {names}.")
    return chosen


def _listed(names: list[str]) -> str:
    """Return what there is, as far as one line holds it."""
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"there is {', '.join(names[:_MOST_NAMES])}{rest}" if names else "there is none"


def _diagnoses(
    account: Account,
    hooks: list[Hook],
    wanted: Wanted,
    unread: list[Unread],
    alone: frozenset[Bot],
) -> tuple[list[Diagnosis], dict[Function, Policy], Facts]:
    """Judge each hook, and return by what; where a policy has nothing for Lex, read another.

    That is the one of the function itself.
    """
    named = [Function.of(hook.function) for hook in hooks]
    functions = account.functions(
        function for function in named if function and not _state_ahead(function, wanted)
    )
    policies = {function: policy for function, (policy, _) in functions.items()}
    diagnoses = [
        _diagnosis(hook, function, policies, wanted)
        for hook, function in zip(hooks, named, strict=True)
    ]
    unqualified = {
        diagnosis.function.unqualified: None
        for diagnosis in diagnoses
        if diagnosis.function and _has_nothing(diagnosis)
    }
    policies |= account.policies(function for function in unqualified if function not in policies)
    configurations = {function: found for function, (_, found) in functions.items()}
    facts = _facts(account, hooks, alone, configurations)
    unread += _unread_facts(facts, diagnoses)
    found = [
        _from_elsewhere(judged, policies) if _has_nothing(judged) else judged
        for judged in diagnoses
    ]
    return list(_remarked(found, facts)), policies, facts


def _remarked(diagnoses: Iterable[Diagnosis], facts: Facts) -> Iterator[Diagnosis]:
    """Yield diagnoses with all that there is to say of their hooks."""
    for diagnosis in diagnoses:
        said = [
            *(message.at() for message in [_BY_STATE.get(diagnosis.state)] if message),
            *remarks(diagnosis.hook, diagnosis.function, facts),
        ]
        yield replace(
            diagnosis,
            findings=tuple(one for one in said if one.message not in NOTES),
            notes=tuple(one for one in said if one.message in NOTES),
            configuration=(
                facts.configurations.get(diagnosis.function) if diagnosis.function else None
            ),
        )


def _facts(
    account: Account,
    hooks: list[Hook],
    alone: frozenset[Bot],
    configurations: Mapping[Function, Configuration | Missing | Unreadable],
) -> Facts:
    """Read of each bot what hooks are served by."""
    bots = list(dict.fromkeys(hook.alias.bot for hook in hooks))
    versions = [(hook.alias.bot, hook.version) for hook in hooks if hook.version]
    numbered = [bot for bot, version in versions if version != DRAFT]
    return Facts(
        account.locales([*versions, *((bot, DRAFT) for bot in numbered)]),
        account.versions(numbered),
        account.error_logs(bots),
        configurations,
        alone,
    )


def _unread_facts(facts: Facts, diagnoses: list[Diagnosis]) -> Iterator[Unread]:
    """Yield what could not be read, once each; of functions where the hook does not say it."""
    for (bot, _), locales in facts.locales.items():
        if isinstance(locales, Unreadable):
            yield Unread(bot, None, locales.why)
    by_bot: Mapping[Bot, object]
    for by_bot in (facts.versions, facts.error_logs):
        for bot, found in by_bot.items():
            if isinstance(found, Unreadable):
                yield Unread(bot, None, found.why)
    told: set[Function] = set()
    for diagnosis in diagnoses:
        function = diagnosis.function
        # Of a hook that is silenced anyway, nothing more has to be known.
        if function is None or function in told or diagnosis.state is not State.ALLOWED:
            continue
        configuration = facts.configurations.get(function)
        if isinstance(configuration, Unreadable):
            told.add(function)
            alias = diagnosis.hook.alias
            yield Unread(alias.bot, alias, f"{function.label}: {configuration.why}")


def _state_ahead(function: Function, wanted: Wanted) -> State | None:
    """Return the state that is clear without a policy."""
    if function.region != wanted.region:
        return State.UNKNOWN
    return State.DENIED if function.qualifier.startswith("$") else None


def _diagnosis(
    hook: Hook, function: Function | None, policies: Mapping[Function, Policy], wanted: Wanted
) -> Diagnosis:
    if function is None:
        return Diagnosis(hook, State.UNKNOWN, words=("That is no ARN of a function.",))
    account = wanted.account or function.account
    alias = f"{hook.alias.bot.id}/{hook.alias.id}"
    arn = f"arn:{function.partition}:lex:{wanted.region}:{account}:bot-alias/{alias}"
    blank = Diagnosis(hook, State.UNKNOWN, function=function, source_arn=arn, account=account)
    match _state_ahead(function, wanted):
        case State.UNKNOWN:
            words = f"It is in {function.region}; this looks at {wanted.region} only."
            return replace(blank, words=(words,))
        case State.DENIED:
            return replace(blank, state=State.DENIED, verdict=Verdict((Mismatch(Reason.LATEST),)))
    return _judged(blank, function, policies[function])


def _judged(blank: Diagnosis, function: Function, policy: Policy) -> Diagnosis:
    match policy:
        case Unreadable(why):
            return replace(blank, words=(why,))
        case Missing(has_function):
            what = f"There is no function {function.name}"
            if has_function:
                what = f"Function {function.name} is there, but has no version or alias"
                what = f"{what} {function.qualifier}"
            words = f"{what}: it was deleted or never made."
            return replace(blank, state=State.MISSING, words=(words,))
        case NoPolicy(unsure):
            verdict = Verdict((Mismatch(Reason.NO_POLICY),))
            cause = _likely_cause(function, unsure)
            return replace(blank, state=State.DENIED, verdict=verdict, words=cause)
        case Document(statements):
            verdict = judge(statements, Call(function, blank.source_arn, blank.account))
            state = State.ALLOWED if verdict.allowed else State.DENIED
            taken = frozenset(statement.name for statement in statements)
            return replace(blank, state=state, verdict=verdict, taken=taken)


def _likely_cause(function: Function, unsure: str) -> tuple[str, ...]:
    if unsure:
        return (f"Whether the function itself is there could not be read: {unsure}",)
    if function.qualifier.isdigit():
        return ("Likely: the version is newer than the permission; each starts without one.",)
    what = f"alias {function.qualifier}" if function.qualifier else "function"
    return (
        f"Likely: the {what} was made anew, in its own stack or by hand, which takes the",
        "statement with it. Or nobody ever added one.",
    )


def _has_nothing(diagnosis: Diagnosis) -> bool:
    """Whether a policy was read, or is known not to be there, and has no statement for Lex."""
    return any(mismatch.reason in _NOTHING_HERE for mismatch in diagnosis.verdict.mismatches)


def _from_elsewhere(diagnosis: Diagnosis, policies: Mapping[Function, Policy]) -> Diagnosis:
    """Say so where another qualifier of the function has the statement that is missing here."""
    function = diagnosis.function
    for other, policy in policies.items():
        is_sibling = function and other != function and other.unqualified == function.unqualified
        statements = policy.statements if isinstance(policy, Document) else ()
        for statement in statements if is_sibling else ():
            call = Call(other, diagnosis.source_arn, diagnosis.account)
            if not statement.denies and judge([statement], call).allowed:
                mismatch = Mismatch(Reason.OTHER_QUALIFIER, other.label)
                verdict = Verdict((mismatch,), statement.name)
                return replace(diagnosis, verdict=verdict, words=())
    return diagnosis
