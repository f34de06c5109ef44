"""What the real SAM CLI makes of this repository, built once for all tests of this folder."""

from pathlib import Path
from typing import Any

import pytest

from localcloud.sam import Sam, sam_environment
from tests.build.sam_tools import LOGICAL_ID, process, zip_as_sam_does
from tools.dist import make


@pytest.fixture(scope="session")
def built_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the template that `sam build` made, beside the code."""
    folder = tmp_path_factory.mktemp("build")
    return Sam(sam_environment(folder / "sam")).build(folder)


@pytest.fixture(scope="session")
def artifact(built_template: Path) -> Path:
    """Return the folder that Lambda gets."""
    return built_template.parent / LOGICAL_ID


@pytest.fixture(scope="session")
def package(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the zip that `sam deploy` would upload."""
    return zip_as_sam_does(artifact, tmp_path_factory.mktemp("package") / "code")


@pytest.fixture(scope="session")
def processed(built_template: Path) -> dict[str, Any]:
    """Return the built template as CloudFormation would deploy it."""
    return process(built_template)


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that `make dist` makes."""
    folder = tmp_path_factory.mktemp("dist") / "dist"
    make(folder)
    return folder
