"""The statement 账单 of one card: each entry with its channel, its state, and the record that proves it. Newest first.

What terminals have not brought yet is not here: the home page says how old it is. A guardian does not see what another
guardian paid in by a channel of his own: that families of payments mark their entries so is theirs to hold.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cloud.ledger.books.chart import OF_A_CARD
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.read.books import entries_of_numbers
from cloud.ledger.read.views import EntryView
from cloud.store.db import Database
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.line.problems import NO_CARD, CallRefused
from cloud.wallet.line.shapes import HOLDER, Arguments, whole
from cloud.words.balance.story import KINDS
from shared.ids import CardId
from shared.words.voice import Text

PAGE = 50
ENTRY_MAX = 2**53


def statement(context: Context, arguments: Arguments) -> dict[str, Any]:
    """One page. before: the last entry of the page before; next: what to say for the page behind, 0: there is none."""
    db, card, before = context.site.ledger.database, context.card, arguments["before"] or ENTRY_MAX
    with db.reading():
        numbers = _numbers(db, card, before)
        found = sorted(entries_of_numbers(db, numbers), key=lambda one: -one.entry)
        names = [_terminal(one) for one in found]
        places: dict[str, str] = dict(db.find("SELECT name, place FROM device WHERE name", names))
    rows = [_row(one, card, places) for one in found]
    return {"rows": rows, "next": numbers[-1] if len(numbers) == PAGE else 0}


def _numbers(db: Database, card: CardId, before: int) -> list[int]:
    accounts = db.run(f"SELECT {CARD_ACCOUNTS} FROM card WHERE card = ?", (card,))  # noqa: S608  # our own names
    if not accounts:
        raise CallRefused(NO_CARD)
    marks = ", ".join("?" * len(accounts[0]))
    rows = db.run(
        f"SELECT DISTINCT entry FROM posting WHERE entry < ? AND (debit IN ({marks}) OR credit IN ({marks})) "  # noqa: S608
        "ORDER BY entry DESC LIMIT ?",
        (before, *accounts[0], *accounts[0], PAGE),
    )
    return [number for (number,) in rows]


def is_of_card(db: Database, card: CardId, entry: int) -> bool:
    """Does it move an account of this card? Inside of a snapshot."""
    return entry in _numbers(db, card, entry + 1)[:1]


def _row(entry: EntryView, card: CardId, places: Mapping[str, str]) -> dict[str, Any]:
    codes = {f"{kind}:{card.hex()}" for kind in OF_A_CARD}
    moved = sum(fen * ((credit in codes) - (debit in codes)) for debit, credit, fen in entry.postings)
    through = sum(fen for debit, credit, fen in entry.postings if debit in codes and credit in codes)
    record, name = entry.record, _terminal(entry)
    return {
        "entry": entry.entry, "kind": entry.kind, "said": _said(entry.kind), "day": entry.effective_day, "fen": moved,
        "within_fen": through,
        "booked": datetime.fromtimestamp(entry.booked_at_ms / 1000, UTC).isoformat(timespec="seconds"),
        "place": places.get(name, name), "time": record.time if record else None,
        "state": "reversed" if entry.reverses else "posted",
        "proof": {"terminal": name, "epoch": record.epoch, "seq": record.seq, "record": record.stored.hex()}
        if record else None,
    }  # fmt: skip


def _said(kind: str) -> dict[str, str]:
    text = KINDS.get(kind, Text(kind, kind))
    return {"zh": text.zh, "en": text.en}


def _terminal(entry: EntryView) -> str:
    return entry.record.terminal if entry.record else ""


OPERATIONS: Mapping[str, Operation] = {
    "statement": Operation(Right.SEES, {"holder": HOLDER, "before": whole(0, ENTRY_MAX, optional=True)}, statement),
}
