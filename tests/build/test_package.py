"""The command line as a package: what pip, pipx and uv install from the repository."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from auto_lex_permissions import __version__
from auto_lex_permissions.diagnostics import HOME
from tests.cli.commands import written

ROOT = Path(__file__).parent.parent.parent
UV = Path(sys.executable).parent / "uv"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            *(UV, "build", "--no-config", "--offline", "--quiet", "--wheel"),
            *("--no-build-isolation", f"--python={sys.executable}", f"--out-dir={target}", ROOT),
        ],
        check=True,
        timeout=60,
        env={**os.environ, "VIRTUAL_ENV": str(Path(sys.executable).parent.parent)},
    )
    (found,) = target.glob("*.whl")
    return found


def installed(wheel: Path, folder: Path) -> Path:
    """Install the wheel alone, and return where."""
    place = folder / "installed"
    subprocess.run(
        [
            *(UV, "pip", "install", "--no-config", "--offline", "--quiet", "--no-deps"),
            *(f"--python={sys.executable}", f"--target={place}", wheel),
        ],
        check=True,
        timeout=60,
    )
    return place


def test_it_holds_the_core_and_the_command_line(wheel: Path) -> None:
    """Not the Lambda function, which needs powertools, nor any test."""
    assert wheel.name == f"auto_lex_permissions-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    packages = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert packages == {"auto_lex_permissions", "auto_lex_permissions_cli"}
    macro = ROOT / "macro"
    core = {path.relative_to(macro).as_posix() for path in macro.rglob("*.py")}
    packed = {name for name in names if name.startswith("auto_lex_permissions/")}
    assert packed == core - {"auto_lex_permissions/handler.py"}
    needed = sorted(
        line.split()[1].split(">")[0]
        for line in metadata.splitlines()
        if line.startswith("Requires-Dist:")
    )
    assert needed == ["boto3", "click", "pyyaml", "rich"]


def test_its_page_links_to_what_is_read_elsewhere(wheel: Path) -> None:
    """The package's page is the README, and no link of it is to a file beside it."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        _, _, page = archive.read(name).decode().partition("\n\n")
    given = re.findall(r"\]\((.+?)\)", (ROOT / "README.md").read_text())
    links = re.findall(r"\]\((.+?)\)", page)
    assert len(links) == len(given)
    for link, original in zip(links, given, strict=True):
        if not original.startswith(("#", "https://")):
            assert link == f"{HOME}/blob/main/{original}"
            assert (ROOT / original.partition("#")[0]).exists()


def test_it_runs_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    """The command is there, and does what it does from source."""
    place = installed(wheel, tmp_path)
    done = subprocess.run(
        [sys.executable, place / "bin" / "auto-lex-permissions", "check", written(tmp_path)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "ALP101 Lex is not allowed to invoke Orders for bot alias Alias" in done.stdout


def test_the_rule_for_cfn_lint_is_there_too(wheel: Path, tmp_path: Path) -> None:
    """As installed beside cfn-lint, in an environment of nothing else."""
    place = installed(wheel, tmp_path)
    done = subprocess.run(
        [
            *(UV.parent / "cfn-lint", written(tmp_path)),
            *("--append-rules", "auto_lex_permissions_cli.cfn_lint_rule"),
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "E9450 Lex is not allowed to invoke Orders for bot alias Alias" in done.stdout
