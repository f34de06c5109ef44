"""How a time is taken: the best of many runs, since everything else on a machine only adds time."""

import gc
import time
from collections.abc import Callable

SECONDS_PER_FIGURE = 1.0
ROUNDS = 10


def best(*runs: Callable[[], object], seconds: float = SECONDS_PER_FIGURE) -> list[float]:
    """Return the shortest time of each run, in seconds; garbage is collected between rounds.

    The runs take turns, so that a machine which is busy for a while slows all of them.
    """
    shortest = [float("inf")] * len(runs)
    for _ in range(ROUNDS):
        gc.collect()
        gc.disable()
        try:
            for number, run in enumerate(runs):
                shortest[number] = min(shortest[number], _shortest(run, seconds / ROUNDS))
        finally:
            gc.enable()
    return shortest


def _shortest(run: Callable[[], object], seconds: float) -> float:
    """Return the shortest time of a run that is repeated for so many seconds, at least once."""
    shortest = float("inf")
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end or shortest == float("inf"):
        run()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest
