"""Record bytes: what a terminal writes, every store keeps verbatim, and the ledger judges.

RECORDS.md "Bytes". One codec for the whole product. A record is *wire* bytes (57 for a purchase, 69 for a ride, 52
for a load, 47 for a void, 62 for one with a witness); *stored* = device 6 ‖ epoch 2 ‖ PSAM id 6 ‖ wire. Decoding
refuses what it does not know; the refused bytes go to quarantine as they are, never to the floor.
"""

import hashlib
import struct
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple, TypeVar

from shared.errors import WireFault
from shared.ids import CardId, DeviceId, PsamId

VERSION = 1
SEQ_MAX = 0xFFFF_FFFF
WIRE_MAX = 250
"""Longest record that any store or message accepts, all kinds to come included."""
STORED_HEAD = 14
KNOWN_SENDERS = 1024
"""So many heads of stored records are remembered; at the bound the one not seen for longest is read anew."""
HASH_SIZE = 8


class Kind(IntEnum):
    """Record kinds. Numbers without a codec here are reserved by RECORDS.md for later."""

    PURCHASE = 1
    LOAD = 2
    UNLOAD = 3
    COMPOSITE = 4
    VOID = 5
    DECLINE = 6
    UNPROVEN = 7
    RECOVERED = 8
    NOT_DEBITED = 9
    ONLINE = 10
    CODE = 11
    SHIFT_SLIP = 12
    LOAD_UNPROVEN = 13
    LOAD_RECOVERED = 14
    NOT_CREDITED = 15
    WITNESSED_VOID = 16
    """A void 撤销 of form 2: a card stands for it, too."""


PURCHASE_SHAPED = frozenset({Kind.PURCHASE, Kind.COMPOSITE, Kind.UNPROVEN, Kind.RECOVERED, Kind.NOT_DEBITED})
LOAD_SHAPED = frozenset({Kind.LOAD, Kind.LOAD_UNPROVEN, Kind.LOAD_RECOVERED, Kind.NOT_CREDITED})
PROVEN = frozenset({Kind.PURCHASE, Kind.COMPOSITE, Kind.RECOVERED, Kind.LOAD, Kind.LOAD_RECOVERED})
"""Kinds that carry a TAC: the card side posts if it is valid."""
VOIDS = frozenset({Kind.VOID, Kind.WITNESSED_VOID})
NO_TAC = b"\0\0\0\0"
MAC_SIZE = 4


class Proof(IntEnum):
    """Where the TAC came from: the debit's own answer, transaction prove (805A), or nowhere."""

    DEBIT = 0
    PROVE = 1
    NONE = 2


class Pair(IntEnum):
    """Mixed payment in one tap: two purchases, seq n and n+1."""

    ALONE = 0
    FIRST = 1
    SECOND = 2


class Cause(IntEnum):
    """Why a purchase is void 撤销."""

    CASHIER = 1
    """The cashier takes back the last sale, by PIN alone. Terminals of release 0.1 write it."""
    TORN_PAIR = 2
    """A mixed payment was torn between its two purchases: what was paid is given back."""
    OPERATOR = 3
    """A supervisor takes back a sale of the shift; the witness is his operator card 主管卡."""
    SAME_CARD = 4
    """The cashier takes back the newest sale, for its holder; the witness is the card that paid, tapped again."""


class CounterKind(IntEnum):
    """EP has two counters: offline for purchases, online for loads."""

    OFFLINE = 0
    ONLINE = 1


class Flags(NamedTuple):
    """Flags of bytes 2..3: bits 0-1 proof, 2 counter kind, 3-4 pair, 5 online, 6 clock set, 7 claim; the rest zero.

    claim: of loads, a claim 领款: the money came from the pending load 过渡余额 and not from the online account.
    """

    proof: Proof
    counter_kind: CounterKind
    pair: Pair = Pair.ALONE
    online: bool = False
    clock_set: bool = True
    claim: bool = False

    def to_int(self) -> int:
        """The 16-bit field."""
        bits = int(self.online) << 5 | int(self.clock_set) << 6 | int(self.claim) << 7
        return self.proof | self.counter_kind << 2 | self.pair << 3 | bits


@lru_cache(maxsize=128)
def parse_flags(raw: int) -> Flags:
    """Flags of a 16-bit field; WireFault on a reserved bit or value."""
    if raw >> 8 or raw & 3 == 3 or raw >> 3 & 3 == 3:
        raise WireFault(f"unknown record flags {raw:#06x}")
    counter, pair = CounterKind(raw >> 2 & 1), Pair(raw >> 3 & 3)
    return Flags(Proof(raw & 3), counter, pair, bool(raw & 32), bool(raw & 64), bool(raw & 128))


class Head(NamedTuple):
    """First 8 bytes of every kind."""

    version: int
    kind: int
    flags: int
    seq: int


class PurchaseRecord(NamedTuple):
    """Kinds purchase, composite, unproven, recovered, not debited: 57 bytes, big-endian, in this order.

    trip: 12 bytes more, of a composite purchase 复合消费 and what follows from one (shared.transit.trip); else empty.

    counter: as INIT answered (before the debit). balance: fen as read before the debit. time: unsigned
    seconds since 2000-01-01, campus local. purse: application 2 bits (0 main, 1 subsidy) | 1 ED / 2 EP
    2 bits | key id 4 bits. linked: seq − seq of the record that this one settles, 0 = none.
    hotlist_version and parameter_version: low 16 bits.
    """

    version: int
    kind: int
    flags: int
    seq: int
    ttn: int
    card: CardId
    counter: int
    type: int
    purse: int
    amount_fen: int
    balance_fen: int
    time: int
    key_version: int
    algorithm: int
    tac: bytes
    overdraft: bytes
    operator: int
    hotlist_version: int
    parameter_version: int
    price_adjust_fen: int
    linked: int
    trip: bytes = b""


class LoadRecord(NamedTuple):
    """Kinds load, load unproven, load recovered, not credited: 52 bytes, big-endian, in this order.

    request: the terminal's own number of the online request; (device, epoch, request) names the load case.
    counter: the online counter before the load; balance: fen before it; time: the host time that MAC2 and
    TAC cover.
    """

    version: int
    kind: int
    flags: int
    seq: int
    request: int
    card: CardId
    counter: int
    type: int
    purse: int
    amount_fen: int
    balance_fen: int
    time: int
    key_version: int
    algorithm: int
    tac: bytes
    operator: int
    hotlist_version: int
    parameter_version: int
    linked: int


class Witness(NamedTuple):
    """A card that stands for a void, 15 bytes: which it is, and its MAC over the stored bytes before it."""

    card: CardId
    key_version: int
    mac: bytes


class VoidRecord(NamedTuple):
    """Kinds void 撤销 (47 bytes) and witnessed void (62), big-endian, in this order; the witness stands before the mac.

    The card is not touched: what it paid waits for its purse. It names the purchase, recovered or not, by linked (seq −
    its seq, never 0) and repeats its card, purse, counter, ttn and sum. time: of the void. mac: of the terminal
    (shared.keys.terminal_mac) over the stored bytes before it, the witness included.
    """

    version: int
    kind: int
    flags: int
    seq: int
    ttn: int
    card: CardId
    counter: int
    purse: int
    amount_fen: int
    time: int
    cause: int
    key_version: int
    operator: int
    hotlist_version: int
    parameter_version: int
    linked: int
    mac: bytes
    witness: Witness | None = None


Record = PurchaseRecord | LoadRecord | VoidRecord

HEAD = struct.Struct(">BBHI")
PURCHASE = struct.Struct(">BBHII10sHBBIIIBB4s3sHHHhH")
LOAD = struct.Struct(">BBHII10sHBBIIIBB4sHHHH")
VOID = struct.Struct(">BBHII10sHBIIBBHHHH4s")
WITNESS = struct.Struct(">10sB4s")
STORED = struct.Struct(">6sH6s")
HEAD_SIZE = HEAD.size
PURCHASE_SIZE = PURCHASE.size
TRIP_SIZE = 12
COMPOSITE_SIZE = PURCHASE_SIZE + TRIP_SIZE
LOAD_SIZE = LOAD.size
VOID_SIZE = VOID.size
WITNESS_SIZE = WITNESS.size
WITNESSED_SIZE = VOID_SIZE + WITNESS_SIZE


def peek(wire: bytes) -> Head:
    """The common head; WireFault when truncated, oversized, of another version or an unknown kind."""
    _require_head(wire)
    return Head._make(HEAD.unpack_from(wire))


def decode(wire: bytes) -> Record:
    """The record of these wire bytes; WireFault with the reason when they are not one."""
    kind = _require_head(wire)
    if kind in PURCHASE_SHAPED:
        return _consistent(_purchase(wire, kind), CounterKind.OFFLINE)
    if kind in LOAD_SHAPED:
        if len(wire) != LOAD_SIZE:
            raise _odd(wire, LOAD_SIZE)
        return _consistent(LoadRecord._make(LOAD.unpack(wire)), CounterKind.ONLINE)
    if kind in VOIDS:
        return _void(wire, kind)
    raise WireFault(f"record kind {kind} has no codec here")


def encode(record: Record) -> bytes:
    """Wire bytes; decode(encode(r)) == r."""
    if isinstance(record, PurchaseRecord):
        return PURCHASE.pack(*record[:-1]) + record.trip
    if isinstance(record, LoadRecord):
        return LOAD.pack(*record)
    plain = VOID.pack(*record[:-1])
    if record.witness is None:
        return plain
    return plain[:-MAC_SIZE] + WITNESS.pack(*record.witness) + plain[-MAC_SIZE:]


def _purchase(wire: bytes, kind: int) -> PurchaseRecord:
    size = len(wire)
    if size == PURCHASE_SIZE and kind != Kind.COMPOSITE:
        return PurchaseRecord._make(PURCHASE.unpack(wire) + _NO_TRIP)
    if size == COMPOSITE_SIZE and kind != Kind.PURCHASE:
        return PurchaseRecord._make((*PURCHASE.unpack_from(wire), wire[PURCHASE_SIZE:]))
    raise _odd(wire, COMPOSITE_SIZE if kind == Kind.COMPOSITE else PURCHASE_SIZE)


def _void(wire: bytes, kind: int) -> VoidRecord:
    record = _witnessed(wire) if kind == Kind.WITNESSED_VOID else _plain_void(wire)
    if record.cause not in _CAUSES[kind]:
        raise WireFault(f"void for cause {record.cause}")
    if not 0 < record.linked < record.seq:
        raise WireFault("a void that names no purchase")
    _consistent(record, CounterKind.OFFLINE)
    return record


def _plain_void(wire: bytes) -> VoidRecord:
    if len(wire) != VOID_SIZE:
        raise _odd(wire, VOID_SIZE)
    return VoidRecord._make((*VOID.unpack(wire), None))


def _witnessed(wire: bytes) -> VoidRecord:
    if len(wire) != WITNESSED_SIZE:
        raise _odd(wire, WITNESSED_SIZE)
    at = VOID_SIZE - MAC_SIZE
    witness = Witness._make(WITNESS.unpack_from(wire, at))
    record = VoidRecord._make((*VOID.unpack(wire[:at] + wire[-MAC_SIZE:]), witness))
    if (witness.card == record.card) != (record.cause == Cause.SAME_CARD):
        raise WireFault("the card that paid stands for a void of its own, or another one for a supervisor's")
    return record


def _require_head(wire: bytes) -> int:
    """The kind, when the common head is sound."""
    if not HEAD_SIZE <= len(wire) <= WIRE_MAX:
        raise WireFault(f"record of {len(wire)} bytes")
    version, kind = wire[0], wire[1]
    if version != VERSION:
        raise WireFault(f"record version {version}")
    if kind not in _KINDS:
        raise WireFault(f"record kind {kind}")
    if wire[4:8] == _NO_SEQ:
        raise WireFault("record seq 0")
    return kind


def _odd(wire: bytes, size: int) -> WireFault:
    return WireFault(f"record of {len(wire)} bytes, its kind has {size}")


_Any = TypeVar("_Any", PurchaseRecord, LoadRecord, VoidRecord)


def _consistent(record: _Any, counter: CounterKind) -> _Any:
    _require_flags(record.flags, record.kind, counter)
    return record


@lru_cache(maxsize=128)
def _require_flags(raw: int, kind: int, counter: CounterKind) -> None:
    flags = parse_flags(raw)
    if flags.counter_kind != counter or (flags.claim and counter is not CounterKind.ONLINE):
        raise WireFault("counter kind does not fit the record kind")
    if (flags.proof is Proof.NONE) == (kind in PROVEN):
        raise WireFault("proof state does not fit the record kind")


class Stored(NamedTuple):
    """A record as every store keeps it: who sent it, and its verbatim wire bytes."""

    device: DeviceId
    epoch: int
    psam: PsamId
    wire: bytes

    def to_bytes(self) -> bytes:
        """71 bytes for a purchase."""
        return STORED.pack(self.device, self.epoch, self.psam) + self.wire

    @property
    def seq(self) -> int:
        """The record's sequence number within (device, epoch)."""
        return int.from_bytes(self.wire[4:8], "big")


def parse_stored(raw: bytes) -> Stored:
    """Split stored bytes; WireFault when even the common head is not there. The body is not judged."""
    if not STORED_HEAD + HEAD_SIZE <= len(raw) <= STORED_HEAD + WIRE_MAX:
        raise WireFault(f"stored record of {len(raw)} bytes")
    return Stored(*_sender(raw[:STORED_HEAD]), raw[STORED_HEAD:])


@lru_cache(maxsize=KNOWN_SENDERS)
def _sender(head: bytes) -> tuple[DeviceId, int, PsamId]:
    """The same objects for every record of a sender, so that what is looked up by them is found sooner."""
    device, epoch, psam = STORED.unpack(head)  # which fixes the sizes of both ids
    return DeviceId(device), epoch, PsamId(psam)


def digest(stored: bytes) -> bytes:
    """The 8-byte hash that tells two records of one (device, epoch, seq) apart: SHA-256, truncated."""
    return hashlib.sha256(stored).digest()[:HASH_SIZE]


def purse_byte(application: int, kind: int, key_id: int) -> int:
    """Purse/key field: application 0 main, 1 subsidy; kind 1 ED, 2 EP; key id 0..15."""
    return application << 6 | kind << 4 | key_id


def purse_of(purse: int) -> int:
    """Application and ED/EP bits: names the purse of a card (the key id does not)."""
    return purse >> 4


def application_of(purse: int) -> int:
    """0 main, 1 subsidy 补助."""
    return purse >> 6


_KINDS = frozenset(int(k) for k in Kind)
_CAUSES: dict[int, frozenset[int]] = {
    Kind.VOID: frozenset({Cause.CASHIER, Cause.TORN_PAIR}),
    Kind.WITNESSED_VOID: frozenset({Cause.OPERATOR, Cause.SAME_CARD}),
}
_NO_SEQ = bytes(4)
_NO_TRIP = (b"",)
