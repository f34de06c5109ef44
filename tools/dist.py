"""`make dist`: make `dist/`, what a release hands out. The same sources give the same bytes.

For each row of STACKS a template that CloudFormation deploys as it is, without SAM; where the row's
template has functions, also the zip with their code, which has its digest in its name; a wheel and
an sdist of the command line; and SHA256SUMS of all of them. Everything is built by the tools that
users have: `sam build`, the translator that CloudFormation runs for AWS::Serverless, and hatchling.
"""

import argparse
import base64
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from cfnlint.decode import cfn_yaml

from auto_lex_permissions import __version__
from localcloud.sam import ROOT, SAM_PYTHON, Sam, SamError, sam_environment

DIST: Final = ROOT / "dist"
SUMS: Final = "SHA256SUMS"
FUNCTION: Final = "AWS::Serverless::Function"
LIMIT_SECONDS: Final = 120
# The transform that CloudFormation runs for `Transform: AWS::Serverless-2016-10-31`.
TRANSLATE: Final = """
import json, sys
from samtranslator.translator.transform import transform
json.dump(transform(json.load(sys.stdin), {}, None), sys.stdout)
"""
# 1980-01-01, before which a zip has no times: https://reproducible-builds.org/specs/source-date-epoch/
SOURCE_DATE_EPOCH: Final = "315532800"
# A function's code is in a bucket of its own Region, so the names of buckets end in it.
BUCKET: Final = {"Fn::Sub": "${ArtifactBucketPrefix}-${AWS::Region}"}
PARAMETERS: Final[Mapping[str, Mapping[str, str]]] = {
    "ArtifactBucketPrefix": {
        "Type": "String",
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        "AllowedPattern": "[a-z0-9][a-z0-9-]{1,40}[a-z0-9]",
        "ConstraintDescription": "3 to 42 lower-case letters, digits and hyphens.",
        "Description": "The bucket that has the code is called by this, a hyphen and the Region.",
    },
    "ArtifactKeyPrefix": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": "|([A-Za-z0-9._-]+/)*",
        "ConstraintDescription": "A folder with a slash at its end, or nothing.",
        "Description": "The folder of that bucket in which the code is, such as releases/.",
    },
}

type Template = dict[str, Any]


class DistError(Exception):
    """What a release hands out could not be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What is deployed as a stack of its own: the name of its files, and its template."""

    name: str
    template: str


STACKS: Final = (
    Stack("auto-lex-permissions", "template.yaml"),
    Stack("auto-lex-permissions-artifacts", "org/artifacts.yaml"),
    Stack("auto-lex-permissions-function-stackset", "org/function-stackset.yaml"),
    Stack("auto-lex-permissions-guard", "org/guard.yaml"),
    Stack("auto-lex-permissions-hook", "hook/template.yaml"),
    Stack("auto-lex-permissions-hook-stackset", "org/hook-stackset.yaml"),
    Stack("auto-lex-permissions-registration", "org/registration.yaml"),
    Stack("auto-lex-permissions-stackset", "org/stackset.yaml"),
)


@dataclass(frozen=True, slots=True)
class Code:
    """A function's code as a zip: what its file is called, and its bytes."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Return its digest as Lambda writes it."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()

    @classmethod
    def of(cls, name: str, content: bytes) -> "Code":
        """Return a zip under a name that says what is in it."""
        digest = hashlib.sha256(content).hexdigest()[:16]
        return cls(f"{name}-{__version__}-{digest}.zip", content)


def load(template: Path) -> Template:
    """Return a template with its functions in their long forms."""
    loaded: Template = json.loads(json.dumps(cfn_yaml.load(str(template))))
    return loaded


def functions(template: Template) -> dict[str, Any]:
    """Return the functions of a SAM template, by logical id."""
    resources = template["Resources"].items()
    return {name: each for name, each in resources if each["Type"] == FUNCTION}


def packed(folder: Path) -> bytes:
    """Return a folder as the zip that SAM would upload, with its files in order of their names.

    SAM CLI itself takes them in the order of the file system.
    """
    paths = (path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): path for path in paths}
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, path in sorted(files.items()):
                # Of 1980, as long as nobody sets a time.
                entry = zipfile.ZipInfo(name)
                entry.create_system = 3
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
        file.seek(0)
        return file.read()


def codes(stack: Stack, built: Path) -> dict[str, Code]:
    """Return the code of each function that `sam build` has built, by logical id."""
    found = functions(load(built))
    folders = {name: built.parent / each["Properties"]["CodeUri"] for name, each in found.items()}
    return {name: Code.of(stack.name, packed(folder)) for name, folder in folders.items()}


def plain(template: Template, code: Mapping[str, Code]) -> Template:
    """Return a SAM template as CloudFormation deploys it: SAM's resources are made plain.

    A key that has the digest of the code in it is what makes SAM publish a version of a function
    for each code. The digest stands in the version, too: Lambda publishes nothing else than this.
    """
    for name, function in functions(template).items():
        # The translator would put this machine's Region for `AWS::Region` in here, so that comes
        # afterwards.
        function["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": code[name].name}
        for built in ("BuildMethod", "ContextPath"):
            function["Metadata"].pop(built)
    template["Parameters"] |= PARAMETERS
    template["Metadata"].pop("AWS::ServerlessRepo::Application", None)
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    interface["ParameterGroups"].append(
        {"Label": {"default": "Where the code is"}, "Parameters": [*PARAMETERS]}
    )
    interface["ParameterLabels"] |= {
        "ArtifactBucketPrefix": {"default": "Bucket, without its Region"},
        "ArtifactKeyPrefix": {"default": "Folder in the bucket"},
    }
    made = translated(template)
    for name, resource in made["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Function" and name in code:
            key = {"Fn::Sub": f"${{ArtifactKeyPrefix}}{code[name].name}"}
            properties["Code"] = {"S3Bucket": BUCKET, "S3Key": key}
        if resource["Type"] == "AWS::Lambda::Version":
            properties["CodeSha256"] = code[properties["FunctionName"]["Ref"]].sha256
            # SAM retains a version that an update removes, and this one that an update replaces.
            resource["UpdateReplacePolicy"] = "Retain"
    return made


def translated(template: Template) -> Template:
    """Return what SAM's translator makes of a template, which it changes on the way."""
    command = [str(SAM_PYTHON), "-c", TRANSLATE]
    done = subprocess.run(
        command,
        input=json.dumps(template),
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise DistError(f"SAM's translator refuses a template:\n{done.stderr}")
    made: Template = json.loads(done.stdout)
    return made


def written(stack: Stack, template: Template) -> str:
    """Return a plain template as the text of its file."""
    said = (
        f"# {stack.name} {__version__}: {stack.template} without its transform, by `make dist`."
        " docs/installing.md says how to deploy it.\n"
    )
    return said + yaml.safe_dump(template, sort_keys=False, width=110, allow_unicode=True)


def stack_files(stack: Stack, folder: Path) -> dict[str, bytes]:
    """Return the files of a stack by their names; `folder` is where SAM builds its functions."""
    name = f"{stack.name}-{__version__}.yaml"
    if not functions(load(ROOT / stack.template)):
        return {name: (ROOT / stack.template).read_bytes()}
    built = Sam(sam_environment(folder / "sam")).build(folder, stack.template)
    code = codes(stack, built)
    template = written(stack, plain(load(ROOT / stack.template), code))
    return {name: template.encode(), **{each.name: each.content for each in code.values()}}


def package(folder: Path) -> dict[str, bytes]:
    """Return the sdist of the command line, and the wheel that is made from it, by their names."""
    uv = Path(sys.executable).parent / "uv"
    options = (
        "--no-config",
        "--offline",
        "--quiet",
        "--no-build-isolation",
        "--no-create-gitignore",
    )
    done = subprocess.run(
        [uv, "build", *options, f"--python={sys.executable}", f"--out-dir={folder}", ROOT],
        env={
            **os.environ,
            "SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH,
            "VIRTUAL_ENV": str(Path(sys.executable).parent.parent),
        },
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise DistError(f"the package could not be built:\n{done.stdout}{done.stderr}")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def sums(files: Mapping[str, bytes]) -> str:
    """Return the digests of files as `sha256sum --check` reads them."""
    return "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in sorted(files.items())
    )


def make(target: Path) -> None:
    """Make all files, and put them into a folder in place of what it had."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        tasks = [pool.submit(stack_files, stack, Path(folder) / stack.name) for stack in STACKS]
        tasks.append(pool.submit(package, Path(folder) / "package"))
        files = {name: content for task in tasks for name, content in task.result().items()}
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name, content in files.items():
        (target / name).write_bytes(content)
    (target / SUMS).write_text(sums(files))


def main() -> int:
    """Make dist/, and say what is in it and what it depends on."""
    parser = argparse.ArgumentParser(prog="make dist", description=__doc__)
    parser.add_argument("--into", type=Path, default=DIST, help="another folder than dist/")
    target: Path = parser.parse_args().into
    try:
        make(target)
    except (DistError, SamError, OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"make dist: {error}\nNothing was written.\n")
        return 1
    sys.stdout.write((target / SUMS).read_text())
    # Bytecode and compressed bytes are theirs.
    sys.stdout.write(f"Python {platform.python_version()}, zlib {zlib.ZLIB_RUNTIME_VERSION}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
