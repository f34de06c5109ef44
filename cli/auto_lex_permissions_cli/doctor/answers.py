"""Answers of AWS, read as what the service documents, and what a call may end in instead."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar

from botocore import exceptions as botocore

from auto_lex_permissions_cli.console import UsageError

# The most that a page of Lex may hold.
PAGE: Final = 1000
# A page has up to 1,000 bots of about 500 bytes, or 1,500 where a description is all escapes.
LARGEST_ANSWER: Final = 5_000_000
# The most that is shown of a text that AWS or boto3 gave.
_LONGEST_TEXT: Final = 500
NOT_FOUND: Final = "ResourceNotFoundException"
BROKEN: Final = "broken answer"
_ANSWER: Final = "Answer"
SIGN_IN: Final = "Sign in anew, correct the AWS configuration, or give another --profile."
CHECK: Final = "Check the Region, the network and the proxy."
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
# What a Region is asked first.
_FIRST: Final = "ListBots"
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
_REGION: Final = re.compile("[a-z]{2,}(-[a-z]+)+-[0-9]+")
_KINDS: Final[dict[type, str]] = {
    str: "text",
    list: "list",
    dict: "object",
    bool: "boolean",
    float: "number",
}
# All whole numbers up to it are floats, too.
_LARGEST_WHOLE: Final = 2**53
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
    """Credentials that AWS does not take."""

    def __init__(self, call: str, code: str, message: str) -> None:
        """Take the call by its name in IAM."""
        super().__init__(f"credentials: {call}: {code}: {message} Sign in anew.")
        self._call = call
        self._code = code

    @property
    def may_be_of_region(self) -> bool:
        """Whether a Region says so, too, that is switched off for the account: from the start."""
        return self._call == _FIRST and self._code in _SWITCHED_OFF


class BrokenAnswerError(Exception):
    """An answer, or a part of one, that is not what the service documents."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[Found]):
    """What was found of something, and why there may be more: a line for each problem."""

    found: tuple[Found, ...] = ()
    problems: tuple[str, ...] = ()


def keep_answer(response_dict: Any, customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Keep the JSON of an answer as it came, and give boto3 none to read; or BrokenAnswerError.

    boto3 trips over another type than the documented one, or makes the documented one of it, and
    what is no JSON at all, such as a proxy's page, is an answer without members to it.
    """
    body = response_dict["body"]
    if len(body) > LARGEST_ANSWER:
        raise BrokenAnswerError(f"{len(body):,} bytes, and at most {LARGEST_ANSWER:,} are read")
    # Errors have a status that says what they are, whatever their body is.
    if response_dict["status_code"] < HTTPStatus.MULTIPLE_CHOICES:
        try:
            customized_response_dict[_ANSWER] = json.loads(body.decode())
        except (ValueError, RecursionError) as error:
            raise BrokenAnswerError(f"no JSON, but {body[:40]!r}. {CHECK}") from error
        response_dict["body"] = b""


def all_pages(
    client: Any,
    method: str,
    member: str,
    read_item: Callable[[Any], Found],
    *,
    next_page: str = "nextToken",
    **arguments: Any,
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
        return member_of(page, member, list), page

    def next_token_of(page: Any) -> str:
        next_token = member_of(page, next_page, str, "")
        if next_token in seen:
            raise BrokenAnswerError(f"its {next_page} is one that it gave before")
        return next_token

    while True:
        try:
            items, page = called(client, method, read_page, **arguments, **token)
        except RefusedError as error:
            problems.append(str(error))
            break
        listed = read_each(method, items, read_item)
        next_tokens = read_each(method, [page], next_token_of)
        found += listed.found
        problems += listed.problems + next_tokens.problems
        next_token = "".join(next_tokens.found)
        if not next_token:
            break
        seen.add(next_token)
        token = {next_page: next_token}
    return Listed(tuple(found), tuple(dict.fromkeys(problems)))


def read_each(
    method: str, items: Iterable[Given], read_item: Callable[[Given], Found]
) -> Listed[Found]:
    """Read each part of an answer; one that is broken is a problem of its own."""
    found: list[Found] = []
    problems: list[str] = []
    for item in items:
        try:
            found.append(read_item(item))
        except BrokenAnswerError as error:
            problems.append(str(RefusedError(call_named(method), BROKEN, str(error))))
    return Listed(tuple(found), tuple(problems))


def called(
    client: Any, method: str, read_answer: Callable[[Any], Found], **arguments: Any
) -> Found:
    """Call AWS and read the answer; raises RefusedError, or UsageError where no call can do."""
    call = call_named(method)
    ask = getattr(client, method)
    try:
        return read_answer(ask(**arguments)[_ANSWER])
    except BrokenAnswerError as error:
        raise RefusedError(call, BROKEN, str(error)) from error
    except botocore.ClientError as error:
        answer: Any = error.response
        code = one_line(answer.get("Error", {}).get("Code", "Unknown"))
        message = one_line(answer.get("Error", {}).get("Message", ""))
        if code in _CREDENTIALS:
            raise CredentialsError(call, code, message) from error
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise RefusedError(call, code, message, status) from error
    except _NO_CREDENTIALS as error:
        raise UsageError(f"credentials: {sentence(error)} {SIGN_IN}") from error
    # No answer, half of one, or one that boto3 trips over: it takes types in the bodies of errors
    # for granted.
    except Exception as error:
        raise RefusedError(call, type(error).__name__, f"{sentence(error)} {CHECK}") from error


def call_named(method: str) -> str:
    """Return the name of a call in IAM and in Lex's documentation."""
    return "".join(word.capitalize() for word in method.split("_"))


def member_of(holder: Any, name: str, kind: type[Found], default: Found | None = None) -> Found:
    """Return a member of an object, or the default where it has none; or BrokenAnswerError."""
    if not isinstance(holder, dict):
        raise BrokenAnswerError(f"what should have {name} is no object")
    value = holder.get(name, default)
    if value is None:
        raise BrokenAnswerError(f"it has no {name}")
    if kind is float and type(value) is int and abs(value) <= _LARGEST_WHOLE:
        return kind(value)  # type: ignore[call-arg] # A type of numbers.
    if not isinstance(value, kind):
        raise BrokenAnswerError(f"its {name} is no {_KINDS[kind]}")
    return value


def lex_id(holder: Any, name: str) -> str:
    """Return an id of Lex, which becomes a part of ARNs; raises BrokenAnswerError."""
    value = member_of(holder, name, str)
    if not _LEX_ID.fullmatch(value):
        raise BrokenAnswerError(f"its {name} is no id")
    return value


def region_of(holder: Any, name: str) -> str:
    """Return a Region, which is where the next question goes to; raises BrokenAnswerError."""
    value = member_of(holder, name, str)
    if not _REGION.fullmatch(value):
        raise BrokenAnswerError(f"its {name} is no Region")
    return value


def sentence(error: Exception) -> str:
    """Return what an error of boto3 or of Python says, as a sentence."""
    words = one_line(error).rstrip(" .:") or type(error).__name__
    return f"{words}."


def one_line(words: object) -> str:
    """Return what was said, as far as one line of a terminal shows it."""
    line = " ".join(str(words).split())
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    return line if len(line) <= _LONGEST_TEXT else f"{line[:_LONGEST_TEXT]}…"
