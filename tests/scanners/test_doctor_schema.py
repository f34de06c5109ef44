"""docs/doctor.schema.json holds what `doctor` prints for programs, and nothing else."""

import json
from pathlib import Path
from typing import Final

import pytest

from localcloud.sam import ROOT
from tests.cli.aws_stub import FORBIDDEN, FUNCTIONS, TEST_ALIAS, Stub, policy, serving, statement
from tests.cli.commands import run, written
from tests.scanners.test_tools_of_users import is_valid

SCHEMA: Final = ROOT / "docs" / "doctor.schema.json"
BOT: Final = "ABCDEFGHIJ"


def fill(stub: Stub) -> None:
    """Make hooks of all states, and a bot of which nothing can be read."""
    live = stub.add_alias(
        stub.add_bot(BOT, "OrdersBot"),
        "KLMNOPQRST",
        "live",
        en_US=f"{FUNCTIONS}:orders",
        es_US=f"{FUNCTIONS}:gone",
        fr_CA="odd",
    )
    stub.add_alias(BOT, *TEST_ALIAS, en_US=f"{FUNCTIONS}:orders")
    own = statement(f"{FUNCTIONS}:orders", live)
    stub.functions[f"{FUNCTIONS}:orders"] = policy(own, {**own, "Sid": "again"})
    stub.refuse("lex:ListBotAliases", stub.add_bot("ZYXWVUTSRQ", "Secret"), FORBIDDEN)
    west = stub.at("nobody", "us-west-2")
    west.refuse("lex:ListBots", "", FORBIDDEN)


def outputs(*options: str) -> list[str]:
    """Return what is printed as one document, and each line of the other form."""
    printed = []
    for form in ("json", "jsonl"):
        with serving() as stub:
            fill(stub)
            ended = run("doctor", *options, "--format", form, **stub.environment)
            assert ended.code == 2
            printed += [ended.out] if form == "json" else ended.out.splitlines()
    return printed


def test_what_is_printed_is_valid(tmp_path: Path) -> None:
    """Hooks of all states, what cannot be read, and a Region of which nothing can be said."""
    both = ("--region", "us-east-1", "--region", "us-west-2")
    printed = outputs() + outputs(*both)
    kinds = {json.loads(text).get("kind") for text in printed}
    assert kinds == {None, "codeHook", "leftOver", "unread", "place"}
    assert '"problem": "the bots in us-west-2 cannot be listed' in "".join(printed)
    files = [written(tmp_path, text, f"{number}.json") for number, text in enumerate(printed)]
    is_valid(["--schemafile", SCHEMA], *files)


def test_a_chain_is_valid(tmp_path: Path) -> None:
    """What --explain prints, and no other verdict."""
    with serving() as stub:
        fill(stub)
        chain = ("doctor", "--explain", "OrdersBot/live", "--format", "json")
        ended = run(*chain, **stub.environment)
    assert '"verdict": "broken"' in ended.out
    is_valid(["--schemafile", SCHEMA], written(tmp_path, ended.out, "chain.json"))
    odd = written(tmp_path, ended.out.replace("broken", "odd"), "odd.json")
    with pytest.raises(AssertionError):
        is_valid(["--schemafile", SCHEMA], odd)


def test_the_schema_finds_what_is_wrong(tmp_path: Path) -> None:
    """A member too many or of another version, in each kind of output."""
    by_kind = {json.loads(text).get("kind"): text for text in outputs()}
    for kind, text in by_kind.items():
        wrong = json.dumps(json.loads(text) | ({"version": 2} if kind else {"more": 1}))
        with pytest.raises(AssertionError):
            is_valid(["--schemafile", SCHEMA], written(tmp_path, wrong, f"{kind}.json"))
