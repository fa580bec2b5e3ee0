"""Who waits to be told of the end of something 代等: a handle each, of which the front asks for all of them together.

Nobody's thread waits: a held call was answered with how it stands and a handle, and the front looks by `held/look`.
What handles are about is looked for by one question a table, however many wait; who is told is judged by his rights
anew. Bounds: OF_PERSON handles a person, IN_ALL a process; at either the call is answered at once, and its page asks
again by itself. A handle is over at its time, and told how it stands then; after a restart it is unknown, and the page
asks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cloud.ledger.records.values import Now
from cloud.store.db import Database
from cloud.wallet.line.calls import HANDLES_MAX, Answer
from cloud.wallet.people.records.sign_ons import new_secret

WAIT_MAX_S = 25
OF_PERSON, IN_ALL = 3, 4_000
LATE_MS = 10_000
"""A handle that the front has not asked about for so long after its time is forgotten: its phone has gone."""
TOLD_MAX = 200
"""Ends that are told in one look; the next one is a moment later."""
HANDLE_SIZE = 16
"""Characters."""


class Watch(NamedTuple):
    """select: ends with `WHERE column`, names the key first; row: what it found when the call came, () for nothing."""

    select: str
    key: bytes | int
    row: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What an operation returns that can be waited for. value: as it stands, for who is not held. wait_s 0: he asks
    how it stands and no more."""

    value: Any
    person: int
    watches: tuple[Watch, ...]
    wait_s: int


class _Waiting(NamedTuple):
    person: int
    watches: tuple[Watch, ...]
    until_ms: int
    again: Callable[[Now], Answer]


def watch(db: Database, select: str, key: bytes | int) -> Watch:
    """As it stands now, inside of a snapshot."""
    return Watch(select, key, _rows(db, select, [key]).get(key, ()))


@dataclass
class Room:
    """Belongs to the ledger's thread."""

    _waiting: dict[str, _Waiting] = field(default_factory=dict)

    def hold(self, held: Held, again: Callable[[Now], Answer], now: Now) -> str:
        """A handle; '': not to be held, or a bound is reached. again: how it stands, asked with all rights anew."""
        if not held.wait_s:
            return ""
        self._forget(now.unix_ms)
        mine = sum(one.person == held.person for one in self._waiting.values())
        if mine >= OF_PERSON or len(self._waiting) >= IN_ALL:
            return ""
        handle = new_secret()[:HANDLE_SIZE]
        until_ms = now.unix_ms + 1000 * held.wait_s
        self._waiting[handle] = _Waiting(held.person, held.watches, until_ms, again)
        return handle

    def told(self, db: Database, handles: Sequence[str], now: Now) -> dict[str, Answer | None]:
        """Those that have ended, with what is answered now; None: nobody waits under this one any more."""
        asked = list(dict.fromkeys(handles))[:HANDLES_MAX]
        ended = self._ended(db, [one for one in asked if one in self._waiting], now.unix_ms)[:TOLD_MAX]
        gone: dict[str, Answer | None] = dict.fromkeys(one for one in asked if one not in self._waiting)
        return gone | {handle: self._waiting.pop(handle).again(now) for handle in ended}

    def _ended(self, db: Database, handles: Sequence[str], now_ms: int) -> list[str]:
        """One question for each kind of thing that is waited for."""
        kinds: dict[str, set[bytes | int]] = {}
        for handle in handles:
            for one in self._waiting[handle].watches:
                kinds.setdefault(one.select, set()).add(one.key)
        with db.reading():
            found = {select: _rows(db, select, list(keys)) for select, keys in kinds.items()}
        return [handle for handle in handles if self._has_ended(self._waiting[handle], found, now_ms)]

    def _has_ended(self, one: _Waiting, found: Mapping[str, Mapping[bytes | int, Any]], now_ms: int) -> bool:
        moved = any(found[seen.select].get(seen.key, ()) != seen.row for seen in one.watches)
        return moved or now_ms >= one.until_ms

    def _forget(self, now_ms: int) -> None:
        """A clock that went back keeps nobody: what would wait longer than a call may is over, too."""
        for handle, one in list(self._waiting.items()):
            if not -LATE_MS <= one.until_ms - now_ms <= 1000 * WAIT_MAX_S:
                del self._waiting[handle]


def _rows(db: Database, select: str, keys: Sequence[bytes | int]) -> dict[bytes | int, tuple[Any, ...]]:
    return {key: tuple(row) for key, *row in db.find(select, keys)}
