"""Progress lines in a pytest run: shown at once, whether or not pytest captures output."""

from collections.abc import Callable

import pytest


def progress(config: pytest.Config) -> Callable[[str], None]:
    """Return what prints a line on pytest's own terminal."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    capture = config.pluginmanager.getplugin("capturemanager")

    def line(text: str) -> None:
        # A run can be without either: under `-p no:terminal`, or on a worker of pytest-xdist.
        if reporter is None or capture is None:
            return
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(f"  {text}")

    return line
