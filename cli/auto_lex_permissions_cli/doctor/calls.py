"""Calls side by side until a deadline, in threads that the end of the program does not wait for.

Whatever a call hangs in (a name to resolve, a connection, an answer that comes byte by byte), the
main thread waits nowhere but here, where the deadline and a signal reach it. ThreadPoolExecutor
will not do: the interpreter joins its threads before it ends.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from auto_lex_permissions_cli.console import Track, counted

WORKERS: Final = 8
_LONGEST_WAIT: Final = 1.0
Given = TypeVar("Given")
Found = TypeVar("Found")


class Calls:
    """All calls of one run, which together may take so many seconds."""

    def __init__(self, seconds: int, track: Track, start: float | None = None) -> None:
        """Start the time, unless it has been; `track` shows how far the calls are."""
        self.too_late = f"not answered within the {counted(seconds, 'second')} of --timeout"
        self._seconds = seconds
        self._start = time.monotonic() if start is None else start
        self._end = self._start + seconds
        self._track = track

    def of(self, place: str) -> "Calls":
        """Return the calls of one place of several, which share the time and show their place."""

        def track(items: Iterable[Any], total: int, name: str) -> Iterable[Any]:
            return self._track(items, total, f"{place}: {name}")

        return Calls(self._seconds, track, self._start)

    def one(self, ask: Callable[[], Found], name: str, unanswered: Found) -> Found:
        """Ask once; returns `unanswered` where the answer does not come before the deadline."""
        return self.each([None], lambda _: ask(), name, unanswered)[0]

    def each(
        self, items: Sequence[Given], ask: Callable[[Given], Found], name: str, unanswered: Found
    ) -> list[Found]:
        """Ask for all items, as many at once as there are workers; answers in the items' order.

        What `ask` raises ends the calls and is raised here. Items whose answer does not come before
        the deadline have `unanswered`.
        """
        found = [unanswered] * len(items)
        if items:
            answers = _answers(items, ask, WORKERS, self._end)
            for number, answer in self._track(answers, len(items), name):
                found[number] = answer
        return found


def side_by_side(
    items: Sequence[Given], ask: Callable[[Given], Found], most: int
) -> Iterator[tuple[int, Found]]:
    """Yield answers as they come, each with the number of its item, so many at once at most.

    No deadline holds here: `ask` is to keep its own.
    """
    return _answers(items, ask, most, math.inf)


def _answers(
    items: Sequence[Given], ask: Callable[[Given], Found], most: int, end: float
) -> Iterator[tuple[int, Found]]:
    """Yield answers as they come, each with the number of its item, until the deadline."""
    waiting = deque(enumerate(items))
    answers: SimpleQueue[tuple[int, Future[Found]]] = SimpleQueue()

    def work() -> None:
        while time.monotonic() < end:
            try:
                number, item = waiting.popleft()
            except IndexError:
                return
            answer: Future[Found] = Future()
            try:
                answer.set_result(ask(item))
            except Exception as error:  # noqa: BLE001 - raised where the answer is awaited.
                answer.set_exception(error)
            answers.put((number, answer))

    for _ in range(min(most, len(items))):
        Thread(target=work, daemon=True).start()
    try:
        left = len(items)
        while left:
            try:
                # A signal that comes while the wait begins is seen at the next one.
                wait = min(_LONGEST_WAIT, max(0.0, end - time.monotonic()))
                number, answer = answers.get(timeout=wait)
            except Empty:
                if time.monotonic() >= end:
                    return
                continue
            left -= 1
            yield number, answer.result()
    finally:
        # Nothing more is asked, whatever ended the wait.
        waiting.clear()
