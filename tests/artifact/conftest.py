"""The built artifact, and the runtime client of real Lambda to run it under."""

import pytest
from cfnlint.decode import cfn_yaml

from localcloud.progress import progress
from localcloud.runtime_api import FunctionCode, link_runtime
from localcloud.sam import Sam, sam_environment


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> FunctionCode:
    """Build the macro with the real SAM CLI; return what Lambda would run, and how."""
    folder = tmp_path_factory.mktemp("artifact")
    template = Sam(sam_environment(folder / "sam"), progress(pytestconfig)).build(folder)
    function = cfn_yaml.load(str(template))["Resources"]["AutoLexPermissionsFunction"]["Properties"]
    return FunctionCode(
        folder=template.parent / function["CodeUri"],
        handler=function["Handler"],
        timeout_seconds=function["Timeout"],
        runtime=link_runtime(folder / "runtime"),
        environment={
            "AWS_LAMBDA_FUNCTION_NAME": "AutoLexPermissions",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_VERSION": "7",
        },
    )
