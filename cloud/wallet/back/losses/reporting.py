"""Reported and taken back by who has signed in; its spread, and who has reported it.

Easy to report: by the wallet, or from anybody's phone (nights.py). Harder to take back: by the holder, with his
password or a link of the desk a moment ago, for a code and a passkey may lie in the phone that is lost; or by his
guardian, with any fresh proof. Nothing of it takes the emergency meal 应急餐: that is the position's, and asks for no
card.
"""

from collections.abc import Mapping
from typing import Any

from cloud.ledger.held.losses.standing import standing_of
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.back.losses.blocking import block, unblock
from cloud.wallet.back.rights import standing_block
from cloud.wallet.back.who.identity import require_strong
from cloud.wallet.line.shapes import HOLDER, KEY, Arguments, flag, text
from cloud.wallet.people.blocks import Reporter, pranks_of
from cloud.wallet.people.persons import person_of, person_with_holder
from shared.facts.desks import BlockPrank


def report(context: Context, arguments: Arguments) -> dict[str, Any]:
    """The card is lost: hotlisted when this returns. Who has no card left blocks what he has.

    A guardian of one who is of age may report, too, and is told nothing of him.
    """
    by = Reporter(context.person.id, context.caller.address, context.person.name, context.caller.agent)
    kept = context.session.key if context.whose.is_own else b""
    key, why = bytes.fromhex(arguments["key"]), arguments["why"] or ""
    block(context.site, context.whose, by, key, why, context.now, kept=kept)
    return {}


def cancel(context: Context, arguments: Arguments) -> dict[str, Any]:
    """It was found; asked again, it is done already. prank: it was never lost, and whoever reported that is told of."""
    if context.whose.is_own:
        require_strong(context)
    taken_back = standing_block(context.site, context.whose)
    prank = bool(arguments["prank"]) and taken_back is not None and taken_back.person != context.person.id
    key = bytes.fromhex(arguments["key"])
    unblock(context.site, context.whose, context.person.id, key, context.now, prank=prank)
    if prank and taken_back is not None:
        by = Reporter(taken_back.person, taken_back.address, taken_back.name, taken_back.agent)
        with context.site.people.reading():
            times = pranks_of(context.site.people, by, context.now.unix_ms)
        with context.site.ledger.writing(context.now) as writing:
            writing.notes.tell(BlockPrank(context.whose.label, taken_back.person, taken_back.address, times))
    return standing(context, arguments)


def standing(context: Context, _: Arguments) -> dict[str, Any]:
    """What is blocked, by whom, and which terminals have not said yet that they refuse the card."""
    db, whose, people = context.site.ledger.database, context.whose, context.site.people
    with db.reading():
        found = standing_of(db, context.now, whose.label) if whose.card else None
    taken = standing_block(context.site, whose)
    with people.reading():
        by = person_of(people, taken.person) if taken and taken.person else None
        own = person_with_holder(people, whose.holder.number)
    waiting = [one.terminal.name for one in found.waiting if one.accepts] if found and found.is_lost else []
    return {
        "lost": bool(found and found.is_lost), "since_ms": found.since_ms if found else 0,
        "left_fen": found.left_fen if found else 0, "waiting": waiting[:50], "waits": len(waiting),
        "blocked_ms": taken.at_ms if taken else 0, "why": taken.why if taken else "",
        "by": by.name if by else taken.name if taken else "",
        "by_stranger": bool(taken and taken.id and not taken.person),
        "by_agent": taken.agent if taken else "", "by_address": taken.address if taken else "",
        "by_other": bool(taken and (own is None or taken.person != own.id)),
    }  # fmt: skip


_REASON = text(200, 0, optional=True)
OPERATIONS: Mapping[str, Operation] = {
    "lost": Operation(Right.SEES, {"holder": HOLDER}, standing),
    "lost/report": Operation(Right.TOPS_UP, {"holder": HOLDER, "why": _REASON, "key": KEY}, report),
    "lost/cancel": Operation(
        Right.SEES, {"holder": HOLDER, "key": KEY, "prank": flag(optional=True)}, cancel, fresh=True
    ),
}
