"""折扣: every discount that somebody else than its merchant bears is paid once, for a sale that stands, and as the
parameters said; and nothing else is. What has come since the last look is told, not blamed."""

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.books.keys import void_key
from cloud.ledger.checks.check import Check
from cloud.ledger.findings.discounts import Discount, State, discounts, given_back, judged, read_paper
from cloud.ledger.journal.writing import first_verdict_key
from cloud.ledger.records.arrival import arrive
from cloud.store.db import Database
from shared.errors import WireFault
from shared.money import yuan
from shared.words.voice import Text

NAME = "discounts"


def check_discounts(db: Database) -> Check:
    """Every row, and that there is no entry without one."""
    rows, again = discounts(db), {one.record for one, _ in given_back(db)}
    broken = next((fault for row in rows if (fault := _fault(db, row, again))), "") or _counts_fault(db, rows)
    fen = sum(row.fen for row in rows if row.state is State.BORNE)
    said = Text(f"折扣由他方承担：¥{yuan(fen)}", f"discounts borne by others: ¥{yuan(fen)}") if fen else None
    return Check(NAME, len(rows), broken, said)


def _fault(db: Database, row: Discount, again: set[int]) -> str:
    stored, fork = db.run("SELECT stored, fork FROM record WHERE id = ?", (row.record,))[0]
    a, where = arrive(bytes(stored)), f"record {row.record}"
    is_doubted = row.state is State.DOUBTED
    if judged(db, a) != (row.bearer, row.fen, not is_doubted):
        return f"{where}: a discount that the parameters do not say"
    if row.entry is None:
        return f"{where}: is borne without an entry" if row.state is State.BORNE else ""
    booked = db.run("SELECT document FROM posting WHERE entry = ? AND line = 0", (row.entry,))
    try:
        paper = read_paper(booked[0][0])
    except (WireFault, IndexError, TypeError):
        return f"{where}: entry {row.entry} is no discount"
    if (paper.record, paper.bearer, paper.fen) != (row.record, row.bearer, row.fen):
        return f"{where}: entry {row.entry} bears another discount"
    is_void = bool(db.run("SELECT 1 FROM posting WHERE key = ?", (void_key(first_verdict_key(
        EntryKind.PURCHASE, a, fork)),)))  # fmt: skip
    if is_void != (row.undone is not None) and row.record not in again:
        return f"{where}: its sale was given back, and its discount was not"
    return ""


def _counts_fault(db: Database, rows: list[Discount]) -> str:
    query = "SELECT COUNT(*) FROM posting WHERE kind = ? AND line = 0"
    kinds = EntryKind.DISCOUNT_BORNE, EntryKind.DISCOUNT_TAKEN_BACK
    (made,), (undone,) = (db.run(query, (int(kind),))[0] for kind in kinds)
    known = sum(row.entry is not None for row in rows), sum(row.undone is not None for row in rows)
    return "" if (made, undone) == known else f"{made} entries of discounts, {undone} taken back; known are {known}"
