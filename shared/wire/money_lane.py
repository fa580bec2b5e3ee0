"""The money lane: records up, signed ledger acks down. Frozen values with one encoding each.

Ranges are inclusive pairs. Refuses, with WireFault, what is malformed; signatures and records are judged elsewhere.
"""

from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.ids import BoxId, DeviceId, LedgerId, StoreId, box_id, device_id, ledger_id, store_id
from shared.records import STORED_HEAD, WIRE_MAX
from shared.wire import codec
from shared.wire.tags import EPOCH_MAX, FORM_1, Tag, later_form, tagged, within

BATCH_MAX = 1000
"""Most records of one money message."""
RANGES_MAX = 64
"""Most ranges of one ack row; what does not fit is simply not acknowledged yet."""
CHAIN_HASH_SIZE = 32

Range = tuple[int, int]


class Batch(NamedTuple):
    """up/money. Stored records of contiguous outbox sequence first_row, first_row+1, … form: what the box speaks."""

    store: StoreId
    first_row: int
    records: tuple[bytes, ...]
    form: int = FORM_1


class DeviceMark(NamedTuple):
    """What the ledger holds of one (device, epoch): all up to `cumulative`, and `ranges` above it."""

    device: DeviceId
    epoch: int
    cumulative: int
    ranges: tuple[Range, ...] = ()


class Heads(NamedTuple):
    """Where the ledger's chains stand, for boxes to bear witness of it (RECORDS "Acks").

    chain: hash of the ack's own number in its partition. number, book: number and hash of the newest link of the
    book-only chain. Before the first of either: number 0, a hash of zeros.
    """

    chain: bytes
    number: int
    book: bytes


class AckBody(NamedTuple):
    """down/money, signed. Names what the ledger has committed, never what it has merely received.

    number: the ledger's batch number within `partition`. rows: outbox rows of (box, store) committed:
    all up to row_cumulative, and row_ranges above. devices: marks of the devices that this ack touches.
    credit: records that the box may have unacknowledged in flight from now on.
    apart: those of the rows that are answered without their device: they settle by themselves, no SETTLED follows.
    heads: of the ledger's chains. A body with neither has form 1, which is all that a box of release 0.1 reads.
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
    apart: tuple[Range, ...] = ()
    heads: Heads | None = None


class SignedAck(NamedTuple):
    """down/money. `body` is the bare CBOR of an AckBody; `signature` is Ed25519 over ACK_CONTEXT ‖ body."""

    body: bytes
    signature: bytes


ACK_CONTEXT = b"openykt ledger ack v1\0"


def encode_batch(m: Batch) -> bytes:
    """Bytes of a Batch."""
    form = [] if m.form == FORM_1 else [m.form]
    return codec.pack([Tag.BATCH, m.store, m.first_row, list(m.records), *form])


def decode_batch(message: bytes) -> Batch:
    """WireFault when malformed. An undecodable *record* inside is the ledger's matter, not the codec's."""
    body = codec.unpack(message)
    types = _BATCH if len(body) == len(_BATCH) else (*_BATCH, int)
    tag, store, first, records, *form = codec.fields(body, *types, what="batch")
    if tag != Tag.BATCH:
        raise WireFault(f"tag {tag}, expected BATCH")
    if not 1 <= len(records) <= BATCH_MAX or first < 1:
        raise WireFault("batch: 1..1000 records from row 1 on")
    for raw in records:
        if not isinstance(raw, bytes) or len(raw) > STORED_HEAD + WIRE_MAX:
            raise WireFault("batch: a record is not bytes of bounded size")
    return Batch(store_id(store), first, tuple(records), later_form(form))


def encode_ack_body(m: AckBody) -> bytes:
    """The bytes that are signed."""
    devices = [[d.device, d.epoch, d.cumulative, _pairs(d.ranges)] for d in m.devices]
    rows = m.row_cumulative, _pairs(m.row_ranges)
    return codec.dumps(
        [m.ledger, m.partition, m.number, m.box, m.store, *rows, devices, m.credit, *_form_2(m.apart, m.heads)]
    )


def decode_ack_body(raw: bytes) -> AckBody:
    """WireFault when malformed. Check the signature first."""
    body = codec.loads(raw)
    types = _ACK if len(body) == len(_ACK) else (*_ACK, list, list)
    ledger, partition, number, box, store, rows, ranges, devices, credit, *later = codec.fields(
        body, *types, what="ack"
    )
    marks = tuple(map(_mark, devices))
    apart, heads = (_ranges(later[0]), _heads(later[1])) if later else ((), None)
    if later and not apart and heads is None:
        raise WireFault("ack: form 2 without anything of form 2")
    of = ledger_id(ledger), partition, number, box_id(box), store_id(store)
    return AckBody(*of, rows, _ranges(ranges), marks, credit, apart, heads)


def encode_ack(m: SignedAck) -> bytes:
    """Bytes of a SignedAck."""
    return codec.pack([Tag.ACK, m.body, m.signature])


def decode_ack(message: bytes) -> SignedAck:
    """WireFault when malformed; the signature is not checked here."""
    _, body, signature = tagged(message, Tag.ACK, int, bytes, bytes)
    if len(signature) != 64:
        raise WireFault("ack: a signature has 64 bytes")
    return SignedAck(body, signature)


_BATCH = (int, bytes, int, list)
_ACK = (bytes, int, int, str, bytes, int, list, list, int)


def _form_2(apart: tuple[Range, ...], heads: Heads | None) -> list[object]:
    if not apart and heads is None:
        return []
    return [_pairs(apart), list(heads) if heads else []]


def _heads(row: list[Any]) -> Heads | None:
    if not row:
        return None
    heads = Heads(*codec.fields(row, bytes, int, bytes, what="heads"))
    if {len(heads.chain), len(heads.book)} != {CHAIN_HASH_SIZE} or heads.number < 0:
        raise WireFault("heads: a hash has 32 bytes, a number begins at 0")
    return heads


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
