"""A lost card 挂失: reported in one act by whoever stands for its holder, and how far the word of it has come.

Reporting needs a session and no more, for it hurts nobody for long; to cancel it who it is must have been proven a
moment ago. Which terminals refuse it already, which have not heard of it yet and which cannot be reached is counted as
the console counts it.
"""

from collections.abc import Mapping
from typing import Any

from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.fleet.documents.reach import reach_of
from cloud.ledger.read.shown.card import card_file
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.line.problems import NO_CARD, CallRefused
from cloud.wallet.line.shapes import HOLDER, KEY, Arguments
from shared.words.voice import Text

BY_WALLET = Text("钱包", "wallet")
"""Stands before the name of who did it, in the deeds of a card."""
REPORTED, CANCELLED = Text("手机挂失", "reported by phone"), Text("手机解挂", "cancelled by phone")


def state(context: Context, _: Arguments) -> dict[str, Any]:
    """Its state, and where its listing has come to."""
    db = context.site.ledger.database
    with db.reading():
        found, reach = card_file(db, context.card), reach_of(db, context.card, context.now)
    if found is None:
        raise CallRefused(NO_CARD)
    return {
        "label": found.line.label, "state": found.line.state.value, "since_ms": found.since_ms,
        "listed": found.line.hotlisted, "reach": _reach(reach.there, reach.late, reach.away),
        "told": reach.generation > 0,
    }  # fmt: skip


def report(context: Context, arguments: Arguments) -> dict[str, Any]:
    """Hotlisted and frozen when this returns; of a card that is lost already, it stays so."""
    DeskLedger(context.site.ledger).report_lost(_wish(context, arguments, REPORTED), context.now)
    return state(context, arguments)


def cancel(context: Context, arguments: Arguments) -> dict[str, Any]:
    """It was found again, before another one took its place."""
    DeskLedger(context.site.ledger).cancel_lost(_wish(context, arguments, CANCELLED), context.now)
    return state(context, arguments)


def _wish(context: Context, arguments: Arguments, reason: Text) -> Wish:
    key = bytes.fromhex(arguments["key"])
    return Wish(key, f"{BY_WALLET.zh}：{context.person.name}", context.whose.label, str(reason.zh))


def _reach(there: tuple[str, ...], late: tuple[str, ...], away: tuple[str, ...]) -> dict[str, int]:
    return {"there": len(there), "late": len(late), "away": len(away)}


OPERATIONS: Mapping[str, Operation] = {
    "loss": Operation(Right.SEES, {"holder": HOLDER}, state),
    "loss/report": Operation(Right.TOPS_UP, {"holder": HOLDER, "key": KEY}, report),
    "loss/cancel": Operation(Right.SEES, {"holder": HOLDER, "key": KEY}, cancel, fresh=True),
}
