"""卡账核对 as somebody asks for it: one card as it stands now, or all that do not close. Inside of a snapshot.

One card is worked out from the books of this moment, not read from the rows of the look, so it is current to the entry.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cloud.ledger.books.chart import Side
from cloud.ledger.findings.closing import Apart, ClosingCounts, Standing, apart, counts, standing_of
from cloud.ledger.findings.found import CardFinding, of_cards
from cloud.ledger.findings.purses import newest_of_purses
from cloud.ledger.findings.rows import MAIN, SUBSIDY
from cloud.ledger.fleet.owing import Fleet, fleet
from cloud.ledger.held.losses.bearing import kept_or_lost
from cloud.ledger.journal.balances import balance
from cloud.ledger.records.arrival import Arrival, arrive
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.records.kinds import PurseRecord

FRESH_MS = 600_000
"""Who was not heard within it may have sold since, and nobody knows."""
OWES_MAX = 64
"""Ranges that are named; more are not."""
SHOWN_MAX = 1_000
"""Purses of the list, the oldest."""


class Owes(NamedTuple):
    """A terminal's range of records that are not here: any of them may be this card's. most_fen: of it, what the card
    can have spent there at most, for its balances say how much is missing. first 0: none is known, it is silent."""

    terminal: str
    place: str
    epoch: int
    first: int
    last: int
    most_fen: int


class PurseNow(NamedTuple):
    """One purse. terminal, place, at_s: where and when it was last known; at_s 0: by no record with a time."""

    label: str
    apart: Apart
    terminal: str
    place: str
    at_s: int


class CardNow(NamedTuple):
    """One card. purses: those of which anything is known."""

    label: str
    purses: tuple[PurseNow, ...]
    owes: tuple[Owes, ...]
    findings: tuple[CardFinding, ...]

    @property
    def closes(self) -> bool:
        """Is nothing late or unexplained?"""
        return not any(one.apart.difference_fen for one in self.purses)


class NotClosing(NamedTuple):
    """All purses that do not close, SHOWN_MAX of them."""

    counts: ClosingCounts
    purses: tuple[PurseNow, ...]


def card_now(db: Database, label: str, now: Now) -> CardNow | None:
    """None: no such card."""
    rows = db.run(
        "SELECT card, opening_fen, purse_account, subsidy_fen, subsidy_account FROM card WHERE label = ?", (label,)
    )
    if not rows:
        return None
    raw, main_fen, main, subsidy_fen, subsidy = rows[0]
    card = bytes(raw)
    accounts = ((MAIN, main_fen, main), (SUBSIDY, subsidy_fen, subsidy))
    steps = newest_of_purses(db, [(card, application) for application, _, _ in accounts])
    special = bool(kept_or_lost(db, [card]))
    found = (
        standing_of(
            db, Standing((card, at), opening, balance(db, account, Side.CREDIT), steps[card, at]), special=special
        )
        for at, opening, account in accounts
    )
    purses = _purses(db, [(label, one) for one in found if one is not None])
    late = -sum(min(0, one.apart.late_fen) for one in purses)
    owes = _owes(fleet(db), late, now)[:OWES_MAX] if late else []
    return CardNow(label, purses, tuple(owes), tuple(of_cards(db, [card])))


def not_closing(db: Database) -> NotClosing:
    """Those of the look: seconds old at most."""
    found = apart(db)[:SHOWN_MAX]
    cards = sorted({one.whose[0] for one in found})
    labels = {bytes(card): name for name, card in db.find("SELECT label, card FROM card WHERE card", cards)}
    return NotClosing(counts(db), _purses(db, [(labels[one.whose[0]], one) for one in found]))


def _purses(db: Database, found: Sequence[tuple[str, Apart]]) -> tuple[PurseNow, ...]:
    """Where and when each was last known, asked for all at once."""
    records = sorted({one.record for _, one in found if one.record is not None})
    stored = {number: bytes(raw) for number, raw in db.find("SELECT id, stored FROM record WHERE id", records)}
    came = {number: arrive(raw) for number, raw in stored.items()}
    devices = sorted({bytes(a.device) for a in came.values()})
    rows = db.find("SELECT device, name, place FROM device WHERE device", devices)
    named = {bytes(device): (name, place) for device, name, place in rows}
    return tuple(_purse(label, one, came.get(one.record or 0), named) for label, one in found)


def _purse(label: str, one: Apart, a: Arrival | None, named: Mapping[bytes, tuple[str, str]]) -> PurseNow:
    if a is None:
        return PurseNow(label, one, "", "", 0)
    name, place = named.get(bytes(a.device), (a.device.hex(), ""))
    return PurseNow(label, one, name, place, a.record.time if isinstance(a.record, PurseRecord) else 0)


def _owes(there: Fleet, late_fen: int, now: Now) -> list[Owes]:
    found = []
    for one in there.rows:
        if not there.has_sold(one.device):
            continue
        found += [Owes(one.name, one.place, one.epoch, low, high, late_fen) for low, high in one.owed]
        if not one.owed and now.unix_ms - one.heard_ms >= FRESH_MS:
            found.append(Owes(one.name, one.place, one.epoch, 0, 0, late_fen))
    return found
