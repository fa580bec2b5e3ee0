"""Spare cards 备用卡 against the books: deposits are those of the cards that are out, each was paid and given back
once, and nobody's account paid by a card that never stood in for his."""

from collections.abc import Collection

from cloud.ledger.books.chart import SPARE_DEPOSITS, SPARES_KEPT, Account, Side
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.check import Check
from cloud.ledger.funds.payments.cases import COLUMNS, PaymentCase, is_by_code, means_of
from cloud.ledger.funds.spares import COLUMNS as SPARE_COLUMNS
from cloud.ledger.funds.spares import HELD, Spare, SpareAct, spares, was_lent_for
from cloud.ledger.journal.balances import balance
from cloud.store.db import Database
from shared.errors import WireFault
from shared.wire import codec
from shared.words.voice import Text

NAME = "spares"
_BEFORE: dict[int, tuple[int | None, ...]] = {
    SpareAct.STOCKED: (None, SpareAct.HANDED, SpareAct.STOCKED, SpareAct.RETURNED),
    SpareAct.HANDED: (SpareAct.STOCKED, SpareAct.RETURNED, SpareAct.HANDED, SpareAct.LENT, SpareAct.OVERDUE),
    SpareAct.LENT: (SpareAct.STOCKED, SpareAct.RETURNED, SpareAct.HANDED),
    SpareAct.OVERDUE: (SpareAct.LENT,),
    SpareAct.COLLECTED: (SpareAct.LENT, SpareAct.OVERDUE),
    SpareAct.RETURNED: tuple(HELD),
    SpareAct.WRITTEN_OFF: tuple(HELD),
    SpareAct.TAKEN_IN: (*HELD, SpareAct.WRITTEN_OFF),
}
"""What may stand before each."""
_BACK = (EntryKind.SPARE_RETURNED, EntryKind.SPARE_REGAINED)
_BOOKED: dict[int, tuple[EntryKind, ...]] = {
    SpareAct.LENT: (EntryKind.SPARE_LENT,),
    SpareAct.WRITTEN_OFF: (EntryKind.SPARE_KEPT,),
    SpareAct.RETURNED: _BACK,
    SpareAct.TAKEN_IN: _BACK,
}
"""The entry of each, where money moved."""
_FOUR = "?, ?, ?, ?"
_GRANTED = (int(EntryKind.LOAD_AUTHORISED), int(EntryKind.CLAIM_AUTHORISED))


def check_spares(db: Database) -> Check:
    """All of them, and every payment and load of another card's account."""
    rows = [Spare(*row) for row in db.run(f"SELECT {SPARE_COLUMNS} FROM spare_card ORDER BY id")]  # noqa: S608  # ours
    broken = _order_fault(rows) or _entries_fault(db, rows) or _deposits_fault(db)
    broken = broken or _payers_fault(db) or _loads_fault(db)
    late = sum(one.act == SpareAct.OVERDUE for one in spares(db))
    note = Text(f"{late} 张备用卡逾期未还", f"{late} spare cards are overdue") if late else None
    return Check(NAME, len(rows), broken, note)


def _order_fault(rows: list[Spare]) -> str:
    last: dict[bytes, int | None] = {}
    for row in rows:
        if last.get(row.card) not in _BEFORE[row.act]:
            return f"spare {row.id}: {SpareAct(row.act).name.lower()} does not follow from where it was"
        last[row.card] = row.act
    return ""


def _entries_fault(db: Database, rows: list[Spare]) -> str:
    """A deposit has its entry; an entry has its row."""
    marks = tuple(int(kind) for kind in (*_BOOKED[SpareAct.LENT], *_BOOKED[SpareAct.WRITTEN_OFF], *_BACK))
    sums = db.run(f"SELECT entry, CAST(SUM(fen) AS BIGINT) FROM posting WHERE kind IN ({_FOUR}) GROUP BY entry", marks)  # noqa: S608  # marks
    keys: dict[int, bytes] = dict(
        db.run(f"SELECT entry, key FROM posting WHERE kind IN ({_FOUR}) AND line = 0", marks)  # noqa: S608  # marks
    )
    booked = {bytes(keys[entry]): int(fen) for entry, fen in sums}
    for row in rows:
        fen = sum(booked.pop(bytes((kind,)) + row.key, 0) for kind in _BOOKED.get(row.act, ()))
        if row.act in (SpareAct.LENT, SpareAct.WRITTEN_OFF) and fen != row.deposit_fen:
            return f"spare {row.id}: a deposit of {row.deposit_fen} fen, and {fen} booked"
    return f"an entry of a spare card that was neither lent nor returned: {min(booked).hex()}" if booked else ""


def _deposits_fault(db: Database) -> str:
    """What is owed for deposits is the deposits of the cards that are out; what is kept, of those that are lost."""
    held: tuple[tuple[Account, Collection[int], str], ...] = (
        (SPARE_DEPOSITS, HELD, "are out"), (SPARES_KEPT, (SpareAct.WRITTEN_OFF,), "are lost for good"),
    )  # fmt: skip
    for account, acts, said in held:
        rows = db.run("SELECT id FROM account WHERE code = ?", (account.code,))
        books_fen = balance(db, rows[0][0], Side.CREDIT) if rows else 0
        card_fen = sum(one.deposit_fen for one in spares(db) if one.act in acts)
        if books_fen != card_fen:
            return f"deposits: {books_fen} fen by the books, {card_fen} of the cards that {said}"
    return ""


def _payers_fault(db: Database) -> str:
    for row in db.run(f"SELECT {COLUMNS} FROM payment_case WHERE entry IS NOT NULL ORDER BY key"):  # noqa: S608  # ours
        case = PaymentCase(*row)
        if is_by_code(case) or means_of(case) == case.card or was_lent_for(db, means_of(case), case.card):
            continue
        return f"payment {case.key.hex()}: paid by the account of a card that was not shown"
    return ""


def _loads_fault(db: Database) -> str:
    rows = db.run("SELECT entry, document FROM posting WHERE kind IN (?, ?) AND line = 0 ORDER BY entry", _GRANTED)
    for entry, document in rows:
        try:
            _, _, card, _, _, *payer = codec.loads(document)
        except (WireFault, TypeError, ValueError):
            continue  # which `verify` says of the entry itself
        if payer and not was_lent_for(db, card, payer[0]):
            return f"entry {entry}: a load paid by the account of a card that it never stood in for"
    return ""
