"""Events 事件: what happened to an application's payments, taken from the ledger's books and from nowhere else.

The books' entries are read in their order; an event, its delivery and how far was read are laid down in one
transaction, so none is lost or told twice by a kill. A file that was put back from a copy reads again from where it
was: what was told since is told again, under other numbers.
"""

import json
from typing import Any, NamedTuple

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.funds.orders.papers import KINDS
from cloud.ledger.funds.orders.rows import order_by_id, payment_of
from cloud.open.opaque import shut
from cloud.open.store.apps import MAKER
from cloud.open.store.deliveries import queue_event
from cloud.store.db import Database
from shared.wire import codec

STEP = 20_000
"""Entries of one turn; the next one goes on: two turns a second are more than any ledger books."""
KEPT_MS = 90 * 86_400_000
"""An event can be read for so long."""
TYPES = {
    EntryKind.ONLINE_AUTHORISED: "payment.authorised", EntryKind.ONLINE_CAPTURED: "payment.captured",
    EntryKind.ONLINE_VOID: "payment.void", EntryKind.ONLINE_REFUNDED: "payment.refunded",
}  # fmt: skip
EXPIRED, TESTED = "payment.expired", "webhook.test"
_SQL = (
    "SELECT entry, kind, document, booked_at_ms FROM posting WHERE entry > ? AND entry <= ? AND line = 0 "  # noqa: S608
    f"AND kind IN ({', '.join('?' * len(KINDS))}) ORDER BY entry"
)


class Event(NamedTuple):
    """body: JSON, as it is told."""

    id: int
    app: str
    at_ms: int
    body: str


class _Happened(NamedTuple):
    app: str
    at_ms: int
    told: dict[str, Any]


def newest(ledger: Database) -> int:
    """Number of the last entry."""
    with ledger.reading():
        return int(ledger.run("SELECT COALESCE(MAX(entry), 0) FROM posting")[0][0])


def begin(store: Database, books: str, ledger: Database) -> None:
    """At the first start: from now on; where the books were put back from before what was read, from their end on.
    books: their name in the file. Inside of a transaction of the file."""
    last = newest(ledger)
    if not store.run("SELECT 1 FROM mark WHERE name = ?", (books,)):
        store.insert("mark", "name, value", [(books, last)])
    store.run("UPDATE mark SET value = ? WHERE name = ? AND value > ?", (last, books, last))


def take(store: Database, books: str, ledger: Database, secret: bytes, now_ms: int) -> int:
    """One step; so many events."""
    with store.reading():
        ((after,),) = store.run("SELECT value FROM mark WHERE name = ?", (books,))
    upto = min(newest(ledger), after + STEP)
    if upto <= after:
        return 0
    happened = _happened(ledger, after, upto, secret)
    with store.writing():
        for one in happened:
            keep(store, one.app, one.at_ms, one.told, secret, now_ms)
        store.run("UPDATE mark SET value = ? WHERE name = ?", (upto, books))
    return len(happened)


def keep(store: Database, app: str, at_ms: int, told: dict[str, Any], secret: bytes, now_ms: int) -> int:
    """An event, and its delivery where the application has a webhook. Its number."""
    ((number,),) = store.run("SELECT COALESCE(MAX(id), 0) + 1 FROM event")
    named = {"id": shut(secret, f"{app} event", number)} | told
    body = json.dumps(named, ensure_ascii=False, separators=(",", ":"))
    store.insert("event", "id, app, at_ms, body", [(number, app, at_ms, body)])
    queue_event(store, app, number, now_ms)
    return int(number)


def events_of(store: Database, app: str, after: int, most: int) -> list[Event]:
    """Behind this number, oldest first."""
    sql = "SELECT id, app, at_ms, body FROM event WHERE app = ? AND id > ? ORDER BY id LIMIT ?"
    return [Event(*row) for row in store.run(sql, (app, after, most))]


def event_of(store: Database, number: int) -> Event | None:
    """By its number."""
    rows = store.run("SELECT id, app, at_ms, body FROM event WHERE id = ?", (number,))
    return Event(*rows[0]) if rows else None


def forget(store: Database, now_ms: int) -> None:
    """What is too old and waits for nobody; the newest stays, for its number."""
    old = "SELECT id FROM event WHERE at_ms < ? AND id < (SELECT MAX(id) FROM event)"
    waiting = "SELECT event FROM delivery WHERE state = 0"
    store.run(f"DELETE FROM event WHERE id IN ({old}) AND id NOT IN ({waiting})", (now_ms - KEPT_MS,))  # noqa: S608
    store.run("DELETE FROM delivery WHERE event NOT IN (SELECT id FROM event)")


def _happened(ledger: Database, after: int, upto: int, secret: bytes) -> list[_Happened]:
    found = []
    with ledger.reading():
        for _, kind, document, at_ms in ledger.run(_SQL, (after, upto, *map(int, KINDS))):
            one = _told(ledger, EntryKind(kind), codec.loads(bytes(document)), secret, at_ms)
            found += [] if one is None else [one]
    return found


def _told(ledger: Database, kind: EntryKind, paper: Any, secret: bytes, at_ms: int) -> _Happened | None:  # noqa: ANN401
    """None: it is not an application's."""
    is_refund = kind is EntryKind.ONLINE_REFUNDED
    payment = payment_of(ledger, paper[2] if is_refund else paper[1])
    if payment is None or not payment.maker.startswith(MAKER):
        return None
    app = payment.maker.removeprefix(MAKER)
    fen = {EntryKind.ONLINE_CAPTURED: 4, EntryKind.ONLINE_REFUNDED: 5}.get(kind, 3)
    name = EXPIRED if kind is EntryKind.ONLINE_VOID and not paper[4] else TYPES[kind]
    told = {
        "type": name, "at_ms": at_ms, "order": order_by_id(ledger, payment.pay_order).token.hex(),
        "payment": shut(secret, f"{app} payment", payment.id), "fen": paper[fen],
        "reason": paper[6] if is_refund else "",
    }  # fmt: skip
    return _Happened(app, at_ms, told)
