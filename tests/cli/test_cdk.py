"""`check cdk.out`: what the AWS CDK synthesised, as docs/cdk.md says. `make cdk` makes it anew."""

import shutil
from pathlib import Path

from tests.cli.commands import run

ASSEMBLY = Path(__file__).parent / "assembly"
MISSING = ("the test alias of bot Bot", "bot alias LiveAlias", "bot alias LiveAlias")


def test_an_assembly_is_checked_where_it_is_named(tmp_path: Path) -> None:
    """The template is judged; the tree of constructs, which names bots too, is noted."""
    shutil.copytree(ASSEMBLY, tmp_path / "cdk.out")
    ended = run("check", "cdk.out", cwd=tmp_path)
    *found, summary = ended.out.splitlines()
    assert ended.code == 1
    assert [line.split(" for ")[1].partition(":")[0] for line in found] == [*MISSING]
    assert all(line.startswith("cdk.out/Orders.template.json:") for line in found)
    assert summary == "4 code hooks in 1 template: 3 errors, 0 warnings, 0 notes"
    assert ended.err == "cdk.out/tree.json: names a Lex V2 bot and is no template; not looked at\n"


def test_an_assembly_is_skipped_where_it_is_not_named(tmp_path: Path) -> None:
    """It is made from what is checked, and the summary says that it is skipped."""
    shutil.copytree(ASSEMBLY, tmp_path / "cdk.out")
    ended = run("check", ".", cwd=tmp_path)
    summary = (
        "0 code hooks in 0 templates: 0 errors, 0 warnings, 0 notes; 1 folder skipped (cdk.out)"
    )
    assert (ended.code, ended.out, ended.err) == (0, f"{summary}\n", "")
