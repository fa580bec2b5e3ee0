"""Settlement 渠道结算: what a provider has brought to the bank, and the fee 手续费 that it has kept, once each.

Fees are those of the day's bill; where no bill has any, those of the settlement. Where both tell of fees and do not
agree, or a movement is none of ours, it is named and nothing is moved.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from cloud.ledger.books.chart import Side, provider_account
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.funds.providers.items import Apart, ItemKind, name_item, read_lines
from cloud.ledger.funds.providers.posting import booked_fen, keep_fee, need_accounts, settle
from cloud.ledger.journal.balances import balance_now
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.facts.money.deposits import ProviderSettled
from shared.wire import codec

COLUMNS = "id, provider, day, digest, lines, settled_fen, fee_fen, who, at_ms"


class Moves(StrEnum):
    """What a movement of the provider's account is."""

    BANK = "bank"
    """提现: to the bank."""
    FEE = "fee"
    """Kept by the provider; below zero: given back."""
    OTHER = "other"
    """None of ours. Payments and refunds are the bill's, and not here."""


class SettlementLine(NamedTuple):
    """ident: the provider's number of the movement."""

    kind: str
    ident: str
    fen: int


class Settled(NamedTuple):
    """What a settlement came to. again: this very one had been taken in."""

    number: int
    settled_fen: int
    fee_fen: int
    items: int
    again: bool = False


def take_settlement(
    writing: Writing, provider: str, day: int, digest: bytes, lines: Sequence[SettlementLine], who: str
) -> Settled:  # fmt: skip
    """Inside of a transaction. The same file of the same day again changes nothing."""
    known = writing.db.run(
        "SELECT id, settled_fen, fee_fen FROM deposit_settlement WHERE provider = ? AND day = ? AND digest = ?",
        (provider, day, digest),
    )
    if known:
        number, settled_fen, fee_fen = map(int, known[0])
        return Settled(number, settled_fen, fee_fen, 0, again=True)
    brought = {one.ident: one for one in lines if one.kind == Moves.BANK}
    fee_fen = sum(one.fen for one in lines if one.kind == Moves.FEE)
    settled_fen = sum(one.fen for one in brought.values())
    number = _keep(writing, provider, day, digest, lines, settled_fen, fee_fen, who)
    found = _bring(writing, provider, day, list(brought.values()))
    for one in lines:
        if one.kind == Moves.OTHER:
            apart = Apart(provider, ItemKind.MOVED, one.ident, "", one.fen, 0)
            found += name_item(writing, 0, day, apart)
    bill_fen = _bill_fee_fen(writing.db, provider, day)
    if bill_fen and fee_fen and bill_fen != fee_fen:
        apart = Apart(provider, ItemKind.FEE, f"fee:{day}", "", fee_fen, bill_fen)
        found += name_item(writing, 0, day, apart)
    take_fees(writing, provider, day)
    if settled_fen:
        writing.notes.tell(ProviderSettled(provider, settled_fen, fee_fen))
    return Settled(number, settled_fen, fee_fen, found)


def take_fees(writing: Writing, provider: str, day: int) -> None:
    """Inside of a transaction: what is booked of a day's fees becomes what its last bill, or settlement, says."""
    writing.booking.flush()
    booked = turn = 0
    while fen := _booked_fee_fen(writing.db, provider, f"fee:{day}:{turn}"):
        booked, turn = booked + fen, turn + 1
    apart = day_fee_fen(writing.db, provider, day) - booked
    if apart:
        keep_fee(writing, apart, provider, f"fee:{day}:{turn}")


def fees_wanted(db: Database, provider: str) -> int:
    """What fees all bills and settlements of this provider come to: for `verify`."""
    return sum(day_fee_fen(db, provider, day) for day in file_days(db, provider))


def day_fee_fen(db: Database, provider: str, day: int) -> int:
    """What it kept on a day, by the last bill of it, or, where no bill has any, by the last settlement."""
    return _bill_fee_fen(db, provider, day) or _settled_fee_fen(db, provider, day)


def file_days(db: Database, provider: str) -> set[int]:
    """Days of which a bill or a settlement was taken in."""
    tables = ("deposit_bill", "deposit_settlement")
    found = (db.run(f"SELECT DISTINCT day FROM {table} WHERE provider = ?", (provider,)) for table in tables)  # noqa: S608
    return {int(day) for rows in found for (day,) in rows}


def bills_of(db: Database, provider: str, day: int) -> list[int]:
    """Numbers of all bills of a day, oldest first."""
    rows = db.run("SELECT id FROM deposit_bill WHERE provider = ? AND day = ? ORDER BY id", (provider, day))
    return [int(number) for (number,) in rows]


def settlement_days(db: Database, provider: str) -> set[int]:
    """Days of which a settlement was taken in."""
    rows = db.run("SELECT DISTINCT day FROM deposit_settlement WHERE provider = ?", (provider,))
    return {int(day) for (day,) in rows}


def read_settlement(document: bytes) -> Iterator[SettlementLine]:
    """WireFault for a document that is none."""
    for row in codec.loads(document):
        yield SettlementLine(*codec.fields(row, str, str, int, what="settlement"))


def _bring(
    writing: Writing, provider: str, day: int, brought: Sequence[SettlementLine]
) -> int:  # fmt: skip
    """Items: what was brought is booked whatever the account holds, and named where it held less."""
    need_accounts(writing, provider)
    found = 0
    for one in brought:
        writing.booking.flush()
        booked = booked_fen(writing.db, EntryKind.PROVIDER_SETTLED, provider, one.ident)
        if booked and booked != one.fen:
            found += name_item(writing, 0, day, Apart(provider, ItemKind.RESETTLED, one.ident, "", one.fen, booked))
            continue
        held_fen = balance_now(writing.db, writing.registry.drawers[provider_account(provider).code], Side.DEBIT)
        if settle(writing, one.fen, provider, one.ident) and held_fen < one.fen:
            apart = Apart(provider, ItemKind.OVERSETTLED, one.ident, "", one.fen, held_fen)
            found += name_item(writing, 0, day, apart)
    return found


def _bill_fee_fen(db: Database, provider: str, day: int) -> int:
    """By the last bill of a day."""
    rows = db.run(
        "SELECT lines FROM deposit_bill WHERE provider = ? AND day = ? ORDER BY id DESC LIMIT 1", (provider, day)
    )  # fmt: skip
    lines = read_lines(bytes(rows[0][0])) if rows else ()
    return sum({(line.txn, line.refund): line.fee for line in lines}.values())  # one that stands there twice is one


def _settled_fee_fen(db: Database, provider: str, day: int) -> int:
    """By the last settlement of a day."""
    rows = db.run(
        "SELECT fee_fen FROM deposit_settlement WHERE provider = ? AND day = ? ORDER BY id DESC LIMIT 1",
        (provider, day),
    )
    return int(rows[0][0]) if rows else 0


def _booked_fee_fen(db: Database, provider: str, ident: str) -> int:
    kept, back = EntryKind.PROVIDER_FEE, EntryKind.PROVIDER_FEE_BACK
    return booked_fen(db, kept, provider, ident) - booked_fen(db, back, provider, ident)


def _keep(
    writing: Writing, provider: str, day: int, digest: bytes, lines: Sequence[SettlementLine], settled_fen: int,
    fee_fen: int, who: str,
) -> int:  # fmt: skip
    last = int(writing.db.run("SELECT COALESCE(MAX(id), 0) FROM deposit_settlement")[0][0])
    document = codec.dumps([[*line] for line in lines])
    row = (last + 1, provider, day, digest, document, settled_fen, fee_fen, who, writing.now.unix_ms)
    writing.db.insert("deposit_settlement", COLUMNS, [row])
    writing.booking.link(BookLinkKind.SETTLEMENT, last + 1, digest_of(row))
    return last + 1
