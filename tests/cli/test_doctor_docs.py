"""docs/doctor.md is true: its example is what the command prints, its IAM policy what it needs."""

import json
import re
from typing import Any

from auto_lex_permissions_cli.doctor.account import CONFIG
from auto_lex_permissions_cli.doctor.answers import LARGEST_ANSWER
from tests.cli.aws_stub import (
    ACCOUNT,
    FORBIDDEN,
    FUNCTIONS,
    NOT_FOUND,
    REGION,
    TEST_ALIAS,
    Stub,
    policy,
    serving,
    statement,
)
from tests.cli.commands import ROOT, run

PAGE = (ROOT / "docs" / "doctor.md").read_text()
BOT = "ABCDEFGHIJ"
ORDERS = f"{FUNCTIONS}:orders"
ALIAS = f"arn:aws:lex:{REGION}:{ACCOUNT}:bot-alias/{BOT}/KLMNOPQRST"
BY_CONNECT = {
    "Effect": "Allow",
    "Principal": {"Service": "connect.amazonaws.com"},
    "Action": ["lex:RecognizeText", "lex:StartConversation"],
    "Resource": ALIAS,
    "Condition": {
        "StringEquals": {"AWS:SourceAccount": ACCOUNT},
        "ArnEquals": {
            "AWS:SourceArn": f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/"
            "12345678-1234-1234-1234-123456789012"
        },
    },
}


def _block(language: str, after: str) -> str:
    """Return the first block of code after some words."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE[PAGE.index(after) :], re.DOTALL)
    assert found is not None
    return found[1]


def _fill(stub: Stub) -> None:
    """Make the account of the example: one hook of each state."""
    stub.add_bot(BOT, "OrdersBot")
    live = stub.add_alias(
        BOT,
        "KLMNOPQRST",
        "live",
        en_US=f"{FUNCTIONS}:orders:live",
        es_US=f"{FUNCTIONS}:orders:live",
        fr_CA=f"{FUNCTIONS}:orders-french",
    )
    hooks = {"en_US": f"{FUNCTIONS}:orders", "es_US": f"{FUNCTIONS}:orders-secret"}
    test = stub.add_alias(BOT, *TEST_ALIAS, **hooks)
    bare = f"{FUNCTIONS}:orders"
    both = policy(statement(bare, test, "ForTheTestAlias"), statement(bare, live, "ForLive"))
    stub.functions = {bare: both, f"{bare}:live": None}
    for action in ("lambda:GetResourcePolicy", "lambda:GetPolicy"):
        stub.refuse(action, f"{bare}-secret", FORBIDDEN, for_good=True)


def test_the_examples_and_the_iam_policy() -> None:
    """The output to the letter, and an action for each call that was made, and no other."""
    instance = "12345678-1234-1234-1234-123456789012"
    with serving() as stub:
        _fill(stub)
        ended = run("doctor", "--bot", "OrdersBot", **stub.environment)
        del stub.hooks[f"{BOT}/KLMNOPQRST"]["fr_CA"], stub.hooks[f"{BOT}/KLMNOPQRST"]["es_US"]
        stub.instances[instance] = [ALIAS]
        stub.alias_policies[ALIAS] = policy(BY_CONNECT)
        chain = ("doctor", "--explain", "OrdersBot/live", "--connect", instance)
        explained = run(*chain, **stub.environment)
        drawn = run(*chain, "--format", "mermaid", **stub.environment)
    assert (explained.code, explained.err, drawn.code) == (1, "", 1)
    assert _block("text", "doctor --explain") == explained.out
    assert _block("mermaid", "doctor --explain") == drawn.out
    assert (ended.code, ended.err) == (2, f"{_block('text', 'and on the standard error:')}")
    assert _block("text", "doctor --bot OrdersBot") == ended.out
    needed = json.loads(_block("json", "## What it needs"))
    actions = [action for statement in needed["Statement"] for action in statement["Action"]]
    assert {statement["Effect"] for statement in needed["Statement"]} == {"Allow"}
    assert sorted(actions) == sorted({call.action for call in stub.calls})
    assert (REGION in PAGE, ACCOUNT in PAGE) == (True, True)


def test_the_example_of_what_is_left_over() -> None:
    """What is printed of it, to the letter."""
    with serving() as stub:
        stub.add_alias(stub.add_bot(BOT, "OrdersBot"), "KLMNOPQRST", "live", en_US=f"{ORDERS}:live")
        of = f"{ORDERS}:live"
        gone = ALIAS.replace("KLMNOPQRST", "UVWXYZ0123")
        stub.functions[of] = policy(statement(of, ALIAS), statement(of, gone, "lex-old"))
        stub.refuse("lex:DescribeBotAlias", f"{BOT}/UVWXYZ0123", NOT_FOUND)
        ended = run("doctor", **stub.environment, AWS_ACCOUNT_ID=ACCOUNT)
    assert ended.code == 0
    assert ended.out.startswith(_block("text", "## What is left over"))


def test_the_limits() -> None:
    """Each is what boto3 is told, and what `--help` says."""
    page = " ".join(PAGE.split())
    # The types of boto3 do not know what it takes.
    config: Any = CONFIG
    times = config.retries["total_max_attempts"]
    assert (
        f"One call waits {config.connect_timeout} seconds for a connection and"
        f" {config.read_timeout} for the next bytes of an answer, and is made at most {times} times"
    ) in page
    assert f"more than {LARGEST_ANSWER:,} bytes" in page
    found = re.search(r"at most (\d+) seconds, or as many as `--timeout` says", page)
    assert found is not None
    usage = " ".join(run("doctor", "--help").out.split())
    assert f"found until then. [default: {found[1]}; " in usage
