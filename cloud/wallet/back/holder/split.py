"""The split in the hand 账户分割: what pays offline, what on line, what the next tap loads; a load ordered,
and called off."""

from collections.abc import Mapping
from typing import Any

from cloud.ledger.desk.split import SplitLedger
from cloud.ledger.loads.split.moving import Why
from cloud.ledger.loads.split.orders import OrderRefused
from cloud.ledger.read.shown.split import split
from cloud.wallet.back.context import WALLET, Context, Operation, Right
from cloud.wallet.line.problems import NO_CARD, CallRefused, Problem
from cloud.wallet.line.shapes import HOLDER, KEY, Arguments, whole
from cloud.words.balance.split import WHYS, quota_text
from shared.money import FEN_MAX
from shared.words.voice import Text, told_by


def shown(context: Context, _: Arguments) -> dict[str, Any]:
    """own: may he who asks order a load?"""
    db, whose = context.site.ledger.database, context.whose
    with db.reading():
        found = split(db, whose.label, context.now) if whose.card else None
    if found is None:
        raise CallRefused(NO_CARD)
    return {
        "own": whose.is_own, "offline_fen": found.offline_fen, "online_fen": found.online_fen,
        "floor_fen": found.holding.floor_fen, "pending_fen": found.pending_fen,
        "due_fen": found.due.fen, "due_why": _why(found.due.why),
        "orderable_fen": found.orderable.fen, "orderable_why": _why(found.orderable.why),
        "ordered_fen": found.order.fen if found.order else 0, "quota": _both(quota_text(found.quota)),
    }  # fmt: skip


def order(context: Context, given: Arguments) -> dict[str, Any]:
    """So much onto the card at its next tap; 0 calls off. The same key again is the same order."""
    context.card  # noqa: B018  # NO_CARD where there is none
    who, key = f"{WALLET}:{context.person.id}", f"{WALLET}:{given['key']}"
    try:
        SplitLedger(context.site.ledger).order(key, context.whose.label, given["fen"], who, context.now)
    except OrderRefused as refused:
        text = told_by(refused, Text("不能预约", "not now"))
        raise CallRefused(Problem(422, "not-orderable", text)) from refused
    return shown(context, given)


def _why(why: Why | None) -> dict[str, str] | None:
    return None if why is None else _both(WHYS[why])


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


OPERATIONS: Mapping[str, Operation] = {
    "split": Operation(Right.SEES, {"holder": HOLDER}, shown),
    "split/order": Operation(Right.OWN, {"holder": HOLDER, "key": KEY, "fen": whole(0, FEN_MAX)}, order),
}
