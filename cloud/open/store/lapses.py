"""Events without an entry in the books: an order whose time went by unpaid, and an identity that its holder took back.

Orders of applications are noted as they are made, in their numbers' order, and looked at once when their time is over.
What is noted, told and read up to is laid down in one transaction. An order whose payment came to nothing after that
look was told by `payment.expired` or `payment.void`.
"""

from typing import Any, NamedTuple

from cloud.ledger.funds.orders.rows import OnlineState, OrderState, order_of, payments_for
from cloud.open.opaque import shut
from cloud.open.store.apps import MAKER
from cloud.open.store.feed import keep
from cloud.store.db import Database
from cloud.wallet.claims import taken_back

UNPAID, WITHDRAWN = "order.expired", "identity.withdrawn"
STEP, DUE_MAX = 5_000, 500
"""Orders that are noted and looked at in one turn; the next one goes on."""
GRACE_MS = 60_000
"""A payment may have begun before the time was over, and be booked a moment later."""
BACK_MS = 3_600_000
"""So far back it is looked for what was taken back: clocks are set."""
_PAID = (OnlineState.AUTHORISED, OnlineState.CAPTURED)


class _Due(NamedTuple):
    token: bytes
    app: str
    expires_ms: int


def begin_lapses(store: Database, books: str, ledger: Database) -> None:
    """At the first start: from now on. books: their name in the file. Inside of a transaction of the file."""
    name, last = _mark(books), _last_order(ledger)
    if not store.run("SELECT 1 FROM mark WHERE name = ?", (name,)):
        store.insert("mark", "name, value", [(name, last)])
    store.run("UPDATE mark SET value = ? WHERE name = ? AND value > ?", (last, name, last))  # books of before


def take_lapsed(store: Database, books: str, ledger: Database, secret: bytes, now_ms: int) -> int:
    """One step of these books; so many events."""
    with store.reading():
        ((after,),) = store.run("SELECT value FROM mark WHERE name = ?", (_mark(books),))
        sql = "SELECT token, app, expires_ms FROM lapse WHERE books = ? AND expires_ms <= ? ORDER BY expires_ms LIMIT ?"
        due = [_Due(*row) for row in store.run(sql, (books, now_ms - GRACE_MS, DUE_MAX))]
    with ledger.reading():
        sql = "SELECT id, token, maker, expires_ms FROM pay_order WHERE id > ? ORDER BY id LIMIT ?"
        fresh = ledger.run(sql, (after, STEP))
        told = [(one, fen) for one in due if (fen := _unpaid_fen(ledger, one)) is not None]
    if not fresh and not due:
        return 0
    made = [
        (books, bytes(token), maker.removeprefix(MAKER), expires_ms)
        for _, token, maker, expires_ms in fresh
        if maker.startswith(MAKER)
    ]
    with store.writing():
        store.upsert("lapse", "books, token, app, expires_ms", "books, token", made)
        for one, fen in told:
            body = _body(UNPAID, one.expires_ms) | {"order": one.token.hex(), "fen": fen}
            keep(store, one.app, one.expires_ms, body, secret, now_ms)
        for one in due:
            store.run("DELETE FROM lapse WHERE books = ? AND token = ?", (books, one.token))
        if fresh:
            store.run("UPDATE mark SET value = ? WHERE name = ?", (fresh[-1][0], _mark(books)))
    return len(told)


def begin_withdrawn(store: Database, people: Database, now_ms: int) -> None:
    """At the first start what was taken back before counts as told. Inside of a transaction of the file."""
    if not store.run("SELECT 1 FROM mark WHERE name = ?", (WITHDRAWN,)):
        store.insert("mark", "name, value", [(WITHDRAWN, now_ms)])
        with people.reading():
            store.upsert("withdrawn", "ask", "ask", [(one.id,) for one in taken_back(people, 0)])


def take_withdrawn(store: Database, people: Database, secret: bytes, now_ms: int) -> int:
    """What holders took back, each once; so many events."""
    with store.reading():
        ((after_ms,),) = store.run("SELECT value FROM mark WHERE name = ?", (WITHDRAWN,))
    with people.reading():
        found = taken_back(people, after_ms - BACK_MS)
    with store.reading():
        told = {number for (number,) in store.find("SELECT ask FROM withdrawn WHERE ask", [one.id for one in found])}
    fresh = [one for one in found if one.id not in told]
    if not fresh:
        return 0
    with store.writing():
        for one in fresh:
            body = _body(WITHDRAWN, one.said_ms) | {"ask": shut(secret, f"{one.app} ask", one.id)}
            keep(store, one.app, one.said_ms, body, secret, now_ms)
        store.insert("withdrawn", "ask", [(one.id,) for one in fresh])
        last_ms = max(one.said_ms for one in fresh)
        store.run("UPDATE mark SET value = ? WHERE name = ? AND value < ?", (last_ms, WITHDRAWN, last_ms))
    return len(fresh)


def _unpaid_fen(ledger: Database, one: _Due) -> int | None:
    """Its sum; None: it was paid or closed, or these books do not have it."""
    order = order_of(ledger, one.token)
    if order is None or order.state != OrderState.OPEN:
        return None
    return None if any(row.state in _PAID for row in payments_for(ledger, order.id)) else order.amount_fen


def _body(kind: str, at_ms: int) -> dict[str, Any]:
    return {"type": kind, "at_ms": at_ms, "order": "", "payment": "", "fen": 0, "reason": ""}


def _mark(books: str) -> str:
    return f"{books} orders"


def _last_order(ledger: Database) -> int:
    with ledger.reading():
        return int(ledger.run("SELECT COALESCE(MAX(id), 0) FROM pay_order")[0][0])
