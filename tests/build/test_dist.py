"""What `make dist` makes: the same bytes everywhere, and what SAM itself would have deployed."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest

from auto_lex_permissions import __version__
from localcloud.sam import ROOT
from tests.build.sam_tools import LOGICAL_ID, process, zip_as_sam_does
from tests.build.test_template import cfn_lint
from tests.build.versions import one, published, wrongly_published
from tools import dist as tool
from tools.dist import STACKS, Code, DistError, Stack, Template, functions, load, plain

MACRO: Final = STACKS[0]
TEMPLATE: Final = f"{MACRO.name}-{__version__}.yaml"
# Texts of templates up to this size go into a request:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
INLINE_LIMIT: Final = 51_200
# Those with functions, and those that are plain as they are.
MADE: Final = [stack for stack in STACKS if not stack.template.startswith("org/")]
COPIED: Final = [stack for stack in STACKS if stack not in MADE]
CODE: Final = Code.of(MACRO.name, b"some code")

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def template(dist: Path) -> Template:
    """Return the macro's plain template."""
    return load(dist / TEMPLATE)


@pytest.fixture(scope="module")
def archive(dist: Path) -> Path:
    """Return the macro's code."""
    (found,) = dist.glob(f"{MACRO.name}-{__version__}-*.zip")
    return found


def elsewhere(folder: Path) -> Path:
    """Copy the project's files to a folder, with times and modes of their own."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]
    for number, name in enumerate(names):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy)
        copy.chmod(copy.stat().st_mode & 0o700)
        os.utime(copy, (number, number))
    (folder / ".environments").symlink_to(ROOT / ".environments")
    # What lies there and is not meant.
    (folder / "cli" / "notes.txt").write_text("mine")
    return folder


def test_the_same_bytes_elsewhere(dist: Path, tmp_path: Path) -> None:
    """In another folder, for a user with another umask, time zone and date for builds."""
    umask = os.umask(0o077)
    try:
        project = elsewhere(tmp_path / "another place")
        subprocess.run(
            [sys.executable, "-m", "tools.dist"],
            cwd=project,
            env={
                **os.environ,
                "PYTHONPATH": f"{project / 'macro'}{os.pathsep}{project}",
                "SOURCE_DATE_EPOCH": "1700000000",
                "TZ": "Asia/Tokyo",
            },
            stdout=subprocess.DEVNULL,
            timeout=200,
            check=True,
        )
    finally:
        os.umask(umask)
    again = {path.name: path.read_bytes() for path in (project / "dist").iterdir()}
    assert again == {path.name: path.read_bytes() for path in dist.iterdir()}


def test_what_is_there(dist: Path, archive: Path) -> None:
    """A template for each stack, the code, and the package; each named by its version."""
    assert {path.name for path in dist.iterdir()} == {
        *(f"{stack.name}-{__version__}.yaml" for stack in STACKS),
        archive.name,
        *(path.name for path in dist.glob(f"auto-lex-permissions-hook-{__version__}-*.zip")),
        f"auto_lex_permissions-{__version__}-py3-none-any.whl",
        f"auto_lex_permissions-{__version__}.tar.gz",
        "SHA256SUMS",
    }


def test_the_digests_are_those_of_the_files(dist: Path) -> None:
    """Of every other file, as `sha256sum --check` wants them."""
    lines = (dist / "SHA256SUMS").read_text().splitlines()
    said = dict(line.split("  ")[::-1] for line in lines)
    others = [path for path in dist.iterdir() if path.name != "SHA256SUMS"]
    assert said == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in others}
    assert lines == sorted(lines, key=lambda line: line.split("  ")[1])


def test_code_has_its_digest_in_its_name(dist: Path) -> None:
    """One zip for each stack with a function: another code is another object of the bucket."""
    zips = [*dist.glob("*.zip")]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in zips]
    assert {
        path.name.removesuffix(f"-{__version__}-{digest}.zip")
        for path, digest in zip(zips, digests, strict=True)
    } == {stack.name for stack in MADE}


def test_the_code_is_what_sam_would_upload(archive: Path, tmp_path: Path) -> None:
    """File for file, with modes and times; only their order is one that is always the same."""
    shutil.unpack_archive(archive, tmp_path / "code")
    ours, sams = entries(archive), entries(zip_as_sam_does(tmp_path / "code", tmp_path / "sam"))
    assert dict(ours) == dict(sams)
    assert [name for name, _ in ours] == sorted(name for name, _ in sams)


def entries(package: Path) -> list[tuple[str, tuple[object, ...]]]:
    """Return all that a zip says of each file, in its order."""
    with zipfile.ZipFile(package) as archive:
        return [
            (
                entry.filename,
                (
                    archive.read(entry),
                    *(entry.date_time, entry.external_attr, entry.create_system),
                    *(entry.compress_type, entry.compress_size),
                ),
            )
            for entry in archive.infolist()
        ]


@pytest.mark.parametrize("stack", COPIED, ids=lambda stack: str(stack.name))
def test_a_template_without_a_transform_is_handed_out_as_it_is(dist: Path, stack: Stack) -> None:
    """Nothing has to be made of it; none of org/ is left out."""
    handed_out = (dist / f"{stack.name}-{__version__}.yaml").read_bytes()
    assert handed_out == (ROOT / stack.template).read_bytes()
    templates = {str(path.relative_to(ROOT)) for path in (ROOT / "org").iterdir()}
    assert templates == {each.template for each in COPIED}


@pytest.mark.parametrize("stack", MADE, ids=lambda stack: str(stack.name))
def test_a_made_template_has_no_transform(dist: Path, stack: Stack) -> None:
    """Nor anything of SAM's; it fits into a request, and cfn-lint has nothing to say."""
    path = dist / f"{stack.name}-{__version__}.yaml"
    template = load(path)
    assert functions(load(ROOT / stack.template))
    assert "Transform" not in template
    assert not functions(template)
    assert "ServerlessRepo" not in path.read_text()
    assert path.stat().st_size <= INLINE_LIMIT
    assert cfn_lint(path) == (0, "")


def test_the_template_is_what_sam_deploys(template: Template) -> None:
    """All but where the code is, what belongs to that, and the version's own digest."""
    ours, sams = deepcopy(template), process(ROOT / MACRO.template)
    for each in (ours, sams):
        function = each["Resources"][LOGICAL_ID]
        del function["Properties"]["Code"]
        each["Metadata"] = {}
        function["Metadata"] = {}
        version, properties = one(each, "AWS::Lambda::Version")
        properties["Properties"].pop("CodeSha256", None)
        properties.pop("UpdateReplacePolicy", None)
        each["Resources"]["Version"] = each["Resources"].pop(version)
        alias = each["Resources"][f"{LOGICAL_ID}Aliaslive"]["Properties"]
        assert alias.pop("FunctionVersion") == {"Fn::GetAtt": [version, "Version"]}
    for name in tool.PARAMETERS:
        del ours["Parameters"][name]
    assert ours == sams


def test_the_code_comes_from_a_bucket_of_the_region(template: Template, archive: Path) -> None:
    """By parameters; Lambda takes code from no other Region."""
    _, function = one(template, "AWS::Lambda::Function")
    assert function["Properties"]["Code"] == {
        "S3Bucket": {"Fn::Sub": "${ArtifactBucketPrefix}-${AWS::Region}"},
        "S3Key": {"Fn::Sub": f"${{ArtifactKeyPrefix}}{archive.name}"},
    }
    assert "Default" not in template["Parameters"]["ArtifactBucketPrefix"]


def test_only_this_very_code_is_published(template: Template, archive: Path) -> None:
    """Whoever puts another object into the bucket gets a failed deployment; versions stay."""
    _, version = one(template, "AWS::Lambda::Version")
    digest = hashlib.sha256(archive.read_bytes()).digest()
    assert version["Properties"]["CodeSha256"] == base64.b64encode(digest).decode()
    assert (version["DeletionPolicy"], version["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_console_asks_for_every_parameter_in_a_group(template: Template) -> None:
    """Those of the bucket, too."""
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])
    assert set(interface["ParameterLabels"]) == set(grouped)


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: str(stack.name))
def test_parameters_publish_a_version_where_they_change_the_function(
    dist: Path, stack: Stack
) -> None:
    """And nowhere else: where nothing has changed, publishing fails."""
    template = load(dist / f"{stack.name}-{__version__}.yaml")
    kinds = [each["Type"] for each in template["Resources"].values()]
    assert "AWS::Lambda::Version" not in kinds or wrongly_published(template) == set()


def macro(change: Callable[[dict[str, Any], Template], object], code: Code = CODE) -> Template:
    """Return the plain template of the macro after a change of its function or of all of it."""
    template = load(ROOT / MACRO.template)
    change(template["Resources"][LOGICAL_ID]["Properties"], template)
    return plain(template, {LOGICAL_ID: code})


def unchanged(_: dict[str, Any], __: Template) -> None:
    """Leave all as it is."""


def test_a_parameter_that_is_forgotten_would_be_noticed() -> None:
    """It has to stand in the version's description, for SAM as for the plain template."""

    def configured(function: dict[str, Any], _: Template) -> None:
        function["Environment"] = {"Variables": {"NAME": {"Ref": "MacroName"}}}

    def described(function: dict[str, Any], template: Template) -> None:
        configured(function, template)
        function["VersionDescription"] = {"Fn::Sub": "MacroName=${MacroName}"}

    assert wrongly_published(macro(configured)) == {"MacroName"}
    assert wrongly_published(macro(described)) == set()


def around_the_function(_: dict[str, Any], template: Template) -> None:
    """Change much, and nothing of the function."""
    template["Description"] = "Another description."
    template["Parameters"]["LogRetentionInDays"]["Default"] = 30
    template["Resources"]["FunctionDurationAlarm"]["Properties"]["Threshold"] = 9000
    template["Resources"]["AutoLexPermissionsRole"]["Properties"]["Description"] = "Another one."
    del template["Outputs"]["LogGroupName"]


def test_a_change_publishes_a_version_where_it_changes_the_function() -> None:
    """Of its code, or of its configuration in the template; and nothing else does."""
    before = published(macro(unchanged), {})
    assert published(macro(around_the_function), {}) == before
    assert published(macro(lambda function, _: function.update(Timeout=20)), {}) != before
    other = published(macro(unchanged, Code.of(MACRO.name, b"other code")), {})
    assert other[0] != before[0]
    assert other[1] != before[1]


def test_the_sdist_holds_the_package_and_nothing_that_lies_beside_it(dist: Path) -> None:
    """The wheel is made from it; test_package.py looks into a wheel."""
    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name.split("/")[0] for name in names} == {
        *("cli", "macro"),
        *(".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"),
    }
    packages = ("cli/auto_lex_permissions_cli/", "macro/auto_lex_permissions/")
    assert all(name.startswith(packages) for name in names if name.startswith(("cli", "macro")))


def test_what_fails_leaves_what_was_there(
    dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says so."""
    kept = shutil.copytree(dist, tmp_path / "dist")
    monkeypatch.setattr(tool, "STACKS", [Stack("nothing", "no-such-template.yaml")])
    monkeypatch.setattr(sys, "argv", ["make dist", "--into", str(kept)])
    assert tool.main() == 1
    assert "no-such-template.yaml" in capsys.readouterr().err
    assert {path.name for path in kept.iterdir()} == {path.name for path in dist.iterdir()}


def test_what_the_translator_refuses_is_said() -> None:
    """In its own words."""
    with pytest.raises(DistError, match="NoSuchProperty"):
        macro(lambda function, _: function.update(NoSuchProperty=1))
