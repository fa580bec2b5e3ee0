"""Lost and kept cards as they stand: what is left in their purses, for whom it waits, what two persons are to decide.

A proposal to write off a terminal that was silent for three school days stands by itself, and is told once. It waits
for two signatures: the first makes it a proposal of a person, the second confirms it.
"""

from typing import NamedTuple

from cloud.ledger.books.chart import Side
from cloud.ledger.cards.life import frozen_by
from cloud.ledger.fleet.owing import Fleet, fleet
from cloud.ledger.held import two_persons
from cloud.ledger.held.losses.bearing import losses, provided_left
from cloud.ledger.held.losses.waiting import (
    Waiting,
    must_refuse,
    waits_for,
    written_off,
)
from cloud.ledger.held.losses.write_off import possible_fen, read_offer
from cloud.ledger.held.two_persons import Proposal, ProposalKind
from cloud.ledger.journal.balances import balance_now
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.facts.losses import WriteOffDue

CARDS_MAX = 1000
"""Most cards that are looked at; those that were lost last."""
_CARDS = (
    "SELECT c.card, c.label, c.purse_account, c.subsidy_account, l.since_ms, COALESCE(s.label, '') FROM card_life l "
    "JOIN card c ON c.card = l.card LEFT JOIN card s ON s.card = l.successor WHERE l.state <> 0 "
    "ORDER BY l.since_ms DESC LIMIT ?"
)


class Standing(NamedTuple):
    """A card. left_fen, subsidy_left_fen: in its two purses; borne_fen: what the school has borne of it; provided_fen:
    and provided.

    deed: what froze it.
    due: those of `waiting` whose write-off stands by itself; proposed: device → proposal that waits.
    """

    card: bytes
    deed: int
    label: str
    successor: str
    is_lost: bool
    since_ms: int
    left_fen: int
    subsidy_left_fen: int
    borne: int
    borne_fen: int
    provided_fen: int
    waiting: tuple[Waiting, ...]
    written_off: int
    due: frozenset[bytes]
    proposed: dict[bytes, int]

    @property
    def is_open(self) -> bool:
        """Is there anything left to be decided?"""
        return self.frozen_fen > 0

    @property
    def frozen_fen(self) -> int:
        """Of both purses."""
        return self.left_fen + self.subsidy_left_fen


def standing(db: Database, now: Now) -> list[Standing]:
    """Those that were lost or replaced last first, of which something is left. Inside of a snapshot."""
    rows = db.run(_CARDS, (CARDS_MAX,))
    waiting = [one for one in two_persons.waiting(db, now.unix_ms) if one.kind is ProposalKind.WRITE_OFF]
    there = fleet(db)
    found = [_standing(db, now, waiting, there, bytes(card), *rest) for card, *rest in rows]
    return [one for one in found if one.is_lost or one.is_open or one.borne]


def stand(writing: Writing) -> None:
    """Tell the write-offs that stand by themselves from now on. Inside of a transaction."""
    told: dict[tuple[bytes, int], set[bytes]] = {}
    for card, deed, device in writing.db.run("SELECT card, deed, device FROM write_off_due"):
        told.setdefault((bytes(card), deed), set()).add(bytes(device))
    for one in standing(writing.db, writing.now):
        new = one.due - told.get((one.card, one.deed), set())
        fresh = [w.terminal for w in one.waiting if w.terminal.device in new]
        if fresh and one.is_open:
            rows = [(one.card, terminal.device, one.deed, writing.now.unix_ms) for terminal in fresh]
            writing.db.insert("write_off_due", "card, device, deed, at_ms", rows)
            fen = possible_fen(writing, one.card)
            writing.notes.tell(WriteOffDue(one.label, fresh[0].name, len(fresh), fen), device=fresh[0].device)


def _standing(
    db: Database, now: Now, proposals: list[Proposal], there: Fleet, card: bytes, label: str, purse: int,
    subsidy: int, since_ms: int, successor: str,
) -> Standing:  # fmt: skip
    deed = frozen_by(db, card)
    left_fen, subsidy_fen = (max(0, balance_now(db, one, Side.CREDIT)) for one in (purse, subsidy))
    waiting = tuple(waits_for(db, card, since_ms, there)) if left_fen or subsidy_fen else ()
    offers = [(one.number, read_offer(one.document)) for one in proposals]
    mine = [(number, offer) for number, offer in offers if (offer.card, offer.deed) == (card, deed)]
    proposed = {device: number for number, offer in mine for device in offer.devices}
    due = frozenset(one.terminal.device for one in waiting if one.is_due(since_ms, now)) - proposed.keys()
    standing_losses = [one for one in losses(db, [card]) if one.undone is None]
    return Standing(
        card, deed, label, successor, must_refuse(db, card), since_ms, left_fen, subsidy_fen, len(standing_losses),
        sum(one.fen for one in standing_losses), max(0, provided_left(db, card)), waiting,
        len(written_off(db, card)), due, proposed,
    )  # fmt: skip
