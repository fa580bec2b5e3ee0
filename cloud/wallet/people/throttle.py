"""How often something may be tried: by name, whoever tries. Pure rule, and its rows in the file of people.

A try is counted before it is judged, so that of any number at once no more than `most` are. What went well is taken
back. At the bound a name waits until `window_ms` after its first try; others are not held up by it.
"""

import hashlib
from typing import NamedTuple

from cloud.store.db import Database
from cloud.wallet.line.problems import CallRefused, slow_down

MINUTE_MS = 60_000
HOUR_MS, DAY_MS = 60 * MINUTE_MS, 24 * 60 * MINUTE_MS


class Pace(NamedTuple):
    """So many within one window."""

    most: int
    window_ms: int


class Tried(NamedTuple):
    """So many since first_ms."""

    tries: int
    first_ms: int


PASSWORD, CODE = Pace(5, 5 * MINUTE_MS), Pace(5, 10 * MINUTE_MS)
CODES_SENT = Pace(5, HOUR_MS)
"""SMS to one number: they cost money, and annoy."""
CODES_OF_ALL = Pace(2_000, HOUR_MS)
BIND = Pace(5, DAY_MS)
"""Of one holder, whoever tries: what a school knows of somebody others know, too."""
STRANGERS_BLOCK = Pace(3, DAY_MS)
"""Blocks of one holder by somebody else."""


STRANGERS_FROM = Pace(20, DAY_MS)
"""Of one address, which may be a whole dormitory's."""
REPORTS_BY = Pace(5, DAY_MS)
"""Of others, by one who has signed in."""


def next_try(before: Tried | None, pace: Pace, now_ms: int) -> tuple[Tried, int]:
    """What is kept, and how many ms it must wait: 0, it may. A clock that went back waits no longer than a window."""
    if before is None or not 0 <= now_ms - before.first_ms < pace.window_ms:
        return Tried(1, now_ms), 0
    if before.tries >= pace.most:
        return before, before.first_ms + pace.window_ms - now_ms
    return Tried(before.tries + 1, before.first_ms), 0


def take_try(db: Database, pace: Pace, kind: str, name: str, now_ms: int) -> None:
    """In a transaction of its own, so that what is refused later stays counted. CallRefused: it must wait."""
    key = _key(kind, name)
    with db.writing():
        db.run("DELETE FROM tried WHERE until_ms <= ?", (now_ms,))
        rows = db.run("SELECT count, first_ms FROM tried WHERE key = ?", (key,))
        after, wait_ms = next_try(Tried(*rows[0]) if rows else None, pace, now_ms)
        row = (key, after.tries, after.first_ms, after.first_ms + pace.window_ms)
        db.upsert("tried", "key, count, first_ms, until_ms", "key", [row])
    if wait_ms:
        raise CallRefused(slow_down(-(-wait_ms // 1000)))


def forget_tries(db: Database, kind: str, name: str) -> None:
    """It went well. Inside of a transaction."""
    db.run("DELETE FROM tried WHERE key = ?", (_key(kind, name),))


def _key(kind: str, name: str) -> bytes:
    """No names lie about: a phone that nobody has here is not kept."""
    return hashlib.sha256(f"{kind}\0{name}".encode()).digest()
