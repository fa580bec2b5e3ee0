"""Reported lost from anybody's phone: number, name and birth; written down at once and looked at a moment later.

What is done while he waits for his answer is the same for everybody he may name. Limited against pranks: a holder, an
address and one who has signed in have a pace each; who has reported PRANKS_MAX times what was never lost blocks nobody
any more. Whoever reports is named to the holder: by his own sign-in, or as he called himself, with his device.
"""

import logging
from collections.abc import Mapping

from cloud.ledger.cards.refusals import DeskRefused
from cloud.ledger.records.values import Now
from cloud.wallet.back.context import Context, Operation, Right, Site
from cloud.wallet.back.losses.blocking import block
from cloud.wallet.back.rights import chosen
from cloud.wallet.back.who.identity import BORN
from cloud.wallet.line.shapes import KEY, Arguments, text
from cloud.wallet.people.blocks import PRANKS_MAX, Reporter, pranks_of
from cloud.wallet.people.nights import Night, forget_night, keep_night, oldest_night
from cloud.wallet.people.roster import Holder, holder_of, typed_number
from cloud.wallet.people.sessions import session_of
from cloud.wallet.people.throttle import REPORTS_BY, STRANGERS_BLOCK, STRANGERS_FROM, take_try, take_try_from
from shared.facts.desks import BlockRefused

NIGHTS_A_TURN = 20
log = logging.getLogger(__name__)


def at_night(context: Context, arguments: Arguments) -> dict[str, str]:
    """The same answer, whatever comes of it. He who has signed in is named to the holder."""
    people, caller, now_ms = context.site.people, context.caller, context.now.unix_ms
    with people.reading():
        session = session_of(people, caller.session, now_ms)
    person = session.person if session else 0
    number = typed_number(people, arguments["number"])
    take_try_from(people, STRANGERS_BLOCK, "block", number, caller.address, now_ms)
    by = (REPORTS_BY, "reports", str(person)) if person else (STRANGERS_FROM, "blocks-from", caller.address)
    take_try(people, *by, now_ms)
    night = Night(
        bytes.fromhex(arguments["key"]), number, arguments["name"], arguments["born"], arguments["why"] or "", person,
        arguments["by"] or "", caller.address, caller.agent, now_ms,
    )  # fmt: skip
    with people.writing():
        keep_night(people, night)
    return {}


def take_nights(site: Site, now: Now) -> int:
    """Block whom the reports that wait have named rightly; how many were looked at. StoreFault: they go on waiting."""
    for done in range(NIGHTS_A_TURN):
        with site.people.reading():
            found = oldest_night(site.people)
        if found is None:
            return done
        number, night = found
        _take(site, night, now)
        with site.people.writing():
            forget_night(site.people, number)
    return NIGHTS_A_TURN


def _take(site: Site, night: Night, now: Now) -> None:
    by = Reporter(night.person, night.address, night.by_name, night.agent)
    with site.people.reading():
        holder = holder_of(site.people, night.number)
        pranks = pranks_of(site.people, by, now.unix_ms)
    if holder is None or (holder.name, holder.born) != (night.name, night.born):
        return
    if pranks >= PRANKS_MAX:
        with site.ledger.writing(now) as writing:
            writing.notes.tell(BlockRefused(holder.label, pranks))
        return
    _block(site, holder, by, night, now)


def _block(site: Site, holder: Holder, by: Reporter, night: Night, now: Now) -> None:
    try:
        block(site, chosen(site.ledger.database, holder, is_own=False), by, night.key, night.why, now)
    except DeskRefused as refused:  # its key was used for another deed: the card office is told by the log alone
        log.warning("a report was not taken: %s", refused.no.code)


_NIGHT = {
    "number": text(32), "name": text(64), "born": BORN, "why": text(200, 0, optional=True),
    "by": text(64, 0, optional=True), "key": KEY,
}  # fmt: skip
OPERATIONS: Mapping[str, Operation] = {"lost-night": Operation(Right.ANYBODY, _NIGHT, at_night)}
