"""Orders about terminals against the words of two persons: each that was confirmed is done, and none without a word."""

from cloud.ledger.checks.check import Check
from cloud.ledger.held import two_persons
from cloud.ledger.held.orders import ORDERS, read_epoch, read_move
from cloud.ledger.held.two_persons import Outcome, Proposal, ProposalKind
from cloud.ledger.journal.move_rows import read_let, read_moves
from cloud.store.db import Database
from shared.errors import WireFault

NAME = "device-orders"
Done = dict[int, tuple[object, ...]]
"""Proposal → what was done."""


def check_orders(db: Database) -> Check:
    """Every move, every epoch that was let through, and every confirmed order."""
    done: Done = {moved.proposal: (moved.device, moved.former, moved.box) for moved in read_moves(db)}
    done |= {proposal: (device, epoch) for device, epoch, proposal in read_let(db)}
    orders = {one.number: one for one in two_persons.proposals(db) if one.kind in ORDERS}
    broken = next((fault for number in sorted({*done, *orders}) if (fault := _fault(number, done, orders))), "")
    return Check(NAME, len(orders), broken)


def _fault(number: int, done: Done, orders: dict[int, Proposal]) -> str:
    one = orders.get(number)
    if one is None or one.decision is None or one.decision.outcome is not Outcome.CONFIRMED:
        return f"proposal {number}: was done and is not confirmed" if number in done else ""
    if done.get(number) != _said(one):
        return f"proposal {number}: what was done is not what was confirmed"
    return ""


def _said(one: Proposal) -> tuple[object, ...] | None:
    try:
        return tuple(read_move(one.document) if one.kind is ProposalKind.MOVE else read_epoch(one.document))
    except WireFault:
        return None
