"""How often something may be tried: by name, from one address and from all. A pure rule, and its rows.

A try is counted before it is judged, so that of any number at once no more than `most` are. What went well is taken
back. At the bound a name waits until `window_ms` after its first try; others are not held up by it. Who tries another's
name from one address uses up what that address may, and not what is left to him whose it is.
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


class Paces(NamedTuple):
    """So many within one window from one address, and of_all from all of them."""

    most: int
    window_ms: int
    of_all: Pace


class Tried(NamedTuple):
    """So many since first_ms."""

    tries: int
    first_ms: int


PASSWORD = Paces(5, 5 * MINUTE_MS, Pace(100, HOUR_MS))
CODE = Paces(5, 10 * MINUTE_MS, Pace(10, 10 * MINUTE_MS))
CODES_SENT = Paces(5, HOUR_MS, Pace(8, HOUR_MS))
"""SMS to one number: they cost money, and annoy."""
CODES_OF_ALL = Pace(2_000, HOUR_MS)
"""SMS that really leave: what is asked for numbers that nobody has here takes nobody's."""
BIND = Paces(5, DAY_MS, Pace(8, DAY_MS))
"""Of one holder: what a school knows of somebody others know, too."""
STRANGERS_BLOCK = Paces(3, DAY_MS, Pace(6, DAY_MS))
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
    with db.writing():
        wait_ms = _taken(db, pace, _key(kind, name), now_ms)
    _require_none(wait_ms)


def take_try_from(db: Database, paces: Paces, kind: str, name: str, address: str, now_ms: int) -> None:
    """As above. What an address may no more is not counted against the name."""
    with db.writing():
        wait_ms = _taken(db, Pace(*paces[:2]), _key(kind, name, address), now_ms)
        wait_ms = wait_ms or _taken(db, paces.of_all, _key(kind, name), now_ms)
    _require_none(wait_ms)


def note_try(db: Database, pace: Pace, kind: str, now_ms: int) -> None:
    """One more, whatever the bound. Inside of a transaction."""
    _taken(db, pace, _key(kind, ""), now_ms)


def require_left(db: Database, pace: Pace, kind: str, now_ms: int) -> None:
    """CallRefused: at the bound. Nothing is counted."""
    with db.reading():
        _, wait_ms = next_try(_tried(db, _key(kind, "")), pace, now_ms)
    _require_none(wait_ms)


def forget_tries(db: Database, kind: str, name: str, address: str = "") -> None:
    """It went well. Inside of a transaction."""
    for key in (_key(kind, name), _key(kind, name, address)):
        db.run("DELETE FROM tried WHERE key = ?", (key,))


def _taken(db: Database, pace: Pace, key: bytes, now_ms: int) -> int:
    """How many ms it must wait."""
    db.run("DELETE FROM tried WHERE until_ms <= ?", (now_ms,))
    after, wait_ms = next_try(_tried(db, key), pace, now_ms)
    row = (key, after.tries, after.first_ms, after.first_ms + pace.window_ms)
    db.upsert("tried", "key, count, first_ms, until_ms", "key", [row])
    return wait_ms


def _tried(db: Database, key: bytes) -> Tried | None:
    rows = db.run("SELECT count, first_ms FROM tried WHERE key = ?", (key,))
    return Tried(*rows[0]) if rows else None


def _require_none(wait_ms: int) -> None:
    if wait_ms:
        raise CallRefused(slow_down(-(-wait_ms // 1000)))


def _key(kind: str, name: str, address: str = "") -> bytes:
    """No names lie about: a phone that nobody has here is not kept."""
    return hashlib.sha256("\0".join((kind, name, *([address] if address else []))).encode()).digest()
