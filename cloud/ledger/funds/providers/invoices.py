"""A provider's invoice 手续费发票 of a month, held against the fees that its bills and settlements say it has kept.

Nothing moves: an invoice is a paper about fees that are booked already. The difference is what to ask the provider for.
"""

import re
from calendar import monthrange
from typing import NamedTuple

from cloud.ledger.funds.providers.settlements import day_fee_fen, file_days
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import DepositRefused
from cloud.store.db import Database
from shared.clocks.clock import day_number, parse_time
from shared.facts.money.deposits import FeeInvoiceApart
from shared.words.voice import Text

COLUMNS = "id, provider, month, fen, fees_fen, note, who, at_ms"
NOTE_MAX, WHO_MAX = 80, 64
FEN_MAX = 10**10
MONTHS = 12
"""Invoices that a page shows, the newest months."""
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


class MonthFees(NamedTuple):
    """A provider's month. fees_fen: what it has kept by its files; missing: days that are over, and no file is here of;
    invoice_fen: what its last invoice says, -1: none is here; note: its number, or whatever was written down."""

    provider: str
    month: str
    fees_fen: int
    missing: int
    invoice_fen: int = -1
    note: str = ""

    @property
    def apart_fen(self) -> int:
        """The invoice less the fees; 0 where there is none."""
        return self.invoice_fen - self.fees_fen if self.invoice_fen >= 0 else 0


def take_invoice(writing: Writing, provider: str, month: str, fen: int, note: str, who: str) -> MonthFees:
    """Inside of a transaction; told where it differs. The same sum again changes nothing. DepositRefused."""
    if not 0 <= fen <= FEN_MAX or len(note) > NOTE_MAX or len(who) > WHO_MAX or not f"{note}{who}".isprintable():
        raise DepositRefused(Text("金额、备注或经办人不合格式", "a sum, a note or a name of no good form"))
    today = day_number(writing.now.campus_s)
    known = month_fees(writing.db, provider, month, today)
    if (known.invoice_fen, known.note) == (fen, note):
        return known
    last = int(writing.db.run("SELECT COALESCE(MAX(id), 0) FROM deposit_invoice")[0][0])
    row = (last + 1, provider, month, fen, known.fees_fen, note, who, writing.now.unix_ms)
    writing.db.insert("deposit_invoice", COLUMNS, [row])
    writing.booking.link(BookLinkKind.FEE_INVOICE, last + 1, digest_of(row))
    found = known._replace(invoice_fen=fen, note=note)
    if found.apart_fen:
        writing.notes.tell(FeeInvoiceApart(provider, month, fen, known.fees_fen))
    return found


def month_fees(db: Database, provider: str, month: str, today: int) -> MonthFees:
    """As it stands. month: `2026-11`; today: a day of the campus. DepositRefused for no month."""
    days = _days_of(month)
    filed = file_days(db, provider)
    fees = sum(day_fee_fen(db, provider, day) for day in days if day in filed)
    missing = sum(day < today and day not in filed for day in days)
    rows = db.run(
        "SELECT fen, note FROM deposit_invoice WHERE provider = ? AND month = ? ORDER BY id DESC LIMIT 1",
        (provider, month),
    )
    fen, note = rows[0] if rows else (-1, "")
    return MonthFees(provider, month, fees, missing, int(fen), note)


def invoiced(db: Database, today: int) -> list[MonthFees]:
    """Months of which an invoice is here, the newest first, as they stand by now."""
    rows = db.run(
        "SELECT DISTINCT month, provider FROM deposit_invoice ORDER BY month DESC, provider LIMIT ?", (MONTHS,)
    )
    return [month_fees(db, provider, month, today) for month, provider in rows]


def _days_of(month: str) -> range:
    if not _MONTH.fullmatch(month):
        raise DepositRefused(Text("月份应如 2026-11", "a month as 2026-11"))
    first = day_number(parse_time(f"{month}-01"))
    return range(first, first + monthrange(int(month[:4]), int(month[5:]))[1])
