"""A pytest plug-in that runs the quick tests first and says which phase of `make test` it is in.

One pytest run for everything gives one closing line and one exit code; without this, pytest would
go by the alphabet and start with the tests that take minutes. Loaded by `python -m pytest -p
tools.phases`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

# The folders below tests/ that have a phase of their own, in their order. All others come first.
PHASES = {
    "scanners": "scanners: what cfn-lint and checkov say of what the macro adds",
    "build": "build: the artifact, the template and the set-up",
    "artifact": "artifact: what was built, under the runtime client of real Lambda",
    "e2e": "end to end: the real SAM CLI against a local CloudFormation",
}
FIRST = "unit and golden tests"


def phase_of(item: pytest.Item) -> str:
    """Return the folder that gives a test its phase, or the empty text."""
    folders = item.path.relative_to(item.config.rootpath).parts[1:]
    return folders[0] if folders and folders[0] in PHASES else ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in the order of their phases, and leave it as it is within each."""
    order = ["", *PHASES]
    items.sort(key=lambda item: order.index(phase_of(item)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Announce a phase before its first test."""
    del nextitem
    announced = item.session.stash.get(ANNOUNCED, None)
    phase = phase_of(item)
    if announced != phase:
        item.session.stash[ANNOUNCED] = phase
        reporter = item.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_sep("-", PHASES.get(phase, FIRST))
    return (yield)


ANNOUNCED = pytest.StashKey[str]()
