"""The statement 对账单: what moved the chosen holder's money, newest first, and what proves one line of it.

What of it is aid a line tells nobody (ledger/read/shown/statement.py). A proof is what a holder can hold against the
school's books: the record's identity and digest, and the entry that it made.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from cloud.ledger.read import books
from cloud.ledger.read.shown.statement import Line, Sums, statement
from cloud.ledger.read.views import EntryView
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.line.problems import CallRefused, Problem
from cloud.wallet.line.shapes import HOLDER, Arguments, whole
from shared.clocks.clock import DAY_S
from shared.ids import CardId
from shared.words.voice import Text

LINES_MAX = 200
"""Of one answer, the newest; months are the console's and the desk's to print."""
NO_ENTRY = Problem(404, "no-entry", Text("没有这笔记录", "there is no such line"))


def lines(context: Context, _: Arguments) -> dict[str, Any]:
    """Those of the card that is his now; what came before an exchange is one line, with the sum that came over."""
    db = context.site.ledger.database
    with db.reading():
        entries = books.statement(db, CardId(context.card), LINES_MAX)
    found = statement(context.card, entries, DAY_S)
    return {"lines": [_line(one) for one in found], "is_whole": len(entries) < LINES_MAX}


def proof(context: Context, arguments: Arguments) -> dict[str, Any]:
    """Of a line of his own."""
    db = context.site.ledger.database
    with db.reading():
        found = books.entries_of_numbers(db, [arguments["entry"]])
    if not found or not any(_moves(one, context.card) for one in found):
        raise CallRefused(NO_ENTRY)  # the same for one that is another's
    (entry,) = found
    return {"entry": entry.entry, "booked_ms": entry.booked_at_ms, "record": _record(entry)}


def _record(entry: EntryView) -> dict[str, Any] | None:
    """None: no terminal made it, so the entry itself is all that there is."""
    view = entry.record
    if view is None:
        return None
    return {
        "terminal": view.terminal, "epoch": view.epoch, "seq": view.seq, "counter": view.counter, "time": view.time,
        "received_ms": view.received_ms, "sha256": hashlib.sha256(view.stored).hexdigest(),
    }  # fmt: skip


def _moves(entry: EntryView, card: CardId) -> bool:
    ends = f":{card.hex()}"
    return any(code.endswith(ends) for debit, credit, _ in entry.postings for code in (debit, credit))


def _line(one: Line) -> dict[str, Any]:
    return {
        "entry": one.entry if one.entries == 1 else 0, "what": one.what, "time": one.time, "place": one.place,
        "moved": _sums(one.moved),
    }  # fmt: skip


def _sums(moved: Sums) -> dict[str, int]:
    return {f"{name}_fen": fen for name, fen in moved._asdict().items() if fen}


OPERATIONS: Mapping[str, Operation] = {
    "statement": Operation(Right.SEES, {"holder": HOLDER}, lines),
    "statement/proof": Operation(Right.SEES, {"holder": HOLDER, "entry": whole(1, 2**53)}, proof),
}
