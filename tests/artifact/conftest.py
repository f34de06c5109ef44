"""The built artifact, and the runtime client of real Lambda to run it under."""

import pytest

from benchmarks.load import built
from localcloud.progress import progress
from localcloud.runtime_api import FunctionCode


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> FunctionCode:
    """Build the macro with the real SAM CLI; return what Lambda would run, and how."""
    return built(tmp_path_factory.mktemp("artifact"), progress(pytestconfig))
