"""A local cloud, and the macro deployed to it as a user would."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cfnlint.decode import cfn_yaml

from localcloud.account import Account, Macro
from localcloud.progress import progress
from localcloud.sam import Sam
from localcloud.server import ACCOUNT, LocalCloud, local_cloud


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Return what shows a line of progress at once."""
    return progress(pytestconfig)


@pytest.fixture(scope="session")
def cloud(say: Callable[[str], None]) -> Iterator[LocalCloud]:
    """Yield a running LocalStack."""
    with local_cloud() as cloud:
        say(f"LocalStack answers at {cloud.endpoint}")
        yield cloud


@pytest.fixture(scope="session")
def built(
    cloud: LocalCloud, say: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Build the macro with the real SAM CLI and return the built template."""
    return Sam(cloud.environment(), say).build(tmp_path_factory.mktemp("macro"))


@pytest.fixture(scope="session")
def account(cloud: LocalCloud, say: Callable[[str], None]) -> Account:
    """Return the account that the tests share."""
    return Account(cloud, Sam(cloud.environment(), say), ACCOUNT)


@pytest.fixture(scope="session")
def macro(account: Account, built: Path) -> Macro:
    """Deploy the macro to the account that the tests share, as a user does."""
    function = cfn_yaml.load(str(built))["Resources"]["AutoLexPermissionsFunction"]
    files = built.parent / function["Properties"]["CodeUri"]
    return Macro(files=files, outputs=account.deploy_macro(built))
