"""The money lane: records up, signed ledger acks down. Frozen values with one encoding each.

Ranges are inclusive pairs. Refuses, with WireFault, what is malformed; signatures and records are judged elsewhere.
"""

from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.ids import BoxId, DeviceId, LedgerId, StoreId
from shared.records import STORED_HEAD, WIRE_MAX
from shared.wire import codec, topics
from shared.wire.form import fields
from shared.wire.form.layout import Field, Layout, Message
from shared.wire.tags import FORM_1, FORM_2, FORM_MAX, Tag

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
    return BATCH.encode(m)


def decode_batch(message: bytes) -> Batch:
    """WireFault when malformed. An undecodable *record* inside is the ledger's matter, not the codec's."""
    return BATCH.decode(message)


def encode_ack_body(m: AckBody) -> bytes:
    """The bytes that are signed."""
    return codec.dumps(ACK_BODY.row(m))


def decode_ack_body(raw: bytes) -> AckBody:
    """WireFault when malformed. Check the signature first."""
    return ACK_BODY.value(codec.loads(raw))


def encode_ack(m: SignedAck) -> bytes:
    """Bytes of a SignedAck."""
    return ACK.encode(m)


def decode_ack(message: bytes) -> SignedAck:
    """WireFault when malformed; the signature is not checked here."""
    return ACK.decode(message)


def _records(raw: list[Any]) -> tuple[bytes, ...]:
    if not 1 <= len(raw) <= BATCH_MAX:
        raise WireFault(f"batch: 1..{BATCH_MAX} records")
    for one in raw:
        if not isinstance(one, bytes) or len(one) > STORED_HEAD + WIRE_MAX:
            raise WireFault("batch: a record is not bytes of bounded size")
    return tuple(raw)


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


def _ranges_field(name: str) -> Field:
    return Field(name, list, f"up to {RANGES_MAX} × [low, high]", _ranges, _pairs)


_HEADS = Layout(
    "heads", Heads, fields.octets("chain", CHAIN_HASH_SIZE, CHAIN_HASH_SIZE), fields.whole("number", least=0),
    fields.octets("book", CHAIN_HASH_SIZE, CHAIN_HASH_SIZE),
)  # fmt: skip
_MARK = Layout(
    "device mark", DeviceMark, fields.device(), fields.epoch(), fields.whole("cumulative"), _ranges_field("ranges")
)
_STORE, _LEDGER, _DEVICE = StoreId(b"store--1"), LedgerId(b"ledger-1"), DeviceId(b"\0\1\0\0\0\1")
_ACKED = AckBody(
    _LEDGER, 42, 17, BoxId("canteen-1"), _STORE, 900, ((905, 910),), (DeviceMark(_DEVICE, 1, 40, ((42, 44),)),), 2048,
    ((3, 4),), Heads(b"c" * CHAIN_HASH_SIZE, 5, b"b" * CHAIN_HASH_SIZE),
)  # fmt: skip

BATCH = Message(
    Tag.BATCH, topics.UP_MONEY,
    Layout(
        "batch", Batch, fields.store(), fields.whole("first_row", least=1),
        fields.listed("records", f"{STORED_HEAD + WIRE_MAX} bytes", BATCH_MAX, _records),
        later=(fields.whole("form", FORM_MAX, FORM_2),), absent=(FORM_1,),
    ),
    (Batch(_STORE, 5, (b"record", b"another"), FORM_2), Batch(_STORE, 5, (b"record", b"another"))),
)  # fmt: skip
ACK_BODY = Layout(
    "ack body", AckBody, fields.ledger(), fields.whole("partition"), fields.whole("number"), fields.box(),
    fields.store(), fields.whole("row_cumulative"), _ranges_field("row_ranges"),
    fields.rows("devices", _MARK), fields.whole("credit"),
    later=(
        _ranges_field("apart"),
        Field(
            "heads", list, "nothing, or chain 32 bytes, number, book 32 bytes",
            lambda row: _HEADS.value(row) if row else None, lambda heads: _HEADS.row(heads) if heads else [],
        ),
    ),
    absent=((), None),
)  # fmt: skip
ACK = Message(
    Tag.ACK, topics.DOWN_MONEY, Layout("ack", SignedAck, fields.octets("body"), fields.signature()),
    (SignedAck(encode_ack_body(_ACKED), bytes(fields.SIGNATURE_SIZE)),),
)  # fmt: skip
