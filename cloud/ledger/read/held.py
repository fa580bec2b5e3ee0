"""What is held 待核, as people look at it. Inside of a snapshot; walks the journal: for a command, not a tick."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from cloud.ledger.held import two_persons
from cloud.ledger.held.entries import Held, all_held, held_of_psam
from cloud.ledger.held.releases import read_offer
from cloud.ledger.held.two_persons import ProposalKind
from cloud.ledger.records.judge import Reason
from cloud.store.db import Database

HELD_MAX = 100_000
"""Most that are looked at, the oldest first."""


@dataclass(frozen=True, slots=True)
class HeldView:
    """An entry that waits. time_s: as its record tells, campus seconds. merchant: whose it would be, empty where nobody
    knows. proposal: the one that names it and may be confirmed, or 0."""

    entry: int
    card: bytes
    label: str
    fen: int
    time_s: int
    terminal: str
    merchant: str
    seq: int
    reason: Reason
    proposal: int


def held_views(db: Database, psam: bytes | None, now_ms: int) -> list[HeldView]:
    """Of one PSAM, or all; oldest first."""
    found = list(islice(all_held(db), HELD_MAX)) if psam is None else held_of_psam(db, psam)[:HELD_MAX]
    return views_of(db, found, now_ms)


def views_of(db: Database, found: Sequence[Held], now_ms: int) -> list[HeldView]:
    """The same as people look at it."""
    cards = list({one.arrival.record.card for one in found if one.arrival.record is not None})
    labels: dict[bytes, str] = dict(db.find("SELECT card, label FROM card WHERE card", cards)) if cards else {}
    devices = list({bytes(one.arrival.device) for one in found})
    rows = db.find("SELECT device, name, merchant FROM device WHERE device", devices) if devices else []
    bodies = {device: (name, merchant) for device, name, merchant in rows}
    named = _named(db, now_ms)
    return [_view(one, labels, bodies.get(one.arrival.device, ("", "")), named.get(one.entry, 0)) for one in found]


def _named(db: Database, now_ms: int) -> dict[int, int]:
    """Entry → the proposal that names it and may still be confirmed."""
    waiting = [one for one in two_persons.waiting(db, now_ms) if one.kind is ProposalKind.HELD]
    return {entry: one.number for one in waiting for entry in read_offer(one.document).entries}


def _view(one: Held, labels: dict[bytes, str], body: tuple[str, str], proposal: int) -> HeldView:
    record = one.arrival.record
    card, time_s = (record.card, record.time) if record is not None else (b"", 0)
    terminal, merchant = body
    return HeldView(
        one.entry, card, labels.get(card, ""), one.fen, time_s, terminal or one.arrival.device.hex(), merchant,
        one.arrival.seq, one.reason, proposal,
    )  # fmt: skip
