"""What waits to be told to an application's webhook 回调: one row for each event, in the order of events.

Of an application only its oldest waiting event is sent; the next waits until that one was heard or given up (`dead`).
Given up is not lost: the event stays in the list of events, and is sent again when somebody says so.
"""

from enum import IntEnum
from typing import NamedTuple

from cloud.store.db import Database

QUEUE_MAX = 10_000
"""Waiting of one application; what comes then is given up at once, and can be sent again."""
RETRIES_S = (5, 30, 120, 600, 3_600, 21_600, 43_200)
"""After the first, second, … failure; after the last one it is given up: 20 hours and 12 minutes in all."""
REPLAY_MAX = 1_000
"""Go again at one word; the next word takes the next ones."""
FULL = "queue-full"


class Standing(IntEnum):
    """Of a delivery."""

    WAITS = 0
    HEARD = 1
    DEAD = 2


class Delivery(NamedTuple):
    """status: of HTTP, the last; 0, no answer, and fault says why."""

    event: int
    app: str
    state: int
    tries: int
    next_ms: int
    status: int
    fault: str
    changed_ms: int


_COLUMNS = "event, app, state, tries, next_ms, status, fault, changed_ms"


def hook_of(store: Database, app: str) -> str:
    """Its address; '' where it has none."""
    rows = store.run("SELECT url FROM hook WHERE app = ?", (app,))
    return str(rows[0][0]) if rows else ""


def set_hook(store: Database, app: str, url: str, now_ms: int) -> None:
    """'': none any more; what waits for it is given up."""
    if url:
        store.upsert("hook", "app, url, set_ms", "app", [(app, url, now_ms)])
        return
    store.run("DELETE FROM hook WHERE app = ?", (app,))
    store.run(
        "UPDATE delivery SET state = ?, fault = 'removed', changed_ms = ? WHERE app = ? AND state = ?",
        (int(Standing.DEAD), now_ms, app, int(Standing.WAITS)),
    )


def queue_event(store: Database, app: str, event: int, now_ms: int) -> None:
    """Where the application has a webhook."""
    if not hook_of(store, app):
        return
    sql = "SELECT COUNT(*) FROM delivery WHERE app = ? AND state = ?"
    ((waits,),) = store.run(sql, (app, int(Standing.WAITS)))
    is_full = waits >= QUEUE_MAX
    state, fault = (Standing.DEAD, FULL) if is_full else (Standing.WAITS, "")
    store.insert("delivery", _COLUMNS, [(event, app, int(state), 0, now_ms, 0, fault, now_ms)])


def due(store: Database, now_ms: int) -> list[Delivery]:
    """The oldest waiting one of each application, where its time has come."""
    sql = (
        f"SELECT {_COLUMNS} FROM delivery WHERE event IN "  # noqa: S608  # our own names
        "(SELECT MIN(event) FROM delivery WHERE state = ? GROUP BY app) AND next_ms <= ? ORDER BY event"
    )
    return [Delivery(*row) for row in store.run(sql, (int(Standing.WAITS), now_ms))]


def told(store: Database, one: Delivery, status: int, fault: str, now_ms: int) -> Delivery:
    """How a try ended. Heard is 200 to 299; 410: its application wants no more, and it is given up at once. Where
    somebody has decided otherwise meanwhile, his word stands."""
    rows = store.run(f"SELECT {_COLUMNS} FROM delivery WHERE event = ?", (one.event,))  # noqa: S608  # our own names
    if not rows or Delivery(*rows[0]) != one:
        return Delivery(*rows[0]) if rows else one
    tries = one.tries + 1
    if 200 <= status < 300:
        after = one._replace(state=int(Standing.HEARD), tries=tries, status=status, fault="", changed_ms=now_ms)
    elif status == 410 or tries > len(RETRIES_S):
        after = one._replace(state=int(Standing.DEAD), tries=tries, status=status, fault=fault, changed_ms=now_ms)
    else:
        next_ms = now_ms + 1000 * RETRIES_S[tries - 1]
        after = one._replace(tries=tries, next_ms=next_ms, status=status, fault=fault, changed_ms=now_ms)
    store.upsert("delivery", _COLUMNS, "event", [tuple(after)])
    return after


def again(store: Database, app: str, event: int, now_ms: int) -> bool:
    """Tell it once more, from its first try on, whatever has become of it. False: this application has no webhook."""
    if not hook_of(store, app):
        return False
    row = (event, app, int(Standing.WAITS), 0, now_ms, 0, "", now_ms)
    store.upsert("delivery", _COLUMNS, "event", [row])
    return True


def dead_of(store: Database, app: str, after: int, most: int) -> list[Delivery]:
    """Given up, behind this event, oldest first. app: '' all."""
    sql = (
        f"SELECT {_COLUMNS} FROM delivery WHERE state = ? AND event > ? AND (app = ? OR ? = '') "  # noqa: S608  # ours
        "ORDER BY event LIMIT ?"
    )
    return [Delivery(*row) for row in store.run(sql, (int(Standing.DEAD), after, app, app, most))]


def again_all(store: Database, app: str, now_ms: int, event: int | None = None) -> int:
    """All that were given up, or this one of them, go again; so many."""
    numbers = [one.event for one in dead_of(store, app, 0, REPLAY_MAX)]
    return sum(again(store, app, number, now_ms) for number in numbers if event in (None, number))


def again_since(store: Database, app: str, since_ms: int, now_ms: int) -> int:
    """All that were given up or heard from then on, as many as may wait: of a front that was broken into, what it says
    was heard may have been heard by nobody. So many."""
    sql = "SELECT event FROM delivery WHERE app = ? AND state <> ? AND changed_ms >= ? ORDER BY event LIMIT ?"
    room = max(0, QUEUE_MAX - next_of(store, app)[0])
    rows = store.run(sql, (app, int(Standing.WAITS), since_ms, room))
    return sum(again(store, app, int(number), now_ms) for (number,) in rows)


def queues(store: Database) -> dict[str, tuple[int, int]]:
    """Application → how many wait, and how many were given up."""
    sql = (
        "SELECT app, SUM(CASE WHEN state = ? THEN 1 ELSE 0 END), SUM(CASE WHEN state = ? THEN 1 ELSE 0 END) "
        "FROM delivery GROUP BY app"
    )
    found = store.run(sql, (int(Standing.WAITS), int(Standing.DEAD)))
    return {str(app): (int(waits), int(dead)) for app, waits, dead in found}


def next_of(store: Database, app: str) -> tuple[int, Delivery | None]:
    """How many wait for this application, and the one that is sent next."""
    sql = "SELECT COUNT(*), MIN(event) FROM delivery WHERE app = ? AND state = ?"
    ((waits, event),) = store.run(sql, (app, int(Standing.WAITS)))
    rows = store.run(f"SELECT {_COLUMNS} FROM delivery WHERE event = ?", (event,))  # noqa: S608  # our own names
    return int(waits), Delivery(*rows[0]) if rows else None


def waiting(store: Database) -> int:
    """Of all."""
    sql = "SELECT COUNT(*) FROM delivery WHERE state = ?"
    return int(store.run(sql, (int(Standing.WAITS),))[0][0])


def hosts(store: Database) -> frozenset[str]:
    """Those that the operator allows though their addresses are of a private net."""
    return frozenset(str(name) for (name,) in store.run("SELECT name FROM host"))


def allow_host(store: Database, name: str, who: str, now_ms: int) -> None:
    """Idempotent."""
    store.upsert("host", "name, made_by, at_ms", "name", [(name, who, now_ms)])


def forbid_host(store: Database, name: str) -> None:
    """Idempotent."""
    store.run("DELETE FROM host WHERE name = ?", (name,))
