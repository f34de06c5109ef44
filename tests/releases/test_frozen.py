"""What was released stays: the answers within a major version, the logical ids in all of them."""

import sys
from pathlib import Path
from typing import Any

import pytest

from auto_lex_permissions import ids
from tools.release import RELEASES, Frozen, Version, broken, current, generated, messages, releases

FROZEN = [(version, case) for version, cases in releases().items() for case in cases]
NAMES = [f"{version}-{case.name}" for version, case in FROZEN]
MESSAGES = sorted(RELEASES.glob("*/messages.txt"))
OTHER_MAJOR = Version(current().major + 1, 0, 0)


@pytest.mark.parametrize(("version", "case"), FROZEN, ids=NAMES)
def test_a_frozen_case_holds(version: Version, case: Frozen) -> None:
    """The same bytes within its major version, the same logical ids in every other (rule 2.5)."""
    assert broken(case, version, current()) == ""


@pytest.mark.parametrize(("version", "case"), FROZEN, ids=NAMES)
def test_a_frozen_case_is_as_it_was_written(version: Version, case: Frozen) -> None:
    """Two lines of JSON, and nothing that a reader of the file could lose."""
    path = f"{version}/{case.name}.jsonl"
    assert case.text.isascii(), path
    assert case.text.count("\n") == 2, path


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: str(path.parent.name))
def test_a_released_code_keeps_its_meaning(path: Path) -> None:
    """Its name is the one that it was released with, in every version."""
    assert set(path.read_text().splitlines()) <= set(messages().splitlines())


def test_this_major_version_has_frozen_cases_with_permissions() -> None:
    """An empty folder would hold nothing."""
    held = [case for version, case in FROZEN if version.major == current().major]
    assert len(held) > 50
    assert sum(len(case.ids()) for case in held) > 100
    assert max(releases()) <= current()


def _faults(now: Version) -> list[str]:
    return [fault for version, case in FROZEN if (fault := broken(case, version, now))]


@pytest.mark.parametrize("now", [current(), OTHER_MAJOR], ids=["same major", "next major"])
def test_another_logical_id_is_noticed(monkeypatch: pytest.MonkeyPatch, now: Version) -> None:
    """Planted: ids made by another digest, which no version may do (rule 2.5)."""
    monkeypatch.setattr(ids, "_digest", lambda _: "00000000")
    faults = _faults(now)
    assert len(faults) > 50
    assert all("(rule 2.5)" in fault or "rejected now" in fault for fault in faults)


def test_another_answer_is_noticed_within_a_major_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: one more entry in each template, which only a new major version may add."""
    module: Any = sys.modules["auto_lex_permissions.transform"]
    before = module.with_additions

    def changed(*arguments: Any) -> Any:
        return {**before(*arguments), "Metadata": {"Planted": True}}

    monkeypatch.setattr(module, "with_additions", changed)
    assert any("another template" in fault for fault in _faults(current()))
    assert _faults(OTHER_MAJOR) == []


def test_generated_ids_are_those_of_the_macro_alone() -> None:
    """Also in loops, and none of a permission that the author has written."""
    own = {"Type": "AWS::Lambda::Permission", "Metadata": {"AutoLexPermissions": {}}}
    ours = {
        "Type": "AWS::Lambda::Permission",
        "Metadata": {"AutoLexPermissions": {"HookSource": "Alias"}},
    }
    resources = {"Own": own, "Ours": ours, "Fn::ForEach::X": ["i", ["a"], {"Looped${i}": ours}]}
    assert sorted(generated({"Resources": resources})) == ["Looped${i}", "Ours"]
