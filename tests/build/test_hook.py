"""What `sam build` makes of the hook: its folder for Lambda, and what CloudFormation deploys."""

import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from localcloud.sam import ROOT, Sam, sam_environment
from tests.build.sam_tools import process, zip_as_sam_does
from tests.build.test_artifact_folder import UNCHECKED_HASH, cached, contents
from tests.build.test_template import cfn_lint
from tools.build_artifact import FUNCTIONS

FUNCTION = "AutoLexPermissionsHookFunction"
LARGEST_ZIP = 3_300_000

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def built_hook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the template that `sam build` made, beside the code."""
    folder = tmp_path_factory.mktemp("hook")
    return Sam(sam_environment(folder / "sam")).build(folder, "hook/template.yaml")


@pytest.fixture(scope="module")
def code(built_hook: Path) -> Path:
    """Return the folder that Lambda gets."""
    return built_hook.parent / FUNCTION


@pytest.fixture(scope="module")
def deployed(built_hook: Path) -> dict[str, Any]:
    """Return the template as CloudFormation would deploy it."""
    return process(built_hook, FUNCTION)


def test_libyaml_is_there_for_lambdas_processor(code: Path) -> None:
    """The template says arm64; the handler does not start without it."""
    (library,) = code.rglob("*.so")
    assert library.parent.name == "yaml"
    assert library.name.endswith("-aarch64-linux-gnu.so")
    # The machine that an ELF file is for: https://www.man7.org/linux/man-pages/man5/elf.5.html
    assert library.read_bytes()[18:20] == b"\xb7\x00"


def test_its_modules_are_those_of_this_project(code: Path) -> None:
    """Byte for byte, with bytecode that is never checked."""
    for package, patterns in FUNCTIONS["hook"].items():
        ours = {
            name: data
            for pattern in patterns
            for name, data in contents(ROOT / package, pattern.removeprefix("**/")).items()
            if pattern.startswith("**/") or "/" not in name
        }
        built = code / Path(package).name
        assert contents(built, "*.py") == ours
        compiled = contents(built, "*.pyc")
        assert set(compiled) == {cached(name) for name in ours}
        assert {int.from_bytes(each[4:8], "little") for each in compiled.values()} == {
            UNCHECKED_HASH
        }


def test_the_zip_is_small(code: Path, tmp_path: Path) -> None:
    """PyYAML and its libyaml are a third of it."""
    assert zip_as_sam_does(code, tmp_path / "code").stat().st_size <= LARGEST_ZIP


def test_sam_adds_nothing(deployed: dict[str, Any]) -> None:
    """No version, so that a parameter counts at once; no role or permission beyond ours."""
    assert Counter(each["Type"] for each in deployed["Resources"].values()) == {
        "AWS::CloudFormation::LambdaHook": 1,
        "AWS::Lambda::Function": 1,
        "AWS::IAM::Role": 2,
        "AWS::Logs::LogGroup": 1,
        "AWS::CloudWatch::Alarm": 4,
    }
    function = deployed["Resources"][FUNCTION]["Properties"]
    assert function["Role"] == {"Fn::GetAtt": ["AutoLexPermissionsHookRole", "Arn"]}
    assert function["LoggingConfig"] == {
        "LogFormat": "JSON",
        "LogGroup": {"Ref": "AutoLexPermissionsHookLogGroup"},
    }
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])


def test_cfn_lint_of_what_is_deployed(deployed: dict[str, Any], tmp_path: Path) -> None:
    """The reference of AWS::CloudFormation::LambdaHook is in its schemas."""
    path = tmp_path / "processed.json"
    path.write_text(json.dumps(deployed))
    assert cfn_lint(path) == (0, "")
    deployed["Resources"]["AutoLexPermissionsHook"]["Properties"]["TargetOperations"] = ["STACKS"]
    path.write_text(json.dumps(deployed))
    code, said = cfn_lint(path)
    assert (code == 0, "E3030" in said) == (False, True)


def test_sam_deploy_asks_nothing_and_leaves_the_macros_stack_alone() -> None:
    """Its answers stand beside its template, where SAM looks for them."""
    hook, macro = (
        tomllib.loads((folder / "samconfig.toml").read_text())["default"]["deploy"]["parameters"]
        for folder in (ROOT / "hook", ROOT)
    )
    assert hook.keys() == macro.keys()
    assert hook["stack_name"] != macro["stack_name"]
    assert hook["s3_prefix"] != macro["s3_prefix"]
    rest = hook.keys() - {"stack_name", "s3_prefix"}
    assert {key: hook[key] for key in rest} == {key: macro[key] for key in rest}
