"""A long search in portions: on all processors, with its progress on the terminal."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat


def in_portions[Part](
    portion: Callable[[int, int, int], Part], seed: int, first: int, count: int, size: int
) -> Generator[Part]:
    """Yield, in order, what `portion` makes of a seed, a first number and how many from there.

    When the caller closes it, what has not begun is left out.
    """
    starts = range(first, first + count, size)
    sizes = [min(size, first + count - start) for start in starts]
    # Fresh processes: those of a fork would inherit whatever runs here, a measurement of coverage
    # among others, which makes them half as fast.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), fresh) as pool:
        try:
            yield from pool.map(portion, repeat(seed), starts, sizes)
        finally:
            pool.shutdown(cancel_futures=True)


def say(text: str) -> None:
    """Write to the terminal at once."""
    sys.stdout.write(text)
    sys.stdout.flush()
