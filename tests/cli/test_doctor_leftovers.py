"""What `doctor` says can go from policies: only what is sure, and with what removes it."""

import json
import shlex
from typing import Any, Final

import pytest

from auto_lex_permissions_cli.doctor.command import run as doctor
from tests.cli.aws_stub import (
    ACCOUNT,
    FORBIDDEN,
    FUNCTIONS,
    NOT_FOUND,
    REGION,
    Answer,
    Stub,
    policy,
    statement,
)
from tests.cli.conftest import OPTIONS

BOT, LIVE = "ABCDEFGHIJ", "KLMNOPQRST"
GONE_BOT, GONE = "ZYXWVUTSRQ", "UVWXYZ0123"
OTHER: Final = "999999999999"
ORDERS: Final = f"{FUNCTIONS}:orders:live"
ARNS: Final = f"arn:aws:lex:{REGION}:{ACCOUNT}:bot-alias"
ALIAS: Final = f"{ARNS}/{BOT}/{LIVE}"
OLD, OF_GONE_BOT = f"{ARNS}/{BOT}/{GONE}", f"{ARNS}/{GONE_BOT}/{LIVE}"
EXACT: Final = statement(ORDERS, ALIAS, "exact")
NO_SOURCE: Final[dict[str, Any]] = {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}


@pytest.fixture
def stub(known_account: Stub) -> Stub:
    """A bot whose alias has a hook that its function's policy allows."""
    return fill(known_account)


def fill(account: Stub) -> Stub:
    """Put that bot into an account, and let it have no other."""
    account.add_alias(account.add_bot(BOT, "OrdersBot"), LIVE, "live", en_US=ORDERS)
    account.functions[ORDERS] = policy(EXACT)
    for alias in (f"{BOT}/{GONE}", f"{GONE_BOT}/{LIVE}"):
        account.refuse("lex:DescribeBotAlias", alias, NOT_FOUND, for_good=True)
    account.refuse("lex:DescribeBot", GONE_BOT, NOT_FOUND, for_good=True)
    return account


def left_over(
    stub: Stub, capsys: pytest.CaptureFixture[str], *statements: Any, **options: str
) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code and what is left over, where the policy has more statements."""
    stub.functions[ORDERS] = policy(*statements)
    code = doctor(**OPTIONS | options, form="json")
    (place,) = json.loads(capsys.readouterr().out)["places"]
    found: list[dict[str, Any]] = place["leftOver"]
    assert {one["function"] for one in found} <= {ORDERS}
    return code, found


def removing(sid: str) -> str:
    """Return the command that removes a statement of the function."""
    unqualified = ORDERS.removesuffix(":live")
    options = f"--function-name {unqualified} --qualifier live --statement-id {sid}"
    return f"aws lambda remove-permission {options} --region {REGION}"


LEFT: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "a bot alias": (statement(ORDERS, OLD, "old"), f"bot alias {BOT}/{GONE}"),
    "a bot": (
        statement(ORDERS, f"{ARNS}/{GONE_BOT}/{LIVE}", "old"),
        f"bot alias {GONE_BOT}/{LIVE}",
    ),
    "all aliases of a bot": (statement(ORDERS, f"{ARNS}/{GONE_BOT}/*", "old"), f"bot {GONE_BOT}"),
    "several": (
        statement(
            ORDERS,
            "",
            "old",
            Condition={"ArnEquals": {"aws:SourceArn": [OLD, OF_GONE_BOT]}},
        ),
        f"bot alias {BOT}/{GONE} and bot alias {GONE_BOT}/{LIVE}",
    ),
}


@pytest.mark.parametrize(("old", "callers"), LEFT.values(), ids=LEFT)
def test_a_statement_for_what_is_gone(
    stub: Stub, capsys: pytest.CaptureFixture[str], old: dict[str, Any], callers: str
) -> None:
    """By what Lex says of it, and with the command that removes it; no other exit code."""
    code, (found,) = left_over(stub, capsys, EXACT, old)
    assert (code, found["id"], found["statement"]) == (0, "ALP821", "old")
    assert found["what"] == f"Statement old is for {callers}, and Lex has no such thing any more."
    assert found["commands"] == [removing("old")]


KEPT: Final[dict[str, dict[str, Any]]] = {
    "of an alias without a hook": statement(ORDERS, f"{ARNS}/{BOT}/TSTALIASID", "other"),
    "of a bot that is there": statement(ORDERS, f"{ARNS}/{BOT}/*", "other"),
    "of one that is gone and one that is not": statement(
        ORDERS,
        "",
        "other",
        Condition={"ArnLike": {"aws:SourceArn": [OLD, ALIAS]}},
    ),
    "of another account": statement(ORDERS, OLD.replace(ACCOUNT, OTHER), "other"),
    "of another Region": statement(ORDERS, OLD.replace(REGION, "eu-west-1"), "other"),
    "of another service": statement(ORDERS, OLD, "other", {"Service": "lex.amazonaws.com"}),
    "that denies": statement(ORDERS, OLD, "other", Effect="Deny"),
    "of all but one": statement(
        ORDERS, "", "other", Condition={"ArnNotLike": {"aws:SourceArn": OLD}}
    ),
    "of some aliases of a bot": statement(ORDERS, f"{ARNS}/{BOT}/U*", "other"),
    "of another resource": statement(ORDERS, ALIAS, "other", Resource=f"{ORDERS}-2"),
}


@pytest.mark.parametrize("other", KEPT.values(), ids=KEPT)
def test_what_may_be_needed_is_no_left_over(
    stub: Stub, capsys: pytest.CaptureFixture[str], other: dict[str, Any]
) -> None:
    """A statement that serves something, or nobody knows."""
    named = {"bot": "OrdersBot"} if "Not" in json.dumps(other) else {}
    assert left_over(stub, capsys, EXACT, other, **named) == (0, [])


@pytest.mark.parametrize("of", [ACCOUNT, OTHER], ids=["its own", "another account's"])
def test_in_an_account_that_is_not_known(
    account: Stub, capsys: pytest.CaptureFixture[str], of: str
) -> None:
    """What is gone here may be another account's, and live there: nothing is asked."""
    arn = ORDERS.replace(ACCOUNT, of)
    fill(account).hooks[f"{BOT}/{LIVE}"] = {"en_US": arn}
    condition = {"StringEquals": {"AWS:SourceAccount": of}}
    own = statement(arn, ALIAS.replace(ACCOUNT, of), "own", Condition=condition)
    others = [
        statement(arn, source.replace(ACCOUNT, of), name)
        for name, source in {"alias": OLD, "bot": f"{ARNS}/{GONE_BOT}/*", "all": "*"}.items()
    ]
    account.functions[arn] = policy(own, *others)
    code = doctor(**OPTIONS, form="json")
    (place,) = json.loads(capsys.readouterr().out)["places"]
    assert (code, place["leftOver"]) == (0, [])
    described = {call.of for call in account.calls if call.action == "lex:DescribeBotAlias"}
    assert described == {f"{BOT}/{LIVE}", f"{BOT}/TSTALIASID"}


def test_a_function_of_another_account(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """It serves bots that nobody sees from here; a statement for a bot of here is sure."""
    arn = ORDERS.replace(ACCOUNT, OTHER)
    stub.hooks[f"{BOT}/{LIVE}"] = {"en_US": arn}
    stub.functions[arn] = policy(
        statement(arn, ALIAS, "exact"),
        statement(arn, OLD, "old"),
        statement(arn, OLD.replace(ACCOUNT, OTHER), "theirs"),
        statement(arn, "", "all", Condition={"StringEquals": {"AWS:SourceAccount": OTHER}}),
        statement(arn, "", "any", Condition={}),
    )
    code = doctor(**OPTIONS, form="json")
    (place,) = json.loads(capsys.readouterr().out)["places"]
    found = [(one["id"], one["statement"]) for one in place["leftOver"]]
    assert (code, found) == (0, [("ALP821", "old")])


def test_what_cannot_be_asked_is_not_sure(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named as what could not be read."""
    stub.refuse("lex:DescribeBotAlias", f"{BOT}/{GONE}", FORBIDDEN, for_good=True)
    old = statement(ORDERS, OLD, "old")
    assert left_over(stub, capsys, EXACT, old) == (2, [])


def test_a_statement_that_repeats_another(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the order of its members; one without an id takes more than a command."""
    twice = dict(reversed({**EXACT, "Sid": "again"}.items()))
    bare = {name: value for name, value in EXACT.items() if name != "Sid"}
    _, found = left_over(stub, capsys, EXACT, twice, bare)
    assert [(one["id"], one["what"]) for one in found] == [
        ("ALP822", "Statement again repeats statement exact."),
        ("ALP822", "Statement number 3 repeats statement exact."),
    ]
    assert [one["commands"] for one in found] == [[removing("again")], []]


WIDE: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "no SourceArn": (statement(ORDERS, "", "wide", Condition=NO_SOURCE), "the account"),
    "all bots": (statement(ORDERS, f"{ARNS}/*", "wide"), "the account"),
    "no condition": (statement(ORDERS, "", "wide", Condition={}), "any account"),
    "anyone": (statement(ORDERS, "", "wide", "*", Condition={}), "any account"),
}


@pytest.mark.parametrize(("wide", "whose"), WIDE.values(), ids=WIDE)
def test_a_statement_that_is_too_wide(
    stub: Stub, capsys: pytest.CaptureFixture[str], wide: dict[str, Any], whose: str
) -> None:
    """Beside an exact one it can go; alone, the exact one is added before."""
    code, (found,) = left_over(stub, capsys, EXACT, wide)
    assert (code, found["id"]) == (0, "ALP823")
    assert found["what"] == f"Statement wide lets any bot of {whose} invoke the function."
    assert found["commands"] == [removing("wide")]

    _, (found,) = left_over(stub, capsys, wide)
    adding, last = found["commands"]
    assert last == removing("wide")
    words = shlex.split(adding.replace("\\\n", " "))
    given = dict(zip(words[3::2], words[4::2], strict=True))
    assert words[:3] == ["aws", "lambda", "add-permission"]
    assert (given["--source-arn"], given["--qualifier"]) == (ALIAS, "live")


def test_two_that_are_too_wide(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """What is needed in their place is added once, whichever hooks need it."""
    stub.add_alias(BOT, "UVWXYZABCD", "next", en_US=ORDERS, es_US=ORDERS)
    first = statement(ORDERS, f"{ARNS}/*", "first")
    second = statement(ORDERS, "", "second", Condition=NO_SOURCE)
    _, found = left_over(stub, capsys, first, second)
    commands = [[one.split()[2] for one in each["commands"]] for each in found]
    assert commands == [
        ["add-permission", "add-permission", "remove-permission"],
        ["remove-permission"],
    ]


@pytest.mark.parametrize("options", [{"bot": BOT}, {"alias": "live"}], ids=["bot", "alias"])
def test_a_wide_statement_may_serve_what_is_not_looked_at(
    stub: Stub, capsys: pytest.CaptureFixture[str], options: dict[str, str]
) -> None:
    """Then nobody says that it can go; nor where something could not be read."""
    wide = statement(ORDERS, f"{ARNS}/*", "wide")
    assert left_over(stub, capsys, EXACT, wide, **options) == (0, [])
    stub.refuse("lex:ListBotAliases", stub.add_bot("ZZZZZZZZZZ", "Secret"), FORBIDDEN)
    assert left_over(stub, capsys, EXACT, wide) == (2, [])


def test_the_size_of_a_policy(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """From three quarters of the limit on."""
    empty = len(policy({**EXACT, "Sid": ""}))
    just = {**EXACT, "Sid": "x" * (15_360 - empty)}
    assert left_over(stub, capsys, {**just, "Sid": just["Sid"][1:]}) == (0, [])
    _, (found,) = left_over(stub, capsys, just)
    assert (found["id"], found["statement"], found["commands"]) == ("ALP824", "", [])
    assert found["what"] == "The policy has 15,360 of the 20,480 bytes that Lambda takes."


def test_in_words_and_as_lines(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """Before all else, since what matters most is last."""
    old = statement(ORDERS, OLD, "old")
    stub.functions[ORDERS] = policy(EXACT, old)
    assert doctor(**OPTIONS, form="text") == 0
    first, command, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("note     orders:live ALP821 Statement old is for bot alias ")
    assert command == f"         {removing('old')}"
    assert doctor(**OPTIONS | {"profiles": ("operations",)}, form="jsonl") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["kind"] for line in lines] == ["codeHook", "leftOver", "place"]
    assert lines[1]["commands"] == [f"{removing('old')} --profile operations"]


def test_nothing_is_asked_without_a_reason(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """Of what was looked at anyway, Lex is not asked again."""
    answer: Answer = FORBIDDEN
    stub.refuse("lex:DescribeBotAlias", f"{BOT}/{GONE}", answer, for_good=True)
    assert left_over(stub, capsys, EXACT) == (0, [])
    assert stub.counts()["lex:DescribeBotAlias"] == 2
