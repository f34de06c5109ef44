"""The examples that people take do what they say, deployed to a local CloudFormation.

examples/connect-bot.yaml is what most of test_end_to_end.py is about. examples/sam.yaml names an
alias that SAM publishes, which LocalStack takes for a mistake: tests/test_readme.py has it.
"""

from pathlib import Path

import pytest

from localcloud.account import Account
from localcloud.sam import ROOT

EXAMPLES = ROOT / "examples"
GIVEN = Path(__file__).parent / "stacks" / "bot-and-functions.yaml"

pytestmark = [pytest.mark.usefixtures("macro"), pytest.mark.timeout(300)]


def callers(account: Account, function: str) -> list[str]:
    """Return the bot aliases that may invoke a function."""
    return [
        found["Condition"]["ArnLike"]["AWS:SourceArn"] for found in account.statements(function)
    ]


def test_the_minimal_one(account: Account) -> None:
    """Its bot alias, and no other, may invoke the function."""
    given = account.deploy("given-to-minimal", GIVEN)
    function = given["FirstFunctionArn"]
    outputs = account.deploy(
        "minimal", EXAMPLES / "minimal.yaml", BotId=given["BotId"], FunctionArn=function
    )
    assert callers(account, function) == [outputs["LiveAliasArn"]]


def test_several_locales(account: Account) -> None:
    """A permission for each function, however many locales share it."""
    given = account.deploy("given-to-locales", GIVEN)
    english, japanese = given["FirstFunctionArn"], given["SecondFunctionArn"]
    outputs = account.deploy(
        "locales",
        EXAMPLES / "several-locales.yaml",
        BotId=given["BotId"],
        EnglishFunctionArn=english,
        JapaneseFunctionArn=japanese,
    )
    assert callers(account, english) == [outputs["LiveAliasArn"]]
    assert callers(account, japanese) == [outputs["LiveAliasArn"]]


def test_the_loop(account: Account) -> None:
    """The bot alias of each item may invoke the function."""
    given = account.deploy("given-to-loop", GIVEN)
    function = given["FirstFunctionArn"]
    outputs = account.deploy_directly(
        "stages", EXAMPLES / "loop.yaml", BotId=given["BotId"], FunctionArn=function
    )
    assert sorted(callers(account, function)) == sorted(
        [outputs["TestAliasArn"], outputs["LiveAliasArn"]]
    )
