"""What a live account says of its bots and of its functions' policies: every call to AWS.

Nothing is asked twice, and nothing is changed. A call that is refused, and an answer that is not
what the service documents, is the answer for what was asked; what makes every further call useless
(credentials) ends the command.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, TypeVar

import boto3
from botocore import exceptions as botocore
from botocore.config import Config
from botocore.loaders import create_loader
from botocore.session import Session as CoreSession

from auto_lex_permissions_cli.console import UsageError

from .answers import (
    NOT_FOUND,
    PAGE,
    SIGN_IN,
    BrokenAnswerError,
    Listed,
    RefusedError,
    all_pages,
    called,
    keep_answer,
    lex_id,
    member_of,
    one_line,
    read_each,
    region_of,
    sentence,
)
from .calls import WORKERS, Calls
from .policies import Function, PolicyUnreadableError, Statement, read

# Lambda answers 15 reads of policies a second in one account and Region, deployments included.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests
LAMBDA_CALLS_A_SECOND: Final = 10.0
Given = TypeVar("Given")
Found = TypeVar("Found")
CONFIG: Final = Config(
    connect_timeout=5,
    read_timeout=10,
    max_pool_connections=WORKERS,
    retries={"mode": "adaptive", "total_max_attempts": 6},
)


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot, as ListBots names it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class BotAlias:
    """A bot's alias; the test alias is one of them."""

    bot: Bot
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Hook:
    """One locale of an alias that names a function."""

    alias: BotAlias
    locale: str
    function: str
    enabled: bool
    version: str = ""
    """The version of the bot that the alias serves; empty where it does not say."""


@dataclass(frozen=True, slots=True)
class Served:
    """What an alias serves: a version of the bot, empty where it does not say, and code hooks."""

    version: str
    hooks: Listed[Hook]


@dataclass(frozen=True, slots=True)
class Document:
    """A policy's statements, and how many bytes its text has."""

    statements: tuple[Statement, ...]
    size: int


@dataclass(frozen=True, slots=True)
class NoPolicy:
    """The function has no policy; where it may not be there itself, why that is not known."""

    unsure: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such function, or it is there and has no such version or alias."""

    has_function: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A policy of which nothing can be said, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class BotLocale:
    """A locale of a version, and when its last build began: seconds since 1970, 0 for never."""

    status: str
    built: float


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is kept of a function's configuration: never its environment variables."""

    state: str
    reason: str
    is_durable: bool
    is_tenant_isolated: bool


Policy = Document | NoPolicy | Missing | Unreadable
Locales = Mapping[str, BotLocale] | Unreadable
"""Those of one version of a bot, by their ids."""
Versions = Mapping[str, float] | Unreadable
"""Those of a bot, with the second since 1970 in which each was made."""


@dataclass(slots=True)
class RateLimiter:
    """Lets calls through one after the other, so many a second, from whichever thread."""

    calls_a_second: float
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next: float = 0.0

    def wait(self) -> None:
        """Wait until it is the caller's turn."""
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + 1 / self.calls_a_second
        time.sleep(max(0.0, turn - time.monotonic()))


class Rates:
    """How fast Lambda is asked: each account and Region has a limit of its own."""

    def __init__(self) -> None:
        """Begin with none that was asked."""
        self._limiters: dict[tuple[str, str], RateLimiter] = {}
        self._lock = threading.Lock()

    def wait(self, function: Function) -> None:
        """Wait until it is the caller's turn to ask for a function."""
        with self._lock:
            limiter = self._limiters.setdefault(
                (function.account, function.region), RateLimiter(LAMBDA_CALLS_A_SECOND)
            )
        limiter.wait()


@dataclass(frozen=True, slots=True)
class Clients:
    """The two services of a Region, and the account that the credentials say they are of."""

    region: str
    account: str
    lex: Any
    functions: Any
    connect: Callable[[], Any]
    """Makes the client of Connect, which is hardly ever asked."""


def regions_of_lex(profile: str) -> list[str]:
    """Return the Regions that the SDK knows to have Lex V2, in the partition of a profile.

    Raises UsageError where there is no such profile.
    """
    try:
        session = boto3.Session(profile_name=profile or None)
        region = session.region_name
        partition = session.get_partition_for_region(region) if region else "aws"
        return session.get_available_regions("lexv2-models", partition)
    except botocore.BotoCoreError as error:
        raise UsageError(f"credentials: {sentence(error)} {SIGN_IN}") from error


@cache
def _loader() -> Any:
    return create_loader()


class Sessions:
    """Who asks: each profile is signed in to once, whatever the Regions, from whichever thread."""

    def __init__(self) -> None:
        """Begin with no profile signed in to."""
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._sessions: dict[str, boto3.Session] = {}

    def sign_in(self, profile: str, region: str) -> Clients:
        """Do as `sign_in`."""
        with self._lock:
            lock = self._locks.setdefault(profile, threading.Lock())
        # A session makes its clients one after the other.
        with lock:
            return sign_in(profile, region, self._sessions)


def sign_in(profile: str, region: str, sessions: dict[str, boto3.Session]) -> Clients:
    """Return what calls are made with; raises UsageError where there is no Region or credentials.

    The account is empty where the credentials do not say it. Sessions are by their profiles.
    """
    try:
        if profile not in sessions:
            core = CoreSession()
            # What the services are is several megabytes, and the same for all.
            core.register_component("data_loader", _loader())
            sessions[profile] = boto3.Session(profile_name=profile or None, botocore_session=core)
        session = sessions[profile]
        credentials: Any = session.get_credentials()
        frozen = credentials and credentials.get_frozen_credentials()
    except (botocore.BotoCoreError, botocore.ClientError) as error:
        raise UsageError(f"credentials: {sentence(error)} {SIGN_IN}") from error
    # What is wrong in a file, or in what a program says, goes through boto3 as any error of Python.
    except Exception as error:
        cause = f"{type(error).__name__}: {one_line(error)}"
        words = f"the AWS configuration, or what it names, is broken ({cause})."
        raise UsageError(f"credentials: {words} {SIGN_IN}") from error
    region = region or str(session.region_name or "")
    if not region:
        raise UsageError("no Region: give --region, or set AWS_DEFAULT_REGION.")
    if not credentials:
        where = f"in profile {profile}" if profile else "in the environment or a profile"
        raise UsageError(f"no credentials {where}: sign in, or give another --profile.")
    for key in (frozen.access_key, frozen.secret_key, frozen.token or ""):
        if not isinstance(key, str) or not key.isprintable():
            raise UsageError(f"credentials: one of the keys is no text of one line. {SIGN_IN}")
    clients = (_client(session, service, region) for service in ("lexv2-models", "lambda"))
    lex, functions = clients
    account = str(getattr(frozen, "account_id", None) or "")
    return Clients(region, account, lex, functions, lambda: _client(session, "connect", region))


class Account:
    """The bots and functions of one account and Region, as its APIs report them."""

    def __init__(self, clients: Clients, calls: Calls, rates: Rates) -> None:
        """Take who asks, how long it may, and how fast."""
        self._region = clients.region
        self._lex = clients.lex
        self._lambda = clients.functions
        self._connect = clients.connect
        self._rates = rates
        self._calls = calls

    @property
    def partition(self) -> str:
        """The partition of the Region, as ARNs begin with it."""
        return str(self._lex.meta.partition)

    def bots(self) -> Listed[Bot]:
        """Return all bots."""
        return self._calls.one(
            lambda: all_pages(self._lex, "list_bots", "botSummaries", _bot, maxResults=PAGE),
            "List of bots",
            unanswered=Listed(problems=(f"ListBots: {self._calls.too_late}",)),
        )

    def aliases(self, bots: Sequence[Bot]) -> list[Listed[BotAlias]]:
        """Return the aliases of each bot."""
        late: Listed[BotAlias] = Listed(problems=(f"ListBotAliases: {self._calls.too_late}",))
        return self._calls.each(bots, self._aliases_of, "Bots", late)

    def _aliases_of(self, bot: Bot) -> Listed[BotAlias]:
        def alias(summary: Any) -> BotAlias:
            alias_id = lex_id(summary, "botAliasId")
            return BotAlias(bot, alias_id, member_of(summary, "botAliasName", str, alias_id))

        return all_pages(
            self._lex, "list_bot_aliases", "botAliasSummaries", alias, botId=bot.id, maxResults=PAGE
        )

    def replicas(self, bots: Sequence[Bot]) -> list[Listed[str]]:
        """Return the other Regions in which each bot has a replica that serves callers.

        Source: https://docs.aws.amazon.com/lexv2/latest/dg/global-resiliency.html
        """
        late: Listed[str] = Listed(problems=(f"ListBotReplicas: {self._calls.too_late}",))
        return self._calls.each(bots, self._replicas_of, "Replicas", late)

    def _replicas_of(self, bot: Bot) -> Listed[str]:
        def replicas(answer: Any) -> list[Any]:
            return member_of(answer, "botReplicaSummaries", list)

        def region(summary: Any) -> str:
            is_serving = member_of(summary, "botReplicaStatus", str) == "Enabled"
            return region_of(summary, "replicaRegion") if is_serving else self._region

        method = "list_bot_replicas"
        try:
            found = called(self._lex, method, replicas, botId=bot.id)
        except RefusedError as error:
            # Where Lex has no replicas, it takes no question about them.
            is_none = error.code == "ValidationException"
            return Listed(problems=() if is_none else (str(error),))
        regions = read_each(method, found, region)
        return replace(regions, found=tuple(r for r in regions.found if r != self._region))

    def served(self, aliases: Sequence[BotAlias]) -> list[Served]:
        """Return what each alias serves."""
        late = Served("", Listed(problems=(f"DescribeBotAlias: {self._calls.too_late}",)))
        return self._calls.each(aliases, self._served_by, "Bot aliases", late)

    def _served_by(self, alias: BotAlias) -> Served:
        def settings(answer: Any) -> tuple[str, list[tuple[str, Any]]]:
            # Each alias has an id, and not each has locales: without the one, this is no alias.
            lex_id(answer, "botAliasId")
            version = member_of(answer, "botVersion", str, "")
            return version, sorted(member_of(answer, "botAliasLocaleSettings", dict, {}).items())

        method = "describe_bot_alias"
        try:
            version, found = called(
                self._lex, method, settings, botId=alias.bot.id, botAliasId=alias.id
            )
        except RefusedError as error:
            return Served("", Listed(problems=(str(error),)))
        hooks = read_each(method, found, lambda item: _hook(alias, version, *item))
        named = tuple(hook for hook in hooks.found if hook.function)
        return Served(version, replace(hooks, found=named))

    def locales(self, versions: Iterable[tuple[Bot, str]]) -> dict[tuple[Bot, str], Locales]:
        """Return the locales of versions of bots, each read once."""
        return self._each_once(versions, self._locales_of, "Locales", "ListBotLocales")

    def _locales_of(self, version: tuple[Bot, str]) -> Locales:
        def locale(summary: Any) -> tuple[str, BotLocale]:
            built = member_of(summary, "lastBuildSubmittedDateTime", float, 0.0)
            status = member_of(summary, "botLocaleStatus", str)
            return member_of(summary, "localeId", str), BotLocale(status, built)

        bot, number = version
        listed = all_pages(
            *(self._lex, "list_bot_locales", "botLocaleSummaries", locale),
            botId=bot.id,
            botVersion=number,
            maxResults=PAGE,
        )
        return Unreadable(listed.problems[0]) if listed.problems else dict(listed.found)

    def versions(self, bots: Iterable[Bot]) -> dict[Bot, Versions]:
        """Return the versions of bots."""
        return self._each_once(bots, self._versions_of, "Versions", "ListBotVersions")

    def _versions_of(self, bot: Bot) -> Versions:
        def version(summary: Any) -> tuple[str, float]:
            created = member_of(summary, "creationDateTime", float)
            return member_of(summary, "botVersion", str), created

        listed = all_pages(
            *(self._lex, "list_bot_versions", "botVersionSummaries", version),
            botId=bot.id,
            maxResults=PAGE,
        )
        return Unreadable(listed.problems[0]) if listed.problems else dict(listed.found)

    def error_logs(self, bots: Iterable[Bot]) -> dict[Bot, bool | Unreadable]:
        """Return whether bots write error logs."""
        return self._each_once(bots, self._error_logs_of, "Error logs", "DescribeBot")

    def _error_logs_of(self, bot: Bot) -> bool | Unreadable:
        def is_on(answer: Any) -> bool:
            lex_id(answer, "botId")
            settings = member_of(answer, "errorLogSettings", dict, {"enabled": False})
            return member_of(settings, "enabled", bool)

        try:
            return called(self._lex, "describe_bot", is_on, botId=bot.id)
        except RefusedError as error:
            return Unreadable(str(error))

    def are_gone(
        self, aliases: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], bool | Unreadable]:
        """Return whether bot aliases are gone, by the ids of bot and alias; `*` is the whole bot.

        Lex is asked for each: a list may leave out what is there.
        """
        return self._each_once(aliases, self._is_gone, "Statements", "DescribeBotAlias")

    def _is_gone(self, named: tuple[str, str]) -> bool | Unreadable:
        bot, alias = named

        def is_there(answer: Any) -> bool:
            return bool(lex_id(answer, "botId"))

        try:
            if alias == "*":
                return not called(self._lex, "describe_bot", is_there, botId=bot)
            arguments = {"botId": bot, "botAliasId": alias}
            return not called(self._lex, "describe_bot_alias", is_there, **arguments)
        except RefusedError as error:
            return error.code == NOT_FOUND or Unreadable(str(error))

    def connected(self, instance: str) -> Listed[str]:
        """Return the ARNs of the bot aliases that an instance of Connect may list."""

        def alias_arn(summary: Any) -> str:
            return member_of(member_of(summary, "LexV2Bot", dict), "AliasArn", str)

        return self._calls.one(
            lambda: all_pages(
                *(self._connect(), "list_bots", "LexBots", alias_arn),
                next_page="NextToken",
                InstanceId=instance,
                LexVersion="V2",
                MaxResults=25,
            ),
            "Connect",
            Listed(problems=(f"ListBots: {self._calls.too_late}",)),
        )

    def policy_of_alias(self, arn: str) -> str | Unreadable:
        """Return the text of a bot alias's own policy, empty where it has none."""

        def ask() -> str | Unreadable:
            try:
                return called(
                    self._lex,
                    "describe_resource_policy",
                    lambda answer: member_of(answer, "policy", str, ""),
                    resourceArn=arn,
                )
            except RefusedError as error:
                return "" if error.code == NOT_FOUND else Unreadable(str(error))

        late: str | Unreadable = Unreadable(f"DescribeResourcePolicy: {self._calls.too_late}")
        return self._calls.one(ask, "Policy of the bot alias", late)

    def _each_once(
        self,
        items: Iterable[Given],
        ask: Callable[[Given], Found | Unreadable],
        name: str,
        call: str,
    ) -> dict[Given, Found | Unreadable]:
        distinct = list(dict.fromkeys(items))
        late: Found | Unreadable = Unreadable(f"{call}: {self._calls.too_late}")
        found = self._calls.each(distinct, ask, name, late)
        return dict(zip(distinct, found, strict=True))

    def functions(
        self, functions: Iterable[Function]
    ) -> dict[Function, tuple[Policy, Configuration | Missing | Unreadable]]:
        """Return each function's policy and configuration, with its qualifier, each read once."""
        distinct = list(dict.fromkeys(functions))
        late = Unreadable(f"GetResourcePolicy: {self._calls.too_late}")
        unanswered: tuple[Policy, Configuration | Missing | Unreadable] = late, late
        found = self._calls.each(distinct, self._function, "Policies", unanswered)
        return dict(zip(distinct, found, strict=True))

    def policies(self, functions: Iterable[Function]) -> dict[Function, Policy]:
        """Return the policies alone; a function that is not there has none."""
        late: Policy = Unreadable(f"GetResourcePolicy: {self._calls.too_late}")
        distinct = list(dict.fromkeys(functions))
        found = self._calls.each(
            distinct, lambda function: self._policy_of(function) or NoPolicy(), "Policies", late
        )
        return dict(zip(distinct, found, strict=True))

    def _function(self, function: Function) -> tuple[Policy, Configuration | Missing | Unreadable]:
        policy = self._policy_of(function)
        configuration = self._configuration_of(function)
        if policy is not None:
            return policy, configuration
        # Where the policy is not there, and where the function is not, Lambda answers the same.
        match configuration:
            case Missing():
                return configuration, configuration
            case Unreadable(why):
                return NoPolicy(unsure=why), configuration
        return NoPolicy(), configuration

    def _policy_of(self, function: Function) -> Policy | None:
        """Return a policy; None where there is none, or no function."""
        try:
            words = self._text_of(function)
            return Document(read(words), len(words.encode("utf-8", "surrogatepass")))
        except PolicyUnreadableError as error:
            return Unreadable(f"the policy cannot be read: {error}")
        except RefusedError as error:
            return None if error.code == NOT_FOUND else Unreadable(str(error))

    def _configuration_of(self, function: Function) -> Configuration | Missing | Unreadable:
        try:
            found = self._configuration(function)
            if found or not function.qualifier:
                return found or Missing(has_function=False)
            return Missing(has_function=self._configuration(function.unqualified) is not None)
        except RefusedError as error:
            return Unreadable(str(error))

    def _text_of(self, function: Function) -> str:
        """Return the text of a policy; by the older call where the newer is not to be had.

        Only the newer one is documented to return policies that were set as a whole.
        """

        def policy(answer: Any) -> str:
            return member_of(answer, "Policy", str)

        if hasattr(self._lambda, "get_resource_policy"):
            try:
                return self._ask_lambda(
                    function, "get_resource_policy", policy, ResourceArn=function.arn
                )
            except RefusedError as error:
                if not error.is_about_the_call:
                    raise
        return self._ask_lambda(function, "get_policy", policy, **_named(function))

    def _configuration(self, function: Function) -> Configuration | None:
        """Return a function's configuration, or None where there is no function."""

        def configuration(answer: Any) -> Configuration:
            member_of(answer, "FunctionArn", str)
            return Configuration(
                member_of(answer, "State", str, "Active"),
                one_line(member_of(answer, "StateReason", str, "no reason is given")),
                bool(member_of(answer, "DurableConfig", dict, {})),
                bool(member_of(answer, "TenancyConfig", dict, {})),
            )

        try:
            return self._ask_lambda(
                function, "get_function_configuration", configuration, **_named(function)
            )
        except RefusedError as error:
            if error.code != NOT_FOUND:
                raise
            return None

    def _ask_lambda(
        self,
        function: Function,
        method: str,
        read_answer: Callable[[Any], Found],
        **arguments: str,
    ) -> Found:
        """Ask for a function, and read the answer."""
        self._rates.wait(function)
        return called(self._lambda, method, read_answer, **arguments)


def _client(session: boto3.Session, service: str, region: str) -> Any:
    # boto3 makes its clients at run time, and those of Lex have no types here.
    make: Callable[..., Any] = session.client
    try:
        client = make(service, region_name=region, config=CONFIG)
    # The Region, or any other setting that a client takes from the user's configuration.
    except Exception as error:
        remedy = "Correct --region, or the AWS configuration."
        words = f"{service} cannot be called in {region}: {sentence(error)} {remedy}"
        raise UsageError(words) from error
    client.meta.events.register("before-parse", keep_answer)
    return client


def _bot(summary: Any) -> Bot:
    bot_id = lex_id(summary, "botId")
    return Bot(bot_id, member_of(summary, "botName", str, bot_id))


def _hook(alias: BotAlias, version: str, locale: str, setting: Any) -> Hook:
    """Return the code hook of a locale; its function is empty where the locale has none."""
    try:
        enabled = member_of(setting, "enabled", bool)
        if "codeHookSpecification" not in setting:
            return Hook(alias, locale, "", enabled, version)
        specification = member_of(setting, "codeHookSpecification", dict)
        hook = member_of(specification, "lambdaCodeHook", dict)
        return Hook(alias, locale, member_of(hook, "lambdaARN", str), enabled, version)
    except BrokenAnswerError as error:
        raise BrokenAnswerError(f"{locale}: {error}") from error


def _named(function: Function) -> dict[str, str]:
    """Return a function as the arguments by which Lambda's older calls take it."""
    qualifier = {"Qualifier": function.qualifier} if function.qualifier else {}
    return {"FunctionName": function.unqualified.arn, **qualifier}
