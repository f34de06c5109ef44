"""The built hook, with the libyaml of its wheel, under the runtime client of real Lambda.

Built for the machine that runs the tests, by the program that `sam build` runs; what is planted is
one module that leads every address to a server here.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.hook import Hook, built, event, running
from localcloud.runtime_api import RunningFunction
from tests.cli.commands import BY_MACRO, PERMISSION, TEMPLATE
from tests.hook.server import holds, says

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="Lambda's wheels are for Linux"),
]


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that Lambda would get."""
    return built(tmp_path_factory.mktemp("hook"))


@pytest.fixture(scope="module")
def hook(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hook]:
    """Yield the function, and the server that it asks."""
    with running(artifact, tmp_path_factory.mktemp("running"), ON_CANNOT_JUDGE="fail") as hook:
        yield hook


def test_a_warm_process_judges_one_template_after_the_other(hook: Hook) -> None:
    """Each by itself, with a log of JSON and no more requests than there are templates."""
    with RunningFunction(hook.code) as function:
        for conversation, status in (
            (holds(TEMPLATE), "FAILED"),
            (holds(TEMPLATE + PERMISSION), "SUCCESS"),
            (says("", "403 Forbidden"), "FAILED"),
            (holds(BY_MACRO), "SUCCESS"),
            (holds("Resources: {}"), "SUCCESS"),
            (holds(TEMPLATE), "FAILED"),
        ):
            hook.server.answer = conversation
            asked = len(hook.server.requests)
            answer = function.invoke(event())
            assert not answer.failed, answer.payload
            assert answer.document["hookStatus"] == status
            assert answer.document["clientRequestToken"] == "token"
            assert len(hook.server.requests) == asked + 1
            assert all(map(json.loads, answer.log.splitlines()))
            assert "X-Amz-Signature" not in answer.log


def test_a_permission_is_missing(hook: Hook) -> None:
    """The same words as in this process."""
    hook.server.answer = holds(TEMPLATE)
    with RunningFunction(hook.code) as function:
        document = function.invoke(event()).document
    assert document["errorCode"] == "NonCompliant"
    assert (
        "Lex is not allowed to invoke Orders for bot alias Alias (where IsProd)"
        in document["message"]
    )
    assert [each["annotationName"] for each in document["annotations"]] == ["ALP101"]


def test_it_does_not_start_without_libyaml(artifact: Path, tmp_path: Path) -> None:
    """And so fails loudly, where PyYAML by itself would take five times as long."""
    lacking = tmp_path / "lacking"
    shutil.copytree(artifact, lacking)
    (library,) = (lacking / "yaml").glob("_yaml.*.so")
    library.unlink()
    with running(lacking, tmp_path) as hook, RunningFunction(hook.code) as function:
        answer = function.invoke(event())
    assert answer.failed
    assert "CSafeLoader" in answer.payload.decode()


def test_it_holds_what_it_needs_and_no_more(artifact: Path) -> None:
    """Of the command line what reads templates, and nothing that prints, writes or calls AWS."""
    assert {path.name.split("-")[0] for path in artifact.iterdir()} == {
        "__pycache__",
        "_yaml",
        "auto_lex_permissions",
        "auto_lex_permissions_cli",
        "auto_lex_permissions_hook",
        "aws_lambda_powertools",
        "jmespath",
        "pyyaml",
        "typing_extensions",
        "typing_extensions.py",
        "yaml",
    }
    modules = {path.stem for path in (artifact / "auto_lex_permissions_cli").glob("*.py")}
    assert modules == {"__init__", "console", "findings", "reading", "requests"}
