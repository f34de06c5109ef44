"""Calls side by side until a deadline, in threads that the end of the program does not wait for.

Whatever a call hangs in (a name to resolve, a connection, an answer that comes byte by byte), the
main thread waits nowhere but here, where the deadline and a signal reach it. ThreadPoolExecutor
will not do: the interpreter joins its threads before it ends.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, TypeVar

from auto_lex_permissions_cli.console import Track, counted

WORKERS: Final = 8
Given = TypeVar("Given")
Found = TypeVar("Found")


class Calls:
    """All calls of one run, which together may take so many seconds."""

    def __init__(self, seconds: int, track: Track) -> None:
        """Start the time; `track` shows how far the calls are."""
        self.too_late = f"not answered within the {counted(seconds, 'second')} of --timeout"
        self._end = time.monotonic() + seconds
        self._track = track

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
            for number, answer in self._track(self._answers(items, ask), len(items), name):
                found[number] = answer
        return found

    def _answers(
        self, items: Sequence[Given], ask: Callable[[Given], Found]
    ) -> Iterator[tuple[int, Found]]:
        """Yield answers as they come, each with the number of its item, until the deadline."""
        waiting = deque(enumerate(items))
        answers: SimpleQueue[tuple[int, Future[Found]]] = SimpleQueue()

        def work() -> None:
            while time.monotonic() < self._end:
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

        for _ in range(min(WORKERS, len(items))):
            Thread(target=work, daemon=True).start()
        try:
            for _ in items:
                try:
                    number, answer = answers.get(timeout=max(0.0, self._end - time.monotonic()))
                except Empty:
                    return
                yield number, answer.result()
        finally:
            # Nothing more is asked, whatever ended the wait.
            waiting.clear()
