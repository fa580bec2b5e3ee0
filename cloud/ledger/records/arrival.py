"""Stored bytes → what the judge and the books need to know of them: identity, keys, TAC question. Pure.

Refuses nothing: bytes that cannot be read become an Arrival with a reason, for quarantine is a commit too.
"""

import hashlib
from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from shared.clocks.clock import date_time_bcd
from shared.errors import WireFault
from shared.ids import DeviceId, PsamId
from shared.keys.terminal_mac import mac_input
from shared.online import is_means
from shared.purse.crypto import TYPE_ED_LOAD, load_tac_input, purchase_tac_input
from shared.purse.tac import OPERATOR, WITNESS, challenge_of, tac_item, terminal_item, witness_item
from shared.records import (
    HASH_SIZE,
    MAC_SIZE,
    PROVEN,
    SEQ_MAX,
    WITNESS_SIZE,
    Cause,
    CodeRecord,
    CounterKind,
    LoadRecord,
    MealRecord,
    PaymentRecord,
    PurchaseRecord,
    Record,
    VoidRecord,
    decode,
    parse_stored,
    purse_byte,
    purse_of,
)

_KEY = Struct(">6sHI")
_CARD_KEY = Struct(">10sBBH")
_SLOT = Struct(">6sI")
_CLAIM = Struct(">10sI")
_ED, _EP = 1, 2
_STORE_FROM, _ROW_FROM, _BOX_FROM = 7, 15, 23
_FEN_FIELD_MAX = 0xFFFF_FFFF
NOBODY = bytes(6)
"""Device of bytes without a readable head; their key is made of their hash."""
PURSE_KEY_SIZE = 11
KEY_SIZE = _KEY.size
"""Of the key of a device's record; that of a row which is answered without its device is longer."""
APART_KEYS = NOBODY + b"\0", NOBODY + b"\1"
"""All keys of rows that are answered without their device lie between these, beside a few of nobody's."""


class Arrival(NamedTuple):
    """One record as it came. key: (device, epoch, seq), or a hash where seq is 0. record None: unreadable.

    card_key: (card, purse, counter kind, counter); its first 11 bytes name the purse. slot: (PSAM id, ttn) and
    claim: (card, TAC time), of purchases. item: the TAC question of a proven kind, None if it can have no answer; of a
    void, which has no card key, the question about its MAC. witness: the question about the card that stands for it.
    """

    stored: bytes
    sha: bytes
    key: bytes
    device: DeviceId
    epoch: int
    psam: PsamId
    seq: int
    record: Record | None
    why: str = ""
    card_key: bytes = b""
    slot: bytes = b""
    claim: bytes = b""
    item: bytes | None = None
    witness: bytes | None = None

    @property
    def items(self) -> tuple[bytes, ...]:
        """What is to be asked of the key process."""
        return tuple(item for item in (self.item, self.witness) if item is not None)

    @property
    def digest(self) -> bytes:
        """Tells two records of one key apart."""
        return self.sha[:HASH_SIZE]

    @property
    def fork_number(self) -> int:
        """Above zero; the place of these bytes beside the first ones under the same key."""
        return fork_number(self.sha)

    @property
    def has_key(self) -> bool:
        """Did the head say who sent it, and its sequence?"""
        return self.seq > 0


def arrive(stored: bytes) -> Arrival:
    """Never raises."""
    sha = hashlib.sha256(stored).digest()
    try:
        head = parse_stored(stored)
    except WireFault as fault:
        return Arrival(stored, sha, _keyless(sha), DeviceId(NOBODY), 0, PsamId(NOBODY), 0, None, str(fault))
    device, epoch, psam, wire = head
    try:
        record = decode(wire)
    except WireFault as fault:
        seq = head.seq
        key = _KEY.pack(device, epoch, seq) if seq else _keyless(sha)
        return Arrival(stored, sha, key, device, epoch, psam, seq, None, str(fault))
    seq = record.seq
    key = _KEY.pack(device, epoch, seq)
    keyed = _KEYED.get(type(record))
    if keyed is None:  # a kind that claims no key of a card, and carries nothing that is to be asked
        return Arrival(stored, sha, key, device, epoch, psam, seq, record)
    return keyed(stored, sha, key, device, epoch, psam, record)


def unread(stored: bytes, why: str) -> Arrival:
    """The same record, under the same key, without looking into it: for what our own code stumbles over."""
    sha = hashlib.sha256(stored).digest()
    try:
        device, epoch, psam, _ = head = parse_stored(stored)
    except WireFault:
        return Arrival(stored, sha, _keyless(sha), DeviceId(NOBODY), 0, PsamId(NOBODY), 0, None, why)
    key = _KEY.pack(device, epoch, head.seq) if head.seq else _keyless(sha)
    return Arrival(stored, sha, key, device, epoch, psam, head.seq, None, why)


def record_key(device: bytes, epoch: int, seq: int) -> bytes:
    """12 bytes."""
    return _KEY.pack(device, epoch, seq)


def apart_key(box: str, store: bytes, row: int) -> bytes:
    """Of a row that is answered without its device. Longer than any other key, and like nobody's it begins with
    zeros, so it is never taken for the key of a device."""
    return APART_KEYS[0] + store + row.to_bytes(8, "big") + box.encode()


def is_apart(key: bytes) -> bool:
    """Did apart_key make it?"""
    return len(key) > KEY_SIZE


def split_apart(key: bytes) -> tuple[bytes, int, str]:
    """store, row, box of an apart_key."""
    store, row, box = key[_STORE_FROM:_ROW_FROM], key[_ROW_FROM:_BOX_FROM], key[_BOX_FROM:]
    return store, int.from_bytes(row, "big"), box.decode()


def split_key(key: bytes) -> tuple[bytes, int, int]:
    """device, epoch, seq of a record's key; or device, epoch, request of a load case's key."""
    device, epoch, seq = _KEY.unpack(key)
    return device, epoch, seq


def key_beside(key: bytes, by: int) -> bytes:
    """The key of the record so many places behind this one, of the same device and epoch."""
    device, epoch, seq = _KEY.unpack(key)
    return _KEY.pack(device, epoch, seq + by)


def slot_key(psam: bytes, ttn: int) -> bytes:
    """10 bytes; those of one PSAM are in the order of their terminal numbers."""
    return _SLOT.pack(psam, ttn)


def split_slot(slot: bytes) -> tuple[bytes, int]:
    """psam and ttn of a slot."""
    psam, ttn = _SLOT.unpack(slot)
    return psam, ttn


def target_key(arrival: Arrival) -> bytes | None:
    """Key of the record that this one settles; None if it names none."""
    record = arrival.record
    if record is None or not 0 < record.linked < arrival.seq <= SEQ_MAX:
        return None
    return _KEY.pack(arrival.device, arrival.epoch, arrival.seq - record.linked)


def case_key(arrival: Arrival) -> bytes:
    """(device, epoch, request) of a load record."""
    record = arrival.record
    return _KEY.pack(arrival.device, arrival.epoch, record.request if isinstance(record, LoadRecord) else 0)


def payment_case_key(arrival: Arrival) -> bytes:
    """(device, epoch, request) of an account payment's record."""
    record = arrival.record
    return _KEY.pack(arrival.device, arrival.epoch, record.request if isinstance(record, PaymentRecord) else 0)


def is_by_code(arrival: Arrival) -> bool:
    """Is it a payment's record in which the trace of a code stands in the place of the card?"""
    return isinstance(arrival.record, PaymentRecord) and is_means(arrival.record.card)


def card_key(card: bytes, purse: int, kind: CounterKind, counter: int) -> bytes:
    """14 bytes; `purse` is the record's purse/key byte."""
    return _CARD_KEY.pack(card, purse_of(purse), kind, counter)


def loaded_purse(load: LoadRecord) -> int:
    """The purse that a load went into: of the main application, ED or EP by the type that the TAC covers.

    The record's own purse byte is covered by nothing: believed, it would let a TAC be posted under each of its values.
    """
    return purse_byte(0, _ED if load.type == TYPE_ED_LOAD else _EP, 0)


def names_other_purse(arrival: Arrival) -> bool:
    """Is it a load record that tells another purse than the one that its type loads? Its TAC tells none."""
    record = arrival.record
    return isinstance(record, LoadRecord) and purse_of(record.purse) != purse_of(loaded_purse(record))


def purse_key(key: bytes) -> bytes:
    """The purse that a card key belongs to."""
    return key[:PURSE_KEY_SIZE]


def fork_number(sha: bytes) -> int:
    """63 bits, never zero."""
    return int.from_bytes(sha[:HASH_SIZE], "big") >> 1 | 1


def _witness(stored: bytes, void: VoidRecord) -> bytes | None:
    """What the card that stands for a void has signed lies in front of its own MAC."""
    if void.witness is None:
        return None
    algorithm = OPERATOR if void.cause == Cause.OPERATOR else WITNESS
    covered = challenge_of(stored[: -MAC_SIZE - WITNESS_SIZE])
    return witness_item(algorithm, void.witness.card, void.witness.key_version, covered, void.witness.mac)


def _keyless(sha: bytes) -> bytes:
    return NOBODY + sha[: _KEY.size - len(NOBODY)]


def _purchase(
    stored: bytes, sha: bytes, key: bytes, device: DeviceId, epoch: int, psam: PsamId, r: PurchaseRecord
) -> Arrival:
    item = None
    if r.kind in PROVEN:
        asked = purchase_tac_input(r.amount_fen, r.type, psam, r.ttn, date_time_bcd(r.time))
        item = tac_item(r.card, r.key_version, r.algorithm, asked, r.tac)
    return Arrival(
        stored, sha, key, device, epoch, psam, r.seq, r, "",
        card_key(r.card, r.purse, CounterKind.OFFLINE, r.counter),
        slot_key(psam, r.ttn), _CLAIM.pack(r.card, r.time), item,
    )  # fmt: skip


def _load(stored: bytes, sha: bytes, key: bytes, device: DeviceId, epoch: int, psam: PsamId, r: LoadRecord) -> Arrival:
    item, after = None, r.balance_fen + r.amount_fen
    if r.kind in PROVEN and after <= _FEN_FIELD_MAX:
        asked = load_tac_input(after, r.counter, r.amount_fen, r.type, psam, date_time_bcd(r.time))
        item = tac_item(r.card, r.key_version, r.algorithm, asked, r.tac)
    key_of_card = card_key(r.card, loaded_purse(r), CounterKind.ONLINE, r.counter)
    return Arrival(stored, sha, key, device, epoch, psam, r.seq, r, "", key_of_card, b"", b"", item)


def _void(stored: bytes, sha: bytes, key: bytes, device: DeviceId, epoch: int, psam: PsamId, r: VoidRecord) -> Arrival:
    item = terminal_item(device, r.key_version, mac_input(stored[:-MAC_SIZE]), r.mac)
    return Arrival(stored, sha, key, device, epoch, psam, r.seq, r, item=item, witness=_witness(stored, r))


def _payment(
    stored: bytes, sha: bytes, key: bytes, device: DeviceId, epoch: int, psam: PsamId, r: PaymentRecord
) -> Arrival:
    item = terminal_item(device, r.key_version, mac_input(stored[:-MAC_SIZE]), r.mac)
    return Arrival(stored, sha, key, device, epoch, psam, r.seq, r, item=item)


def _meal(stored: bytes, sha: bytes, key: bytes, device: DeviceId, epoch: int, psam: PsamId, r: MealRecord) -> Arrival:
    item = terminal_item(device, r.key_version, mac_input(stored[:-MAC_SIZE]), r.mac)
    return Arrival(stored, sha, key, device, epoch, psam, r.seq, r, item=item)


def _code(stored: bytes, sha: bytes, key: bytes, device: DeviceId, epoch: int, psam: PsamId, r: CodeRecord) -> Arrival:
    item = terminal_item(device, r.key_version, mac_input(stored[:-MAC_SIZE]), r.mac)
    return Arrival(stored, sha, key, device, epoch, psam, r.seq, r, item=item)


_KEYED: dict[type, Callable[..., Arrival]] = {
    PurchaseRecord: _purchase,
    LoadRecord: _load,
    VoidRecord: _void,
    PaymentRecord: _payment,
    MealRecord: _meal,
    CodeRecord: _code,
}
