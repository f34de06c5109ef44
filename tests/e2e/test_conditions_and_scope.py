"""Hooks that come, go and move: the real SAM CLI updates their stacks on a local CloudFormation.

What a stack does, and in which order, is read from its events. LocalStack orders by `Ref`,
`Fn::GetAtt`, `Fn::Sub` and `DependsOn`, as CloudFormation does, and deletes at the end, also as
CloudFormation does. The end is no merit of any template, so no test is about when something is
deleted: that it is gone, the function's policy shows.
"""

from pathlib import Path

import pytest

from localcloud.account import Account, Event, Statement
from localcloud.sam import SamError
from localcloud.server import REGION

STACKS = Path(__file__).parent / "stacks"
CREATED = "CREATE_COMPLETE"
UPDATED = "UPDATE_COMPLETE"
UPDATING = "UPDATE_IN_PROGRESS"

# Four calls of SAM CLI at most in one test, each with a time-out of its own, and all that is
# needed to deploy the macro before the first test.
pytestmark = [pytest.mark.usefixtures("macro"), pytest.mark.timeout(600)]


def test_conditional_hook_is_switched(account: Account) -> None:
    """A permission comes and goes with its last hook; nothing else changes (rules 2.3, 2.6)."""
    first = switch(account, english="true", german="false")
    processed = account.processed("switched")
    (permission,) = account.permissions("switched")
    assert [source_arn(found) for found in first] == [account.outputs("switched")["BotAliasArn"]]

    # The other locale has the hook now, so it is the same grant: not even its Sid changes.
    assert switch(account, english="false", german="true") == first
    assert changed(account, "switched") == {"BotAlias"}

    assert switch(account, english="false", german="false") == []
    assert changed(account, "switched") == {"BotAlias", permission}

    again = switch(account, english="true", german="false")
    assert changed(account, "switched") == {"BotAlias", permission}
    assert sids(again) != sids(first)
    assert [found | {"Sid": ""} for found in again] == [found | {"Sid": ""} for found in first]
    # It was CloudFormation that decided each time: what it got from the macro was always the same.
    assert account.processed("switched") == processed


def switch(account: Account, *, english: str, german: str) -> list[Statement]:
    """Deploy the conditional hook, and return what Lex is allowed then."""
    outputs = account.deploy(
        "switched", STACKS / "conditional-hook.yaml", HookInEnglish=english, HookInGerman=german
    )
    return account.statements(outputs["FunctionName"])


def test_hook_of_the_test_alias(account: Account) -> None:
    """Lex may invoke it for the test alias of the very bot that was made (rule 2.1)."""
    outputs = account.deploy("test-alias", STACKS / "test-alias.yaml")
    (found,) = account.statements(outputs["FunctionName"])
    assert found["Principal"] == {"Service": "lexv2.amazonaws.com"}
    assert source_arn(found) == alias_arn(account, outputs["BotId"], "TSTALIASID")


@pytest.mark.parametrize("place", ["parameters", "metadata"])
def test_permission_by_bot_is_there_before_the_hook_moves(
    account: Account, place: str, tmp_path: Path
) -> None:
    """`SourceScope: Bot`, set in either place, leaves no time without permission (rule 5.2)."""
    stack = f"by-bot-{place}"
    template = STACKS / f"{stack}.yaml"
    outputs = account.deploy(stack, template)
    (first,) = account.statements(outputs["FirstFunctionName"])
    assert source_arn(first) == alias_arn(account, outputs["BotId"], "*")

    old, new = move_hook(account, stack, template, tmp_path)
    (moved,) = account.statements(outputs["SecondFunctionName"])
    assert moved["Condition"] == first["Condition"]
    assert account.statements(outputs["FirstFunctionName"]) == []
    assert account.processed(stack)["Resources"]["BotAlias"]["DependsOn"] == [new]
    assert changed(account, stack) == {"BotAlias", old, new}
    events = last_update(account, stack)
    assert events.index((new, CREATED)) < events.index(("BotAlias", UPDATING))


def test_permission_by_alias_follows_the_hook(account: Account, tmp_path: Path) -> None:
    """By default it names the alias and so comes after it: the time that rule 5.2 is about."""
    template = STACKS / "one-locale.yaml"
    account.deploy("by-alias", template)
    old, new = move_hook(account, "by-alias", template, tmp_path)
    assert "DependsOn" not in account.processed("by-alias")["Resources"]["BotAlias"]
    assert changed(account, "by-alias") == {"BotAlias", old, new}
    events = last_update(account, "by-alias")
    assert events.index(("BotAlias", UPDATED)) < events.index((new, "CREATE_IN_PROGRESS"))


def test_misspelled_setting_reaches_the_author_word_for_word(
    account: Account, tmp_path: Path
) -> None:
    """A setting that does not exist fails the change set instead of going unheard (rule 5.4)."""
    template = STACKS / "by-bot-parameters.yaml"
    with pytest.raises(SamError) as failure:
        account.deploy(
            "misspelled", edited(template, tmp_path, "SourceScope: Bot\n", "SourceScop: Bot\n")
        )
    assert failure.value.reason == (
        f"Transform {account.account_id}::AutoLexPermissions failed with: "
        "ALP302 Transform.Parameters.SourceScop: there is no such setting. "
        "Allowed names: SourceScope, OnUnreachable. Rollback requested by user."
    )


def move_hook(account: Account, stack: str, template: Path, folder: Path) -> tuple[str, str]:
    """Move the hook of a stack to its second function; return the old and the new permission."""
    (old,) = account.permissions(stack)
    first, second = (f"LambdaArn: !GetAtt {name}Function.Arn\n" for name in ("First", "Second"))
    account.deploy(stack, edited(template, folder, first, second))
    (new,) = account.permissions(stack)
    return old, new


def edited(template: Path, folder: Path, old: str, new: str) -> Path:
    """Write a template with one text of it replaced, which has to be there once."""
    text = template.read_text()
    assert text.count(old) == 1
    target = folder / template.name
    target.write_text(text.replace(old, new))
    return target


def last_update(account: Account, stack: str) -> list[Event]:
    """Return what happened since the last update of a stack began, oldest first."""
    events = account.events(stack)
    begin = max(place for place, event in enumerate(events) if event == (stack, UPDATING))
    return events[begin + 1 :]


def changed(account: Account, stack: str) -> set[str]:
    """Return the resources that the last update created, changed or deleted."""
    return {name for name, _ in last_update(account, stack)} - {stack}


def sids(statements: list[Statement]) -> list[str]:
    """Return the ids of statements."""
    return [found["Sid"] for found in statements]


def source_arn(statement: Statement) -> str:
    """Return the only SourceArn that a statement allows."""
    (condition,) = statement["Condition"].values()
    arn: str = condition["AWS:SourceArn"]
    return arn


def alias_arn(account: Account, bot_id: str, alias_id: str) -> str:
    """Return the ARN of a bot alias in the account of the tests."""
    return f"arn:aws:lex:{REGION}:{account.account_id}:bot-alias/{bot_id}/{alias_id}"
