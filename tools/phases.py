"""A pytest plug-in that runs the quick tests first and says which phase of `make test` it is in.

One pytest run for everything gives one closing line and one exit code; without this, pytest would
go by the alphabet and start with the tests that take minutes. Loaded by `python -m pytest -p
tools.phases`, also where pytest-xdist spreads the tests over several workers: each of these puts
them in order, and the run that hears from all of them prints the titles.
"""

import pytest

# The folders below tests/ that have a phase of their own, in their order. All others come first.
PHASES = {
    "": "unit and golden tests",
    "scanners": "scanners: what cfn-lint and checkov say of what the macro adds",
    "build": "build: the artifact, the template and the set-up",
    "artifact": "artifact: what was built, under the runtime client of real Lambda",
    "e2e": "end to end: the real SAM CLI against a local CloudFormation",
}
ORDER = list(PHASES)


def place_of(nodeid: str) -> int:
    """Return the place of a test's phase, from its name, `tests/folder/test_file.py::test`."""
    folder = nodeid.split("/")[1]
    return ORDER.index(folder) if folder in PHASES else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in the order of their phases, and leave it as it is within each."""
    items.sort(key=lambda item: place_of(item.nodeid))


class Titles:
    """Announces each phase before its first test; on other workers the last may still run."""

    def __init__(self, config: pytest.Config) -> None:
        """Begin before the first phase."""
        self._config = config
        self._announced: set[int] = set()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Hear of a test that starts, here or on a worker."""
        place = place_of(nodeid)
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and place not in self._announced:
            if self._announced:
                # The dots of the phase before stand on this line.
                reporter.write_line("")
            self._announced.add(place)
            reporter.write_sep("-", PHASES[ORDER[place]])


def pytest_configure(config: pytest.Config) -> None:
    """Listen."""
    config.pluginmanager.register(Titles(config))
