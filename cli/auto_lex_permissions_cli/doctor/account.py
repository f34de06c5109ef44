"""What a live account says of its bots and of its functions' policies: every call to AWS.

Nothing is asked twice, and nothing is changed. A call that is refused is the answer for what it
asked; what makes every further call useless (credentials) ends the command.
"""

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

from .policies import Function, PolicyUnreadableError, Statement, read

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
_ABOUT_THE_CALL: Final = frozenset({400, 403, 404, 405, 500, 501})
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
Given = TypeVar("Given")
Found = TypeVar("Found")


class RefusedError(Exception):
    """A call that AWS refused or did not answer: which, with what code, in what words."""

    def __init__(self, call: str, code: str, message: str, status: int = 0) -> None:
        """Take the call by its name in IAM; the status is HTTP's, 0 where there was no answer."""
        super().__init__(f"{call}: {code}" + (f": {message}" if message else ""))
        self.code = code
        self.status = status

    @property
    def is_about_the_call(self) -> bool:
        """Whether another kind of call may fare better, as where this one is not allowed."""
        return self.status in _ABOUT_THE_CALL and self.code != NOT_FOUND


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
class NoPolicy:
    """The function is there and has no policy; or `is_sure` is false and it may not be there."""

    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such function, or it is there and has no such version or alias."""

    has_function: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A policy of which nothing can be said, and why."""

    why: str


Policy = tuple[Statement, ...] | NoPolicy | Missing | Unreadable


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
    """The bots and functions of one account and Region, as its APIs report them."""

    def __init__(self, session: boto3.Session, region: str, track: Track) -> None:
        """Take a session; `track` shows how far it is. Raises UsageError for an odd Region."""
        self._lex = _client(session, "lexv2-models", region)
        self._lambda = _client(session, "lambda", region)
        self._limiter = RateLimiter(LAMBDA_CALLS_A_SECOND)
        self._track = track

    def bots(self) -> list[Bot]:
        """Return all bots; raises RefusedError."""
        pages = _pages(self._lex, "list_bots")
        found = (bot for page in pages for bot in page["botSummaries"])
        return [Bot(bot["botId"], bot.get("botName", bot["botId"])) for bot in found]

    def aliases(self, bots: Sequence[Bot]) -> list["list[BotAlias] | RefusedError"]:
        """Return the aliases of each bot, or why they could not be had."""
        return self._each(bots, self._aliases_of, "Bots")

    def _aliases_of(self, bot: Bot) -> list[BotAlias]:
        pages = _pages(self._lex, "list_bot_aliases", botId=bot.id)
        found = (alias for page in pages for alias in page["botAliasSummaries"])
        return [
            BotAlias(bot, alias["botAliasId"], alias.get("botAliasName", alias["botAliasId"]))
            for alias in found
        ]

    def hooks(self, aliases: Sequence[BotAlias]) -> list["list[Hook] | RefusedError"]:
        """Return the code hooks of each alias, or why they could not be had."""
        return self._each(aliases, self._hooks_of, "Bot aliases")

    def _hooks_of(self, alias: BotAlias) -> list[Hook]:
        answer = _called(self._lex, "describe_bot_alias", botId=alias.bot.id, botAliasId=alias.id)
        hooks = []
        for locale, setting in sorted(answer.get("botAliasLocaleSettings", {}).items()):
            specification = setting.get("codeHookSpecification") or {}
            arn = (specification.get("lambdaCodeHook") or {}).get("lambdaARN")
            if arn:
                hooks.append(Hook(alias, locale, str(arn), bool(setting.get("enabled"))))
        return hooks

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
        # Where the policy is not there, and where the function is not, Lambda answers the same.
        try:
            if self._exists(function):
                return NoPolicy()
            return Missing(bool(function.qualifier) and self._exists(function.unqualified))
        except RefusedError:
            return NoPolicy(is_sure=False)

    def _text_of(self, function: Function) -> str:
        """Return the text of a policy; by the older call where the newer is not to be had.

        Only the newer one is documented to return policies that were set as a whole.
        """
        if hasattr(self._lambda, "get_resource_policy"):
            try:
                answer = self._ask_lambda("get_resource_policy", ResourceArn=function.arn)
                return str(answer["Policy"])
            except RefusedError as error:
                if not error.is_about_the_call:
                    raise
        return str(self._ask_lambda("get_policy", **_named(function))["Policy"])

    def _exists(self, function: Function) -> bool:
        try:
            self._ask_lambda("get_function_configuration", **_named(function))
        except RefusedError as error:
            if error.code != NOT_FOUND:
                raise
            return False
        return True

    def _ask_lambda(self, method: str, **arguments: str) -> Any:
        self._limiter.wait()
        return _called(self._lambda, method, **arguments)

    def _each(
        self, items: Sequence[Given], ask: Callable[[Given], Found], name: str
    ) -> list["Found | RefusedError"]:
        """Ask for all items at once, as far as there are workers; answers in the items' order."""

        def answer(item: Given) -> "Found | RefusedError":
            try:
                return ask(item)
            except RefusedError as error:
                return error

        if not items:
            return []
        pool = ThreadPoolExecutor(WORKERS)
        try:
            return list(self._track(pool.map(answer, items), len(items), name))
        finally:
            pool.shutdown(cancel_futures=True)


def _client(session: boto3.Session, service: str, region: str) -> Any:
    # boto3 makes its clients at run time, and those of Lex have no types here.
    make: Callable[..., Any] = session.client
    try:
        return make(service, region_name=region, config=CONFIG)
    except (botocore.BotoCoreError, ValueError) as error:
        raise UsageError(f"Region {region}: {_one_line(error)}") from error


def _pages(client: Any, method: str, **arguments: str) -> Iterator[Any]:
    """Yield the pages of a list; boto3 has no paginators for Lex."""
    token: dict[str, str] = {}
    while True:
        page = _called(client, method, **arguments, **token, maxResults=PAGE)
        yield page
        if not page.get("nextToken"):
            return
        token = {"nextToken": page["nextToken"]}


def _called(client: Any, method: str, **arguments: Any) -> Any:
    """Call AWS; raises RefusedError, or UsageError where no call can succeed."""
    call = "".join(word.capitalize() for word in method.split("_"))
    try:
        return getattr(client, method)(**arguments)
    except botocore.ClientError as error:
        answer: Any = error.response
        code = str(answer.get("Error", {}).get("Code", "Unknown"))
        message = _one_line(answer.get("Error", {}).get("Message", ""))
        if code in _CREDENTIALS:
            raise UsageError(f"credentials: {call}: {code}: {message} Sign in anew.") from error
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise RefusedError(call, code, message, status) from error
    except _NO_CREDENTIALS as error:
        raise UsageError(f"credentials: {_one_line(error)}") from error
    except botocore.BotoCoreError as error:
        raise RefusedError(call, type(error).__name__, _one_line(error)) from error


def _named(function: Function) -> dict[str, str]:
    """Return a function as the arguments by which Lambda's older calls take it."""
    qualifier = {"Qualifier": function.qualifier} if function.qualifier else {}
    return {"FunctionName": function.unqualified.arn, **qualifier}


def _one_line(words: object) -> str:
    return " ".join(str(words).split())
