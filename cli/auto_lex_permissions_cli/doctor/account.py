"""What a live account says of its bots and of its functions' policies: every call to AWS.

Nothing is asked twice, and nothing is changed. What one call is refused stays with what it asked
for; what makes every further call useless (credentials) ends the command.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import boto3
from botocore import exceptions as botocore
from botocore.config import Config

from auto_lex_permissions_cli.console import Track, UsageError

from .policies import PolicyUnreadableError, Statement, read

# Lambda answers 15 reads of policies a second in one account and Region, deployments included.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests
LAMBDA_CALLS_A_SECOND: Final = 10.0
WORKERS: Final = 8
# The most that a page of Lex may hold.
PAGE: Final = 1000
CONFIG: Final = Config(
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=WORKERS,
    retries={"mode": "adaptive", "total_max_attempts": 6},
)
NOT_FOUND: Final = "ResourceNotFoundException"
# 500 is what an endpoint says that does not know the newer call yet.
_NOT_FOR_YOU: Final = frozenset({400, 403, 404, 405, 500, 501})
# After one of these no other call would fare better.
_CREDENTIALS: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_NO_CREDENTIALS: Final = (
    botocore.NoCredentialsError,
    botocore.PartialCredentialsError,
    botocore.CredentialRetrievalError,
    botocore.SSOError,
    botocore.TokenRetrievalError,
    botocore.NoAuthTokenError,
)
_FUNCTION: Final = re.compile(
    r"arn:(?P<partition>aws[\w-]*):lambda:(?P<region>[\w-]+):(?P<account>\d{12})"
    r":function:(?P<name>[\w-]+)(?::(?P<qualifier>[\w$.-]+))?"
)

Given = TypeVar("Given")
Found = TypeVar("Found")


class RefusedError(Exception):
    """A call that AWS refused or did not answer: which, with what code, in what words."""

    def __init__(self, call: str, code: str, message: str, status: int = 0) -> None:
        """Keep what is to say; the status is HTTP's, 0 where there was no answer."""
        super().__init__(f"{call}: {code}" + (f": {message}" if message else ""))
        self.call = call
        self.code = code
        self.status = status

    @property
    def is_of_the_call(self) -> bool:
        """Tell whether another kind of call may fare better, as where this one is not allowed."""
        return self.status in _NOT_FOR_YOU and self.code != NOT_FOUND


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


@dataclass(frozen=True, slots=True)
class Function:
    """A function with the qualifier that it is called by, or none."""

    partition: str
    region: str
    account: str
    name: str
    qualifier: str = ""

    @classmethod
    def of(cls, arn: str) -> "Function | None":
        """Read an ARN; None where it is no function's."""
        found = _FUNCTION.fullmatch(arn)
        return cls(**found.groupdict(default="")) if found else None

    @property
    def bare(self) -> "Function":
        """Return the same function without its qualifier."""
        return Function(self.partition, self.region, self.account, self.name)

    @property
    def arn(self) -> str:
        """Return the ARN, with its qualifier."""
        told = f"arn:{self.partition}:lambda:{self.region}:{self.account}:function:{self.name}"
        return f"{told}:{self.qualifier}" if self.qualifier else told

    @property
    def label(self) -> str:
        """Return what people call it."""
        return f"{self.name}:{self.qualifier}" if self.qualifier else self.name


@dataclass(frozen=True, slots=True)
class NoPolicy:
    """The function is there and has no policy; or `is_sure` is false and it may not be there."""

    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such function, or it is there and has no such version or alias."""

    has_function: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nothing can be said of the policy, and why."""

    why: str


Policy = tuple[Statement, ...] | NoPolicy | Missing | Unreadable


@dataclass(slots=True)
class Pace:
    """Lets calls through one after the other, so many a second, from whichever thread."""

    a_second: float
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next: float = 0.0

    def wait(self) -> None:
        """Return when it is the caller's turn."""
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + 1 / self.a_second
        time.sleep(max(0.0, turn - time.monotonic()))


def session_of(profile: str, region: str) -> boto3.Session:
    """Return a session that has a Region and credentials; raises UsageError."""
    try:
        session = boto3.Session(profile_name=profile or None, region_name=region or None)
        has_credentials = session.get_credentials() is not None
    except botocore.BotoCoreError as error:
        raise UsageError(f"credentials: {_one_line(error)}") from error
    if not session.region_name:
        raise UsageError("no Region: give --region, or set AWS_DEFAULT_REGION.")
    if not has_credentials:
        where = f"in profile {profile}" if profile else "in the environment or a profile"
        raise UsageError(f"no credentials {where}: sign in, or give another --profile.")
    return session


def account_of(session: boto3.Session) -> str:
    """Return the account that the credentials say they are of, or nothing where they do not.

    Raises UsageError where they have expired and cannot be had anew.
    """
    try:
        credentials: Any = session.get_credentials()
        return str(getattr(credentials.get_frozen_credentials(), "account_id", None) or "")
    except botocore.BotoCoreError as error:
        raise UsageError(f"credentials: {_one_line(error)}") from error


class Account:
    """The bots and functions of one account and Region, as its APIs tell of them."""

    def __init__(self, session: boto3.Session, region: str, track: Track) -> None:
        """Take a session; `track` shows how far it is. Raises UsageError."""
        self._lex = _client(session, "lexv2-models", region)
        self._lambda = _client(session, "lambda", region)
        self._pace = Pace(LAMBDA_CALLS_A_SECOND)
        self._track = track

    def bots(self) -> list[Bot]:
        """Return all bots; raises RefusedError."""
        pages = _pages(self._lex.list_bots, "ListBots", {})
        found = (bot for page in pages for bot in page["botSummaries"])
        return [Bot(bot["botId"], bot.get("botName", bot["botId"])) for bot in found]

    def aliases(self, bots: Sequence[Bot]) -> list["list[BotAlias] | RefusedError"]:
        """Return the aliases of each bot, or why they could not be had."""
        return self._each(bots, self._aliases_of, "Bots")

    def _aliases_of(self, bot: Bot) -> list[BotAlias]:
        pages = _pages(self._lex.list_bot_aliases, "ListBotAliases", {"botId": bot.id})
        found = (one for page in pages for one in page["botAliasSummaries"])
        return [
            BotAlias(bot, one["botAliasId"], one.get("botAliasName", one["botAliasId"]))
            for one in found
        ]

    def hooks(self, aliases: Sequence[BotAlias]) -> list["list[Hook] | RefusedError"]:
        """Return the code hooks of each alias, or why they could not be had."""
        return self._each(aliases, self._hooks_of, "Bot aliases")

    def _hooks_of(self, alias: BotAlias) -> list[Hook]:
        told = _called(
            self._lex.describe_bot_alias,
            "DescribeBotAlias",
            botId=alias.bot.id,
            botAliasId=alias.id,
        )
        settings = sorted(told.get("botAliasLocaleSettings", {}).items())
        return [
            Hook(alias, locale, arn, bool(setting.get("enabled")))
            for locale, setting in settings
            if (arn := _function_of(setting))
        ]

    def policies(self, functions: Iterable[Function]) -> dict[Function, Policy]:
        """Return the policy of each function with its qualifier, each read once."""
        distinct = list(dict.fromkeys(functions))
        found = self._each(distinct, self._policy_of, "Policies")
        return {
            function: Unreadable(str(policy)) if isinstance(policy, RefusedError) else policy
            for function, policy in zip(distinct, found, strict=True)
        }

    def _policy_of(self, function: Function) -> Policy:
        try:
            return read(self._text_of(function))
        except PolicyUnreadableError as error:
            return Unreadable(f"the policy cannot be read: {error}")
        except RefusedError as error:
            if error.code != NOT_FOUND:
                raise
        return self._without_policy(function)

    def _text_of(self, function: Function) -> str:
        """Return the text of a policy; by the older call where the newer is not to be had.

        Only the newer one is documented to return policies that were set as a whole.
        """
        if hasattr(self._lambda, "get_resource_policy"):
            try:
                return self._read("get_resource_policy", {"ResourceArn": function.arn})
            except RefusedError as error:
                if not error.is_of_the_call:
                    raise
        return self._read("get_policy", _named(function))

    def _read(self, method: str, arguments: dict[str, str]) -> str:
        return str(self._ask(method, arguments)["Policy"])

    def _ask(self, method: str, arguments: dict[str, str]) -> Any:
        self._pace.wait()
        call = "".join(word.capitalize() for word in method.split("_"))
        return _called(getattr(self._lambda, method), call, **arguments)

    def _without_policy(self, function: Function) -> Policy:
        """Return whether it is the policy or the function that is not there: both look alike."""
        try:
            if self._exists(function):
                return NoPolicy()
            return Missing(bool(function.qualifier) and self._exists(function.bare))
        except RefusedError:
            return NoPolicy(is_sure=False)

    def _exists(self, function: Function) -> bool:
        try:
            self._ask("get_function_configuration", _named(function))
        except RefusedError as error:
            if error.code != NOT_FOUND:
                raise
            return False
        return True

    def _each(
        self, items: Sequence[Given], ask: Callable[[Given], Found], name: str
    ) -> list["Found | RefusedError"]:
        """Ask for each item at once, as far as there are workers; answers in the items' order."""

        def answered(item: Given) -> "Found | RefusedError":
            try:
                return ask(item)
            except RefusedError as error:
                return error

        if not items:
            return []
        pool = ThreadPoolExecutor(WORKERS)
        try:
            return list(self._track(pool.map(answered, items), len(items), name))
        finally:
            pool.shutdown(cancel_futures=True)


def _client(session: boto3.Session, service: str, region: str) -> Any:
    # boto3 makes its clients at run time, and those of Lex have no types here.
    make: Callable[..., Any] = session.client
    try:
        return make(service, region_name=region, config=CONFIG)
    except (botocore.BotoCoreError, ValueError) as error:
        raise UsageError(f"Region {region}: {_one_line(error)}") from error


def _pages(method: Callable[..., Any], call: str, arguments: dict[str, str]) -> Iterator[Any]:
    """Yield the pages of a list; boto3 has no paginators for Lex."""
    token: dict[str, str] = {}
    while True:
        page = _called(method, call, **arguments, **token, maxResults=PAGE)
        yield page
        if not page.get("nextToken"):
            return
        token = {"nextToken": page["nextToken"]}


def _called(method: Callable[..., Any], call: str, **arguments: Any) -> Any:
    """Call AWS; raises RefusedError, or UsageError where no call can succeed."""
    try:
        return method(**arguments)
    except botocore.ClientError as error:
        raise _refused(call, error) from error
    except _NO_CREDENTIALS as error:
        raise UsageError(f"credentials: {_one_line(error)}") from error
    except botocore.BotoCoreError as error:
        raise RefusedError(call, type(error).__name__, _one_line(error)) from error


def _refused(call: str, error: botocore.ClientError) -> RefusedError | UsageError:
    told: Any = error.response
    code = str(told.get("Error", {}).get("Code", "Unknown"))
    message = _one_line(told.get("Error", {}).get("Message", ""))
    if code in _CREDENTIALS:
        return UsageError(f"credentials: {call}: {code}: {message} Sign in anew.")
    status = told.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return RefusedError(call, code, message, status)


def _one_line(said: object) -> str:
    return " ".join(str(said).split())


def _named(function: Function) -> dict[str, str]:
    qualifier = {"Qualifier": function.qualifier} if function.qualifier else {}
    return {"FunctionName": function.bare.arn, **qualifier}


def _function_of(setting: Any) -> str:
    """Return the ARN that a locale of an alias names, or nothing."""
    hook = (setting.get("codeHookSpecification") or {}).get("lambdaCodeHook") or {}
    return str(hook.get("lambdaARN") or "")
