"""Orders about a terminal, by two persons: it stands at another box now, or a high epoch of it counts.

A box says of itself which terminals it has, so it cannot be the one to say that a terminal of another box has come to
it. Refuses a move from where the terminal is not, to where nobody is, and an epoch that needs no order.
"""

from enum import StrEnum
from typing import NamedTuple

from cloud.ledger.fleet.epochs import highest_given, is_ahead
from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.move_rows import Moved, add_move, let_through, next_move
from cloud.ledger.journal.registry import Device, touch_registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.marks import Mark, unpack_ranges
from cloud.store.db import Database
from shared.errors import WireFault
from shared.facts.desks import DeviceMoved, DeviceMoveProposed, DeviceOrderRejected, EpochLetThrough, EpochProposed
from shared.wire import codec
from shared.wire.messages import EPOCH_MAX
from shared.words.voice import Text

RING_MAX = 32_767
"""Slots of a terminal's ring (RECORDS): more than so many above what is here it cannot have made without a box."""
ORDERS = frozenset({ProposalKind.MOVE, ProposalKind.EPOCH})


class Order(StrEnum):
    """Frozen texts: they stand in documents."""

    MOVE = "move"
    EPOCH = "epoch"


class Move(NamedTuple):
    """What a proposal's document says: from where to where."""

    device: bytes
    former: str
    box: str

    def to_bytes(self) -> bytes:
        return codec.dumps([str(Order.MOVE), *self])


class Epoch(NamedTuple):
    """What a proposal's document says: an epoch that is to count as one that the ledger gave."""

    device: bytes
    epoch: int

    def to_bytes(self) -> bytes:
        return codec.dumps([str(Order.EPOCH), *self])


def read_move(document: bytes) -> Move:
    """WireFault for a document that is none."""
    order, *fields = codec.fields(codec.loads(document), str, bytes, str, str, what="move")
    if order != Order.MOVE:
        raise WireFault("move: another order")
    return Move(*fields)


def read_epoch(document: bytes) -> Epoch:
    """WireFault for a document that is none."""
    order, *fields = codec.fields(codec.loads(document), str, bytes, int, what="epoch")
    if order != Order.EPOCH:
        raise WireFault("epoch: another order")
    return Epoch(*fields)


def propose_move(writing: Writing, device: bytes, box: str, who: str, reason: str) -> Proposal:
    """Inside of a transaction. ProposalRefused."""
    body = _require_device(writing, device)
    if box not in writing.registry.boxes:
        raise ProposalRefused(Text(f"没有网关 {box}", f"there is no box {box}"))
    if body.box == box:
        raise ProposalRefused(Text(f"终端 {body.name} 已在 {box}", f"{body.name} is at {box} already"))
    made = two_persons.propose(writing, ProposalKind.MOVE, Move(device, body.box, box).to_bytes(), who, reason)
    told = DeviceMoveProposed(made.number, body.name, body.box, box, made.maker, made.reason)
    writing.notes.tell(told, device=device)
    return made


def propose_epoch(writing: Writing, device: bytes, epoch: int, who: str, reason: str) -> Proposal:
    """Inside of a transaction. ProposalRefused."""
    body = _require_device(writing, device)
    given = highest_given(writing.db, device)
    if not is_ahead(epoch, given) or epoch >= EPOCH_MAX:
        raise ProposalRefused(
            Text(
                f"存储代须比 {given} 大 16 以上，且小于 {EPOCH_MAX}",
                f"an epoch more than 16 above {given}, below {EPOCH_MAX}",
            )
        )
    made = two_persons.propose(writing, ProposalKind.EPOCH, Epoch(device, epoch).to_bytes(), who, reason)
    writing.notes.tell(EpochProposed(made.number, body.name, epoch, made.maker, made.reason), device=device)
    return made


def confirm_order(writing: Writing, number: int, who: str) -> Decided:
    """Inside of a transaction. It counts when that is committed. ProposalRefused."""
    decided = two_persons.confirm(writing, _ordered(writing, number).number, who)
    if decided.again:
        return decided
    do = _move if decided.proposal.kind is ProposalKind.MOVE else _let
    do(writing, decided.proposal, decided.proposal.decision.checker if decided.proposal.decision else "")
    return decided


def reject_order(writing: Writing, number: int, who: str, reason: str) -> Decided:
    """Inside of a transaction. All stays as it is. ProposalRefused."""
    decided = two_persons.reject(writing, _ordered(writing, number).number, who, reason)
    one = decided.proposal
    if not decided.again and one.decision is not None:
        device = _device_of(one)
        name = writing.registry.devices[device].name
        writing.notes.tell(DeviceOrderRejected(number, name, one.maker, one.decision.checker), device=device)
    return decided


def made_of(db: Database, device: bytes) -> dict[int, int]:
    """The last sequence of each of its epochs: as its own STATUS has told it, or as it is here.

    Of what a STATUS tells no more is believed than a ring holds above what is here.
    """
    rows = db.run("SELECT epoch, cumulative, ranges, last_seq FROM device_mark WHERE device = ?", (device,))
    here = {epoch: max(Mark(low, unpack_ranges(raw)).highest(), last) for epoch, low, raw, last in rows}
    told = dict[int, int](db.run("SELECT epoch, last FROM epoch_status WHERE device = ?", (device,)))
    return {
        epoch: max(here.get(epoch, 0), min(told.get(epoch, 0), here.get(epoch, 0) + RING_MAX))
        for epoch in sorted(here.keys() | told.keys())
    }


def _move(writing: Writing, one: Proposal, checker: str) -> None:
    move = read_move(one.document)
    body = _require_device(writing, move.device)
    if body.box != move.former:
        raise ProposalRefused(
            Text(f"终端 {body.name} 已不在 {move.former}", f"{body.name} is not at {move.former} any more")
        )
    upto = made_of(writing.db, move.device)
    number = next_move(writing.db)
    add_move(writing.db, Moved(number, move.device, move.former, move.box, one.number, writing.now.unix_ms, upto))
    touch_registry(writing.db)
    told = DeviceMoved(one.number, body.name, move.former, move.box, max(upto.values(), default=0), one.maker, checker)
    writing.notes.tell(told, device=move.device)


def _let(writing: Writing, one: Proposal, checker: str) -> None:
    epoch = read_epoch(one.document)
    if not is_ahead(epoch.epoch, highest_given(writing.db, epoch.device)):
        raise ProposalRefused(Text(f"提议 {one.number} 已无需要", f"proposal {one.number} is not needed any more"))
    let_through(writing.db, epoch.device, epoch.epoch, one.number)
    name = writing.registry.devices[epoch.device].name
    writing.notes.tell(EpochLetThrough(one.number, name, epoch.epoch, one.maker, checker), device=epoch.device)


def _device_of(one: Proposal) -> bytes:
    return read_move(one.document).device if one.kind is ProposalKind.MOVE else read_epoch(one.document).device


def _ordered(writing: Writing, number: int) -> Proposal:
    found = two_persons.proposal(writing.db, number)
    if found.kind not in ORDERS:
        raise ProposalRefused(Text(f"提议 {number} 不是终端的指令", f"proposal {number} is no order about a terminal"))
    return found


def _require_device(writing: Writing, device: bytes) -> Device:
    found = writing.registry.devices.get(device)
    if found is None:
        raise ProposalRefused(Text(f"没有终端 {device.hex()}", f"there is no terminal {device.hex()}"))
    return found
