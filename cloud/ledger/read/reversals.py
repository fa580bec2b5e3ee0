"""Reversals of account payments that are held: what two persons look at. Inside of a snapshot."""

from dataclasses import dataclass

from cloud.ledger.held.reversals import held_reversals
from cloud.ledger.journal.registry import read_registry
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
    cases, registry = held_reversals(db), read_registry(db)
    found = []
    for case in cases:
        device, _, request = split_key(case.key)
        card, body = registry.cards.get(case.card), registry.devices.get(device)
        label, name = card.label if card else "", body.name if body else device.hex()
        found.append(
            ReversalView(case.reversal or 0, case.card, label, case.amount_fen, name, request, case.record is not None)
        )
    return found
