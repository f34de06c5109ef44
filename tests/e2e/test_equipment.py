"""The local cloud itself: what its Lex resources look like, what it refuses, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from localcloud.account import Account
from localcloud.sam import ROOT

ROLE_ARN = "arn:aws:iam::111122223333:role/any"
DELETED = "DELETE_COMPLETE"
INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/12345678-1234-1234-1234-123456789012"
BOT: dict[str, Any] = {
    "Type": "AWS::Lex::Bot",
    "Properties": {
        "Name": "bot",
        "RoleArn": ROLE_ARN,
        "DataPrivacy": {"ChildDirected": False},
        "IdleSessionTTLInSeconds": 300,
    },
}
VERSION = {
    "Type": "AWS::Lex::BotVersion",
    "Properties": {
        "BotId": {"Ref": "Bot"},
        "BotVersionLocaleSpecification": [
            {"LocaleId": "en_US", "BotVersionLocaleDetails": {"SourceBotVersion": "DRAFT"}}
        ],
    },
}
ALIAS = {
    "Type": "AWS::Lex::BotAlias",
    "Properties": {
        "BotId": {"Fn::GetAtt": ["Bot", "Id"]},
        "BotAliasName": "live",
        "BotVersion": {"Fn::GetAtt": ["Version", "BotVersion"]},
    },
}
ASSOCIATION = {
    "Type": "AWS::Connect::IntegrationAssociation",
    "Properties": {
        "InstanceId": INSTANCE,
        "IntegrationType": "LEX_BOT",
        "IntegrationArn": {"Fn::GetAtt": ["Alias", "Arn"]},
    },
}
OUTPUTS = {
    "Bot": {"Ref": "Bot"},
    "BotArn": {"Fn::GetAtt": ["Bot", "Arn"]},
    "Version": {"Ref": "Version"},
    "Alias": {"Ref": "Alias"},
    "AliasId": {"Fn::GetAtt": ["Alias", "BotAliasId"]},
    "AliasArn": {"Fn::GetAtt": ["Alias", "Arn"]},
    "Association": {"Ref": "Association"},
}

pytestmark = pytest.mark.timeout(120)


def test_shapes_of_identifiers(account: Account) -> None:
    """`Ref` and `Fn::GetAtt` give what they give on AWS."""
    create(
        account,
        "shapes",
        Resources={"Bot": BOT, "Version": VERSION, "Alias": ALIAS, "Association": ASSOCIATION},
        Outputs={name: {"Value": value} for name, value in OUTPUTS.items()},
    )
    found = account.outputs("shapes")
    bot, alias = found["Bot"], found["AliasId"]
    assert re.fullmatch("[A-Z0-9]{10}", bot)
    assert re.fullmatch("[A-Z0-9]{10}", alias)
    arn = f"arn:aws:lex:us-east-1:{account.account_id}"
    assert found == {
        "Bot": bot,
        "BotArn": f"{arn}:bot/{bot}",
        "Version": f"{bot}|1",
        "Alias": f"{alias}|{bot}",
        "AliasId": alias,
        "AliasArn": f"{arn}:bot-alias/{bot}/{alias}",
        "Association": f"{INSTANCE}|LEX_BOT|{arn}:bot-alias/{bot}/{alias}",
    }
    account.delete("shapes")
    assert not [name for name in account.holdings() if bot in name]


def test_refused_properties(account: Account) -> None:
    """Properties of the wrong shape fail the stack, and the reason names them all."""
    bad = {**BOT, "Properties": {**BOT["Properties"], "Name": "no spaces", "Surprise": 1}}
    del bad["Properties"]["RoleArn"]
    reason = failure(account, "refused", Resources={"Bot": bad})
    assert reason.startswith("Properties validation failed for resource Bot with message: [#/")
    for part in ("'RoleArn' is a required property", "'Surprise'", "'no spaces' does not match"):
        assert part in reason


def test_alias_of_no_bot(account: Account) -> None:
    """An alias needs a bot that is there."""
    alias = {"Type": "AWS::Lex::BotAlias", "Properties": {"BotId": "0" * 10, "BotAliasName": "a"}}
    reason = failure(account, "no-bot", Resources={"Alias": alias})
    assert reason == "Resource of type 'AWS::Lex::Bot' with identifier '0000000000' was not found."


def test_unknown_type(account: Account) -> None:
    """A type without a provider does not pass for deployed."""
    client = account.client("cloudformation")
    template = {"Resources": {"Policy": {"Type": "AWS::Lex::ResourcePolicy", "Properties": {}}}}
    client.create_change_set(
        StackName="unknown",
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template),
    )
    (stack,) = client.describe_stacks(StackName="unknown")["Stacks"]
    assert stack["StackStatus"] == "CREATE_FAILED"
    assert "AWS::Lex::ResourcePolicy" in stack["StackStatusReason"]


def test_condition_that_becomes_false(account: Account) -> None:
    """An update deletes what exists no longer, also where one such resource refers to another."""
    template = {
        "Parameters": {"Versions": {"Type": "String"}},
        "Conditions": {"HasVersions": {"Fn::Equals": [{"Ref": "Versions"}, "some"]}},
        "Resources": {
            "Bot": BOT,
            "Version": {"Condition": "HasVersions", **VERSION},
            "Alias": {"Condition": "HasVersions", **ALIAS},
        },
        "Outputs": {"Bot": {"Value": {"Ref": "Bot"}}},
    }
    create(account, "switched-off", {"Versions": "some"}, **template)
    bot_id = account.outputs("switched-off")["Bot"]
    update(account, "switched-off", {"Versions": "none"}, **template)
    assert account.resource_types("switched-off") == ["AWS::Lex::Bot"]
    deleted = [name for name, status in account.events("switched-off") if status == DELETED]
    assert deleted == ["Alias", "Version"]
    left = account.cloud.records.resources("AWS::Lex::BotAlias").values()
    assert bot_id not in {alias["BotId"] for alias in left}


def test_buckets_are_in_the_folder_of_the_run(account: Account) -> None:
    """What is put into a bucket goes away with LocalStack."""
    client = account.client("s3")
    client.create_bucket(Bucket="of-this-run")
    assert list((account.cloud.folder / "tmp" / "buckets").iterdir())
    client.delete_bucket(Bucket="of-this-run")


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name
)
def test_nothing_is_left(number: signal.Signals, tmp_path: Path) -> None:
    """However the starter ends, LocalStack ends with it and its folder is removed."""
    starter = subprocess.Popen(
        [sys.executable, "-m", "localcloud"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    # Whatever goes wrong in between, the starter ends with the block.
    with closing(starter.stdout or pytest.fail("no pipe")) as output, killed_at_the_end(starter):
        # The first line appears when LocalStack answers.
        assert output.readline().startswith(b"export AWS_")
        (folder,) = tmp_path.iterdir()
        (group,) = groups_with(str(folder))
        starter.send_signal(number)
        assert starter.wait(20) != 0
        wait_until_gone(folder, group)


@contextmanager
def killed_at_the_end(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill a process on the way out; one that has ended already is no mistake."""
    try:
        yield
    finally:
        process.kill()
        process.wait(5)


def groups_with(text: str) -> set[int]:
    """Return the process groups of all processes that have a text in their command line."""
    # "ww" keeps ps from cutting lines at the width of a terminal.
    command = ["ps", "-e", "-ww", "-o", "pgid=,args="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    lines = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    return {int(group) for group, arguments in lines if text in arguments}


def wait_until_gone(folder: Path, group: int) -> None:
    """Return when the folder and every process of the group are gone; fail after 10 seconds."""
    until = time.monotonic() + 10
    while folder.exists() or alive(group):
        assert time.monotonic() < until
        time.sleep(0.05)


def alive(group: int) -> bool:
    """Return whether a process group has any process."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def create(
    account: Account,
    stack: str,
    parameters: Mapping[str, str] | None = None,
    **template: object,
) -> None:
    """Create a stack and wait until it is there."""
    client = account.client("cloudformation")
    client.create_stack(
        StackName=stack,
        TemplateBody=json.dumps(template),
        Parameters=listed(parameters or {}),
    )
    client.get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )


def update(account: Account, stack: str, parameters: Mapping[str, str], **template: object) -> None:
    """Update a stack and wait until it has followed."""
    client = account.client("cloudformation")
    client.update_stack(
        StackName=stack, TemplateBody=json.dumps(template), Parameters=listed(parameters)
    )
    client.get_waiter("stack_update_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )


def listed(parameters: Mapping[str, str]) -> list[dict[str, str]]:
    """Return parameters as CloudFormation takes them."""
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]


def failure(account: Account, stack: str, **template: object) -> str:
    """Create a stack that has to fail, and return the reason of its first failed resource."""
    client = account.client("cloudformation")
    client.create_stack(StackName=stack, TemplateBody=json.dumps(template))
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for event in client.describe_stack_events(StackName=stack)["StackEvents"]:
            if event["ResourceStatus"] == "CREATE_FAILED" and "Stack" not in event["ResourceType"]:
                reason: str = event["ResourceStatusReason"]
                return reason
        time.sleep(0.2)
    raise AssertionError(f"Stack {stack} did not fail in time.")
