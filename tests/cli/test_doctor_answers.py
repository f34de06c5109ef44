"""A broken answer spoils what it was asked for, and nothing else: each call, each kind of answer.

Through boto3 and real sockets: what it makes of an answer is a part of the question.
"""

import json
import os
from collections.abc import Iterator
from typing import Any, Final

import pytest
from botocore.config import Config

from auto_lex_permissions_cli.console import UsageError
from auto_lex_permissions_cli.doctor import account as calls
from auto_lex_permissions_cli.doctor import command
from auto_lex_permissions_cli.doctor.account import Clients
from tests.cli.aws_stub import (
    FORBIDDEN,
    FUNCTIONS,
    REGION,
    Answer,
    Called,
    Hostile,
    Stub,
    policy,
    raw,
    serving,
    statement,
)

pytestmark = pytest.mark.long

BOT, OTHER = "ABCDEFGHIJ", "ZYXWVUTSRQ"
LIVE, PROD = "KLMNOPQRST", "TSRQPONMLK"
ORDERS, REFUNDS = f"{FUNCTIONS}:orders:live", f"{FUNCTIONS}:refunds"
PAGE: Final = "<!DOCTYPE html><html><body>Sign in to the network</body></html>"
# Where each call is asked what becomes broken: of all that it is asked for, one.
ASKED: Final = {
    "ListBots": Called("lex:ListBots"),
    "ListBotReplicas": Called("lex:ListBotReplicas", BOT),
    "ListBotAliases": Called("lex:ListBotAliases", BOT),
    "DescribeBotAlias": Called("lex:DescribeBotAlias", f"{BOT}/{LIVE}"),
    "ListBotLocales": Called("lex:ListBotLocales", f"{BOT}/1"),
    "ListBotVersions": Called("lex:ListBotVersions", BOT),
    "DescribeBot": Called("lex:DescribeBot", BOT),
    "GetResourcePolicy": Called("lambda:GetResourcePolicy", ORDERS),
    "GetPolicy": Called("lambda:GetPolicy", ORDERS),
    "GetFunctionConfiguration": Called("lambda:GetFunctionConfiguration", ORDERS),
}


def cut_off(handler: Any) -> None:
    """Announce more than comes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"botSummaries": [')


def closed(handler: Any) -> None:
    """Close the connection without a word."""
    handler.connection.close()


def no_http(handler: Any) -> None:
    """Speak another protocol."""
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


ANSWERS: Final[dict[str, Hostile]] = {
    "nothing": raw(b""),
    "half of it": raw(b'{"botSummaries": ['),
    "a proxy's page": raw(PAGE.encode(), kind="text/html"),
    "a proxy's error": raw(PAGE.encode(), 502, "text/html"),
    "a proxy's refusal": raw(PAGE.encode(), 407, "text/html"),
    "null": raw(b"null"),
    "a list": raw(b"[]"),
    "a text": raw(b'"botSummaries"'),
    "a number": raw(b"5"),
    "no member": raw(b"{}"),
    "no UTF-8": raw(b'{"botSummaries": "\xff"}'),
    "UTF-16": raw('{"botSummaries": []}'.encode("utf-16")),
    "control characters": raw(b'{"message": "\x1b[2J"}'),
    "nested deeply": raw(b"[" * 100_000),
    "10 MB": raw(b'{"message": "' + b"x" * 10_000_000 + b'"}'),
    "10 MB of an error": raw(b'{"message": "' + b"x" * 10_000_000 + b'"}', 400),
    "an error in no words": raw(b"[5]", 400),
    "an error in odd words": raw(rb'{"__type": 5, "message": {"\u001b[2J": "\ud800\u009b"}}', 400),
    "an error with control characters": raw(rb'{"message": "\u001b[2J\ud800\u009b\n"}', 409),
    "less than it says": cut_off,
    "no answer": closed,
    "no HTTP": no_http,
    "no status": raw(b"{}", 999),
}


# The answers as they should be, by which one hook of two bots is allowed.
GOOD: Final[dict[str, Any]] = {
    "ListBots": {
        "botSummaries": [
            {"botId": BOT, "botName": "OrdersBot"},
            {"botId": OTHER, "botName": "RefundsBot"},
        ]
    },
    "ListBotReplicas": {
        # It is where its bot is, and so none to look at.
        "botReplicaSummaries": [{"replicaRegion": REGION, "botReplicaStatus": "Enabled"}]
    },
    "ListBotAliases": {"botAliasSummaries": [{"botAliasId": LIVE, "botAliasName": "live"}]},
    "DescribeBotAlias": {
        "botAliasId": LIVE,
        "botAliasLocaleSettings": {
            "en_US": {
                "enabled": True,
                "codeHookSpecification": {"lambdaCodeHook": {"lambdaARN": ORDERS}},
            }
        },
    },
    "ListBotLocales": {
        "botLocaleSummaries": [
            {"localeId": "en_US", "botLocaleStatus": "Built", "lastBuildSubmittedDateTime": 5.5}
        ]
    },
    "ListBotVersions": {"botVersionSummaries": [{"botVersion": "1", "creationDateTime": 6.5}]},
    "DescribeBot": {"botId": BOT, "errorLogSettings": {"enabled": True}},
    "GetResourcePolicy": {"Policy": "{}"},
    "GetPolicy": {"Policy": "{}"},
    "GetFunctionConfiguration": {"FunctionArn": ORDERS},
}
# What need not be there.
OPTIONAL: Final = {
    *("botName", "botAliasName", "botAliasLocaleSettings", "botVersion"),
    *("lastBuildSubmittedDateTime", "errorLogSettings"),
}
ODD: Final[tuple[Any, ...]] = (None, 5, True, [], [5], {}, {"x": 5})


def _spoiled(good: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield a good answer with one part in another type or left out, for each part of it."""
    for odd in ODD:
        is_as_good = type(odd) is type(good) and not isinstance(good, str)
        is_as_good = is_as_good or (isinstance(odd, str) and path == ".FunctionArn")
        is_as_good = is_as_good or (type(odd) is int and isinstance(good, float))
        is_optional = odd is None and path.rpartition(".")[2] in OPTIONAL
        if not (is_as_good or is_optional):
            yield f"{path or 'all'} as {odd!r}", odd
    if isinstance(good, dict):
        for name, part in good.items():
            rest = {key: value for key, value in good.items() if key != name}
            if name not in OPTIONAL | {"codeHookSpecification"} and not name.startswith("en_"):
                yield f"{path} without {name}", rest
            for what, spoiled in _spoiled(part, f"{path}.{name}"):
                yield what, rest | {name: spoiled}
    if isinstance(good, list):
        for number, part in enumerate(good):
            for what, spoiled in _spoiled(part, f"{path}.{number}"):
                yield what, [*good[:number], spoiled, *good[number + 1 :]]


@pytest.fixture(scope="module")
def signed_in() -> Iterator[tuple[Stub, Clients]]:
    """An account that is signed in to once, since that takes longer than all calls of one test."""
    with serving() as stub, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in stub.environment.items():
            patch.setenv(name, value)
        patch.setattr(calls, "LAMBDA_CALLS_A_SECOND", 10_000.0)
        patch.setattr(calls, "CONFIG", Config(retries={"total_max_attempts": 1}))
        yield stub, calls.Sessions().sign_in("", "")


@pytest.fixture
def account(signed_in: tuple[Stub, Clients], monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Two bots with a hook each that is allowed, asked without repetition."""
    stub, clients = signed_in
    monkeypatch.setattr(calls.Sessions, "sign_in", lambda *_: clients)
    for held in (stub.bots, stub.aliases, stub.hooks, stub.refused, stub.for_good, stub.calls):
        held.clear()
    live = stub.add_alias(stub.add_bot(BOT, "OrdersBot"), LIVE, "live", en_US=ORDERS)
    prod = stub.add_alias(stub.add_bot(OTHER, "RefundsBot"), PROD, "prod", en_US=REFUNDS)
    stub.functions = {
        ORDERS: policy(statement(ORDERS, live)),
        REFUNDS: policy(statement(REFUNDS, prod)),
    }
    return stub


def _spoil(account: Stub, call: str, *answers: Answer | Hostile) -> None:
    """Let an account answer one call so, and the others such that it is asked for."""
    account.refused.clear()
    if call == "GetPolicy":
        account.refuse("lambda:GetResourcePolicy", ORDERS, FORBIDDEN, for_good=True)
    if call == "GetFunctionConfiguration":
        account.functions[ORDERS] = None
    account.refuse(ASKED[call].action, ASKED[call].of, *answers, for_good=True)


def _outcome(
    capsys: pytest.CaptureFixture[str], bot: str = "", alias: str = ""
) -> tuple[int, str, list[str]]:
    """Return the exit code, what was said of what is broken, and the states of the hooks."""
    try:
        code = command.run(regions=(), profiles=(), bot=bot, alias=alias, timeout=60, form="json")
    except UsageError as error:
        return 2, str(error), []
    printed = capsys.readouterr().out
    assert all(char.isprintable() or char == "\n" for char in printed)
    (output,) = json.loads(printed)["places"]
    said = [unread["problem"] for unread in output["unread"]]
    said += [line for hook in output["codeHooks"] for line in hook["explanation"]]
    return code, "\n".join(said), [hook["state"] for hook in output["codeHooks"]]


def _expected(call: str, code: int, said: str, states: list[str]) -> bool:
    """Whether only what was asked for is spoiled, and the exit code says that something is."""
    match call:
        case "ListBots":
            return code == 2 and said.startswith("the bots in us-east-1 cannot be listed: ListBots")
        case "ListBotAliases" | "DescribeBotAlias":
            return code == 2 and said.startswith(f"{call}: ") and states == ["allowed"]
        case "ListBotReplicas" | "ListBotLocales" | "ListBotVersions" | "DescribeBot":
            both = ["allowed", "allowed"]
            return code == 2 and said.startswith(f"{call}: ") and states == both
        case "GetResourcePolicy" | "GetPolicy":
            is_named = said.startswith((f"{call}: ", "the policy cannot be read: "))
            return code == 2 and is_named and states == ["unknown", "allowed"]
    # Lex cannot invoke it, whether it is there without a policy or not there.
    is_named = "is there could not be read: GetFunctionConfiguration: " in said
    return code == 1 and is_named and states == ["denied", "allowed"]


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("call", ASKED)
def test_a_broken_answer(
    account: Stub, capsys: pytest.CaptureFixture[str], call: str, answer: Hostile
) -> None:
    """It is said which call it was and what is wrong; the other bot's hook is looked at."""
    _spoil(account, call, answer)
    outcome = _outcome(capsys)
    assert _expected(call, *outcome), outcome


WORDS: Final[list[tuple[str, Any, str]]] = [
    ("ListBotAliases", {}, "it has no botAliasSummaries"),
    ("ListBotAliases", [], "what should have botAliasSummaries is no object"),
    ("ListBotAliases", {"botAliasSummaries": 5}, "its botAliasSummaries is no list"),
    ("ListBotAliases", {"botAliasSummaries": [{"botAliasId": "a/b"}]}, "its botAliasId is no id"),
    (
        "DescribeBotAlias",
        {"botAliasId": LIVE, "botAliasLocaleSettings": {"en_US": {"enabled": 1}}},
        "en_US: its enabled is no boolean",
    ),
]


@pytest.mark.parametrize(("call", "answer", "words"), WORDS)
def test_what_is_wrong_in_words(
    account: Stub, capsys: pytest.CaptureFixture[str], call: str, answer: Any, words: str
) -> None:
    """Which part, and what it should be."""
    _spoil(account, call, raw(json.dumps(answer).encode()))
    assert _outcome(capsys) == (2, f"{call}: broken answer: {words}", ["allowed"])


def test_a_broken_locale_leaves_the_others(
    account: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its code hook may be the one that matters: it is named, and those beside it are judged."""
    answer = GOOD["DescribeBotAlias"]
    settings = {"de_DE": {}, **answer["botAliasLocaleSettings"]}
    spoiled = answer | {"botAliasLocaleSettings": settings}
    _spoil(account, "DescribeBotAlias", raw(json.dumps(spoiled).encode()))
    words = "DescribeBotAlias: broken answer: de_DE: it has no enabled"
    assert _outcome(capsys) == (2, words, ["allowed", "allowed"])


def test_an_error_in_many_words(account: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """They are shown as far as they tell something."""
    _spoil(account, "ListBotAliases", raw(b'{"message": "' + b"x" * 10_000 + b'"}', 409))
    _, said, _ = _outcome(capsys)
    assert said == f"ListBotAliases: 409: {'x' * 500}…"


@pytest.mark.parametrize("call", ASKED)
def test_a_part_of_another_type(
    account: Stub, capsys: pytest.CaptureFixture[str], call: str
) -> None:
    """Each part of each answer: left out, null, a number, a text, a list, an object."""
    count = 0
    for what, spoiled in _spoiled(GOOD[call]):
        _spoil(account, call, raw(json.dumps(spoiled).encode()))
        code, said, states = _outcome(capsys)
        if call == "ListBots" and states:
            # One of the bots in a list is broken, and the other is not.
            assert (code, said.startswith("ListBots: "), states) == (2, True, ["allowed"]), what
        else:
            assert _expected(call, code, said, states), (what, code, said, states)
        count += 1
    assert count > 10


@pytest.mark.parametrize("call", ASKED)
def test_the_answers_that_are_spoiled_are_good(
    account: Stub, capsys: pytest.CaptureFixture[str], call: str
) -> None:
    """Nothing else than what is changed in them makes them broken."""
    _spoil(account, call, raw(json.dumps(GOOD[call]).encode()))
    _, said, states = _outcome(capsys)
    assert "broken answer" not in said
    assert states == ["denied" if call.startswith("Get") else "allowed", "allowed"]


POLICIES: Final[dict[str, Any]] = {
    "no JSON": "Version: 2012-10-17",
    "half of it": '{"Statement": [',
    "null": "null",
    "a list": "[]",
    "a text": '"Allow"',
    "an odd statement": '{"Statement": [5]}',
    "no effect": '{"Statement": {}}',
    "nested deeply": '{"Statement": ' + "[" * 100_000,
    "nested too deeply": '{"Statement": {"Effect": "Allow", "Action": '
    + "[" * 90
    + "]" * 90
    + "}}",
}


@pytest.mark.parametrize("text", POLICIES.values(), ids=POLICIES)
def test_a_policy_that_is_none(
    account: Stub, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """Nothing can be said of its hook, and all of the other."""
    account.functions[ORDERS] = text
    code, said, states = _outcome(capsys)
    assert (code, states) == (2, ["unknown", "allowed"])
    assert said.startswith("the policy cannot be read: it")


def _pages(account: Stub, call: str, *next_tokens: Any) -> None:
    """Let a list go on and on: a page of what there is, then empty ones, each with its token."""
    for number, next_token in enumerate(next_tokens):
        (member,) = GOOD[call]
        page = {member: [] if number else GOOD[call][member], "nextToken": next_token}
        account.refused.setdefault(ASKED[call], []).append(raw(json.dumps(page).encode()))


@pytest.mark.parametrize("call", ["ListBots", "ListBotAliases"])
@pytest.mark.parametrize(
    ("next_tokens", "words"),
    [
        (["A", "A"], "its nextToken is one that it gave before"),
        (["A", "B", "A"], "its nextToken is one that it gave before"),
        (["A", "B", "C", "B"], "its nextToken is one that it gave before"),
        (["A", 5], "its nextToken is no text"),
        ([["A"]], "its nextToken is no text"),
        ([{"x": "A"}], "its nextToken is no text"),
    ],
    ids=str,
)
def test_a_list_without_an_end(
    account: Stub,
    capsys: pytest.CaptureFixture[str],
    call: str,
    next_tokens: list[Any],
    words: str,
) -> None:
    """It is refused where it begins anew; what was on its pages is looked at."""
    _pages(account, call, *next_tokens)
    assert _outcome(capsys) == (2, f"{call}: broken answer: {words}", ["allowed", "allowed"])
    asked = [called for called in account.calls if called == ASKED[call]]
    assert len(asked) == len(next_tokens)


@pytest.mark.parametrize("options", [{}, {"bot": "Nobody"}, {"alias": "nothing"}], ids=str)
def test_a_broken_page_of_bots(
    account: Stub, capsys: pytest.CaptureFixture[str], options: dict[str, str]
) -> None:
    """The bots of the others are looked at; nobody says that one is not there."""
    _pages(account, "ListBots", "A")
    account.refused[ASKED["ListBots"]].append(raw(b"[]"))
    code, said, states = _outcome(capsys, **options)
    assert (code, states) == (2, [] if options else ["allowed", "allowed"])
    assert said == "ListBots: broken answer: what should have botSummaries is no object"
