"""Every template written once, and each scanner run once over all of them."""

import pytest

from tests.scanners.pairs import Scanned, distributed, pairs
from tests.scanners.scanning import (
    CheckovReport,
    Findings,
    cfn_guard,
    cfn_lint,
    checkov,
    guard_program,
)


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    """Return the templates, written to files."""
    folder = tmp_path_factory.mktemp("templates")
    found = {pair.name: pair for pair in pairs()}
    paths = {name: pair.write(folder) for name, pair in found.items()}
    return Scanned(found, paths, tmp_path_factory.mktemp("home"), distributed(folder))


@pytest.fixture(scope="session")
def linted(scanned: Scanned) -> Findings:
    """Return what cfn-lint finds."""
    return cfn_lint(scanned.templates, scanned.home)


@pytest.fixture(scope="session")
def checked(scanned: Scanned) -> CheckovReport:
    """Return what checkov finds."""
    return checkov(scanned.templates, scanned.home)


@pytest.fixture(scope="session")
def guarded(scanned: Scanned) -> Findings:
    """Return what cfn-guard finds; it is there only after `make scan`, since npm brings it."""
    if not guard_program().exists():
        pytest.skip("cfn-guard is not installed; where npm is, `make scan` installs it")
    return cfn_guard(scanned.templates, scanned.home)
