"""One answer for many viewers: what is dear to ask is asked once, and kept for a while.

While one asks anew, others get what was said before; without any, they wait for it. Of KEPT_MAX answers the one that
was asked for longest ago goes.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from flask import current_app

T = TypeVar("T")
KEPT_MAX = 64
_NAME = "ykt_once"


@dataclass
class _Answer:
    """at_s: of the monotonic clock; None: nothing was said yet."""

    lock: Lock = field(default_factory=Lock)
    value: Any = None
    at_s: float | None = None


class Once:
    """Any thread may ask."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._answers: OrderedDict[Hashable, _Answer] = OrderedDict()

    def ask(self, key: Hashable, keep_s: float, question: Callable[[], T]) -> T:
        """What was said within keep_s, or is said now. Whatever the question raises is raised, and not kept."""
        answer = self._of(key)
        if not self._is_fresh(answer, keep_s) and answer.lock.acquire(blocking=answer.at_s is None):
            try:
                if not self._is_fresh(answer, keep_s):
                    answer.value, answer.at_s = question(), self._monotonic()
            finally:
                answer.lock.release()
        found: T = answer.value
        return found

    def forget(self, key: Hashable) -> None:
        """What was said to this holds no more."""
        with self._lock:
            self._answers.pop(key, None)

    def _of(self, key: Hashable) -> _Answer:
        with self._lock:
            answer = self._answers.setdefault(key, _Answer())
            self._answers.move_to_end(key)
            if len(self._answers) > KEPT_MAX:
                self._answers.popitem(last=False)
            return answer

    def _is_fresh(self, answer: _Answer, keep_s: float) -> bool:
        return answer.at_s is not None and self._monotonic() - answer.at_s < keep_s


def once() -> Once:
    """Of this console."""
    found: Once = current_app.extensions.setdefault(_NAME, Once())
    return found
