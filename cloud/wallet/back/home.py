"""The first page: who asks, for whom, and three balances that are never added up.

The card's is what it held when its newest record here was made: a place, a time, and no promise of now. What waits 过渡
余额 comes onto the card by a tap. The online account is the ledger's own.
"""

from collections.abc import Mapping
from typing import Any

from cloud.ledger.funds.spares import held_by
from cloud.ledger.read.shown.card import CardFile, card_file
from cloud.ledger.read.views import RecordView
from cloud.ledger.records.arrival import arrive
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.back.holder.messages import unread
from cloud.wallet.line.problems import NO_CARD, CallRefused
from cloud.wallet.line.shapes import HOLDER, Arguments
from cloud.wallet.people.persons import children_of
from cloud.wallet.people.records.stalls import stalls_of
from cloud.wallet.people.roster import Holder, classes_taught, holders_of
from cloud.wallet.people.sight import CONSENT_AGE, age
from shared.records import LoadRecord
from shared.records.kinds import PurseRecord


def me(context: Context, _: Arguments) -> dict[str, Any]:
    """The person, and every holder for whom he may ask."""
    people, person = context.site.people, context.person
    with people.reading():
        stalls = stalls_of(people, person.id)
        children = children_of(people, person.id)
        own = holders_of(people, [person.holder] if person.holder else [])
        teaches = bool(classes_taught(people, person.phone))
        found = own + holders_of(people, [number for number in children if number != person.holder])
    return {
        "name": person.name, "demo": context.site.is_demo, "stalls": stalls, "teaches": teaches,
        "holders": [_holder(one, own=one in own, campus_s=context.now.campus_s) for one in found],
    }  # fmt: skip


def _holder(one: Holder, *, own: bool, campus_s: int) -> dict[str, Any]:
    under = bool(one.born) and age(one.born, campus_s) < CONSENT_AGE
    return {"number": one.number, "name": one.name, "group": one.group, "own": own, "under14": under}


def home(context: Context, _: Arguments) -> dict[str, Any]:
    """The chosen holder's balances."""
    db = context.site.ledger.database
    with db.reading():
        found = card_file(db, context.card)
        name = found.last.terminal if found and found.last else ""
        spare = held_by(db, context.card)
        label = db.run("SELECT label FROM card WHERE card = ?", (spare.card,)) if spare else []
        places = db.run("SELECT place FROM device WHERE name = ?", (name,))
    if found is None:
        raise CallRefused(NO_CARD)
    return {
        "holder": context.whose.holder.number, "name": context.whose.holder.name, "label": found.line.label,
        "state": found.line.state.value, "blocked": found.line.hotlisted, "at_ms": context.now.unix_ms,
        "card": _card(found, places[0][0] if places else name), "pending_fen": found.balances.pending_fen,
        "pending_subsidy_fen": found.balances.pending_subsidy_fen, "transit_fen": found.balances.transit_fen,
        "spare": label[0][0] if label else "", "unread": unread(context),
        "online_fen": found.balances.online_fen, "subsidy_fen": found.balances.subsidy_fen,
    }  # fmt: skip


def _card(found: CardFile, place: str) -> dict[str, Any]:
    """As last seen. Before any record: as it was issued, by the books."""
    if found.last is None:
        return {"fen": found.balances.purse_fen, "place": "", "time": found.issued, "seen": False}
    return {"fen": after(found.last), "place": place, "time": found.last.time, "seen": True}


def after(view: RecordView) -> int:
    """What the purse held behind this record."""
    said = arrive(view.stored).record
    if isinstance(said, LoadRecord):
        return said.balance_fen + said.amount_fen
    return said.balance_fen - said.amount_fen if isinstance(said, PurseRecord) else 0


OPERATIONS: Mapping[str, Operation] = {
    "me": Operation(Right.PERSON, {}, me),
    "home": Operation(Right.SEES, {"holder": HOLDER}, home),
}
