"""One box's life with us as a value: its open code, every certificate it was given, whether it is revoked. Pure.

A code is bound to the first key that proves it: asked again by that key, however late, the same certificate is the
answer; by another key it is refused, and told. So a box that was killed at any moment simply asks again.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from shared.errors import WireFault
from shared.wire import codec
from shared.wire.enrol.messages import Why

WRONG_MAX = 5
"""Wrong proofs that one code may see; then it is worth nothing."""
STOLEN_MAX = 99
"""Up to which it is counted how often another key came with the right code: more writes nothing."""
ISSUED_MAX = 64
"""Certificates of one box that are remembered, the revoked ones first to go: their serials stand on the list."""


class Step(StrEnum):
    """Where a code stands. Words of the file: never changed."""

    OPEN = "open"
    WAITING = "waiting"
    """A key has come, and a person has to compare its words."""
    APPROVED = "approved"
    ISSUED = "issued"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Order:
    """A code that was given out. spki: the key it is bound to (DER), empty: none yet. Unix seconds.

    approve: words are compared although the box has a pin. stolen: another key came with the right code.
    """

    id: str
    key: bytes = field(repr=False)
    who: str
    made_s: int
    expires_s: int
    approve: bool = False
    step: Step = Step.OPEN
    wrong: int = 0
    stolen: int = 0
    spki: bytes = b""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that we gave. revoked_s 0: it counts."""

    serial: int
    spki: bytes
    at_s: int
    ends_s: int
    certificate: bytes
    revoked_s: int = 0


@dataclass(frozen=True, slots=True)
class BoxRecord:
    """All of one box. owed: a session of a revoked certificate may live still; cut: the list that the last one was cut
    by."""

    box: str
    order: Order | None = None
    issued: tuple[Issued, ...] = ()
    revoked_s: int = 0
    reason: str = ""
    owed: bool = False
    cut: int = 0

    @property
    def current(self) -> Issued | None:
        """The newest that counts."""
        return next((one for one in reversed(self.issued) if not one.revoked_s), None)

    @property
    def revoked(self) -> dict[int, int]:
        """Serial → since when."""
        return {one.serial: one.revoked_s for one in self.issued if one.revoked_s}

    def known(self, serial: int) -> Issued | None:
        """One that we gave."""
        return next((one for one in self.issued if one.serial == serial), None)


@dataclass(frozen=True, slots=True)
class Sign:
    """Sign this key's request."""


@dataclass(frozen=True, slots=True)
class Again:
    """It has its certificate: say it again."""

    certificate: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """A person has to compare words."""


Outcome = Sign | Again | Wait | Why


def add_order(record: BoxRecord, order: Order) -> BoxRecord:
    """A new code; the one before it is worth nothing from now on."""
    return replace(record, order=order)


def asked(record: BoxRecord, spki: bytes, now_s: int, *, proven: bool, typed: bool) -> tuple[BoxRecord, Outcome]:
    """A key came with this box's code. The record is to be kept whatever the outcome is."""
    order = record.order
    if order is None:
        return record, Why.CODE
    if order.wrong >= WRONG_MAX:
        return record, Why.LOCKED
    if not proven:
        return replace(record, order=replace(order, wrong=order.wrong + 1)), Why.CODE
    if order.step is Step.CANCELLED:
        return record, Why.CODE
    if order.spki and order.spki != spki:
        return replace(record, order=replace(order, stolen=min(order.stolen + 1, STOLEN_MAX))), Why.USED
    if order.step is Step.ISSUED:
        return record, _again(record, spki)
    if order.step is Step.REJECTED:
        return record, Why.REJECTED
    if now_s >= order.expires_s:
        return record, Why.EXPIRED
    return _bound(record, order, spki, typed=typed)


def _bound(record: BoxRecord, order: Order, spki: bytes, *, typed: bool) -> tuple[BoxRecord, Outcome]:
    needs = (typed or order.approve) and order.step is not Step.APPROVED
    step = Step.WAITING if needs else Step.APPROVED
    return replace(record, order=replace(order, spki=spki, step=step)), Wait() if needs else Sign()


def _again(record: BoxRecord, spki: bytes) -> Outcome:
    current = record.current
    return Again(current.certificate) if current is not None and current.spki == spki else Why.REVOKED


def compared(record: BoxRecord, spki: bytes, *, same: bool) -> BoxRecord:
    """A person compared the words of this key. WireFault when no such key waits."""
    order = record.order
    if order is None or order.step is not Step.WAITING or order.spki != spki:
        raise WireFault("no such key waits")
    return replace(record, order=replace(order, step=Step.APPROVED if same else Step.REJECTED))


def cancelled(record: BoxRecord) -> BoxRecord:
    """Its code is worth nothing any more; one that was used stays what it was."""
    order = record.order
    if order is None or order.step is Step.ISSUED:
        return record
    return replace(record, order=replace(order, step=Step.CANCELLED))


def enrolled(record: BoxRecord, issued: Issued) -> BoxRecord:
    """It has this certificate now, and those of the keys before it count no more: a place has one box."""
    order = record.order
    before = tuple(one if one.revoked_s else replace(one, revoked_s=issued.at_s) for one in record.issued)
    done = replace(order, step=Step.ISSUED) if order is not None else None
    return BoxRecord(record.box, done, _kept((*before, issued)), owed=before != record.issued or record.owed)


def renewed(record: BoxRecord, issued: Issued) -> BoxRecord:
    """A further certificate of the same key; the old one counts until it ends."""
    return replace(record, issued=_kept((*record.issued, issued)))


def adopted(record: BoxRecord, issued: Issued) -> BoxRecord:
    """One that was made before there was a register, or by `provision certificate renew`."""
    return record if record.known(issued.serial) else replace(record, issued=_kept((*record.issued, issued)))


def revoked(record: BoxRecord, now_s: int, reason: str) -> BoxRecord:
    """Every certificate and the open code: nothing of it comes in any more."""
    issued = tuple(one if one.revoked_s else replace(one, revoked_s=now_s) for one in record.issued)
    return replace(cancelled(record), issued=issued, revoked_s=now_s, reason=reason, owed=True)


def cut_off(record: BoxRecord, number: int) -> BoxRecord:
    """Its session was taken from it while the list of this number was proved."""
    return replace(record, owed=False, cut=number)


def _kept(issued: tuple[Issued, ...]) -> tuple[Issued, ...]:
    spare = len(issued) - ISSUED_MAX
    if spare <= 0:
        return issued
    gone = [one for one in issued if one.revoked_s][:spare]
    return tuple(one for one in issued if one not in gone)


def encode(record: BoxRecord) -> bytes:
    """For its file."""
    order = record.order
    rows = [[one.serial.to_bytes(20, "big"), one.spki, one.at_s, one.ends_s, one.certificate, one.revoked_s]
            for one in record.issued]  # fmt: skip
    row = None if order is None else [
        order.id, order.key, order.who, order.made_s, order.expires_s, order.approve, order.step.value, order.wrong,
        order.stolen, order.spki,
    ]  # fmt: skip
    return codec.pack([record.box, row, rows, record.revoked_s, record.reason, record.owed, record.cut])


def decode(raw: bytes) -> BoxRecord:
    """WireFault."""
    body = codec.fields(
        codec.unpack_file(raw), str, (list, type(None)), list, int, str, bool, int, what="register of a box"
    )  # fmt: skip
    box, row, rows, revoked_s, reason, owed, cut = body
    return BoxRecord(box, _order(row), tuple(map(_issued, rows)), revoked_s, reason, owed, cut)


def _order(row: list[object] | None) -> Order | None:
    if row is None:
        return None
    types = str, bytes, str, int, int, bool, str, int, int, bytes
    id_, key, who, made_s, expires_s, approve, step, wrong, stolen, spki = codec.fields(row, *types, what="code")
    try:
        return Order(id_, key, who, made_s, expires_s, approve, Step(step), wrong, stolen, spki)
    except ValueError as fault:
        raise WireFault(f"code: {step}") from fault


def _issued(row: list[object]) -> Issued:
    serial, *rest = codec.fields(row, bytes, bytes, int, int, bytes, int, what="certificate")
    return Issued(int.from_bytes(serial, "big"), *rest)
