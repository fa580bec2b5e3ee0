"""Messages between edge and cloud: frozen values with one encoding each (codec.py puts the version byte).

Every message is a CBOR array whose first element is its tag. Lanes: topics.py. Ranges are inclusive pairs.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from shared.errors import WireFault
from shared.ids import (
    BoxId,
    DeviceId,
    LedgerId,
    PsamId,
    StorageId,
    StoreId,
    box_id,
    device_id,
    ledger_id,
    psam_id,
    storage_id,
    store_id,
)
from shared.records import STORED_HEAD, WIRE_MAX
from shared.wire import codec

BATCH_MAX = 1000
"""Most records of one money message."""
RANGES_MAX = 64
"""Most ranges of one ack row; what does not fit is simply not acknowledged yet."""
PAYLOAD_MAX = 1024
"""Largest opaque terminal payload of an online request or answer."""
EPOCH_MAX = 0xFFFF

Range = tuple[int, int]


class Tag(IntEnum):
    """First element of each message."""

    BATCH = 1
    ACK = 2
    EPOCH_REQUEST = 3
    EPOCH_ANSWER = 4
    ONLINE_REQUEST = 5
    ONLINE_ANSWER = 6
    RECORD_COPY = 7
    HELLO = 8
    RECOVER = 9
    STATUS = 10
    FACT = 11
    STATE = 12


@dataclass(frozen=True, slots=True)
class Batch:
    """up/money. Stored records of contiguous outbox sequence first_row, first_row+1, …"""

    store: StoreId
    first_row: int
    records: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class DeviceMark:
    """What the ledger holds of one (device, epoch): all up to `cumulative`, and `ranges` above it."""

    device: DeviceId
    epoch: int
    cumulative: int
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class AckBody:
    """down/money, signed. Names what the ledger has committed, never what it has merely received.

    number: the ledger's batch number within `partition`. rows: outbox rows of (box, store) committed:
    all up to row_cumulative, and row_ranges above. devices: marks of the devices that this ack touches.
    credit: records that the box may have unacknowledged in flight from now on.
    """

    ledger: LedgerId
    partition: int
    number: int
    box: BoxId
    store: StoreId
    row_cumulative: int
    row_ranges: tuple[Range, ...]
    devices: tuple[DeviceMark, ...]
    credit: int


@dataclass(frozen=True, slots=True)
class SignedAck:
    """down/money. `body` is the bare CBOR of an AckBody; `signature` is Ed25519 over ACK_CONTEXT ‖ body."""

    body: bytes
    signature: bytes


ACK_CONTEXT = b"openykt ledger ack v1\0"


@dataclass(frozen=True, slots=True)
class EpochRequest:
    """up/now. Which epoch has this (device, storage, PSAM)? `highest`: the highest the box knows."""

    request: int
    device: DeviceId
    storage: StorageId
    psam: PsamId
    highest: int


@dataclass(frozen=True, slots=True)
class EpochAnswer:
    """down/now. epoch 0 = refused, with the reason (unknown-device, other-box, psam-moved, unknown-psam, …)."""

    request: int
    device: DeviceId
    storage: StorageId
    psam: PsamId
    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class OnlineRequest:
    """up/now. A terminal's online payload, verbatim; (device, epoch, request) names it for ever."""

    device: DeviceId
    epoch: int
    psam: PsamId
    request: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class OnlineAnswer:
    """down/now. The answer to that request, verbatim to the terminal."""

    device: DeviceId
    epoch: int
    request: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class RecordCopy:
    """up/now. A load record running ahead of its outbox row; it settles nothing."""

    stored: bytes


@dataclass(frozen=True, slots=True)
class Hello:
    """up/now, at each connect. The box's store, what it has settled, and its highest ledger ack verbatim."""

    store: StoreId
    row_settled: int
    row_last: int
    ack: SignedAck | None


@dataclass(frozen=True, slots=True)
class Recover:
    """down/now. The ledger is older than the box's ack: unsettle every row above, and send again."""

    ledger: LedgerId
    store: StoreId
    row_cumulative: int


@dataclass(frozen=True, slots=True)
class EpochStatus:
    """One epoch of a terminal's STATUS: oldest unsettled, last written, settled seq; open slots."""

    epoch: int
    psam: PsamId
    oldest: int
    last: int
    settled: int
    open_slots: int


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """up/now. A terminal's STATUS: completeness stands on it, not on clocks."""

    device: DeviceId
    epochs: tuple[EpochStatus, ...]
    hotlist_version: int
    parameter_version: int
    slots_left: int
    clock_set: bool
    day: int
    day_first_seq: int


@dataclass(frozen=True, slots=True)
class Fact:
    """up/now. Something an alarm rule may want: a code of ours, its level, the device if any, and the text."""

    code: str
    level: str
    at_ms: int
    device: bytes
    text: str


@dataclass(frozen=True, slots=True)
class TerminalState:
    """A terminal as the box sees it now."""

    device: DeviceId
    address: str
    link: str
    state: str
    heard_ms: int
    last_seq: int
    settled: int
    unsent: int
    open_slots: int


@dataclass(frozen=True, slots=True)
class BoxState:
    """state, retained, every few seconds; the last will is the same with online = False."""

    box: BoxId
    store: StoreId
    at_ms: int
    online: bool
    unsettled: int
    cap: int
    accepted: int
    oldest_unsettled_ms: int
    faults: int
    terminals: tuple[TerminalState, ...] = field(default=())


def encode_batch(m: Batch) -> bytes:
    """Bytes of a Batch."""
    return codec.pack([Tag.BATCH, m.store, m.first_row, list(m.records)])


def decode_batch(message: bytes) -> Batch:
    """WireFault when malformed. An undecodable *record* inside is the ledger's matter, not the codec's."""
    _, store, first, records = _tagged(message, Tag.BATCH, int, bytes, int, list)
    if not 1 <= len(records) <= BATCH_MAX or first < 1:
        raise WireFault("batch: 1..1000 records from row 1 on")
    for raw in records:
        if not isinstance(raw, bytes) or len(raw) > STORED_HEAD + WIRE_MAX:
            raise WireFault("batch: a record is not bytes of bounded size")
    return Batch(store_id(store), first, tuple(records))


def encode_ack_body(m: AckBody) -> bytes:
    """The bytes that are signed."""
    devices = [[d.device, d.epoch, d.cumulative, _pairs(d.ranges)] for d in m.devices]
    return codec.dumps(
        [m.ledger, m.partition, m.number, m.box, m.store, m.row_cumulative, _pairs(m.row_ranges), devices, m.credit]
    )


def decode_ack_body(raw: bytes) -> AckBody:
    """WireFault when malformed. Check the signature first."""
    ledger, partition, number, box, store, rows, ranges, devices, credit = codec.fields(
        codec.loads(raw), bytes, int, int, str, bytes, int, list, list, int, what="ack"
    )
    marks = tuple(_mark(row) for row in devices)
    return AckBody(
        ledger_id(ledger), partition, number, box_id(box), store_id(store), rows, _ranges(ranges), marks, credit
    )


def encode_ack(m: SignedAck) -> bytes:
    """Bytes of a SignedAck."""
    return codec.pack([Tag.ACK, m.body, m.signature])


def decode_ack(message: bytes) -> SignedAck:
    """WireFault when malformed; the signature is not checked here."""
    _, body, signature = _tagged(message, Tag.ACK, int, bytes, bytes)
    if len(signature) != 64:
        raise WireFault("ack: a signature has 64 bytes")
    return SignedAck(body, signature)


NowUp = EpochRequest | OnlineRequest | RecordCopy | Hello | DeviceStatus | Fact
NowDown = EpochAnswer | OnlineAnswer | Recover


def encode_now(m: NowUp | NowDown) -> bytes:
    """Bytes of any message of the `now` lanes."""
    return codec.pack(_now_body(m))


def decode_now_up(message: bytes) -> NowUp:
    """A message of up/now; WireFault when malformed or not for this lane."""
    return _decode(message, _NOW_UP)  # type: ignore[no-any-return]  # the table below fixes the types


def decode_now_down(message: bytes) -> NowDown:
    """A message of down/now; WireFault when malformed or not for this lane."""
    return _decode(message, _NOW_DOWN)  # type: ignore[no-any-return]  # the table below fixes the types


def encode_state(m: BoxState) -> bytes:
    """Bytes of a BoxState."""
    terminals = [
        [t.device, t.address, t.link, t.state, t.heard_ms, t.last_seq, t.settled, t.unsent, t.open_slots]
        for t in m.terminals
    ]
    return codec.pack(
        [
            Tag.STATE,
            m.box,
            m.store,
            m.at_ms,
            m.online,
            m.unsettled,
            m.cap,
            m.accepted,
            m.oldest_unsettled_ms,
            m.faults,
            terminals,
        ]
    )


def decode_state(message: bytes) -> BoxState:
    """WireFault when malformed."""
    _, box, store, at, online, unsettled, cap, accepted, oldest, faults, terminals = _tagged(
        message, Tag.STATE, int, str, bytes, int, bool, int, int, int, int, int, list
    )
    rows = tuple(_terminal(row) for row in terminals)
    return BoxState(box_id(box), store_id(store), at, online, unsettled, cap, accepted, oldest, faults, rows)


def _now_body(m: NowUp | NowDown) -> list[object]:
    match m:
        case EpochRequest():
            return [Tag.EPOCH_REQUEST, m.request, m.device, m.storage, m.psam, m.highest]
        case EpochAnswer():
            return [Tag.EPOCH_ANSWER, m.request, m.device, m.storage, m.psam, m.epoch, m.reason]
        case OnlineRequest():
            return [Tag.ONLINE_REQUEST, m.device, m.epoch, m.psam, m.request, m.payload]
        case OnlineAnswer():
            return [Tag.ONLINE_ANSWER, m.device, m.epoch, m.request, m.payload]
        case RecordCopy():
            return [Tag.RECORD_COPY, m.stored]
        case Hello():
            ack = [m.ack.body, m.ack.signature] if m.ack else []
            return [Tag.HELLO, m.store, m.row_settled, m.row_last, ack]
        case Recover():
            return [Tag.RECOVER, m.ledger, m.store, m.row_cumulative]
        case DeviceStatus():
            return _status_body(m)
        case Fact():
            return [Tag.FACT, m.code, m.level, m.at_ms, m.device, m.text]


def _status_body(m: DeviceStatus) -> list[object]:
    epochs = [[e.epoch, e.psam, e.oldest, e.last, e.settled, e.open_slots] for e in m.epochs]
    versions = [m.hotlist_version, m.parameter_version, m.slots_left, m.clock_set, m.day, m.day_first_seq]
    return [Tag.STATUS, m.device, epochs, *versions]


def _decode(message: bytes, table: dict[int, Any]) -> Any:  # noqa: ANN401  # typed by the two public functions
    body = codec.unpack(message)
    parse = table.get(body[0]) if body and isinstance(body[0], int) else None
    if parse is None:
        raise WireFault("unknown message tag on this lane")
    return parse(body[1:])


def _epoch_request(b: list[Any]) -> EpochRequest:
    n, device, storage, psam, highest = codec.fields(b, int, bytes, bytes, bytes, int, what="epoch request")
    return EpochRequest(n, device_id(device), storage_id(storage), psam_id(psam), _within(highest, EPOCH_MAX))


def _epoch_answer(b: list[Any]) -> EpochAnswer:
    n, device, storage, psam, epoch, why = codec.fields(b, int, bytes, bytes, bytes, int, str, what="epoch answer")
    return EpochAnswer(n, device_id(device), storage_id(storage), psam_id(psam), _within(epoch, EPOCH_MAX), why)


def _online_request(b: list[Any]) -> OnlineRequest:
    device, epoch, psam, n, payload = codec.fields(b, bytes, int, bytes, int, bytes, what="online request")
    return OnlineRequest(device_id(device), _within(epoch, EPOCH_MAX), psam_id(psam), n, _payload(payload))


def _online_answer(b: list[Any]) -> OnlineAnswer:
    device, epoch, n, payload = codec.fields(b, bytes, int, int, bytes, what="online answer")
    return OnlineAnswer(device_id(device), _within(epoch, EPOCH_MAX), n, _payload(payload))


def _record_copy(b: list[Any]) -> RecordCopy:
    (stored,) = codec.fields(b, bytes, what="record copy")
    return RecordCopy(_payload(stored))


def _hello(b: list[Any]) -> Hello:
    store, settled, last, ack = codec.fields(b, bytes, int, int, list, what="hello")
    signed = SignedAck(*codec.fields(ack, bytes, bytes, what="hello ack")) if ack else None
    return Hello(store_id(store), settled, last, signed)


def _recover(b: list[Any]) -> Recover:
    ledger, store, rows = codec.fields(b, bytes, bytes, int, what="recover")
    return Recover(ledger_id(ledger), store_id(store), rows)


def _status(b: list[Any]) -> DeviceStatus:
    device, epochs, hot, param, left, clock, day, first = codec.fields(
        b, bytes, list, int, int, int, bool, int, int, what="status"
    )
    return DeviceStatus(device_id(device), tuple(map(_epoch_status, epochs)), hot, param, left, clock, day, first)


def _epoch_status(row: Any) -> EpochStatus:  # noqa: ANN401  # straight from CBOR
    epoch, psam, oldest, last, settled, slots = codec.fields(
        _row(row), int, bytes, int, int, int, int, what="epoch status"
    )
    return EpochStatus(_within(epoch, EPOCH_MAX), psam_id(psam), oldest, last, settled, slots)


def _fact(b: list[Any]) -> Fact:
    return Fact(*codec.fields(b, str, str, int, bytes, str, what="fact"))


def _terminal(row: Any) -> TerminalState:  # noqa: ANN401  # straight from CBOR
    device, *rest = codec.fields(_row(row), bytes, str, str, str, int, int, int, int, int, what="terminal state")
    return TerminalState(device_id(device), *rest)


def _mark(row: Any) -> DeviceMark:  # noqa: ANN401  # straight from CBOR
    device, epoch, cumulative, ranges = codec.fields(_row(row), bytes, int, int, list, what="device mark")
    return DeviceMark(device_id(device), _within(epoch, EPOCH_MAX), cumulative, _ranges(ranges))


def _tagged(message: bytes, tag: Tag, *types: type) -> tuple[Any, ...]:
    body = codec.fields(codec.unpack(message), *types, what=tag.name.lower())
    if body[0] != tag:
        raise WireFault(f"tag {body[0]}, expected {tag.name}")
    return body


def _row(value: Any) -> list[Any]:  # noqa: ANN401  # straight from CBOR
    if not isinstance(value, list):
        raise WireFault("a row is an array")
    return value


def _pairs(ranges: tuple[Range, ...]) -> list[list[int]]:
    return [[low, high] for low, high in ranges]


def _ranges(raw: list[Any]) -> tuple[Range, ...]:
    if len(raw) > RANGES_MAX:
        raise WireFault("too many ranges")
    pairs = [codec.fields(_row(row), int, int, what="range") for row in raw]
    if any(low > high or low < 1 for low, high in pairs):
        raise WireFault("a range runs backwards")
    return tuple((low, high) for low, high in pairs)


def _payload(raw: bytes) -> bytes:
    if len(raw) > PAYLOAD_MAX:
        raise WireFault(f"payload of {len(raw)} bytes")
    return raw


def _within(value: int, top: int) -> int:
    if not 0 <= value <= top:
        raise WireFault(f"{value} is not in 0..{top}")
    return value


_NOW_UP: dict[int, Any] = {
    Tag.EPOCH_REQUEST: _epoch_request,
    Tag.ONLINE_REQUEST: _online_request,
    Tag.RECORD_COPY: _record_copy,
    Tag.HELLO: _hello,
    Tag.STATUS: _status,
    Tag.FACT: _fact,
}
_NOW_DOWN: dict[int, Any] = {
    Tag.EPOCH_ANSWER: _epoch_answer,
    Tag.ONLINE_ANSWER: _online_answer,
    Tag.RECOVER: _recover,
}
