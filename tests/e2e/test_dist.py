"""What `make dist` makes is deployed beside SAM's own: without SAM, and with the same answers.

In an account of its own, from a bucket that org/artifacts.yaml makes. LocalStack does not look at
bucket policies.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from auto_lex_permissions import __version__
from localcloud.account import MACRO_STACK, Account
from localcloud.sam import ROOT, Sam
from localcloud.server import REGION, LocalCloud
from tests.templates import Case, cases
from tools.dist import STACKS, stack_files

DISTRIBUTED: Final = "777788889999"
PREFIX: Final = "releases-of-auto-lex-permissions"
CONSUMER: Final = Path(__file__).parent / "stacks" / "one-locale.yaml"
ORGANIZATION: Final = "o-a1b2c3d4e5"
CASES: Final = [*cases("cases"), *cases("rejected")]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what `make dist` makes of the macro."""
    folder = tmp_path_factory.mktemp("dist")
    for name, content in stack_files(STACKS[0], tmp_path_factory.mktemp("build")).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def code(dist: Path) -> Path:
    """Return the zip in it."""
    (found,) = dist.glob("*.zip")
    return found


@pytest.fixture(scope="module")
def distributed(cloud: LocalCloud, say: Callable[[str], None], dist: Path, code: Path) -> Account:
    """Return an account that has the macro from there, by the steps of docs/installing.md."""
    account = Account(cloud, Sam(cloud.environment(DISTRIBUTED), say), DISTRIBUTED)
    bucket = {"ArtifactBucketPrefix": PREFIX, "OrganizationId": ORGANIZATION}
    outputs = account.deploy_directly("artifacts", ROOT / "org" / "artifacts.yaml", **bucket)
    assert outputs == {"BucketName": f"{PREFIX}-{REGION}"}
    account.client("s3").put_object(
        Bucket=outputs["BucketName"], Key=f"releases/{code.name}", Body=code.read_bytes()
    )
    account.deploy_directly(
        MACRO_STACK,
        dist / f"{MACRO_STACK}-{__version__}.yaml",
        ArtifactBucketPrefix=PREFIX,
        ArtifactKeyPrefix="releases/",
    )
    return account


def test_the_macro_works(distributed: Account) -> None:
    """A stack with the line gets its permission, from the version behind the alias."""
    outputs = distributed.deploy("consumer", CONSUMER)
    (found,) = distributed.statements(outputs["FirstFunctionName"])
    assert found["Principal"] == {"Service": "lexv2.amazonaws.com"}
    assert found["Condition"]["ArnLike"]["AWS:SourceArn"] == outputs["BotAliasArn"]


def answers(account: Account) -> list[bytes]:
    """Return what an account's macro answers to each case."""
    client = account.client("lambda")
    function = account.outputs(MACRO_STACK)["FunctionAliasArn"]

    def answer(case: Case) -> bytes:
        done = client.invoke(FunctionName=function, Payload=json.dumps(event(case)))
        assert "FunctionError" not in done, case.folder.name
        payload: bytes = done["Payload"].read()
        return payload

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(answer, CASES))


def event(case: Case) -> dict[str, Any]:
    """Return the event that brings a case to the macro's function."""
    asked = case.request
    return {
        "region": asked.region,
        "accountId": asked.account,
        "fragment": asked.fragment,
        "transformId": f"{asked.account}::AutoLexPermissions",
        "params": asked.parameters,
        "requestId": case.folder.name,
        "templateParameterValues": asked.template_parameters,
    }


@pytest.mark.usefixtures("macro")
def test_every_case_is_answered_as_by_sams(account: Account, distributed: Account) -> None:
    """Byte for byte, accepted and rejected."""
    answered = answers(distributed)
    assert answered == answers(account)
    statuses = [json.loads(each)["status"] for each in answered]
    rejected = len(cases("rejected"))
    assert statuses == ["success"] * (len(CASES) - rejected) + ["failure"] * rejected


def test_the_alias_has_the_code_that_the_template_names(distributed: Account, code: Path) -> None:
    """Lambda's digest of the version behind it is the one of the template's version."""
    alias = distributed.outputs(MACRO_STACK)["FunctionAliasArn"]
    found = distributed.client("lambda").get_function(FunctionName=alias)["Configuration"]
    template = distributed.processed(MACRO_STACK)["Resources"]
    (version,) = [each for each in template.values() if each["Type"] == "AWS::Lambda::Version"]
    assert found["CodeSha256"] == version["Properties"]["CodeSha256"]
    assert found["Version"] == "1"
    assert found["CodeSize"] == code.stat().st_size


def test_other_code_is_not_published(
    cloud: LocalCloud, say: Callable[[str], None], dist: Path, code: Path
) -> None:
    """Where somebody has put another zip in its place, the deployment fails."""
    account = Account(cloud, Sam(cloud.environment("666677778888"), say), "666677778888")
    bucket = f"swapped-{REGION}"
    client = account.client("s3")
    client.create_bucket(Bucket=bucket)
    # A zip may have bytes behind it, so it is still one.
    client.put_object(Bucket=bucket, Key=code.name, Body=code.read_bytes() + b"\n")
    with pytest.raises(Exception, match="Waiter StackCreateComplete failed"):
        account.deploy_directly(
            MACRO_STACK,
            dist / f"{MACRO_STACK}-{__version__}.yaml",
            ArtifactBucketPrefix="swapped",
        )
    failed = [name for name, status in account.events(MACRO_STACK) if status == "CREATE_FAILED"]
    assert any(name.startswith("AutoLexPermissionsFunctionVersion") for name in failed)
