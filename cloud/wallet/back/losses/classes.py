"""The class teacher 班主任: who of his class is blocked, and who has a spare card; reports, lifts, lends.

He never sees a payment. He lifts what somebody else has blocked, on the same day; what the holder or his guardian has
reported is theirs. Spares are those that the card desk has handed to his class; he takes no money and gives no paper.
"""

from collections.abc import Mapping
from typing import Any

from cloud.ledger.cards.life import life_of
from cloud.ledger.desk.lending import Loan
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.desk.spare_door import SpareLedger
from cloud.wallet.back.context import WALLET, Chosen, Context, Operation, Right
from cloud.wallet.back.losses.blocking import block, unblock
from cloud.wallet.back.rights import chosen, standing_block
from cloud.wallet.line.problems import NO_CARD, NOT_YOURS, CallRefused, Problem
from cloud.wallet.line.shapes import KEY, Arguments, text, whole
from cloud.wallet.people.blocks import Block, Reporter
from cloud.wallet.people.consents import guardians_of
from cloud.wallet.people.persons import person_of, person_with_holder
from cloud.wallet.people.roster import Holder, classes_taught, holders_in
from shared.clocks.clock import day_number
from shared.words.voice import Text

PUPILS_MAX = 200
LIMIT_FEN = 50_00
"""Of a spare that a teacher lends, on a day."""
DAYS_MAX = 7
NOT_HIS = Problem(
    409, "not-liftable", Text("班主任只能当天解除他人的挂失", "a teacher lifts what others blocked, on the same day")
)
PUPIL = text(32)


def of_mine(context: Context, _: Arguments) -> dict[str, Any]:
    """Each class that he teaches: its pupils and its spare cards."""
    people = context.site.people
    with people.reading():
        groups = {group: holders_in(people, group)[:PUPILS_MAX] for group in _groups(context)}
    return {
        "classes": [
            {"class": group, "pupils": [_pupil(context, one) for one in pupils], "spares": _spares(context, group)}
            for group, pupils in groups.items()
        ]
    }


def report(context: Context, given: Arguments) -> dict[str, Any]:
    """A pupil's card and phone are lost."""
    by = Reporter(context.person.id, context.caller.address, context.person.name, context.caller.agent)
    key, why = bytes.fromhex(given["key"]), given["why"] or ""
    block(context.site, context.whose, by, key, why, context.now)
    return {}


def lift(context: Context, given: Arguments) -> dict[str, Any]:
    """What somebody else has blocked today."""
    taken = standing_block(context.site, context.whose)
    if taken is None or not _is_liftable(context, context.whose.holder, taken):
        raise CallRefused(NOT_HIS)
    unblock(context.site, context.whose, context.person.id, bytes.fromhex(given["key"]), context.now)
    return {}


def lend(context: Context, given: Arguments) -> dict[str, Any]:
    """A spare of the class, for a pupil's own account."""
    whose = context.whose
    if whose.card is None:
        raise CallRefused(NO_CARD)
    until = day_number(context.now.campus_s) + given["days"] - 1
    loan = Loan(whose.label, whose.holder.name, 0, False, LIMIT_FEN, until, whose.holder.group)
    _door(context).lend_by_class(_wish(context, given), loan, context.now)
    return {}


def collect(context: Context, given: Arguments) -> dict[str, str]:
    """It is back. state: `handed`, it may be lent again; `collected`, something may be on it: to the card desk."""
    with context.site.people.reading():
        mine = given["class"] in _groups(context)
    if not mine:
        raise CallRefused(NOT_YOURS)
    return {"state": _door(context).collect(_wish(context, given), given["class"], context.now)}


def _groups(context: Context) -> list[str]:
    return classes_taught(context.site.people, context.person.phone)


def _pupil(context: Context, holder: Holder) -> dict[str, Any]:
    """Name and state; neither birth nor guardians nor money."""
    whose = chosen(context.site.ledger.database, holder, is_own=False)
    taken = standing_block(context.site, whose)
    return {
        "number": holder.number, "name": holder.name, "card": _state(context, whose),
        "blocked_ms": taken.at_ms if taken else 0, "by": _by(context, taken),
        "liftable": taken is not None and _is_liftable(context, holder, taken), "label": whose.label,
    }  # fmt: skip


def _state(context: Context, whose: Chosen) -> str:
    if whose.card is None:
        return ""
    db = context.site.ledger.database
    with db.reading():
        return life_of(db, whose.card).state.value


def _by(context: Context, taken: Block | None) -> str:
    if taken is None:
        return ""
    with context.site.people.reading():
        person = person_of(context.site.people, taken.person) if taken.person else None
    return person.name if person else taken.name


def _is_liftable(context: Context, holder: Holder, taken: Block) -> bool:
    """By whom, and when: both must be so. What the card desk has reported is the card desk's."""
    if not taken.id:
        return False
    people = context.site.people
    with people.reading():
        own = person_with_holder(people, holder.number)
        theirs = taken.person in guardians_of(people, holder.number) or (own is not None and own.id == taken.person)
    ago_s = (context.now.unix_ms - taken.at_ms) // 1000
    return not theirs and day_number(context.now.campus_s - ago_s) == day_number(context.now.campus_s)


def _spares(context: Context, group: str) -> list[dict[str, Any]]:
    found = _door(context).listed(context.now, group)
    return [
        {"label": one.label, "state": one.act, "person": one.person, "until_day": one.until_day, "late": one.is_late}
        for one in found
    ]


def _door(context: Context) -> SpareLedger:
    return SpareLedger(context.site.ledger)


def _wish(context: Context, given: Arguments) -> Wish:
    return Wish(bytes.fromhex(given["key"]), f"{WALLET}:{context.person.id}", given["label"], "")


_LABEL = text(32)
OPERATIONS: Mapping[str, Operation] = {
    "class": Operation(Right.PERSON, {}, of_mine),
    "class/lost": Operation(Right.TEACHES, {"holder": PUPIL, "why": text(200, 0, optional=True), "key": KEY}, report),
    "class/lift": Operation(Right.TEACHES, {"holder": PUPIL, "key": KEY}, lift, fresh=True),
    "class/lend": Operation(
        Right.TEACHES, {"holder": PUPIL, "label": _LABEL, "days": whole(1, DAYS_MAX), "key": KEY}, lend
    ),
    "class/collect": Operation(Right.PERSON, {"class": text(64), "label": _LABEL, "key": KEY}, collect),
}
