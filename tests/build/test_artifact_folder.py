"""What `sam build` makes holds what Lambda needs, compiled for it, and is the same every time."""

import json
import marshal
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from localcloud.sam import ROOT, Sam, sam_environment
from tests.build.sam_tools import LOGICAL_ID, zip_as_sam_does

LARGEST_ZIP = 2_200_000

# The header of a .pyc file: magic number, flags, then 8 bytes of hash or of time and size
# (https://peps.python.org/pep-0552/). Flag 1 says hash, and without flag 2 it is not checked.
HEADER_BYTES = 16
UNCHECKED_HASH = 1

# Imports the handler as Lambda does, and says which modules of the artifact had to be compiled.
# With this environment's packages on the path behind it, so that an import of boto3 would succeed.
IMPORT = """
import importlib.machinery, importlib.util, json, sys
artifact = sys.argv[1]
sys.path.insert(0, artifact)
loader = importlib.machinery.SourceFileLoader
compile_source, compiled = loader.source_to_code, []
def source_to_code(self, data, path, **options):
    compiled.append(path)
    return compile_source(self, data, path, **options)
loader.source_to_code = source_to_code
import auto_lex_permissions.handler
print(json.dumps({
    "boto3 at hand": importlib.util.find_spec("boto3") is not None,
    "compiled": [path for path in compiled if path.startswith(artifact)],
    "files": {name: getattr(module, "__file__", None) for name, module in sys.modules.items()},
}))
"""


def imported(artifact: Path) -> dict[str, Any]:
    """Import the handler in a new process that writes no bytecode; return what it saw."""
    result = subprocess.run(
        [sys.executable, "-I", "-B", "-c", IMPORT, str(artifact)],
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    seen: dict[str, Any] = json.loads(result.stdout)
    return seen


@pytest.fixture
def unpacked(artifact: Path, tmp_path: Path) -> Path:
    """Return a copy of the artifact, every file with a time of its own, as after unpacking."""
    copy = tmp_path / "task"
    shutil.copytree(artifact, copy)
    for number, path in enumerate(sorted(copy.rglob("*"))):
        os.utime(path, (number, number))
    return copy


def test_importing_compiles_nothing(unpacked: Path) -> None:
    """Changed file times make none of the bytecode stale."""
    assert imported(unpacked)["compiled"] == []


def test_compiling_would_be_noticed(unpacked: Path) -> None:
    """Without its bytecode, the same import compiles every module that it loads."""
    for folder in sorted(unpacked.rglob("__pycache__")):
        shutil.rmtree(folder)
    seen = imported(unpacked)
    loaded = {path for path in seen["files"].values() if path and path.startswith(str(unpacked))}
    assert set(seen["compiled"]) == loaded
    assert str(unpacked / "auto_lex_permissions" / "handler.py") in loaded
    assert str(unpacked / "aws_lambda_powertools" / "__init__.py") in loaded


def test_bytecode_that_checks_times_would_be_noticed(unpacked: Path) -> None:
    """Python's usual bytecode is stale once file times have changed."""
    compileall = [sys.executable, "-I", "-m", "compileall", "-q", "-f"]
    mode = "--invalidation-mode=timestamp"
    subprocess.run([*compileall, mode, unpacked], timeout=60, check=True)
    assert imported(unpacked)["compiled"] == []
    for path in unpacked.rglob("*.py"):
        os.utime(path, (1, 1))
    assert imported(unpacked)["compiled"]


def test_boto3_stays_out(unpacked: Path) -> None:
    """The handler imports no AWS client, though the runtime has boto3 at hand.

    powertools looks at the top of botocore to name itself in the user agent: one module, 0.6 ms.
    """
    seen = imported(unpacked)
    assert seen["boto3 at hand"]
    assert {name for name in seen["files"] if name.startswith("boto")} <= {"botocore"}


def test_handler_imports_from_source_without_any_variable() -> None:
    """A plain checkout needs no environment variable to import the handler."""
    program = "import sys; sys.path.insert(0, sys.argv[1]); import auto_lex_permissions.handler"
    command = [sys.executable, "-B", "-c", program, str(ROOT / "macro")]
    result = subprocess.run(
        command, env={}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_it_holds_nothing_unexpected(artifact: Path) -> None:
    """The macro, its locked dependencies, and what names their versions and licences."""
    assert {path.name.split("-")[0] for path in artifact.iterdir()} == {
        "__pycache__",
        "auto_lex_permissions",
        "aws_lambda_powertools",
        "jmespath",
        "typing_extensions",
        "typing_extensions.py",
    }
    # Powertools has a page for browsers, which this function never sends.
    kinds = {path.suffix for path in artifact.rglob("*") if path.is_file()}
    assert kinds <= {".py", ".pyc", ".typed", ""}
    assert {path.name for path in artifact.glob("*.dist-info/*")} <= {
        "LICENSE",
        "METADATA",
        "licenses",
    }


def test_the_package_is_the_one_in_macro(artifact: Path) -> None:
    """Every module of macro/ is there, byte for byte, and no other file but bytecode."""
    package = ROOT / "macro" / "auto_lex_permissions"
    built = artifact / "auto_lex_permissions"
    assert contents(built, "*.py") == contents(package, "*.py")
    others = [path for path in built.rglob("*") if path.is_file() and path.suffix != ".py"]
    assert all(path.suffix == ".pyc" for path in others)


def contents(folder: Path, pattern: str) -> dict[str, bytes]:
    """Return the files below a folder by their relative path."""
    files = [path for path in folder.rglob(pattern) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_zip_is_small(package: Path) -> None:
    """What `sam deploy` uploads keeps to the size that was aimed at."""
    assert package.stat().st_size <= LARGEST_ZIP


def test_every_module_is_compiled_for_the_runtime(artifact: Path) -> None:
    """Each module has bytecode of Python 3.13 that is never checked, and no other bytecode."""
    modules = contents(artifact, "*.py")
    compiled = contents(artifact, "*.pyc")
    assert {cached(name) for name in modules} == set(compiled)
    flags = {int.from_bytes(code[4:8], "little") for code in compiled.values()}
    assert flags == {UNCHECKED_HASH}


def cached(name: str) -> str:
    """Return where Python 3.13 looks for the bytecode of a module."""
    path = Path(name)
    return str(path.parent / "__pycache__" / f"{path.stem}.cpython-313.pyc")


def test_tracebacks_show_the_paths_of_lambda(artifact: Path) -> None:
    """Bytecode names the place where Lambda unpacks it, and not where it was built."""
    for name, code in contents(artifact, "*.pyc").items():
        module = marshal.loads(code[HEADER_BYTES:])  # noqa: S302 - bytecode that was just built
        assert isinstance(module, CodeType)
        assert module.co_filename.startswith("/var/task/"), name


def test_two_builds_are_the_same(package: Path, tmp_path: Path) -> None:
    """A build elsewhere, for a user with another umask and time zone, gives the same bytes."""
    umask = os.umask(0o077)
    try:
        environment = sam_environment(tmp_path / "sam") | {"TZ": "Asia/Tokyo"}
        template = Sam(environment).build(tmp_path / "another place")
    finally:
        os.umask(umask)
    another = zip_as_sam_does(template.parent / LOGICAL_ID, tmp_path / "another")
    assert entries(another) == entries(package)


def entries(package: Path) -> dict[str, tuple[object, ...]]:
    """Return all that a zip says of each file; their order is the file system's."""
    with zipfile.ZipFile(package) as archive:
        return {
            entry.filename: (archive.read(entry), entry.date_time, entry.external_attr)
            for entry in archive.infolist()
        }
