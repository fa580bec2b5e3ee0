"""Which entries moved the accounts of a card: by the indexes of account, so of anybody else's none is read.

Inside of a snapshot. Only for accounts of cards: what a purchase credits is a merchant's, and no index has it.
"""

from collections.abc import Sequence

from cloud.ledger.books.entry import EntryKind
from cloud.store.db import Database, Question

OF_DEBIT = "SELECT DISTINCT entry FROM posting WHERE debit = ? AND entry < ? ORDER BY entry DESC LIMIT ?"
OF_CREDIT = (
    f"SELECT DISTINCT entry FROM posting WHERE credit = ? AND kind <> {int(EntryKind.PURCHASE)} AND entry < ? "  # noqa: S608  # ours
    "ORDER BY entry DESC LIMIT ?"
)
"""With the condition of ix_posting_credit, in the migration's words."""


def card_entries(db: Database, accounts: Sequence[int], before: int, most: int) -> list[int]:
    """Numbers before that one, newest first, `most` at most."""
    sides = [(sql, account) for account in accounts for sql in (OF_DEBIT, OF_CREDIT)]
    found = db.ask(*(Question(sql, (account, before, most)) for sql, account in sides))
    return sorted({entry for rows in found for (entry,) in rows}, reverse=True)[:most]
