"""The card desk's paper against the books: receipts without a gap, each over its entry, and each cash entry papered."""

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.check import Check
from cloud.ledger.desk.receipts import ReceiptKind
from cloud.ledger.loads.unloads import UnloadState
from cloud.store.db import Database

NAME = "desk"
_ENTRIES = {
    ReceiptKind.CASH_IN: frozenset((EntryKind.CASH_IN,)),
    ReceiptKind.CASH_OUT: frozenset((EntryKind.CASH_OUT,)),
    ReceiptKind.CASH_FLOAT: frozenset((EntryKind.CASH_FLOAT,)),
    ReceiptKind.REPLACE: frozenset((EntryKind.CARD_REPLACED, EntryKind.LOSS_RELEASED)),
    ReceiptKind.RELEASE: frozenset((EntryKind.CARD_REPLACED, EntryKind.LOSS_RELEASED)),
    ReceiptKind.SPARE_LENT: frozenset((EntryKind.SPARE_LENT,)),
    ReceiptKind.SPARE_RETURNED: frozenset((EntryKind.SPARE_RETURNED, EntryKind.SPARE_REGAINED)),
}
_CASH = (
    int(EntryKind.CASH_IN), int(EntryKind.CASH_OUT), int(EntryKind.CASH_FLOAT), int(EntryKind.SPARE_LENT),
    int(EntryKind.SPARE_RETURNED), int(EntryKind.SPARE_REGAINED),
)  # fmt: skip


def check_desk(db: Database) -> Check:
    """Receipts, cash entries, unloads, closed days."""
    checked, last = 0, ("", 0)
    for cashier, number, kind, fen, entry, posted_kind, posted in db.run(
        "SELECT r.cashier, r.number, r.kind, r.fen, r.entry, MAX(p.kind), CAST(COALESCE(SUM(p.fen), 0) AS BIGINT) "
        "FROM receipt r LEFT JOIN posting p ON p.entry = r.entry "
        "GROUP BY r.cashier, r.number, r.kind, r.fen, r.entry ORDER BY r.cashier, r.number"
    ):
        checked += 1
        named = f"receipt {cashier}-{number}"
        due = last[1] + 1 if last[0] == cashier else 1
        if number != due:
            return Check(NAME, checked, f"{named}: receipt {due} is missing")
        if entry is not None and (posted_kind not in _ENTRIES.get(ReceiptKind(kind), ()) or posted != fen):
            return Check(NAME, checked, f"{named} says {fen} fen, its entry {entry} posts {posted}, or is another deed")
        last = cashier, number
    return Check(NAME, checked, _unpapered(db) or _unbooked(db))


def _unpapered(db: Database) -> str:
    rows = db.run(
        "SELECT p.entry FROM posting p LEFT JOIN receipt r ON r.entry = p.entry "  # noqa: S608  # marks
        f"WHERE p.kind IN ({', '.join('?' * len(_CASH))}) AND p.line = 0 AND r.number IS NULL LIMIT 1",
        _CASH,
    )
    return f"entry {rows[0][0]}: cash moved without a receipt" if rows else ""


def _unbooked(db: Database) -> str:
    """An unload that the card took is booked once, by its proof or by the next counter."""
    kinds = (EntryKind.UNLOADED, EntryKind.UNLOADED_BY_COUNTER)
    for key, state in db.run("SELECT key, state FROM unload_case ORDER BY opened_ms, key"):
        wanted = [bytes((kind,)) + key for kind in kinds]
        booked = len(db.find("SELECT key FROM posting WHERE key", wanted))
        taken = state in (int(UnloadState.CONFIRMED), int(UnloadState.CONFIRMED_BY_COUNTER))
        if booked != taken:
            return f"unload {bytes(key).hex()}: {UnloadState(state).name.lower()}, and {booked} entries"
    return ""
