"""The money lane: records up, signed ledger acks down. Frozen values with one encoding each.

Ranges are inclusive pairs. Refuses, with WireFault, what is malformed; signatures and records are judged elsewhere.
"""

from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.ids import BoxId, DeviceId, LedgerId, StoreId, box_id, device_id, ledger_id, store_id
from shared.records import STORED_HEAD, WIRE_MAX
from shared.wire import codec
from shared.wire.tags import EPOCH_MAX, Tag, tagged, within

BATCH_MAX = 1000
"""Most records of one money message."""
RANGES_MAX = 64
"""Most ranges of one ack row; what does not fit is simply not acknowledged yet."""

Range = tuple[int, int]


class Batch(NamedTuple):
    """up/money. Stored records of contiguous outbox sequence first_row, first_row+1, …"""

    store: StoreId
    first_row: int
    records: tuple[bytes, ...]


class DeviceMark(NamedTuple):
    """What the ledger holds of one (device, epoch): all up to `cumulative`, and `ranges` above it."""

    device: DeviceId
    epoch: int
    cumulative: int
    ranges: tuple[Range, ...] = ()


class AckBody(NamedTuple):
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


class SignedAck(NamedTuple):
    """down/money. `body` is the bare CBOR of an AckBody; `signature` is Ed25519 over ACK_CONTEXT ‖ body."""

    body: bytes
    signature: bytes


ACK_CONTEXT = b"openykt ledger ack v1\0"


def encode_batch(m: Batch) -> bytes:
    """Bytes of a Batch."""
    return codec.pack([Tag.BATCH, m.store, m.first_row, list(m.records)])


def decode_batch(message: bytes) -> Batch:
    """WireFault when malformed. An undecodable *record* inside is the ledger's matter, not the codec's."""
    _, store, first, records = tagged(message, Tag.BATCH, int, bytes, int, list)
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
    marks = tuple(map(_mark, devices))
    return AckBody(
        ledger_id(ledger), partition, number, box_id(box), store_id(store), rows, _ranges(ranges), marks, credit
    )


def encode_ack(m: SignedAck) -> bytes:
    """Bytes of a SignedAck."""
    return codec.pack([Tag.ACK, m.body, m.signature])


def decode_ack(message: bytes) -> SignedAck:
    """WireFault when malformed; the signature is not checked here."""
    _, body, signature = tagged(message, Tag.ACK, int, bytes, bytes)
    if len(signature) != 64:
        raise WireFault("ack: a signature has 64 bytes")
    return SignedAck(body, signature)


def _mark(row: Any) -> DeviceMark:  # noqa: ANN401  # straight from CBOR
    device, epoch, cumulative, ranges = codec.fields(row, bytes, int, int, list, what="device mark")
    return DeviceMark(device_id(device), within(epoch, EPOCH_MAX), cumulative, _ranges(ranges))


def _pairs(ranges: tuple[Range, ...]) -> list[list[int]]:
    return [[low, high] for low, high in ranges]


def _ranges(raw: list[Any]) -> tuple[Range, ...]:
    if not raw:
        return ()
    if len(raw) > RANGES_MAX:
        raise WireFault("too many ranges")
    pairs = [codec.fields(row, int, int, what="range") for row in raw]
    if any(low > high or low < 1 for low, high in pairs):
        raise WireFault("a range runs backwards")
    return tuple((low, high) for low, high in pairs)
