"""The real SAM CLI deploys the macro and the stacks that use it to a local CloudFormation."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.account import MACRO_STACK, Account, Macro
from localcloud.sam import ROOT, Sam, SamError
from localcloud.server import LocalCloud
from tests.e2e.policy import statement

STACKS = Path(__file__).parent / "stacks"
EXAMPLE = ROOT / "examples" / "connect-bot.yaml"
TRANSFORM = "Transform: AutoLexPermissions\n"
OTHER_ACCOUNT = "444455556666"
INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/12345678-1234-1234-1234-123456789012"

# Two calls of SAM CLI at most in one test, each with a time-out of its own.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def example(account: Account) -> dict[str, str]:
    """Deploy the example as it is, and return its outputs."""
    return account.deploy("example", EXAMPLE, ConnectInstanceArn=INSTANCE, ProjectName="example")


@pytest.mark.usefixtures("example")
def test_code_that_answers_is_the_zip_that_was_deployed(account: Account, macro: Macro) -> None:
    """What answered for the example is, byte for byte, what `sam build` made."""
    alias_arn = macro.outputs["FunctionAliasArn"]
    function = account.client("lambda").get_function(FunctionName=alias_arn)["Configuration"]
    archive = uploaded_archive(account)
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in members(archive).items()}
    assert hashes == {
        str(path.relative_to(macro.files)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in macro.files.rglob("*")
        if path.is_file()
    }
    code_sha256 = base64.b64encode(hashlib.sha256(archive).digest()).decode()
    assert function["CodeSha256"] == code_sha256
    # The same cloud may have the macro of a release, too, which is another function.
    own = alias_arn.removesuffix("live")
    records = [
        one for one in account.cloud.records.invocations() if one.function_arn.startswith(own)
    ]
    assert records
    for record in records:
        assert record.code_sha256 == code_sha256
        assert record.files == hashes
        assert not record.failed
        assert record.function_arn == own + function["Version"]


def uploaded_archive(account: Account) -> bytes:
    """Return the zip that SAM CLI has uploaded, from where the deployed template says."""
    template = account.processed(MACRO_STACK)
    code = template["Resources"]["AutoLexPermissionsFunction"]["Properties"]["Code"]
    found = account.client("s3").get_object(Bucket=code["S3Bucket"], Key=code["S3Key"])
    archive: bytes = found["Body"].read()
    return archive


def members(archive: bytes) -> dict[str, bytes]:
    """Return the files of a zip by their paths."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {info.filename: opened.read(info) for info in opened.infolist() if not info.is_dir()}


def test_without_the_transform_there_is_no_policy(account: Account, tmp_path: Path) -> None:
    """Without the line, the example deploys all the same, and Lex may not invoke its function."""
    text = EXAMPLE.read_text()
    assert text.count(TRANSFORM) == 1
    template = tmp_path / "without.yaml"
    template.write_text(text.replace(TRANSFORM, ""))
    outputs = account.deploy(
        "without", template, ConnectInstanceArn=INSTANCE, ProjectName="without"
    )
    client = account.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=outputs["FunctionName"])
    assert "AWS::Lambda::Permission" not in account.resource_types("without")


def test_with_the_transform_lex_may_invoke(account: Account, example: dict[str, str]) -> None:
    """With the line, the policy has exactly one statement, for this very alias."""
    (found,) = account.statements(example["FunctionName"])
    assert found["Effect"] == "Allow"
    assert found["Principal"] == {"Service": "lexv2.amazonaws.com"}
    assert found["Action"] == "lambda:InvokeFunction"
    assert found["Condition"]["ArnLike"] == {"AWS:SourceArn": example["BotAliasArn"]}


@pytest.mark.usefixtures("example")
def test_example_needs_no_more_than_the_one_line(account: Account) -> None:
    """The macro adds one resource to the example, and changes nothing else."""
    (name,) = account.permissions("example")
    processed = account.processed("example")
    del processed["Resources"][name]
    original = account.original("example")
    assert original.pop("Transform") == "AutoLexPermissions"
    assert processed == original


def test_statement_that_real_lambda_makes(account: Account, example: dict[str, str]) -> None:
    """The permission of the processed template makes the statement with both conditions."""
    ((name, permission),) = account.permissions("example").items()
    client = account.client("lambda")
    function = client.get_function(FunctionName=example["FunctionName"])["Configuration"]
    (found,) = account.statements(example["FunctionName"])
    values = {
        ("AWS::AccountId", ""): account.account_id,
        ("ConversationFunction", "Arn"): function["FunctionArn"],
        ("DevelopmentAlias", "Arn"): example["BotAliasArn"],
    }
    made = statement(found["Sid"], permission, values)
    assert made == {
        "Sid": found["Sid"],
        "Effect": "Allow",
        "Principal": {"Service": "lexv2.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": function["FunctionArn"],
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": account.account_id},
            "ArnLike": {"AWS:SourceArn": example["BotAliasArn"]},
        },
    }
    # LocalStack drops SourceAccount; in all else it has to agree.
    del made["Condition"]["StringEquals"]
    assert found == made
    assert name.isalnum()


@pytest.mark.usefixtures("macro")
def test_lifecycle_of_a_hook(account: Account) -> None:
    """A second locale changes nothing; another function takes the permission with it."""
    asked = [invocations(account)]
    before = account.deploy("lifecycle", STACKS / "one-locale.yaml")
    asked.append(invocations(account))
    (first,) = account.statements(before["FirstFunctionName"])
    permissions = account.permissions("lifecycle")

    account.deploy("lifecycle", STACKS / "two-locales.yaml")
    asked.append(invocations(account))
    assert len(locales(account, before["BotAliasArn"])) == 2
    assert account.statements(before["FirstFunctionName"]) == [first]
    assert account.permissions("lifecycle") == permissions

    after = account.deploy("lifecycle", STACKS / "moved-hook.yaml")
    asked.append(invocations(account))
    assert after == before
    (moved,) = account.statements(after["SecondFunctionName"])
    assert moved["Condition"] == first["Condition"]
    assert account.statements(after["FirstFunctionName"]) == []
    # The macro was asked each time: none of these results is a left-over of an earlier one.
    assert asked == sorted(set(asked))


def invocations(account: Account) -> int:
    """Return how often the macro was invoked so far."""
    return sum(1 for _ in account.cloud.records.invocations())


def locales(account: Account, alias_arn: str) -> list[str]:
    """Return the locales of a deployed bot alias."""
    aliases = account.cloud.records.resources("AWS::Lex::BotAlias").values()
    (alias,) = (alias for alias in aliases if alias["Arn"] == alias_arn)
    return [setting["LocaleId"] for setting in alias["BotAliasLocaleSettings"]]


@pytest.mark.usefixtures("macro")
def test_declared_permission(account: Account) -> None:
    """A permission that the author has declared is not added once more."""
    outputs = account.deploy("declared", STACKS / "declared.yaml")
    assert set(account.permissions("declared")) == {"InvokePermission"}
    (found,) = account.statements(outputs["FirstFunctionName"])
    assert found["Condition"]["ArnLike"] == {"AWS:SourceArn": outputs["BotAliasArn"]}


@pytest.mark.usefixtures("macro")
def test_failure_reaches_the_author_word_for_word(account: Account) -> None:
    """What the macro refuses fails the change set, and its reason is the macro's message."""
    message = (
        "ALP403 Resources.BotAlias.Properties.BotAliasLocaleSettings[0].BotAliasLocaleSetting"
        ".CodeHookSpecification.LambdaCodeHook.LambdaArn: Lex V2 takes no qualifier with $ in a"
        " function's ARN, and Lambda keeps no resource-based policy for $LATEST, so Lex could never"
        " invoke the function by that name. Name the function without a qualifier, or with a"
        " version or a Lambda alias"
    )
    reason = (
        f"Transform {account.account_id}::AutoLexPermissions failed with: {message}"
        ". Rollback requested by user."
    )
    with pytest.raises(SamError) as failure:
        account.deploy("latest", STACKS / "latest.yaml")
    assert failure.value.reason == reason


def test_delete_everything(cloud: LocalCloud, built: Path, say: Callable[[str], None]) -> None:
    """In an account of its own, macro and example come and go, and leave no more than a log."""
    sam = Sam(cloud.environment(OTHER_ACCOUNT), say)
    bucket = ("--no-resolve-s3", "--s3-bucket", "code-of-the-other-account")
    account = Account(cloud, sam, OTHER_ACCOUNT, bucket)
    account.client("s3").create_bucket(Bucket=bucket[-1])
    before = account.holdings()
    log = account.deploy_macro(built)["LogGroupName"]
    account.deploy("example", EXAMPLE, ConnectInstanceArn=INSTANCE, ProjectName="example")
    assert {kind.partition(" ")[0] for kind in account.holdings() - before} == {
        "stack",
        "function",
        "role",
        "log",
        "bucket",
        "AWS::Lex::Bot",
        "AWS::Lex::BotVersion",
        "AWS::Lex::BotAlias",
        "AWS::Connect::IntegrationAssociation",
    }
    account.delete("example")
    account.delete(MACRO_STACK)
    # The macro's log is meant to outlive it. The second group is LocalStack's, which logs to a
    # group of the function's name, whatever LoggingConfig says.
    logs = {f"log group {log}", "log group /aws/lambda/AutoLexPermissions"}
    assert account.holdings() - before <= logs
