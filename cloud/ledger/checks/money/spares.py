"""Spare cards 备用卡 against the books: deposits are those of the cards that are out, each was paid and given back
once, and nobody's account paid by a card that never stood in for his."""

from cloud.ledger.books.chart import SPARE_DEPOSITS, Side
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
}
"""What may stand before each."""
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
    kinds = {SpareAct.LENT: EntryKind.SPARE_LENT, SpareAct.RETURNED: EntryKind.SPARE_RETURNED}
    marks = tuple(int(kind) for kind in kinds.values())
    sums = db.run("SELECT entry, CAST(SUM(fen) AS BIGINT) FROM posting WHERE kind IN (?, ?) GROUP BY entry", marks)
    keys: dict[int, bytes] = dict(db.run("SELECT entry, key FROM posting WHERE kind IN (?, ?) AND line = 0", marks))
    booked = {bytes(keys[entry]): int(fen) for entry, fen in sums}
    for row in rows:
        kind = kinds.get(SpareAct(row.act))
        fen = booked.pop(bytes((kind,)) + row.key, 0) if kind is not None else 0
        if row.act == SpareAct.LENT and fen != row.deposit_fen:
            return f"spare {row.id}: a deposit of {row.deposit_fen} fen, and {fen} booked"
    return f"an entry of a spare card that was neither lent nor returned: {min(booked).hex()}" if booked else ""


def _deposits_fault(db: Database) -> str:
    """What is owed for deposits is the deposits of the cards that are out."""
    rows = db.run("SELECT id FROM account WHERE code = ?", (SPARE_DEPOSITS.code,))
    books_fen = balance(db, rows[0][0], Side.CREDIT) if rows else 0
    out_fen = sum(one.deposit_fen for one in spares(db) if one.act in HELD)
    return (
        f"deposits: {books_fen} fen by the books, {out_fen} of the cards that are out" if books_fen != out_fen else ""
    )


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
