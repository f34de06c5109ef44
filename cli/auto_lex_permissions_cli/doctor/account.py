"""What a live account says of its bots and of its functions' policies: every call to AWS.

Nothing is asked twice, and nothing is changed. A call that is refused, and an answer that is not
what the service documents, is the answer for what was asked; what makes every further call useless
(credentials) ends the command.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar

import boto3
from botocore import exceptions as botocore
from botocore.config import Config

from auto_lex_permissions_cli.console import UsageError

from .calls import WORKERS, Calls
from .policies import Function, PolicyUnreadableError, Statement, read

# Lambda answers 15 reads of policies a second in one account and Region, deployments included.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests
LAMBDA_CALLS_A_SECOND: Final = 10.0
# The most that a page of Lex may hold.
PAGE: Final = 1000
# A page has up to 1,000 bots of about 500 bytes, or 1,500 where a description is all escapes.
LARGEST_ANSWER: Final = 5_000_000
# The most that is shown of a text that AWS or boto3 gave.
_LONGEST_TEXT: Final = 500
CONFIG: Final = Config(
    connect_timeout=5,
    read_timeout=10,
    max_pool_connections=WORKERS,
    retries={"mode": "adaptive", "total_max_attempts": 6},
)
NOT_FOUND: Final = "ResourceNotFoundException"
BROKEN: Final = "broken answer"
_ANSWER: Final = "Answer"
_SIGN_IN: Final = "Sign in anew, correct the AWS configuration, or give another --profile."
_CHECK: Final = "Check the Region, the network and the proxy."
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
# What a Region that is switched off says of credentials that are good elsewhere.
# https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
_SWITCHED_OFF: Final = frozenset(
    {"InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException"}
)
_NO_CREDENTIALS: Final = (
    botocore.NoCredentialsError,
    botocore.PartialCredentialsError,
    botocore.CredentialRetrievalError,
    botocore.SSOError,
    botocore.TokenRetrievalError,
    botocore.NoAuthTokenError,
)
_LEX_ID: Final = re.compile("[0-9A-Za-z]{10}")
_KINDS: Final[dict[type, str]] = {str: "text", list: "list", dict: "object", bool: "boolean"}
Found = TypeVar("Found")
Given = TypeVar("Given")


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


class CredentialsError(UsageError):
    """Credentials that AWS does not take, with its code."""

    def __init__(self, code: str, words: str) -> None:
        """Take AWS's code, and what is said of it."""
        super().__init__(words)
        self.code = code

    @property
    def may_be_of_region(self) -> bool:
        """Whether a Region says so, too, that is switched off for the account."""
        return self.code in _SWITCHED_OFF


class _BrokenAnswerError(Exception):
    """An answer, or a part of one, that is not what the service documents."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[Found]):
    """What was found of something, and why there may be more: a line for each problem."""

    found: tuple[Found, ...] = ()
    problems: tuple[str, ...] = ()


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
        raise UsageError(f"credentials: {_sentence(error)} {_SIGN_IN}") from error


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
        session = sessions.get(profile) or boto3.Session(profile_name=profile or None)
        sessions[profile] = session
        credentials: Any = session.get_credentials()
        frozen = credentials and credentials.get_frozen_credentials()
    except (botocore.BotoCoreError, botocore.ClientError) as error:
        raise UsageError(f"credentials: {_sentence(error)} {_SIGN_IN}") from error
    # What is wrong in a file, or in what a program says, goes through boto3 as any error of Python.
    except Exception as error:
        cause = f"{type(error).__name__}: {_one_line(error)}"
        words = f"the AWS configuration, or what it names, is broken ({cause})."
        raise UsageError(f"credentials: {words} {_SIGN_IN}") from error
    region = region or str(session.region_name or "")
    if not region:
        raise UsageError("no Region: give --region, or set AWS_DEFAULT_REGION.")
    if not credentials:
        where = f"in profile {profile}" if profile else "in the environment or a profile"
        raise UsageError(f"no credentials {where}: sign in, or give another --profile.")
    for key in (frozen.access_key, frozen.secret_key, frozen.token or ""):
        if not isinstance(key, str) or not key.isprintable():
            raise UsageError(f"credentials: one of the keys is no text of one line. {_SIGN_IN}")
    clients = (_client(session, service, region) for service in ("lexv2-models", "lambda"))
    return Clients(region, str(getattr(frozen, "account_id", None) or ""), *clients)


class Account:
    """The bots and functions of one account and Region, as its APIs report them."""

    def __init__(self, clients: Clients, calls: Calls, rates: Rates) -> None:
        """Take who asks, how long it may, and how fast."""
        self._lex = clients.lex
        self._lambda = clients.functions
        self._rates = rates
        self._calls = calls

    def bots(self) -> Listed[Bot]:
        """Return all bots."""
        return self._calls.one(
            lambda: _listed(self._lex, "list_bots", "botSummaries", _bot),
            "List of bots",
            unanswered=Listed(problems=(f"ListBots: {self._calls.too_late}",)),
        )

    def aliases(self, bots: Sequence[Bot]) -> list[Listed[BotAlias]]:
        """Return the aliases of each bot."""
        late: Listed[BotAlias] = Listed(problems=(f"ListBotAliases: {self._calls.too_late}",))
        return self._calls.each(bots, self._aliases_of, "Bots", late)

    def _aliases_of(self, bot: Bot) -> Listed[BotAlias]:
        def alias(summary: Any) -> BotAlias:
            alias_id = _id(summary, "botAliasId")
            return BotAlias(bot, alias_id, _member(summary, "botAliasName", str, alias_id))

        return _listed(self._lex, "list_bot_aliases", "botAliasSummaries", alias, botId=bot.id)

    def hooks(self, aliases: Sequence[BotAlias]) -> list[Listed[Hook]]:
        """Return the code hooks of each alias."""
        late: Listed[Hook] = Listed(problems=(f"DescribeBotAlias: {self._calls.too_late}",))
        return self._calls.each(aliases, self._hooks_of, "Bot aliases", late)

    def _hooks_of(self, alias: BotAlias) -> Listed[Hook]:
        def locales(answer: Any) -> list[tuple[str, Any]]:
            # Each alias has an id, and not each has locales: without the one, this is no alias.
            _id(answer, "botAliasId")
            return sorted(_member(answer, "botAliasLocaleSettings", dict, {}).items())

        method = "describe_bot_alias"
        try:
            found = _called(self._lex, method, locales, botId=alias.bot.id, botAliasId=alias.id)
        except RefusedError as error:
            return Listed(problems=(str(error),))
        hooks = _read_each(method, found, lambda item: _hook(alias, *item))
        return replace(hooks, found=tuple(hook for hook in hooks.found if hook.function))

    def policies(self, functions: Iterable[Function]) -> dict[Function, Policy]:
        """Return the policy of each function with its qualifier, each read once."""
        distinct = list(dict.fromkeys(functions))
        late: Policy = Unreadable(f"GetResourcePolicy: {self._calls.too_late}")
        found = self._calls.each(distinct, self._policy_of, "Policies", late)
        return dict(zip(distinct, found, strict=True))

    def _policy_of(self, function: Function) -> Policy:
        try:
            return read(self._text_of(function))
        except PolicyUnreadableError as error:
            return Unreadable(f"the policy cannot be read: {error}")
        except RefusedError as error:
            if error.code != NOT_FOUND:
                return Unreadable(str(error))
        # Where the policy is not there, and where the function is not, Lambda answers the same.
        try:
            if self._exists(function):
                return NoPolicy()
            return Missing(bool(function.qualifier) and self._exists(function.unqualified))
        except RefusedError as error:
            return NoPolicy(unsure=str(error))

    def _text_of(self, function: Function) -> str:
        """Return the text of a policy; by the older call where the newer is not to be had.

        Only the newer one is documented to return policies that were set as a whole.
        """
        if hasattr(self._lambda, "get_resource_policy"):
            try:
                return self._ask_lambda(
                    function, "get_resource_policy", "Policy", ResourceArn=function.arn
                )
            except RefusedError as error:
                if not error.is_about_the_call:
                    raise
        return self._ask_lambda(function, "get_policy", "Policy", **_named(function))

    def _exists(self, function: Function) -> bool:
        try:
            named = _named(function)
            self._ask_lambda(function, "get_function_configuration", "FunctionArn", **named)
        except RefusedError as error:
            if error.code != NOT_FOUND:
                raise
            return False
        return True

    def _ask_lambda(self, function: Function, method: str, member: str, **arguments: str) -> str:
        """Return a text of Lambda's answer on a function."""
        self._rates.wait(function)
        return _called(
            self._lambda, method, lambda answer: _member(answer, member, str), **arguments
        )


def _client(session: boto3.Session, service: str, region: str) -> Any:
    # boto3 makes its clients at run time, and those of Lex have no types here.
    make: Callable[..., Any] = session.client
    try:
        client = make(service, region_name=region, config=CONFIG)
    # The Region, or any other setting that a client takes from the user's configuration.
    except Exception as error:
        remedy = "Correct --region, or the AWS configuration."
        words = f"{service} cannot be called in {region}: {_sentence(error)} {remedy}"
        raise UsageError(words) from error
    client.meta.events.register("before-parse", _keep_answer)
    return client


def _keep_answer(response_dict: Any, customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Keep the JSON of an answer as it came, and give boto3 none to read; or _BrokenAnswerError.

    boto3 trips over another type than the documented one, or makes the documented one of it, and
    what is no JSON at all, such as a proxy's page, is an answer without members to it.
    """
    body = response_dict["body"]
    if len(body) > LARGEST_ANSWER:
        raise _BrokenAnswerError(f"{len(body):,} bytes, and at most {LARGEST_ANSWER:,} are read")
    # Errors have a status that says what they are, whatever their body is.
    if response_dict["status_code"] < HTTPStatus.MULTIPLE_CHOICES:
        try:
            customized_response_dict[_ANSWER] = json.loads(body.decode())
        except (ValueError, RecursionError) as error:
            raise _BrokenAnswerError(f"no JSON, but {body[:40]!r}. {_CHECK}") from error
        response_dict["body"] = b""


def _listed(
    client: Any, method: str, member: str, read_item: Callable[[Any], Found], **arguments: str
) -> Listed[Found]:
    """Return what all pages of a list have; boto3 has no paginators for Lex.

    A page or an item that is broken is a problem, and takes nothing from the others. A token that
    comes for a second time would lead to the same pages for ever.
    """
    found: list[Found] = []
    problems: list[str] = []
    seen: set[str] = set()
    token: dict[str, str] = {}

    def read_page(page: Any) -> tuple[list[Any], Any]:
        return _member(page, member, list), page

    def next_token_of(page: Any) -> str:
        next_token = _member(page, "nextToken", str, "")
        if next_token in seen:
            raise _BrokenAnswerError("its nextToken is one that it gave before")
        return next_token

    while True:
        try:
            items, page = _called(client, method, read_page, **arguments, **token, maxResults=PAGE)
        except RefusedError as error:
            problems.append(str(error))
            break
        listed = _read_each(method, items, read_item)
        next_tokens = _read_each(method, [page], next_token_of)
        found += listed.found
        problems += listed.problems + next_tokens.problems
        next_token = "".join(next_tokens.found)
        if not next_token:
            break
        seen.add(next_token)
        token = {"nextToken": next_token}
    return Listed(tuple(found), tuple(dict.fromkeys(problems)))


def _read_each(
    method: str, items: Iterable[Given], read_item: Callable[[Given], Found]
) -> Listed[Found]:
    """Read each part of an answer; one that is broken is a problem of its own."""
    found: list[Found] = []
    problems: list[str] = []
    for item in items:
        try:
            found.append(read_item(item))
        except _BrokenAnswerError as error:
            problems.append(str(RefusedError(_call_named(method), BROKEN, str(error))))
    return Listed(tuple(found), tuple(problems))


def _called(
    client: Any, method: str, read_answer: Callable[[Any], Found], **arguments: Any
) -> Found:
    """Call AWS and read the answer; raises RefusedError, or UsageError where no call can do."""
    call = _call_named(method)
    ask = getattr(client, method)
    try:
        return read_answer(ask(**arguments)[_ANSWER])
    except _BrokenAnswerError as error:
        raise RefusedError(call, BROKEN, str(error)) from error
    except botocore.ClientError as error:
        answer: Any = error.response
        code = _one_line(answer.get("Error", {}).get("Code", "Unknown"))
        message = _one_line(answer.get("Error", {}).get("Message", ""))
        if code in _CREDENTIALS:
            words = f"credentials: {call}: {code}: {message} Sign in anew."
            raise CredentialsError(code, words) from error
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise RefusedError(call, code, message, status) from error
    except _NO_CREDENTIALS as error:
        raise UsageError(f"credentials: {_sentence(error)} {_SIGN_IN}") from error
    # No answer, half of one, or one that boto3 trips over: it takes types in the bodies of errors
    # for granted.
    except Exception as error:
        raise RefusedError(call, type(error).__name__, f"{_sentence(error)} {_CHECK}") from error


def _call_named(method: str) -> str:
    """Return the name of a call in IAM and in Lex's documentation."""
    return "".join(word.capitalize() for word in method.split("_"))


def _bot(summary: Any) -> Bot:
    bot_id = _id(summary, "botId")
    return Bot(bot_id, _member(summary, "botName", str, bot_id))


def _hook(alias: BotAlias, locale: str, setting: Any) -> Hook:
    """Return the code hook of a locale; its function is empty where the locale has none."""
    try:
        enabled = _member(setting, "enabled", bool)
        if "codeHookSpecification" not in setting:
            return Hook(alias, locale, "", enabled)
        specification = _member(setting, "codeHookSpecification", dict)
        hook = _member(specification, "lambdaCodeHook", dict)
        return Hook(alias, locale, _member(hook, "lambdaARN", str), enabled)
    except _BrokenAnswerError as error:
        raise _BrokenAnswerError(f"{locale}: {error}") from error


def _member(holder: Any, name: str, kind: type[Found], default: Found | None = None) -> Found:
    """Return a member of an object, or the default where it has none; or _BrokenAnswerError."""
    if not isinstance(holder, dict):
        raise _BrokenAnswerError(f"what should have {name} is no object")
    value = holder.get(name, default)
    if value is None:
        raise _BrokenAnswerError(f"it has no {name}")
    if not isinstance(value, kind):
        raise _BrokenAnswerError(f"its {name} is no {_KINDS[kind]}")
    return value


def _id(holder: Any, name: str) -> str:
    """Return an id of Lex, which becomes a part of ARNs; raises _BrokenAnswerError."""
    value = _member(holder, name, str)
    if not _LEX_ID.fullmatch(value):
        raise _BrokenAnswerError(f"its {name} is no id")
    return value


def _named(function: Function) -> dict[str, str]:
    """Return a function as the arguments by which Lambda's older calls take it."""
    qualifier = {"Qualifier": function.qualifier} if function.qualifier else {}
    return {"FunctionName": function.unqualified.arn, **qualifier}


def _sentence(error: Exception) -> str:
    """Return what an error of boto3 or of Python says, as a sentence."""
    words = _one_line(error).rstrip(" .:") or type(error).__name__
    return f"{words}."


def _one_line(words: object) -> str:
    """Return what was said, as far as one line of a terminal shows it."""
    line = " ".join(str(words).split())
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    return line if len(line) <= _LONGEST_TEXT else f"{line[:_LONGEST_TEXT]}…"
