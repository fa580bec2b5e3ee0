"""What does not match between providers, orders and books 渠道差错: kept and told once, open until it is seen to.

An item is closed by two persons, or by itself where a later bill brings what an earlier one lacked.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.funds.providers.terms import RefundState
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database, Row
from shared.facts.money.deposits import DepositItem
from shared.wire import codec

ITEM_COLUMNS = "id, bill, provider, day, kind, txn, number, bill_fen, books_fen, at_ms"


class ItemKind(IntEnum):
    """What does not match. Frozen numbers: they stand in the books."""

    UNKNOWN = 1
    """The bill has a payment of an order that is none of ours: it waits in 渠道待查款."""
    LONG = 2
    """长款: the provider has more than the books had for an order; the rest waits in 渠道待查款."""
    SHORT = 3
    """短款: the books have a payment, or more of it, and the bill has not."""
    UNKNOWN_REFUND = 4
    """The bill has a refund of an order that is none of ours."""
    UNCLEAR = 5
    """Of an order of ours, and not the card's: paid far too much or twice, or the card is not there any more."""
    REFUND_SHORT = 6
    """The books have a refund as through, and the bill of its day has not."""
    TWICE = 7
    """The bill has one transaction in two lines: the second one moves nothing."""
    FEE = 8
    """A settlement keeps other fees for a day than its bill says."""
    MOVED = 9
    """A settlement has a movement of the provider's account that is none of ours: it moves nothing here."""
    OVERSETTLED = 10
    """The provider has brought more to the bank than it owed by the books."""
    RESETTLED = 11
    """A settlement has a movement to the bank that is booked over another sum: it moves nothing again."""


_SHORT = (ItemKind.SHORT, ItemKind.REFUND_SHORT)
_WAITING = (ItemKind.UNKNOWN, ItemKind.LONG, ItemKind.UNCLEAR)
_REFUSED = int(RefundState.REFUSED)


class BillLine(NamedTuple):
    """A payment, or with `refund` one of its refunds. fee: what the provider keeps of it, below zero: gives back."""

    txn: str
    number: str
    fen: int
    refund: str = ""
    fee: int = 0

    def row(self) -> list[str | int]:
        """As it is kept: without a fee as programs of before keep it."""
        return [*self] if self.fee else [*self[:-1]]


class Apart(NamedTuple):
    """What is to be named. bill_fen: what the provider has; books_fen: what the books had."""

    provider: str
    kind: ItemKind
    txn: str
    number: str
    bill_fen: int
    books_fen: int


class Item(NamedTuple):
    """A row. ident: its number. proposal: of the two persons who saw to it; 0: open. came: a later bill has it, or its
    money is going back. back_fen: so much of it its provider gave back by itself."""

    ident: int
    bill: int
    provider: str
    day: int
    kind: ItemKind
    txn: str
    number: str
    bill_fen: int
    books_fen: int
    at_ms: int
    proposal: int
    came: bool
    back_fen: int = 0

    @property
    def unclear_fen(self) -> int:
        """What waits in 渠道待查款 because of it."""
        return self.bill_fen - self.books_fen - self.back_fen if self.kind in _WAITING else 0

    @property
    def is_open(self) -> bool:
        """Does somebody have to see to it?"""
        return not self.proposal and not self.came


def name_item(writing: Writing, bill: int, day: int, apart: Apart) -> int:
    """Inside of a transaction; told and kept once: 1, and 0 where it was known. bill: 0, of a query."""
    db, known = writing.db, (apart.provider, apart.txn, int(apart.kind))
    if db.run("SELECT 1 FROM deposit_item WHERE provider = ? AND txn = ? AND kind = ?", known):
        return 0
    last = int(db.run("SELECT COALESCE(MAX(id), 0) FROM deposit_item")[0][0])
    row = (
        last + 1, bill, apart.provider, day, int(apart.kind), apart.txn, apart.number, apart.bill_fen,
        apart.books_fen, writing.now.unix_ms,
    )  # fmt: skip
    db.insert("deposit_item", ITEM_COLUMNS, [row])
    told = DepositItem(apart.provider, apart.kind.name.lower(), apart.txn, apart.bill_fen, apart.books_fen)
    writing.notes.tell(told)
    return 1


def items(db: Database, *, only_open: bool = False) -> list[Item]:
    """All of them, oldest first."""
    rows = db.run(
        f"SELECT {', '.join('i.' + name for name in ITEM_COLUMNS.split(', '))}, COALESCE(c.proposal, 0) "  # noqa: S608
        "FROM deposit_item i LEFT JOIN deposit_item_close c ON c.item = i.id ORDER BY i.id"
    )
    billed = _billed(db) if any(row[4] in _SHORT and not row[-1] for row in rows) else set()
    back: dict[int, int] = dict(db.run("SELECT item, SUM(fen) FROM deposit_item_back GROUP BY item"))
    gone = {item for (item,) in db.run("SELECT item FROM deposit_refund WHERE item > 0 AND state <> ?", (_REFUSED,))}
    found = [_item(row, billed, row[0] in gone, int(back.get(row[0], 0))) for row in rows]
    return [one for one in found if one.is_open] if only_open else found


def read_lines(document: bytes) -> Iterator[BillLine]:
    """WireFault for a document that is none."""
    for row in codec.loads(document):
        forms = (str, str, int, str, int)
        yield BillLine(*codec.fields(row, *forms[: len(row)], what="bill"))


def _billed(db: Database) -> set[tuple[str, str, int]]:
    rows = db.run("SELECT provider, lines FROM deposit_bill")
    return {
        (provider, line.refund or line.txn, line.fen)
        for provider, document in rows for line in read_lines(bytes(document))
    }  # fmt: skip


def _item(row: Row, billed: set[tuple[str, str, int]], is_gone: bool, back_fen: int) -> Item:
    *own, proposal = row
    number, bill, provider, day, kind, txn, order, bill_fen, books_fen, at_ms = own
    is_back = kind in _WAITING and 0 < back_fen >= bill_fen - books_fen
    came = is_gone or is_back or (kind in _SHORT and (provider, txn, books_fen) in billed)
    return Item(
        number, bill, provider, day, ItemKind(kind), txn, order, bill_fen, books_fen, at_ms, int(proposal), came,
        back_fen,
    )  # fmt: skip
