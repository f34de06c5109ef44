"""One function for several accounts: registered elsewhere, in two versions, and rolled back.

LocalStack allows every call and drops PrincipalOrgID, so who may invoke the function is not shown
here but in tests/org/test_who_may_invoke.py. It takes MaxConcurrency and reserves nothing for it.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from auto_lex_permissions import __version__
from localcloud.account import MACRO_STACK, Account
from localcloud.records import InvocationRecord
from localcloud.sam import ROOT, Sam
from localcloud.server import REGION, LocalCloud

CENTRAL = "555566667777"
MEMBER = "888899990000"
ORGANIZATION = "o-a1b2c3d4e5"
TOPIC = f"arn:aws:sns:{REGION}:{CENTRAL}:on-call"
FUNCTION = "AutoLexPermissions"
NEXT = "AutoLexPermissions2"
CONSUMER = Path(__file__).parent / "stacks" / "one-locale.yaml"
TRANSFORM = "Transform: AutoLexPermissions\n"
REGISTRATION = ROOT / "org" / "registration.yaml"
PACKAGE = "auto_lex_permissions"
ROLLED_BACK = "99.0.0"
OFTEN = {"Delay": 1, "MaxAttempts": 60}

# Some calls of SAM CLI in one test, each with a time-out of its own.
pytestmark = pytest.mark.timeout(300)


def account_of(cloud: LocalCloud, say: Callable[[str], None], account_id: str) -> Account:
    """Return an account of its own, with a bucket for what SAM CLI uploads."""
    bucket = f"code-of-{account_id}"
    options = ("--no-resolve-s3", "--s3-bucket", bucket)
    account = Account(cloud, Sam(cloud.environment(account_id), say), account_id, options)
    account.client("s3").create_bucket(Bucket=bucket)
    return account


@pytest.fixture(scope="module")
def central(cloud: LocalCloud, say: Callable[[str], None], built: Path) -> Account:
    """Return the account that has the function, shared with its organization."""
    account = account_of(cloud, say, CENTRAL)
    account.client("sns").create_topic(Name="on-call")
    account.deploy_macro(
        built, OrganizationId=ORGANIZATION, AlarmTopicArn=TOPIC, MaxConcurrency="20"
    )
    return account


@pytest.fixture(scope="module")
def member(cloud: LocalCloud, say: Callable[[str], None], central: Account) -> Account:
    """Return an account that has the registration and no function of the macro."""
    account = account_of(cloud, say, MEMBER)
    account.deploy("registration", REGISTRATION, CentralAccountId=central.account_id)
    return account


@pytest.fixture(scope="module")
def answers(member: Account) -> list[InvocationRecord]:
    """Deploy a stack with the `Transform` line to the member, and return who answered."""
    return records_of(member.cloud, lambda: member.deploy("consumer", CONSUMER))


@pytest.fixture(scope="module")
def two_versions(central: Account, built: Path) -> Account:
    """Return the central account with a second macro beside the first, under names of its own."""
    central.deploy_macro(built, f"{MACRO_STACK}-2", MacroName=NEXT, FunctionName=NEXT)
    return central


def records_of(cloud: LocalCloud, deploy: Callable[[], object]) -> list[InvocationRecord]:
    """Return the invocations of functions that a deployment has caused."""
    before = sum(1 for _ in cloud.records.invocations())
    deploy()
    return list(cloud.records.invocations())[before:]


def lines(record: InvocationRecord) -> Iterator[dict[str, Any]]:
    """Yield what a function has logged as JSON."""
    for line in record.log.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def answered_by(records: list[InvocationRecord]) -> set[str]:
    """Return the ARNs of the function versions that have answered."""
    assert records
    assert not any(record.failed for record in records)
    return {record.function_arn for record in records}


def version(account: str, number: int, function: str = FUNCTION) -> str:
    """Return the ARN of a version of a function."""
    return f"arn:aws:lambda:{REGION}:{account}:function:{function}:{number}"


def lex_may_invoke(account: Account, outputs: Mapping[str, str]) -> bool:
    """Return whether the first function's policy lets the consumer's bot alias in, and only it."""
    (found,) = account.statements(outputs["FirstFunctionName"])
    source_arn: str = found["Condition"]["ArnLike"]["AWS:SourceArn"]
    principal: str = found["Principal"]["Service"]
    return (source_arn, principal) == (outputs["BotAliasArn"], "lexv2.amazonaws.com")


def test_a_stack_of_another_account_gets_its_permission(
    member: Account, answers: list[InvocationRecord]
) -> None:
    """The central account's function answers, and nothing that it answers names that account."""
    assert answered_by(answers) == {version(CENTRAL, 1)}
    assert lex_may_invoke(member, member.outputs("consumer"))
    functions = member.client("lambda").list_functions()["Functions"]
    assert {each["FunctionName"] for each in functions} == {
        name for key, name in member.outputs("consumer").items() if key.endswith("FunctionName")
    }
    assert CENTRAL not in json.dumps(member.processed("consumer"))


def test_the_registration_is_of_the_central_account(central: Account, member: Account) -> None:
    """Its policy for deploying roles names the alias that the central stack puts out."""
    outputs = member.outputs("registration")
    alias = central.outputs(MACRO_STACK)["FunctionAliasArn"]
    assert outputs["FunctionAliasArn"] == alias
    iam = member.client("iam")
    made = iam.get_policy(PolicyArn=outputs["InvokePolicyArn"])["Policy"]
    document = iam.get_policy_version(PolicyArn=made["Arn"], VersionId=made["DefaultVersionId"])[
        "PolicyVersion"
    ]["Document"]
    (statement,) = document["Statement"]
    assert statement == {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": alias}


def test_the_alias_is_what_the_organization_may_invoke(central: Account) -> None:
    """The permission stands in the alias's policy; the function and its version have none."""
    client = central.client("lambda")
    policy = client.get_policy(FunctionName=FUNCTION, Qualifier="live")["Policy"]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Resource"] == central.outputs(MACRO_STACK)["FunctionAliasArn"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert central.statements(FUNCTION) == []
    assert central.statements(f"{FUNCTION}:1") == []


def test_the_alarms_are_there_and_watch_what_the_function_counts(
    central: Account, answers: list[InvocationRecord]
) -> None:
    """The metric of internal failures has the namespace and dimensions of all that it emits."""
    alarms = central.client("cloudwatch").describe_alarms()["MetricAlarms"]
    by_metric = {alarm["MetricName"]: alarm for alarm in alarms}
    assert set(by_metric) == {"Errors", "Throttles", "Duration", "InternalFailures"}
    assert all(alarm["AlarmActions"] == [TOPIC] for alarm in alarms)
    own = by_metric["InternalFailures"]
    emitted = [line for record in answers for line in lines(record) if "_aws" in line]
    assert emitted
    for line in emitted:
        (metrics,) = line["_aws"]["CloudWatchMetrics"]
        assert metrics["Namespace"] == own["Namespace"]
        (names,) = metrics["Dimensions"]
        dimensions = {each["Name"]: each["Value"] for each in own["Dimensions"]}
        assert {name: line[name] for name in names} == dimensions


@pytest.mark.parametrize(("transform", "number"), [(FUNCTION, 1), (NEXT, 2)])
def test_two_major_versions_side_by_side(
    two_versions: Account, transform: str, number: int, tmp_path: Path
) -> None:
    """Each stack is served by the one that it names."""
    template = tmp_path / "consumer.yaml"
    template.write_text(CONSUMER.read_text().replace(TRANSFORM, f"Transform: {transform}\n"))
    stack = f"consumer-{number}"
    records = records_of(two_versions.cloud, lambda: two_versions.deploy(stack, template))
    assert answered_by(records) == {version(CENTRAL, 1, transform)}
    assert lex_may_invoke(two_versions, two_versions.outputs(stack))


def test_the_alias_goes_back_and_no_consumer_changes(two_versions: Account) -> None:
    """A new version answers from the moment the alias names it, and no longer than that."""
    client = two_versions.client("lambda")
    number = publish(two_versions, ROLLED_BACK)
    assert number == 2
    seen = []
    for target in (1, number, 1):
        client.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=str(target))
        records = records_of(two_versions.cloud, lambda: two_versions.deploy("rolled", CONSUMER))
        assert answered_by(records) == {version(CENTRAL, target)}
        (logged,) = {
            line["version"] for record in records for line in lines(record) if "version" in line
        }
        seen.append((logged, two_versions.processed("rolled")))
    assert [logged for logged, _ in seen] == [__version__, ROLLED_BACK, __version__]
    assert seen[0][1] == seen[1][1] == seen[2][1]
    assert lex_may_invoke(two_versions, two_versions.outputs("rolled"))


def publish(account: Account, name: str) -> int:
    """Publish the function's code with another version's name in it; return the new number."""
    client = account.client("lambda")
    code = account.processed(MACRO_STACK)["Resources"]["AutoLexPermissionsFunction"]["Properties"]
    place = {"Bucket": code["Code"]["S3Bucket"], "Key": code["Code"]["S3Key"]}
    archive = account.client("s3").get_object(**place)["Body"].read()
    client.update_function_code(FunctionName=FUNCTION, ZipFile=renamed(archive, name))
    client.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION, WaiterConfig=OFTEN)
    return int(client.publish_version(FunctionName=FUNCTION)["Version"])


def renamed(archive: bytes, name: str) -> bytes:
    """Return a zip of the macro in which the package says that it is another version.

    The bytecode of that one file is left out, since it would be run instead of the source.
    """
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(changed, "w") as new:
        for info in old.infolist():
            if info.filename.startswith(f"{PACKAGE}/__pycache__/__init__."):
                continue
            data = old.read(info)
            if info.filename == f"{PACKAGE}/__init__.py":
                assert data.count(f'"{__version__}"'.encode()) == 1
                data = data.replace(f'"{__version__}"'.encode(), f'"{name}"'.encode())
            new.writestr(info, data)
    return changed.getvalue()
