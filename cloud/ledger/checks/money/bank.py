"""Figures of the bank against the books: what each says that the books had is what they had up to that entry."""

from cloud.ledger.books.chart import BANK
from cloud.ledger.checks.check import Check
from cloud.ledger.funds.bank_figures import figures
from cloud.store.db import Database
from shared.errors import WireFault

NAME = "bank"
_UPTO = (
    "SELECT CAST(COALESCE(SUM(CASE WHEN debit = ? THEN fen ELSE -fen END), 0) AS BIGINT) FROM posting "
    "WHERE entry > ? AND entry <= ? AND (debit = ? OR credit = ?)"
)


def check_bank(db: Database) -> Check:
    """All of them, each from where the one before it ended."""
    try:
        found = figures(db)
    except WireFault as malformed:
        return Check(NAME, 0, str(malformed))
    upto, books_fen = 0, 0
    ((account,),) = db.run("SELECT id FROM account WHERE code = ?", (BANK,)) or [(0,)]
    for checked, one in enumerate(found, 1):
        if one.number != checked or one.last_entry < upto:
            return Check(NAME, checked, f"figure {one.number}: out of order")
        books_fen += db.run(_UPTO, (account, upto, one.last_entry, account, account))[0][0]
        upto = one.last_entry
        if books_fen != one.books_fen:
            return Check(NAME, checked, f"figure {one.number}: the books had {books_fen} fen, not {one.books_fen}")
    return Check(NAME, len(found), "")
