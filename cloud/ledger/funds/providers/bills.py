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
from cloud.ledger.funds.providers.posting import booked_fen, suspend
from cloud.ledger.funds.providers.refunding import take_done, take_refusal
from cloud.ledger.funds.providers.refunds import refund_of, refunds_done_on
from cloud.ledger.funds.providers.settlements import bills_of, take_fees
from cloud.ledger.funds.providers.terms import DepositRefund
from cloud.ledger.funds.providers.unclear import REST, give_back, given_back_fen
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.wire import codec

BILL_COLUMNS = "id, provider, day, digest, lines, paid_fen, refunded_fen, who, at_ms"
BILL = "bill"
"""Ends a key: of what a bill has more than the books had."""


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
        if taking.is_twice(line):
            continue
        if line.refund:
            taking.refund(line)
        else:
            taking.payment(line)
    taking.missing({line.refund or line.txn for line in lines})
    take_fees(writing, provider, day)
    return Matched(
        bill, len(lines), taking.matched, taking.posted, taking.refunds, taking.items, bool(known)
    )  # fmt: skip


class _Taking:
    """One bill, line by line, in one transaction."""

    def __init__(self, writing: Writing, provider: str, day: int, bill: int) -> None:
        self._writing, self._provider, self._day, self._bill = writing, provider, day, bill
        self.matched = self.posted = self.refunds = self.items = 0
        self._seen: set[tuple[str, str]] = set()
        self._bills = bills_of(writing.db, provider, day)

    def is_twice(self, line: BillLine) -> bool:
        """One transaction in two lines of one bill is one transaction, and named."""
        key = line.txn, line.refund
        if key in self._seen:
            self._name(ItemKind.TWICE, line.refund or line.txn, line.number, line.fen, 0)
            return True
        self._seen.add(key)
        return False

    def payment(self, line: BillLine) -> None:
        """Of ours: posted if it is not yet, and its rest is named. Of nobody's: unclear."""
        order = order_of(self._writing.db, line.number)
        booked = self._booked(line.txn)
        if not booked and (order is None or order.provider != self._provider):
            suspend(self._writing, line.fen, self._provider, line.txn)
            self._name(ItemKind.UNKNOWN, line.txn, line.number, line.fen, 0)
        elif not booked and order is not None:
            take_paid(self._writing, order, Paid(line.txn, line.fen, self._day), by_bill=True)
            self.posted += 1
        elif booked == line.fen:
            self.matched += 1
        else:
            self._apart(line, booked)

    def refund(self, line: BillLine) -> None:
        """Of ours: booked if it is not yet. Of nobody's: out of what is unclear."""
        booked = given_back_fen(self._writing.db, self._provider, line.refund)
        if booked:
            self._again(line, booked)
            return
        asked = refund_of(self._writing.db, line.refund)
        if asked is not None and asked.provider == self._provider:
            if self._is_through(asked, line):
                return
            take_refusal(self._writing, asked, "another sum")
        order = order_of(self._writing.db, line.number)
        if order is None or order.provider != self._provider:
            give_back(self._writing, b"", self._provider, line.txn, line.refund, line.fen)
            self._name(ItemKind.UNKNOWN_REFUND, line.refund, line.number, line.fen, 0)
            return
        if order.txn == "":  # a refund stands before its payment, or that of yesterday was never fetched
            take_paid(self._writing, order, Paid(line.txn, line.fen, self._day), by_bill=True)
            order = order_of(self._writing.db, line.number) or order
        is_unclear = asked is not None and not asked.card
        take_refund(self._writing, order, line.txn, line.refund, line.fen, is_unclear=is_unclear)
        self.refunds += 1

    def _again(self, line: BillLine, booked: int) -> None:
        """A refund that stands in the books: over another sum it is named, and nothing is moved."""
        if booked == line.fen:
            self.matched += 1
        else:
            self._name(ItemKind.REFUND_SHORT, line.refund, line.number, line.fen, booked)

    def _is_through(self, asked: DepositRefund, line: BillLine) -> bool:
        """By this bill, if not before; False: under another sum, or we have given it up."""
        was_open = asked.is_open
        if not take_done(self._writing, asked, line.fen, self._day, by_bill=True):
            return False
        self.refunds += was_open
        self.matched += not was_open
        return True

    def missing(self, billed: set[str]) -> None:
        """What the books have of this day and the bill has not."""
        for order in paid_on(self._writing.db, self._provider, self._day):
            if order.txn not in billed:
                self._name(ItemKind.SHORT, order.txn, order.number, 0, order.paid_fen)
        for one in refunds_done_on(self._writing.db, self._provider, self._day):
            if one.number not in billed:
                self._name(ItemKind.REFUND_SHORT, one.number, one.order, 0, one.fen)

    def _booked(self, txn: str) -> int:
        """What the provider's account got for this transaction."""
        db, provider = self._writing.db, self._provider
        unclear = (txn, f"{txn}:{REST}", f"{txn}:{BILL}", *(f"{txn}:{BILL}{one}" for one in self._bills))
        owed = booked_fen(db, EntryKind.PROVIDER_OWES, provider, txn)
        return owed + sum(booked_fen(db, EntryKind.DEPOSIT_SUSPENDED, provider, ident) for ident in unclear)

    def _apart(self, line: BillLine, booked: int) -> None:
        if line.fen > booked:
            suspend(self._writing, line.fen - booked, self._provider, f"{line.txn}:{BILL}{self._bill}")
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
    document = codec.dumps([line.row() for line in lines])
    row = (last + 1, provider, day, digest, document, paid, back, who, writing.now.unix_ms)
    writing.db.insert("deposit_bill", BILL_COLUMNS, [row])
    writing.booking.link(BookLinkKind.DEPOSIT_BILL, last + 1, digest_of(row))
    return last + 1
