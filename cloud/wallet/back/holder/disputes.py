"""An entry of the statement is disputed 异议: kept once under its key, open until the school has answered."""

from collections.abc import Mapping
from typing import Any

from cloud.payments.disputes.rows import add_dispute, open_disputes
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.back.money.statement import ENTRY_MAX, is_of_card
from cloud.wallet.line.problems import NOT_YOURS, CallRefused, Problem
from cloud.wallet.line.shapes import HOLDER, KEY, Arguments, text, whole
from shared.words.voice import Text

REUSED = Problem(409, "key-reused", Text("单号已用于另一件事", "the key names another act"))


def dispute(context: Context, given: Arguments) -> list[dict[str, Any]]:
    """Of an entry of the chosen holder's card, and of no other."""
    people, number, entry = context.site.people, context.whose.holder.number, given["entry"]
    with context.site.ledger.database.reading():
        if not is_of_card(context.site.ledger.database, context.card, entry):
            raise CallRefused(NOT_YOURS)
    with people.writing():
        key, why = bytes.fromhex(given["key"]), given["why"]
        if not add_dispute(people, key, number, context.person.id, entry, why, context.now.unix_ms):
            raise CallRefused(REUSED)
    return disputed(context, given)


def disputed(context: Context, _: Arguments) -> list[dict[str, Any]]:
    """What is open. Each sees what he has said himself; the holder sees all."""
    with context.site.people.reading():
        found = open_disputes(context.site.people, context.whose.holder.number)
    seen = [one for one in found if context.whose.is_own or one.person == context.person.id]
    return [{"id": one.id, "entry": one.entry, "why": one.why, "at_ms": one.at_ms} for one in seen]


OPERATIONS: Mapping[str, Operation] = {
    "disputes": Operation(Right.SEES, {"holder": HOLDER}, disputed),
    "dispute": Operation(
        Right.SEES, {"holder": HOLDER, "key": KEY, "entry": whole(1, ENTRY_MAX), "why": text(500)}, dispute
    ),
}
