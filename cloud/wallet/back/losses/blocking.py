"""One act blocks card, wallet, devices and codes, whoever reports the loss; and takes it back."""

from cloud.ledger.cards.life import life_of
from cloud.ledger.desk.replacing import Wish, cancel_lost, report_lost
from cloud.ledger.records.values import Now
from cloud.wallet.back.context import WALLET, Chosen, Site
from cloud.wallet.people.blocks import Reporter, add_block, lift_blocks
from cloud.wallet.people.persons import person_with_holder
from cloud.wallet.people.sessions import end_sessions
from shared.wire.desk.calls import CardState


def block(site: Site, whose: Chosen, by: Reporter, key: bytes, why: str, now: Now, *, kept: bytes = b"") -> None:
    """Card first: money waits for nobody. A key that was used names the same act. kept: a session of his own that
    goes on, the one he reports with.

    The emergency meal 应急餐 is the person's own, by his number: nothing of this takes it.
    """
    people = site.people
    if whose.card is not None:
        with site.ledger.writing(now) as writing:
            report_lost(writing, Wish(key, f"{WALLET}:{by.person}", whose.label, why))
    with people.writing():
        add_block(people, whose.holder.number, by, why, key, now.unix_ms)
        own = person_with_holder(people, whose.holder.number)
        if own is not None:
            end_sessions(people, own.id, kept)


def unblock(site: Site, whose: Chosen, person: int, key: bytes, now: Now, *, prank: bool = False) -> None:
    """It was found; asked again, it is done already. prank: it was never lost."""
    if whose.card is not None and _is_lost(site, whose.card):
        with site.ledger.writing(now) as writing:
            cancel_lost(writing, Wish(key, f"{WALLET}:{person}", whose.label, ""))
    with site.people.writing():
        lift_blocks(site.people, whose.holder.number, person, now.unix_ms, prank=prank)


def _is_lost(site: Site, card: bytes) -> bool:
    db = site.ledger.database
    with db.reading():
        return life_of(db, card).state is CardState.LOST


