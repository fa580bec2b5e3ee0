"""Card and phone lost: one act blocks card, wallet, devices and codes; its spread, and how it is taken back.

Easy to report: by the wallet, or from anybody's phone with the holder's number, name and birth. Limited against pranks:
STRANGERS_BLOCK a holder and day, the answer is the same whether it did anything, and whoever reports is on record.
Harder to take back: by the holder or his guardian, with a proof made a moment ago. Nothing of it takes the emergency
meal 应急餐: that is the position's, and asks for no card.
"""

from collections.abc import Mapping
from typing import Any

from cloud.ledger.cards.life import life_of
from cloud.ledger.desk.replacing import Wish, cancel_lost, report_lost
from cloud.ledger.held.losses.standing import standing_of
from cloud.store.db import Database
from cloud.wallet.back.context import WALLET, Chosen, Context, Operation, Right
from cloud.wallet.back.rights import chosen
from cloud.wallet.back.who.identity import BORN
from cloud.wallet.line.shapes import HOLDER, KEY, Arguments, text
from cloud.wallet.people.blocks import add_block, block_of, lift_blocks
from cloud.wallet.people.persons import person_of, person_with_holder
from cloud.wallet.people.roster import holder_of
from cloud.wallet.people.sessions import end_sessions
from cloud.wallet.people.throttle import STRANGERS_BLOCK, take_try
from shared.wire.desk.calls import CardState


def report(context: Context, arguments: Arguments) -> dict[str, Any]:
    """The card is lost: hotlisted when this returns. Who has no card left blocks what he has.

    A guardian of one who is of age may report, too, and is told nothing of him.
    """
    _block(context, context.whose, arguments, context.person.id)
    return {}


def cancel(context: Context, arguments: Arguments) -> dict[str, Any]:
    """It was found; asked again, it is done already."""
    whose, people = context.whose, context.site.people
    if whose.card is not None and _state(context.site.ledger.database, whose) is CardState.LOST:
        with context.site.ledger.writing(context.now) as writing:
            cancel_lost(writing, _wish(arguments, whose.label, context.person.id, ""))
    with people.writing():
        lift_blocks(people, whose.holder.number, context.now.unix_ms)
    return standing(context, arguments)


def at_night(context: Context, arguments: Arguments) -> dict[str, Any]:
    """From anybody's phone: number, name and birth. The same answer, whatever it did."""
    people, number = context.site.people, arguments["number"]
    take_try(people, STRANGERS_BLOCK, "block", number, context.now.unix_ms)
    with people.reading():
        holder = holder_of(people, number)
    if holder is not None and (holder.name, holder.born) == (arguments["name"], arguments["born"]):
        _block(context, chosen(context.site.ledger.database, holder, is_own=False), arguments, 0)
    return {}


def standing(context: Context, _: Arguments) -> dict[str, Any]:
    """What is blocked, by whom, and which terminals have not said yet that they refuse the card."""
    db, whose, people = context.site.ledger.database, context.whose, context.site.people
    with db.reading():
        found = standing_of(db, context.now, whose.label) if whose.card else None
    with people.reading():
        block = block_of(people, whose.holder.number)
        by = person_of(people, block.person) if block and block.person else None
    waiting = [one.terminal.name for one in found.waiting if one.accepts] if found and found.is_lost else []
    return {
        "lost": bool(found and found.is_lost), "since_ms": found.since_ms if found else 0,
        "left_fen": found.left_fen if found else 0, "waiting": waiting[:50], "waits": len(waiting),
        "blocked_ms": block.at_ms if block else 0, "why": block.why if block else "",
        "by": by.name if by else "", "by_stranger": bool(block and not block.person),
    }  # fmt: skip


def _block(context: Context, whose: Chosen, arguments: Arguments, person: int) -> None:
    """Card first: money waits for nobody. A key that was used names the same act."""
    people, now_ms, why = context.site.people, context.now.unix_ms, arguments["why"] or ""
    if whose.card is not None:
        with context.site.ledger.writing(context.now) as writing:
            report_lost(writing, _wish(arguments, whose.label, person, why))
    with people.writing():
        key = bytes.fromhex(arguments["key"])
        add_block(people, whose.holder.number, person, why, context.caller.address, key, now_ms)
        own = person_with_holder(people, whose.holder.number)
        if own is not None:
            kept = context.session.key if context.signed and context.person.id == own.id else b""
            end_sessions(people, own.id, kept)


def _wish(arguments: Arguments, label: str, person: int, why: str) -> Wish:
    return Wish(bytes.fromhex(arguments["key"]), f"{WALLET}:{person}", label, why)


def _state(db: Database, whose: Chosen) -> CardState:
    with db.reading():
        return life_of(db, whose.card or b"").state


_REASON = text(200, 0, optional=True)
_NIGHT = {"number": text(32), "name": text(64), "born": BORN, "why": _REASON, "key": KEY}
OPERATIONS: Mapping[str, Operation] = {
    "lost": Operation(Right.SEES, {"holder": HOLDER}, standing),
    "lost/report": Operation(Right.TOPS_UP, {"holder": HOLDER, "why": _REASON, "key": KEY}, report),
    "lost/cancel": Operation(Right.SEES, {"holder": HOLDER, "key": KEY}, cancel, fresh=True),
    "lost-night": Operation(Right.ANYBODY, _NIGHT, at_night),
}
