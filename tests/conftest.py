"""What holds for all tests: the same examples in every run, and how children hear of Ctrl-C."""

import signal
import sys
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

# No test passes or fails by chance. Other examples are drawn by `make laws` and `make fuzz`, and by
# `pytest --hypothesis-profile=default`.
settings.register_profile(
    "the same each time",
    derandomize=True,
    # What a run has found would be tried first by the next run.
    database=None,
    # Both measure time, which says more of the machine than of the code.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("the same each time")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Measure no coverage of long tests, which would take up to four times as long.

    The other tests need all lines. The mark no_cover of pytest-cov goes on measuring in the
    workers of pytest-xdist.
    """
    measuring = sys.gettrace()
    if item.get_closest_marker("long"):
        sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(measuring)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let children hear of SIGINT, also where this process ignores it and they would inherit that.

    It does after `make test &` in a script, since a shell without job control starts what runs in
    the background so; some runners of CI do the same.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
