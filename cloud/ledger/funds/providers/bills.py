"""Bills 对账单 of providers against orders and books: what matches, what is posted by the bill's proof, what is named.

After a bill was taken in, what its provider's account got of these transactions is what the bill says: of ours it is
the card's, of others it waits in 渠道待查款. What the books have and the bill has not is named, and nothing is moved.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.funds.providers.items import Apart, BillLine, ItemKind, name_item
from cloud.ledger.funds.providers.orders import order_of, paid_on
from cloud.ledger.funds.providers.paying import Paid, take_paid, take_refund
from cloud.ledger.funds.providers.posting import booked_fen, refund, suspend
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.wire import codec

BILL_COLUMNS = "id, provider, day, digest, lines, paid_fen, refunded_fen, who, at_ms"
REST = "rest"


class Matched(NamedTuple):
    """What a bill came to. posted: of ours, by this bill's proof; again: this very bill had been taken in."""

    bill: int
    lines: int
    matched: int
    posted: int
    refunds: int
    items: int
    again: bool = False


def take_bill(
    writing: Writing, provider: str, day: int, digest: bytes, lines: Sequence[BillLine], who: str
) -> Matched:  # fmt: skip
    """Inside of a transaction. The same file of the same day again changes nothing but what is still missing."""
    known = writing.db.run(
        "SELECT id FROM deposit_bill WHERE provider = ? AND day = ? AND digest = ?", (provider, day, digest)
    )
    bill = int(known[0][0]) if known else _keep_bill(writing, provider, day, digest, lines, who)
    taking = _Taking(writing, provider, day, bill)
    for line in lines:
        if line.refund:
            taking.refund(line)
        else:
            taking.payment(line)
    taking.missing({line.txn for line in lines})
    return Matched(
        bill, len(lines), taking.matched, taking.posted, taking.refunds, taking.items, bool(known)
    )  # fmt: skip


class _Taking:
    """One bill, line by line, in one transaction."""

    def __init__(self, writing: Writing, provider: str, day: int, bill: int) -> None:
        self._writing, self._provider, self._day, self._bill = writing, provider, day, bill
        self.matched = self.posted = self.refunds = self.items = 0

    def payment(self, line: BillLine) -> None:
        """Of ours: posted if it is not yet, and its rest is named. Of nobody's: unclear."""
        order = order_of(self._writing.db, line.number)
        if order is None or order.provider != self._provider:
            suspend(self._writing, line.fen, self._provider, line.txn)
            self._name(ItemKind.UNKNOWN, line.txn, line.number, line.fen, 0)
            return
        booked = self._booked(line.txn)
        if not booked:
            take_paid(self._writing, order, Paid(line.txn, line.fen, self._day), by_bill=True)
            self.posted += 1
        elif booked == line.fen:
            self.matched += 1
        else:
            self._apart(line, booked)

    def refund(self, line: BillLine) -> None:
        """Of ours: booked if it is not yet. Of nobody's: out of what is unclear."""
        if booked_fen(self._writing.db, EntryKind.DEPOSIT_REFUNDED, self._provider, line.refund):
            self.matched += 1
            return
        order = order_of(self._writing.db, line.number)
        if order is None or order.provider != self._provider:
            refund(self._writing, b"", line.fen, self._provider, line.refund)
            self._name(ItemKind.UNKNOWN_REFUND, line.refund, line.number, line.fen, 0)
            return
        if order.txn == "":  # a refund stands before its payment, or that of yesterday was never fetched
            take_paid(self._writing, order, Paid(line.txn, line.fen, self._day), by_bill=True)
            order = order_of(self._writing.db, line.number) or order
        take_refund(self._writing, order, line.refund, line.fen)
        self.refunds += 1

    def missing(self, billed: set[str]) -> None:
        """What the books have of this day and the bill has not."""
        for order in paid_on(self._writing.db, self._provider, self._day):
            if order.txn not in billed:
                self._name(ItemKind.SHORT, order.txn, order.number, 0, order.paid_fen)

    def _booked(self, txn: str) -> int:
        """What the provider's account got for this transaction."""
        kinds = ((EntryKind.PROVIDER_OWES, txn), (EntryKind.DEPOSIT_SUSPENDED, txn),
                 (EntryKind.DEPOSIT_SUSPENDED, f"{txn}:{REST}"))  # fmt: skip
        return sum(booked_fen(self._writing.db, kind, self._provider, ident) for kind, ident in kinds)

    def _apart(self, line: BillLine, booked: int) -> None:
        if line.fen > booked:
            suspend(self._writing, line.fen - booked, self._provider, f"{line.txn}:bill")
            self._name(ItemKind.LONG, line.txn, line.number, line.fen, booked)
        else:
            self._name(ItemKind.SHORT, line.txn, line.number, line.fen, booked)

    def _name(self, kind: ItemKind, txn: str, number: str, bill_fen: int, books_fen: int) -> None:
        apart = Apart(self._provider, kind, txn, number, bill_fen, books_fen)
        self.items += name_item(self._writing, self._bill, self._day, apart)


def bill_sums(db: Database, provider: str) -> tuple[int, int]:
    """Fen paid and refunded by all bills of this provider, the last of each day."""
    rows = db.run(
        "SELECT paid_fen, refunded_fen FROM deposit_bill b WHERE provider = ? AND id = "
        "(SELECT MAX(id) FROM deposit_bill o WHERE o.provider = b.provider AND o.day = b.day)",
        (provider,),
    )
    return sum(int(paid) for paid, _ in rows), sum(int(back) for _, back in rows)


def bill_days(db: Database, provider: str) -> set[int]:
    """Days of which a bill was taken in."""
    return {int(day) for (day,) in db.run("SELECT DISTINCT day FROM deposit_bill WHERE provider = ?", (provider,))}


def _keep_bill(
    writing: Writing, provider: str, day: int, digest: bytes, lines: Sequence[BillLine], who: str
) -> int:  # fmt: skip
    last = int(writing.db.run("SELECT COALESCE(MAX(id), 0) FROM deposit_bill")[0][0])
    paid = sum(line.fen for line in lines if not line.refund)
    back = sum(line.fen for line in lines if line.refund)
    document = codec.dumps([list(line) for line in lines])
    row = (last + 1, provider, day, digest, document, paid, back, who, writing.now.unix_ms)
    writing.db.insert("deposit_bill", BILL_COLUMNS, [row])
    writing.booking.link(BookLinkKind.DEPOSIT_BILL, last + 1, digest_of(row))
    return last + 1
