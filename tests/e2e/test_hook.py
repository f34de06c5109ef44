"""The hook's stack deploys.

LocalStack runs no hooks: localcloud records that one was made, with the properties that AWS would
check. Nor is the function invoked, whose libyaml is for arm64 as on Lambda: tests/artifact
has tests of it as it is built for this machine.
"""

from collections.abc import Callable

import pytest

from localcloud.account import Account
from localcloud.sam import ROOT
from localcloud.server import REGION, LocalCloud
from tests.e2e.test_organization import account_of

STACK = "auto-lex-permissions-hook"
ACCOUNT = "222233334444"
TYPE = "AWS::CloudFormation::LambdaHook"
TOPIC = "on-call"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def account(cloud: LocalCloud, say: Callable[[str], None]) -> Account:
    """Return an account that has the topic of the alarms, and nothing else yet."""
    account = account_of(cloud, say, ACCOUNT)
    account.client("sns").create_topic(Name=TOPIC)
    return account


@pytest.fixture(scope="module")
def hook(account: Account, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build and deploy the hook as a user does; return its stack's outputs."""
    built = account.sam.build(tmp_path_factory.mktemp("hook"), "hook/template.yaml")
    settings = ("--config-file", str(ROOT / "hook" / "samconfig.toml"), *account.code_bucket)
    parameters = {"Mode": "FAIL", "ExcludedStackNames": "legacy-*,other", "AlarmTopicName": TOPIC}
    account.sam.deploy(built, *settings, parameters=parameters)
    return account.outputs(STACK)


def test_the_hook_is_made_as_its_parameters_say(
    account: Account, cloud: LocalCloud, hook: dict[str, str]
) -> None:
    """With its own stack excluded, the execution role that may invoke the function, and its ARN."""
    (made,) = cloud.records.resources(TYPE).values()
    functions = account.client("lambda")
    found = functions.get_function(FunctionName=hook["FunctionName"])["Configuration"]
    arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:type/hook/AutoLexPermissions-Lex-CodeHooks"
    assert hook["HookArn"] == arn
    role = made.pop("ExecutionRole")
    assert made == {
        "Alias": "AutoLexPermissions::Lex::CodeHooks",
        "HookArn": arn,
        "HookStatus": "ENABLED",
        "FailureMode": "FAIL",
        "LambdaFunction": found["FunctionArn"],
        "TargetOperations": ["STACK", "CHANGE_SET"],
        "TargetFilters": {"Actions": ["CREATE", "UPDATE"]},
        "StackFilters": {
            "FilteringCriteria": "ALL",
            "StackNames": {"Exclude": [STACK, "legacy-*", "other"]},
        },
    }
    iam = account.client("iam")
    (policy,) = iam.list_role_policies(RoleName=role.rpartition("/")[2])["PolicyNames"]
    document = iam.get_role_policy(RoleName=role.rpartition("/")[2], PolicyName=policy)
    (statement,) = document["PolicyDocument"]["Statement"]
    assert statement["Resource"] == found["FunctionArn"]


def test_the_alarms_watch_what_the_function_counts(account: Account, hook: dict[str, str]) -> None:
    """Four, each of this function, and each tells the topic."""
    alarms = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    ours = [alarm for alarm in alarms if "docs/hook.md" in alarm["AlarmDescription"]]
    assert {alarm["MetricName"] for alarm in ours} == {
        "NotJudged",
        "Errors",
        "Throttles",
        "Duration",
    }
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{TOPIC}"
    for alarm in ours:
        assert alarm["AlarmActions"] == [topic]
        assert hook["FunctionName"] in {each["Value"] for each in alarm["Dimensions"]}
