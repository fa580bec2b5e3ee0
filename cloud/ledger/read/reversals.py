"""Reversals of account payments that are held: what two persons look at. Inside of a snapshot."""

from dataclasses import dataclass

from cloud.ledger.held.reversals import held_reversals
from cloud.ledger.records.arrival import split_key
from cloud.store.db import Database


@dataclass(frozen=True, slots=True)
class ReversalView:
    """record: the reversal's number. said_paid: the terminal has a record that it was paid, too."""

    record: int
    card: bytes
    label: str
    amount_fen: int
    terminal: str
    request: int
    said_paid: bool


def read_held_reversals(db: Database) -> list[ReversalView]:
    """Oldest first."""
    cases = held_reversals(db)
    if not cases:
        return []
    labels: dict[bytes, str] = dict(db.find("SELECT card, label FROM card WHERE card", [one.card for one in cases]))
    keys = [split_key(one.key) for one in cases]
    devices = list({bytes(device) for device, _, _ in keys})
    names: dict[bytes, str] = dict(db.find("SELECT device, name FROM device WHERE device", devices))
    return [
        ReversalView(
            one.reversal or 0, one.card, labels.get(one.card, ""), one.amount_fen, names.get(device, device.hex()),
            request, one.record is not None,
        )
        for one, (device, _, request) in zip(cases, keys, strict=True)
    ]  # fmt: skip
