"""日结: a cashier's period from the last close until now, on one sheet; what was counted stands beside what should be.

The difference is booked as 长款 or 短款 and the counted cash handed over, in the transaction that stores the sheet; a
day is closed once. A period that nobody closed yesterday is in today's sheet, by its receipts' numbers.
"""

from cloud.ledger.books.chart import Side
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.cards.refusals import DAY_CLOSED, DeskRefused
from cloud.ledger.desk.receipts import ReceiptKind
from cloud.ledger.desk.stock import count_stock
from cloud.ledger.funds.documents import enter, need_drawer
from cloud.ledger.journal.balances import balance
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.facts.desks import CashOver, CashShort
from shared.wire import codec
from shared.wire.desk.calls import DaySheet, SheetRow, parse_day_sheet

COLUMNS = "cashier, day, at_ms, document"


def close_day(writing: Writing, key: bytes, cashier: str, counted_fen: int, counted_left: int) -> DaySheet:
    """The sheet, stored. The same key again is the same sheet; another one on a closed day is DeskRefused."""
    day = day_number(writing.now.campus_s)
    stored = stored_sheet(writing.db, cashier, day)
    if stored is not None:
        if not writing.db.run("SELECT 1 FROM posting WHERE key = ?", (bytes((EntryKind.CASH_CLOSED,)) + key,)):
            _require_same(stored, counted_fen, counted_left)
        return stored
    drawer = need_drawer(writing, cashier)
    writing.booking.flush()
    sheet = _sheet(writing.db, cashier, day, balance(writing.db, drawer, Side.DEBIT), counted_fen, counted_left)
    enter(writing, EntryKind.CASH_CLOSED, (cashier, day, sheet.expected_fen, counted_fen), key)
    row = (cashier, day, writing.now.unix_ms, codec.dumps(sheet.to_list()))
    writing.db.insert("desk_close", COLUMNS, [row])
    writing.booking.link(BookLinkKind.CLOSE, day, digest_of(row))
    if sheet.difference_fen or sheet.cards_difference:
        kind = CashOver if sheet.difference_fen >= 0 else CashShort
        writing.notes.tell(kind(cashier, abs(sheet.difference_fen), sheet.cards_difference))
    return sheet


def sheet_now(db: Database, cashier: str, day: int) -> DaySheet:
    """The day's stored sheet, else how things stand in the open period. Inside of a snapshot."""
    stored = stored_sheet(db, cashier, day)
    if stored is not None:
        return stored
    rows = db.run("SELECT id FROM account WHERE code = ?", (f"cash:{cashier}",))
    expected = balance(db, rows[0][0], Side.DEBIT) if rows else 0
    return _sheet(db, cashier, day, expected, None, None)


def stored_sheet(db: Database, cashier: str, day: int) -> DaySheet | None:
    """What was signed off that day."""
    rows = db.run("SELECT document FROM desk_close WHERE cashier = ? AND day = ?", (cashier, day))
    return parse_day_sheet(codec.loads(rows[0][0])) if rows else None


def _require_same(stored: DaySheet, counted_fen: int, counted_left: int) -> None:
    """A close that booked nothing has no entry to be known by: the same counts are the same close."""
    booked_nothing = not stored.expected_fen and not stored.counted_fen
    if not booked_nothing or (stored.counted_fen, stored.counted_left) != (counted_fen, counted_left):
        raise DeskRefused(DAY_CLOSED)


def _sheet(
    db: Database, cashier: str, day: int, expected_fen: int, counted_fen: int | None, counted_left: int | None
) -> DaySheet:
    last, since_ms, opened = _last_close(db, cashier)
    rows = db.run(
        "SELECT kind, COUNT(*), CAST(SUM(fen) AS BIGINT), MIN(number), MAX(number) FROM receipt "
        "WHERE cashier = ? AND number > ? GROUP BY kind ORDER BY kind",
        (cashier, last),
    )
    stock = count_stock(db, cashier, since_ms)
    return DaySheet(
        cashier, day, last + 1, max((row[4] for row in rows), default=last),
        tuple(SheetRow(ReceiptKind(kind).name.lower(), count, fen) for kind, count, fen, _, _ in rows),
        expected_fen, counted_fen, opened, *stock, counted_left,
    )  # fmt: skip


def _last_close(db: Database, cashier: str) -> tuple[int, int, int]:
    """Last receipt, moment and counted cards of the close before; zeros before the first."""
    rows = db.run("SELECT document, at_ms FROM desk_close WHERE cashier = ? ORDER BY day DESC LIMIT 1", (cashier,))
    if not rows:
        return 0, 0, 0
    sheet = parse_day_sheet(codec.loads(rows[0][0]))
    return sheet.last_receipt, rows[0][1], sheet.counted_left or 0
