"""One act blocks card, wallet, devices and codes, whoever reports the loss; and takes it back."""

from cloud.ledger.cards.life import life_of
from cloud.ledger.desk.replacing import Wish, cancel_lost, report_lost
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from cloud.wallet.back.context import WALLET, Chosen, Site
from cloud.wallet.people.blocks import Reporter, add_block, lift_blocks
from cloud.wallet.people.codes import send_text
from cloud.wallet.people.persons import person_of, person_with_holder
from cloud.wallet.people.roster import Holder, phones_of_guardians
from cloud.wallet.people.sessions import end_sessions
from cloud.wallet.people.sight import OF_AGE, age
from shared.wire.desk.calls import CardState
from shared.words.voice import Text


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
        is_new = add_block(people, whose.holder.number, by, why, key, now.unix_ms)
        own = person_with_holder(people, whose.holder.number)
        if own is not None:
            end_sessions(people, own.id, kept)
        if is_new:
            _tell(people, whose.holder, by, now)


def unblock(site: Site, whose: Chosen, person: int, key: bytes, now: Now, *, prank: bool = False) -> None:
    """It was found; asked again, it is done already. prank: it was never lost."""
    if whose.card is not None and _is_lost(site, whose.card):
        with site.ledger.writing(now) as writing:
            cancel_lost(writing, Wish(key, f"{WALLET}:{person}", whose.label, ""))
    with site.people.writing():
        lift_blocks(site.people, whose.holder.number, person, now.unix_ms, prank=prank)


def _tell(people: Database, holder: Holder, by: Reporter, now: Now) -> None:
    """By SMS to his own phone, and to the guardians of a minor, but not to whoever has reported it."""
    own, reporter = person_with_holder(people, holder.number), person_of(people, by.person)
    phones = {own.phone} if own else set()
    if age(holder.born, now.campus_s) < OF_AGE:
        phones |= set(phones_of_guardians(people, holder.number))
    said = Text(
        f"{holder.name}的校园卡与钱包已挂失。若非本人意愿，请在钱包里解除，或到卡务窗口。",
        f"Card and wallet of {holder.name} were reported lost. If that is wrong, take it back in the wallet.",
    )
    for phone in sorted(phones - {"", reporter.phone if reporter else ""}):
        send_text(people, phone, said, now.unix_ms)


def _is_lost(site: Site, card: bytes) -> bool:
    db = site.ledger.database
    with db.reading():
        return life_of(db, card).state is CardState.LOST


