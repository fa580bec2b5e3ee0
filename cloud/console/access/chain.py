"""The audit list's chain, proved piece by piece: what is new goes on from the head that is remembered, and old rows are
gone through again and again. One look reads at most LOOK_ROWS of either, however long the list is.

Whoever writes the list anew, with hashes that fit, is seen all the same: the remembered head is not his. Memory is the
process's own, so after a start nothing is proved yet, and is not said to be.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
LOOK_ROWS = 2_000


class Link(NamedTuple):
    """Where one has come to: a row's number and its hash."""

    number: int
    hash: bytes


class Listed(NamedTuple, Generic[T]):
    """A row as it is kept."""

    number: int
    row: T
    hash: bytes


class Looked(NamedTuple):
    """broken_at: the first row that does not fit of those that were looked at; None: all of these fit. upto: up to this
    row all were looked at since the process began, of `last`. round_ms: when old rows were all looked at again last,
    Unix milliseconds; 0: not yet."""

    broken_at: int | None
    upto: int
    last: int
    round_ms: int

    @property
    def is_whole(self) -> bool:
        """Was every row looked at, and does it fit? Nothing else is green."""
        return self.broken_at is None and self.upto == self.last


START = Link(0, b"")


class Chain(Generic[T]):
    """What one process has proved. hash_of: (hash before, number, row) → what the row's hash should be. Any thread."""

    def __init__(self, hash_of: Callable[[bytes, int, T], bytes]) -> None:
        self._hash_of = hash_of
        self._lock = threading.Lock()
        self._head, self._again = START, START
        self._broken_at: int | None = None
        self._round_ms = 0

    def look(self, read: Callable[[int, int], list[Listed[T]]], last: int, now_ms: int, most: int) -> Looked:
        """Go on. read: (after, most) → rows by number. What was broken once stays so, whatever is put there since."""
        with self._lock:
            if self._broken_at is None:
                self._look_at_new(read, last, now_ms, most)
                self._look_again(read, now_ms, most)
            return Looked(self._broken_at, self._head.number, max(last, self._head.number), self._round_ms)

    def _look_at_new(self, read: Callable[[int, int], list[Listed[T]]], last: int, now_ms: int, most: int) -> None:
        if self._head is not START and not self._is_there(read(self._head.number - 1, 1)):
            self._broken_at = min(self._head.number, last + 1)
            return
        self._head = self._followed(self._head, read(self._head.number, most))
        if not self._round_ms and self._head.number == last:
            self._round_ms = now_ms

    def _look_again(self, read: Callable[[int, int], list[Listed[T]]], now_ms: int, most: int) -> None:
        """Round and round, up to the head."""
        upto = min(most, self._head.number - self._again.number)
        self._again = self._followed(self._again, read(self._again.number, upto))
        if self._again.number == self._head.number and self._broken_at is None:
            self._again, self._round_ms = START, now_ms if self._round_ms else 0

    def _is_there(self, found: list[Listed[T]]) -> bool:
        return [(one.number, one.hash) for one in found] == [self._head]

    def _followed(self, link: Link, rows: Iterable[Listed[T]]) -> Link:
        for number, row, kept in rows:
            if number != link.number + 1 or kept != self._hash_of(link.hash, number, row):
                self._broken_at = min(self._broken_at or number, link.number + 1)
                break
            link = Link(number, kept)
        return link
