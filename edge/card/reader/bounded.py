"""A thread that makes blocking calls for somebody who will not wait for ever.

One call at a time. A call that outlives its bound is left behind: until it ends by itself, every further one is Stuck
at once. There is nothing else that one can do about a C call that does not return.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

from shared.errors import YktError

Result = TypeVar("Result")


class Stuck(YktError):
    """The call has not returned within its bound."""


class Worker:
    """The thread ends with the process; `close` ends it before."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[tuple[int, Callable[[], object]] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[int, object, Exception | None]] = SimpleQueue()
        self._number = 0
        self._left_behind = 0
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def call(self, act: Callable[[], Result], timeout_s: float) -> Result:
        """What `act` returns or raises. Stuck after `timeout_s`, or while an earlier call has not come back."""
        self._forget_late_ones()
        if self._left_behind:
            raise Stuck("an earlier call has not come back")
        self._number += 1
        self._left_behind = self._number
        self._calls.put((self._number, act))
        try:
            _, value, error = self._results.get(timeout=timeout_s)
        except Empty:
            raise Stuck("no answer in time") from None
        self._left_behind = 0
        if error is not None:
            raise error
        return value  # type: ignore[return-value]  # the queue carries what `act` returned

    def close(self) -> None:
        """After the call under way, if there is one."""
        self._calls.put(None)

    def _forget_late_ones(self) -> None:
        while self._left_behind:
            try:
                number, _, _ = self._results.get_nowait()
            except Empty:
                return
            if number == self._left_behind:
                self._left_behind = 0

    def _work(self) -> None:
        while (job := self._calls.get()) is not None:
            number, act = job
            result: tuple[int, object, Exception | None]
            try:
                result = (number, act(), None)
            except Exception as error:  # noqa: BLE001  # handed to the caller, who asked for it
                result = (number, None, error)
            self._results.put(result)
