"""What silences a hook beside its permission, and what may explain a complaint; kept apart.

Each hook here is allowed by its function's policy.
"""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from auto_lex_permissions_cli.doctor.command import run as doctor
from tests.cli.aws_stub import (
    CANARY,
    FORBIDDEN,
    FUNCTIONS,
    TEST_ALIAS,
    Stub,
    policy,
    statement,
)
from tests.cli.conftest import OPTIONS

BOT, LIVE = "ABCDEFGHIJ", "KLMNOPQRST"
ORDERS: Final = f"{FUNCTIONS}:orders"
BUILT: Final = {"botLocaleStatus": "Built", "lastBuildSubmittedDateTime": 1_000}


@pytest.fixture
def stub(account: Stub) -> Stub:
    """A bot whose alias has a hook of which nothing is to be said."""
    live = account.add_alias(account.add_bot(BOT, "OrdersBot"), LIVE, "live", en_US=ORDERS)
    account.functions[ORDERS] = policy(statement(ORDERS, live))
    return account


def said(capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str], list[str], str]:
    """Return the exit code, what was found and noted of the one hook, and the text for people."""
    code = doctor(**OPTIONS, form="json")
    printed = capsys.readouterr().out
    (hook,) = json.loads(printed)["places"][0]["codeHooks"]
    assert hook["state"] == "allowed"
    assert doctor(**OPTIONS, form="text") == code
    text = capsys.readouterr().out
    assert CANARY not in printed + text
    return code, [one["id"] for one in hook["findings"]], [one["id"] for one in hook["notes"]], text


def _served(version: str, *locales: tuple[str, dict[str, Any]]) -> Callable[[Stub], None]:
    return lambda stub: stub.locales.update({f"{BOT}/{version}": dict(locales)})


def _configured(**members: Any) -> Callable[[Stub], None]:
    return lambda stub: stub.configurations.update({ORDERS: members})


FINDINGS: Final[dict[str, tuple[Callable[[Stub], None], str, str]]] = {
    "no locale": (
        _served("1", ("de_DE", BUILT)),
        "ALP804",
        "ALP804 Version 1 of the bot has no locale en_US. Build the locale, make a version,",
    ),
    "not built": (_served("1", ("en_US", BUILT | {"botLocaleStatus": "NotBuilt"})), "ALP805", ""),
    "failed": (
        _configured(State="Failed", StateReason="No subnet."),
        "ALP806",
        "The function is in the state Failed: No subnet. Correct what it names",
    ),
    "durable": (_configured(DurableConfig={"ExecutionTimeout": 5}), "ALP407", ""),
    "isolated": (_configured(TenancyConfig={"TenantIsolationMode": "PER_TENANT"}), "ALP408", ""),
}


@pytest.mark.parametrize(("change", "code", "words"), FINDINGS.values(), ids=FINDINGS)
def test_what_silences_a_hook(
    stub: Stub,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Stub], None],
    code: str,
    words: str,
) -> None:
    """It is a finding, below the hook that its policy allows, and exits with 1."""
    change(stub)
    exited, findings, notes, text = said(capsys)
    assert (exited, findings, notes) == (1, [code], [])
    assert text.startswith(f"allowed  OrdersBot/live en_US -> orders\n         {code} ")
    assert words in text


NOTES: Final[dict[str, tuple[Callable[[Stub], None], str, str]]] = {
    "older": (
        _served("DRAFT", ("en_US", BUILT | {"lastBuildSubmittedDateTime": 2_001})),
        "ALP811",
        "note     OrdersBot/live ALP811 The bot alias serves version 1, which is older",
    ),
    "no error logs": (
        lambda stub: stub.without_error_logs.add(BOT),
        "ALP813",
        "note     OrdersBot ALP813 Error logs are off",
    ),
    "inactive": (
        _configured(State="Inactive"),
        "ALP814",
        "note     orders ALP814 The function is in the state Inactive",
    ),
}


@pytest.mark.parametrize(("change", "code", "words"), NOTES.values(), ids=NOTES)
def test_what_may_explain_a_complaint(
    stub: Stub,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Stub], None],
    code: str,
    words: str,
) -> None:
    """It is a note, and changes no exit code."""
    change(stub)
    exited, findings, notes, text = said(capsys)
    assert (exited, findings, notes) == (0, [], [code])
    assert text.startswith(words)


NOTHING: Final[dict[str, Callable[[Stub], None]]] = {
    "made right after the build": _served(
        "DRAFT", ("en_US", BUILT | {"lastBuildSubmittedDateTime": 2_000})
    ),
    "another locale was built": _served(
        "DRAFT", ("en_US", BUILT), ("de_DE", BUILT | {"lastBuildSubmittedDateTime": 9_000})
    ),
    "under way": _served("1", ("en_US", BUILT | {"botLocaleStatus": "Building"})),
    "durable by a qualifier": lambda stub: stub.configurations.update(
        {f"{ORDERS}:live": {"DurableConfig": {"ExecutionTimeout": 5}}}
    ),
    "a draft that was built before": lambda stub: (
        stub.served.update({f"{BOT}/{LIVE}": "DRAFT"}),
        _served("DRAFT", ("en_US", BUILT | {"botLocaleStatus": "NotBuilt"}))(stub),
    )[0],
    "a locale that is off": lambda stub: (
        stub.hooks[f"{BOT}/{LIVE}"].update(en_US=f"-{ORDERS}"),
        _served("1")(stub),
    )[0],
}


@pytest.mark.parametrize("change", NOTHING.values(), ids=NOTHING)
def test_what_is_said_of_nothing(
    stub: Stub, capsys: pytest.CaptureFixture[str], change: Callable[[Stub], None]
) -> None:
    """What is near to a finding or a note, and is none."""
    change(stub)
    if f"{ORDERS}:live" in stub.configurations:
        live = stub.add_alias(BOT, LIVE, "live", en_US=f"{ORDERS}:live")
        stub.functions[f"{ORDERS}:live"] = policy(statement(f"{ORDERS}:live", live))
    assert said(capsys)[:3] == (0, [], [])


def test_a_bot_with_the_test_alias_alone(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever calls it calls the draft; with another alias, nobody has to."""
    test = stub.add_alias(BOT, *TEST_ALIAS, en_US=ORDERS)
    stub.functions[ORDERS] = policy(statement(ORDERS, test))
    code = doctor(**OPTIONS | {"alias": "TestBotAlias"}, form="json")
    (hook,) = json.loads(capsys.readouterr().out)["places"][0]["codeHooks"]
    assert (code, hook["notes"]) == (0, [])
    del stub.aliases[BOT][LIVE]
    code, findings, notes, text = said(capsys)
    assert (code, findings, notes) == (0, [], ["ALP812"])
    assert text.startswith("note     OrdersBot ALP812 The bot has no other alias than the test")


UNREAD: Final = {
    "lex:ListBotLocales": f"{BOT}/1",
    "lex:ListBotVersions": BOT,
    "lex:DescribeBot": BOT,
    "lambda:GetFunctionConfiguration": ORDERS,
}


@pytest.mark.parametrize("action", UNREAD)
def test_what_cannot_be_read(stub: Stub, capsys: pytest.CaptureFixture[str], action: str) -> None:
    """It is neither a finding nor a note, and named as not read."""
    stub.refuse(action, UNREAD[action], FORBIDDEN, for_good=True)
    code, findings, notes, text = said(capsys)
    assert (code, findings, notes) == (2, [], [])
    assert f"{action.partition(':')[2]}: AccessDeniedException" in text
    assert text.count("not all could be read") == 1


def test_what_is_asked_for_two_hooks_is_asked_once(
    stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """One function with two locales, named once where it cannot be read."""
    stub.hooks[f"{BOT}/{LIVE}"]["es_US"] = ORDERS
    stub.refuse("lambda:GetFunctionConfiguration", ORDERS, FORBIDDEN, for_good=True)
    assert doctor(**OPTIONS, form="text") == 2
    assert capsys.readouterr().out.count("GetFunctionConfiguration: ") == 1
    assert stub.counts()["lambda:GetFunctionConfiguration"] == 1
    assert stub.counts()["lex:ListBotVersions"] == 1
