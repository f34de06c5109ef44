"""`doctor` against the APIs of an account on loopback: its verdicts, and the calls it made."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from botocore.config import Config

from auto_lex_permissions_cli.console import UsageError
from auto_lex_permissions_cli.doctor import account as calls
from auto_lex_permissions_cli.doctor.account import RateLimiter
from auto_lex_permissions_cli.doctor.command import run as doctor
from auto_lex_permissions_cli.doctor.policies import Function
from tests.cli.aws_stub import (
    ACCOUNT,
    EXPIRED,
    FORBIDDEN,
    FUNCTIONS,
    REGION,
    TEST_ALIAS,
    THROTTLED,
    TOO_MANY,
    Called,
    Stub,
    hang,
    policy,
    raw,
    serving,
    statement,
)
from tests.cli.commands import run

BOT, OTHER = "ABCDEFGHIJ", "ZYXWVUTSRQ"
LIVE = "KLMNOPQRST"
ORDERS = f"{FUNCTIONS}:orders"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """An account without bots, where boto3 in this process asks, as fast as it can."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(calls, "LAMBDA_CALLS_A_SECOND", 10_000.0)
    with serving() as account:
        for name, value in account.environment.items():
            monkeypatch.setenv(name, value)
        yield account


@pytest.fixture
def live(stub: Stub) -> str:
    """A bot with the alias `live`, whose one hook is `orders:live`; returns the alias's ARN."""
    return stub.add_alias(stub.add_bot(BOT, "OrdersBot"), LIVE, "live", en_US=f"{ORDERS}:live")


class Ran:
    """What a run printed, and how it ended."""

    def __init__(self, code: int, out: str) -> None:
        """Take what was printed as JSON."""
        self.code = code
        (self.output,) = json.loads(out)["places"]

    @property
    def hooks(self) -> list[Any]:
        """Return all code hooks."""
        hooks: list[Any] = self.output["codeHooks"]
        return hooks

    @property
    def only(self) -> Any:
        """Return the one code hook."""
        (hook,) = self.hooks
        return hook

    @property
    def states(self) -> list[str]:
        """Return the states of the hooks in their order."""
        return [hook["state"] for hook in self.hooks]


OPTIONS: Final[dict[str, Any]] = {
    "regions": (),
    "profiles": (),
    "bot": "",
    "alias": "",
    "timeout": 60,
    "form": "text",
}


def examined(capsys: pytest.CaptureFixture[str], **options: Any) -> Ran:
    """Run the command in this process."""
    code = doctor(**OPTIONS | {"form": "json"} | options)
    captured = capsys.readouterr()
    ran = Ran(code, captured.out)
    unread = len(ran.output["unread"]) + ran.states.count("unknown")
    what = "1 place" if unread == 1 else f"{unread} places"
    line = f"auto-lex-permissions: {what} could not be looked at: the report says which, and why.\n"
    assert captured.err == (line if unread else "")
    assert (code == 2) is (unread > 0)
    return ran


def problem(**options: Any) -> str:
    """Run the command and return the one line it fails with."""
    with pytest.raises(UsageError) as caught:
        doctor(**OPTIONS | options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_allowed(stub: Stub, live: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One policy read for a hook that is allowed, and 0."""
    stub.functions[f"{ORDERS}:live"] = policy(statement(f"{ORDERS}:live", live))
    ran = examined(capsys)
    assert (ran.code, ran.states) == (0, ["allowed"])
    assert ran.only["bot"] == {"id": BOT, "name": "OrdersBot"}
    assert ran.only["alias"] == {"id": LIVE, "name": "live"}
    assert ran.only["sourceArn"] == live
    assert (ran.only["resource"], ran.only["command"], ran.only["reasons"]) == (None, None, [])
    assert stub.counts() == {
        "lex:ListBots": 1,
        "lex:ListBotReplicas": 1,
        "lex:ListBotAliases": 1,
        "lex:DescribeBotAlias": 2,
        "lambda:GetResourcePolicy": 1,
        "lambda:GetFunctionConfiguration": 1,
        # The version that the alias serves, and the draft.
        "lex:ListBotLocales": 2,
        "lex:ListBotVersions": 1,
        "lex:DescribeBot": 1,
    }


def test_the_test_alias_and_locales_that_are_off(
    stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both count: whoever tests the bot needs the one, whoever switches the locale on the other."""
    test = stub.add_alias(stub.add_bot(BOT, "Bot"), *TEST_ALIAS, en_US=ORDERS, de_DE=f"-{ORDERS}")
    stub.functions[ORDERS] = policy(statement(ORDERS, test))
    ran = examined(capsys)
    assert [(hook["locale"], hook["enabled"]) for hook in ran.hooks] == [
        ("de_DE", False),
        ("en_US", True),
    ]
    assert ran.states == ["allowed", "allowed"]


@pytest.mark.long
def test_all_pages_are_read_and_nothing_twice(
    stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Several hundred aliases: each described once, each of 40 functions' policies read once."""
    stub.page = 20
    functions = [f"{FUNCTIONS}:orders{number}:live" for number in range(40)]
    for number in range(45):
        bot = stub.add_bot(f"BOT{number:07}", f"bot{number:02}")
        for other in range(25 if number < 10 else 1):
            hooks = {"en_US": functions[(number + other) % 40], "es_US": functions[number % 40]}
            stub.add_alias(bot, f"ALIAS{other:05}", f"alias{other:02}", **hooks)
    source_arn = f"arn:aws:lex:{REGION}:{ACCOUNT}:bot-alias/*"
    stub.functions |= {function: policy(statement(function, source_arn)) for function in functions}
    ran = examined(capsys)
    aliases = 10 * 26 + 35 * 2
    assert (ran.code, len(ran.hooks)) == (0, 2 * (10 * 25 + 35))
    assert set(ran.states) == {"allowed"}
    order = [(hook["bot"]["name"], hook["alias"]["name"], hook["locale"]) for hook in ran.hooks]
    assert order == sorted(order)
    assert stub.counts() == {
        "lex:ListBots": 3,
        "lex:ListBotReplicas": 45,
        "lex:ListBotAliases": 10 * 2 + 35,
        "lex:DescribeBotAlias": aliases,
        "lambda:GetResourcePolicy": 40,
        "lambda:GetFunctionConfiguration": 40,
        "lex:ListBotLocales": 2 * 45,
        "lex:ListBotVersions": 45,
        "lex:DescribeBot": 45,
    }
    assert set(stub.sizes) == {1000}


@pytest.mark.long
def test_throttles_that_go_away_are_waited_out(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is lost, and nothing is asked of another call instead."""
    stub.functions[f"{ORDERS}:live"] = policy(statement(f"{ORDERS}:live", live))
    stub.refuse("lex:ListBots", "", THROTTLED)
    stub.refuse("lex:DescribeBotAlias", f"{BOT}/{LIVE}", THROTTLED)
    stub.refuse("lambda:GetResourcePolicy", f"{ORDERS}:live", TOO_MANY)
    ran = examined(capsys)
    assert (ran.code, ran.states) == (0, ["allowed"])
    assert stub.counts() == {
        "lex:ListBots": 2,
        "lex:ListBotReplicas": 1,
        "lex:ListBotAliases": 1,
        "lex:DescribeBotAlias": 3,
        "lambda:GetResourcePolicy": 2,
        "lambda:GetFunctionConfiguration": 1,
        "lex:ListBotLocales": 2,
        "lex:ListBotVersions": 1,
        "lex:DescribeBot": 1,
    }


def test_a_statement_on_the_bare_function_serves_no_qualifier(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says where the statement is; for that the bare function is read, once."""
    stub.hooks[f"{BOT}/{LIVE}"]["es_US"] = f"{ORDERS}:live"
    stub.functions = {f"{ORDERS}:live": None, ORDERS: policy(statement(ORDERS, live, "here"))}
    ran = examined(capsys)
    assert (ran.code, ran.states) == (1, ["denied", "denied"])
    assert ran.hooks[0]["reasons"] == ["statement on another qualifier"]
    assert ran.hooks[0]["statement"] == "here"
    assert ran.hooks[0]["explanation"][0] == ("Statement on another qualifier: here is for orders.")
    counts = stub.counts()
    assert counts["lambda:GetResourcePolicy"] == 2
    assert counts["lambda:GetFunctionConfiguration"] == 1


def test_a_statement_on_a_qualifier_serves_no_bare_function(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says where another hook's policy has it; nothing more is read."""
    stub.hooks[f"{BOT}/{LIVE}"]["es_US"] = ORDERS
    stub.functions = {
        f"{ORDERS}:live": policy(statement(f"{ORDERS}:live", live)),
        ORDERS: policy(statement(ORDERS, "arn:aws:s3:::x", "s3", {"Service": "s3.amazonaws.com"})),
    }
    ran = examined(capsys)
    assert ran.states == ["allowed", "denied"]
    assert ran.hooks[1]["reasons"] == ["statement on another qualifier"]
    assert stub.counts()["lambda:GetResourcePolicy"] == 2


def test_a_function_that_is_not_there(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its absence looks like that of a policy; only then the function itself is asked for."""
    added = stub.hooks[f"{BOT}/{LIVE}"]
    added |= {"es_US": f"{FUNCTIONS}:gone", "fr_CA": f"{FUNCTIONS}:there:old"}
    added |= {"it_IT": f"{FUNCTIONS}:anew", "ja_JP": f"{FUNCTIONS}:anew:3"}
    stub.functions = {f"{ORDERS}:live": policy(statement(f"{ORDERS}:live", live))}
    stub.functions |= {f"{FUNCTIONS}:{name}": None for name in ("there", "anew", "anew:3")}
    ran = examined(capsys)
    assert ran.code == 1
    hooks = {hook["locale"]: hook for hook in ran.hooks}
    assert ran.states == ["allowed", "missing", "missing", "denied", "denied"]
    assert hooks["es_US"]["explanation"] == [
        "There is no function gone: it was deleted or never made."
    ]
    assert "has no version or alias old" in hooks["fr_CA"]["explanation"][0]
    assert hooks["it_IT"]["reasons"] == ["no policy"]
    assert "made anew, in its own stack" in hooks["it_IT"]["explanation"][1]
    assert "version is newer" in hooks["ja_JP"]["explanation"][1]
    assert hooks["es_US"]["resource"] is None
    asked = [call.of for call in stub.calls if call.action == "lambda:GetFunctionConfiguration"]
    assert sorted(asked) == [
        f"{FUNCTIONS}:{name}"
        for name in ("anew", "anew:3", "gone", "orders:live", "there", "there:old")
    ]


def test_only_missing_exits_with_1(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lex cannot invoke what is not there."""
    assert stub.functions == {}
    ran = examined(capsys)
    assert (ran.code, ran.states, ran.only["sourceArn"]) == (1, ["missing"], live)


@pytest.mark.usefixtures("live")
def test_latest_takes_no_policy(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """Denied without a call; what fixes it is for the function without it."""
    stub.hooks[f"{BOT}/{LIVE}"] = {"en_US": f"{ORDERS}:$LATEST"}
    ran = examined(capsys)
    assert (ran.code, ran.only["reasons"]) == (1, ["$LATEST takes no policy"])
    (resource,) = ran.only["resource"].values()
    assert resource["Properties"]["FunctionName"] == ORDERS
    assert "lambda:GetResourcePolicy" not in stub.counts()


@pytest.mark.usefixtures("live")
def test_what_cannot_be_judged_is_unknown(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """Broken policies, other Regions and odd ARNs are named; 0 would say that all is well."""
    texts = {"en_US": "{not json", "es_US": '["x"]', "fr_CA": '{"Statement": [1]}'}
    hooks = {locale: f"{FUNCTIONS}:{locale}" for locale in texts}
    elsewhere = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:far"
    stub.hooks[f"{BOT}/{LIVE}"] = hooks | {"it_IT": elsewhere, "ja_JP": "no-arn-of-a-function"}
    stub.functions = {hooks[locale]: text for locale, text in texts.items()}
    ran = examined(capsys)
    assert (ran.code, set(ran.states)) == (2, {"unknown"})
    assert [hook["explanation"] for hook in ran.hooks] == [
        ["the policy cannot be read: it is not JSON"],
        ["the policy cannot be read: it is not an object"],
        ["the policy cannot be read: its statement 1 is none that allows or denies"],
        ["It is in eu-west-1; this looks at us-east-1 only."],
        ["That is no ARN of a function."],
    ]
    assert stub.counts()["lambda:GetResourcePolicy"] == 3


def test_what_may_not_be_read_is_named_and_the_rest_goes_on(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bots, bot aliases and policies alike."""
    secret = f"{FUNCTIONS}:secret"
    stub.hooks[f"{BOT}/{LIVE}"]["es_US"] = secret
    stub.add_alias(BOT, "CLOSEDALIA", "closed", en_US=ORDERS)
    stub.add_bot(OTHER, "SecretBot")
    stub.functions[f"{ORDERS}:live"] = policy(statement(f"{ORDERS}:live", live))
    stub.refuse("lex:ListBotAliases", OTHER, FORBIDDEN, for_good=True)
    stub.refuse("lex:DescribeBotAlias", f"{BOT}/CLOSEDALIA", FORBIDDEN, for_good=True)
    stub.refuse("lambda:GetResourcePolicy", secret, FORBIDDEN, for_good=True)
    stub.refuse("lambda:GetPolicy", secret, FORBIDDEN, for_good=True)
    ran = examined(capsys)
    assert (ran.code, ran.states) == (2, ["allowed", "unknown"])
    refused = "AccessDeniedException: User reader is not authorized."
    assert ran.hooks[1]["explanation"] == [f"GetPolicy: {refused}"]
    assert [(note["bot"]["name"], note["problem"]) for note in ran.output["unread"]] == [
        ("SecretBot", f"ListBotAliases: {refused}"),
        ("OrdersBot", f"DescribeBotAlias: {refused}"),
    ]
    assert doctor(regions=(), profiles=(), bot="", alias="", timeout=60, form="text") == 2
    out = capsys.readouterr().out
    assert f"unknown  SecretBot: not all could be read: ListBotAliases: {refused}" in out
    assert "unknown  OrdersBot/closed: not all could be read: " in out


def test_the_older_call_where_the_newer_is_not_allowed(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An IAM policy or an SDK from before 2026 will do."""
    stub.functions[f"{ORDERS}:live"] = policy(statement(f"{ORDERS}:live", live))
    stub.refuse("lambda:GetResourcePolicy", "*", FORBIDDEN, for_good=True)
    assert examined(capsys).states == ["allowed"]
    assert Called("lambda:GetPolicy", f"{ORDERS}:live") in stub.calls


def test_the_older_call_where_the_sdk_has_no_newer(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The right qualifier is asked for."""
    make = calls._client  # noqa: SLF001 - what an older boto3 would return.

    class Older:
        def __init__(self, client: Any) -> None:
            self.get_policy = client.get_policy
            self.get_function_configuration = client.get_function_configuration

    def client(session: Any, service: str, region: str) -> Any:
        made = make(session, service, region)
        return Older(made) if service == "lambda" else made

    monkeypatch.setattr(calls, "_client", client)
    stub.functions[f"{ORDERS}:live"] = policy(statement(f"{ORDERS}:live", live))
    assert examined(capsys).states == ["allowed"]
    counts = stub.counts()
    assert counts["lambda:GetPolicy"] == 1
    assert "lambda:GetResourcePolicy" not in counts


@pytest.mark.usefixtures("live")
def test_a_function_that_may_not_be_asked_for(
    stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a policy it is denied, whether it is there or not."""
    stub.refuse("lambda:GetFunctionConfiguration", "*", FORBIDDEN, for_good=True)
    ran = examined(capsys)
    assert (ran.code, ran.only["reasons"]) == (1, ["no policy"])
    assert ran.only["explanation"][1] == (
        "Whether the function itself is there could not be read: GetFunctionConfiguration:"
        " AccessDeniedException: User reader is not authorized."
    )


def test_what_would_fix_it(stub: Stub, live: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A resource and a command, for the function with its qualifier and a name that is free."""
    taken = f"lex-{BOT}-{LIVE}"
    old = statement(f"{ORDERS}:live", live, taken, {"Service": "lex.amazonaws.com"})
    stub.functions = {f"{ORDERS}:live": policy(old)}
    hook = examined(capsys).only
    assert hook["reasons"] == ["wrong principal"]
    ((name, resource),) = hook["resource"].items()
    assert name.startswith("OrdersBotLiveInvokesOrders")
    assert name.isalnum()
    assert resource == {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": f"{ORDERS}:live",
            "Principal": "lexv2.amazonaws.com",
            "SourceAccount": ACCOUNT,
            "SourceArn": live,
        },
    }
    assert hook["command"].replace(" \\\n ", "").split() == [
        *("aws", "lambda", "add-permission", "--region", REGION),
        *("--function-name", ORDERS, "--qualifier", "live"),
        *("--statement-id", f"{taken}-2", "--action", "lambda:InvokeFunction"),
        *("--principal", "lexv2.amazonaws.com", "--source-account", ACCOUNT, "--source-arn", live),
    ]
    # What is proposed would do.
    properties = resource["Properties"]
    stub.functions = {f"{ORDERS}:live": policy(statement(f"{ORDERS}:live", live))}
    assert properties["SourceArn"] == live
    assert examined(capsys).code == 0


def test_the_resource_in_the_text_is_the_one_in_json(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it stands under Resources; an account that begins with 0 stays a text."""
    far = f"arn:aws:lambda:{REGION}:012345678901:function:orders:live"
    stub.hooks[f"{BOT}/{LIVE}"] = {"en_US": far, "es_US": far}
    stub.functions = {far: policy()}
    hook = examined(capsys).hooks[0]
    assert doctor(regions=(), profiles=(), bot="", alias="", timeout=60, form="text") == 1
    out = capsys.readouterr().out
    _, _, after = out.partition("# Under Resources:\n")
    assert yaml.safe_load(after.partition("\n# Or now")[0]) == hook["resource"]
    assert 'SourceAccount: "012345678901"' in after
    assert f"{hook['command']}\n" in after
    assert out.count("# Under Resources:") == 1
    assert "denied   OrdersBot/live en_US, es_US -> orders:live\n" in out
    # The bot's account is that of the credentials, where they say it.
    monkeypatch.setenv("AWS_ACCOUNT_ID", ACCOUNT)
    assert examined(capsys).hooks[0]["sourceArn"] == live


def test_nothing_is_proposed_where_a_deny_stands(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No permission outweighs it."""
    good = statement(f"{ORDERS}:live", live)
    stub.functions[f"{ORDERS}:live"] = policy(good, good | {"Sid": "no", "Effect": "Deny"})
    hook = examined(capsys).only
    assert (hook["state"], hook["reasons"], hook["statement"]) == (
        "denied",
        ["statement that denies"],
        "no",
    )
    assert (hook["resource"], hook["command"]) == (None, None)


def test_one_bot_and_one_alias(stub: Stub, live: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By name or id; of the others nothing is asked."""
    stub.add_alias(stub.add_bot(OTHER, "Other"), LIVE[::-1], "live", en_US=ORDERS)
    stub.functions[f"{ORDERS}:live"] = policy(statement(f"{ORDERS}:live", live))
    for options in ({"bot": "OrdersBot", "alias": "live"}, {"bot": BOT, "alias": LIVE}):
        stub.calls.clear()
        ran = examined(capsys, **options)
        assert (ran.code, ran.states) == (0, ["allowed"])
        assert stub.calls == [
            Called("lex:ListBots"),
            Called("lex:ListBotAliases", BOT),
            Called("lex:ListBotReplicas", BOT),
            Called("lex:DescribeBotAlias", f"{BOT}/{LIVE}"),
            Called("lambda:GetResourcePolicy", f"{ORDERS}:live"),
            Called("lambda:GetFunctionConfiguration", f"{ORDERS}:live"),
            *stub.calls[6:],
        ]
        assert {call.of for call in stub.calls[6:]} == {BOT, f"{BOT}/1", f"{BOT}/DRAFT"}
    assert len(examined(capsys, alias="live").hooks) == 2


@pytest.mark.usefixtures("live")
def test_bots_and_aliases_that_are_not_there(stub: Stub) -> None:
    """What there is stands in the line."""
    assert problem(bot="Orders") == ("--bot Orders: no such bot in us-east-1; there is OrdersBot.")
    assert problem(bot="OrdersBot", alias="prod") == (
        "--alias prod: no such alias of bot OrdersBot; there is TestBotAlias, live."
    )
    assert "lex:DescribeBotAlias" not in stub.counts()
    stub.bots |= {f"B{number:09}": f"bot{number}" for number in range(20)}
    assert problem(bot="x").endswith("bot8 and 11 more.")
    stub.bots = {}
    assert problem(bot="x").endswith("no such bot in us-east-1; there is none.")


@pytest.mark.usefixtures("live")
def test_an_alias_that_is_not_there_where_replicas_cannot_be_read(stub: Stub) -> None:
    """No replica has an alias that its bot has not."""
    stub.refuse("lex:ListBotReplicas", BOT, FORBIDDEN, for_good=True)
    words = "--alias prod: no such alias of bot OrdersBot; there is TestBotAlias, live."
    assert problem(bot="OrdersBot", alias="prod") == words
    assert problem(explained="OrdersBot/prod") == words


def test_a_system_without_terminals_of_unix(
    stub: Stub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as Windows: Python has no module for them there."""
    monkeypatch.setitem(sys.modules, "termios", None)
    assert examined(capsys).code == 0
    assert stub.counts() == {"lex:ListBots": 1}


def test_an_account_without_bots(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """One call, and nothing is wrong."""
    assert examined(capsys).output["summary"]["bots"] == 0
    assert stub.counts() == {"lex:ListBots": 1}


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    "action", ["lex:ListBots", "lex:ListBotAliases", "lambda:GetResourcePolicy"]
)
def test_expired_credentials_end_it_wherever_they_expire(stub: Stub, action: str) -> None:
    """One line: which call, which error, what to do."""
    stub.refuse(action, "*", EXPIRED, for_good=True)
    assert problem() == (
        f"credentials: {action.split(':')[1]}: ExpiredTokenException: The security token has"
        " expired. Sign in anew."
    )


@pytest.mark.usefixtures("live")
def test_expired_credentials_end_all_calls(stub: Stub) -> None:
    """What has not been asked yet is not asked any more."""
    hooks = stub.hooks[f"{BOT}/{LIVE}"]
    hooks |= {f"l{number}": f"{FUNCTIONS}:orders{number}" for number in range(200)}
    stub.refuse("lambda:GetResourcePolicy", "*", EXPIRED, for_good=True)
    assert problem().startswith("credentials: GetResourcePolicy: ExpiredTokenException: ")
    for thread in threading.enumerate():
        if thread.name.endswith("(work)"):
            thread.join()
    assert stub.counts()["lambda:GetResourcePolicy"] < 100


def test_credentials_that_cannot_be_had_anew(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Those of a program that stops to give any, in the middle of the run."""
    stub.add_bot(BOT, "OrdersBot")
    given = {"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b"}
    soon = datetime.now(UTC) + timedelta(minutes=1)
    keys = tmp_path / "keys"
    keys.write_text(json.dumps(given | {"Expiration": soon.isoformat()}))
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = cat {keys}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    def answer(handler: BaseHTTPRequestHandler) -> None:
        keys.unlink()
        bots = {"botSummaries": [{"botId": BOT, "botName": "OrdersBot"}]}
        raw(json.dumps(bots).encode())(handler)

    stub.refuse("lex:ListBots", "", answer)
    assert problem().startswith(
        "credentials: Error when retrieving credentials from custom-process: cat: "
    )
    assert stub.counts() == {"lex:ListBots": 1}


def test_bots_that_may_not_be_listed(stub: Stub) -> None:
    """Nothing can be said then."""
    stub.refuse("lex:ListBots", "", FORBIDDEN, for_good=True)
    assert problem() == (
        "the bots in us-east-1 cannot be listed: ListBots: AccessDeniedException: User reader is"
        " not authorized."
    )


def test_no_credentials_no_region_no_profile(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each is one line, before any call."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert problem() == "no Region: give --region, or set AWS_DEFAULT_REGION."
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert problem(regions=["us-east-1"]) == (
        "no credentials in the environment or a profile: sign in, or give another --profile."
    )
    assert "(nobody)" in problem(regions=["us-east-1"], profiles=["nobody"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    assert problem(regions=["us east 1"]).startswith("lexv2-models cannot be called in us east 1: ")
    config = tmp_path / "config"
    config.write_text("[profile p]\ncredential_process = false\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert problem(regions=["us-east-1"], profiles=["p"]).startswith("credentials: ")
    assert stub.calls == []


def test_the_rate_is_limited() -> None:
    """As many calls a second as were asked for."""
    limiter = RateLimiter(50.0)
    start = time.monotonic()
    for _ in range(11):
        limiter.wait()
    assert 0.19 < time.monotonic() - start < 2


@pytest.mark.parametrize(
    "arn",
    [
        ORDERS,
        f"{ORDERS}:live",
        f"{ORDERS}:12",
        f"arn:aws-us-gov:lambda:us-gov-west-1:{ACCOUNT}:function:a-b_c:$LATEST",
    ],
)
def test_arns_of_functions(arn: str) -> None:
    """Read and written back."""
    function = Function.of(arn)
    assert function is not None
    assert function.arn == arn


def test_as_a_program(stub: Stub, live: str) -> None:
    """The same, as its users run it: results on the standard output, nothing else anywhere."""
    stub.functions = {f"{ORDERS}:live": policy(), ORDERS: None}
    ended = run("doctor", **stub.environment)
    assert (ended.code, ended.err) == (1, "")
    assert "\x1b" not in ended.out
    assert f"--source-arn {live}\n" in ended.out
    assert ended.out.endswith(
        "1 code hook in 2 bot aliases of 1 bot in us-east-1:"
        " 0 allowed, 0 unknown, 0 missing, 1 denied\n"
    )
    misused = run("doctor", "--bot", "x", **stub.environment)
    assert (misused.code, misused.out) == (2, "")
    assert misused.err.startswith("auto-lex-permissions: --bot x: no such bot")


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        (
            {"Principal": {"Service": "lex.amazonaws.com"}},
            [
                "Wrong principal: statement lex",
                '  has:    {"Service": "lex.amazonaws.com"}',
                "  Lex V2: lexv2.amazonaws.com",
            ],
        ),
        (
            {"Action": "lambda:GetFunction"},
            [
                "Wrong action: statement lex",
                "  has:    lambda:GetFunction",
                "  Lex V2: lambda:InvokeFunction",
            ],
        ),
        (
            {"Resource": f"{FUNCTIONS}:other"},
            [
                "Wrong resource: statement lex",
                f"  has:    {FUNCTIONS}:other",
                f"  Lex V2: {ORDERS}:live",
            ],
        ),
        (
            {"Condition": {"StringEquals": {"AWS:SourceAccount": "999999999999"}}},
            [
                "Wrong account: statement lex",
                "  has:    999999999999",
                f"  Lex V2: {ACCOUNT}",
            ],
        ),
        (
            {"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:lex:us-east-1:9:bot-alias/*"}}},
            [
                "Wrong account: statement lex",
                "  has:    arn:aws:lex:us-east-1:9:bot-alias/*",
                "  Lex V2: {live}",
            ],
        ),
        (
            {"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:lex:us-east-1:1:bot/X"}}},
            [
                "Wrong SourceArn: statement lex",
                "  has:    arn:aws:lex:us-east-1:1:bot/X",
                "  Lex V2: {live}",
            ],
        ),
        (
            {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
            [
                "Condition does not hold: statement lex",
                "  has:    StringEquals aws:PrincipalOrgID o-1",
            ],
        ),
        (
            {"Condition": {"StringEquals": {"aws:SourceOrgID": "o-1"}}},
            [
                "Not proved to allow: statement lex has StringEquals aws:SourceOrgID o-1",
                "Whether that holds cannot be judged from here.",
            ],
        ),
        (
            {"Effect": "Deny"},
            [
                "Statement lex denies it, and no permission outweighs that.",
                "Take that statement away, or except Lex from it.",
            ],
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_why_not_in_words(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str], changed: Any, lines: list[str]
) -> None:
    """What the nearest statement has, above what Lex would need."""
    made = statement(f"{ORDERS}:live", live) | changed
    stub.functions[f"{ORDERS}:live"] = policy(made)
    expected = [line.replace("{live}", live) for line in lines]
    assert examined(capsys).only["explanation"] == expected
    assert doctor(regions=(), profiles=(), bot="", alias="", timeout=60, form="text") == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[1 : len(expected) + 1] == [f"{' ' * 9}{line}" for line in expected]
    assert ("# Under Resources:" in printed) is ("Effect" not in changed)


def test_a_call_that_hangs(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up, and the others are not: long before the deadline."""
    once = Config(read_timeout=0.5, retries={"total_max_attempts": 1})
    monkeypatch.setattr(calls, "CONFIG", once)
    stub.refuse("lex:DescribeBotAlias", f"{BOT}/{TEST_ALIAS[0]}", hang, for_good=True)
    stub.functions[f"{ORDERS}:live"] = policy(statement(f"{ORDERS}:live", live))
    ran = examined(capsys)
    assert (ran.code, ran.states) == (2, ["allowed"])
    (note,) = ran.output["unread"]
    assert note["alias"]["id"] == TEST_ALIAS[0]
    assert note["problem"].startswith("DescribeBotAlias: ReadTimeoutError: Read timeout on endp")
    assert note["problem"].endswith(". Check the Region, the network and the proxy.")


def test_an_api_that_does_not_answer(
    stub: Stub, live: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of Lambda: each hook is unknown, and says so. Of Lex: nothing can be said."""
    once = Config(retries={"total_max_attempts": 1})
    monkeypatch.setattr(calls, "CONFIG", once)
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:9")
    ran = examined(capsys)
    assert (ran.code, ran.only["state"], ran.only["sourceArn"]) == (2, "unknown", live)
    (line,) = ran.only["explanation"]
    assert line.startswith("GetResourcePolicy: EndpointConnectionError: Could not connect")
    assert "lambda:GetPolicy" not in stub.counts()
    monkeypatch.setenv("AWS_ENDPOINT_URL_LEX_MODELS_V2", "http://127.0.0.1:9")
    assert problem().startswith("the bots in us-east-1 cannot be listed: ListBots: Endpoint")
