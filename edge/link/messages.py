"""What a terminal and an edge say to each other: layouts of RECORDS.md, one codec per message.

First byte type; second byte, on all but the single-frame forms, protocol version (high nibble) and the index
of the epoch that the message speaks of (low two bits: position in the epoch list of WELCOME). Big-endian.
Types from 0x20 on are kept for EMCY, COMMAND, PARAMS, HOTLIST, FIRMWARE.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.ids import DeviceId, PsamId, StorageId, StoreId, device_id, psam_id, storage_id, store_id
from shared.wire.messages import EPOCHS_MAX, EpochStatus

PROTOCOL = 1


class Type(IntEnum):
    """Message types."""

    HELLO = 0x01
    CHALLENGE = 0x02
    AUTH = 0x03
    WELCOME = 0x04
    REFUSE = 0x05
    RECORD = 0x10
    ACK = 0x11
    SETTLED = 0x12
    STATUS = 0x13
    HEARTBEAT = 0x14
    TIME = 0x15
    ONLINE_REQUEST = 0x16
    ONLINE_ANSWER = 0x17
    AWAITED = 0x18
    """Layout: edge.link.awaited."""


TYPES = {int(kind): kind for kind in Type}
"""By number: a table is a quarter of the time of an enum's call."""
SHORT = frozenset({Type.ACK, Type.SETTLED})
"""Single-frame forms: type, low 16 bits of seq, CMAC 4."""
_HEADLESS = SHORT | {Type.HEARTBEAT}


class Refusal(IntEnum):
    """Why a join is refused. Not authenticated: a hint that makes the terminal wait longer."""

    UNKNOWN_DEVICE = 1
    WRONG_KEY = 2
    PSAM_MOVED = 3
    UNKNOWN_PSAM = 4
    OTHER_BOX = 5
    TOO_MANY_EPOCHS = 6
    BUSY = 7
    LIVE_TWICE = 8
    REVOKED = 9


@dataclass(frozen=True, slots=True)
class Hello:
    """Up, 40 B, no MAC."""

    device: DeviceId
    storage: StorageId
    psam: PsamId
    model: int
    firmware: int
    boot: int
    r_term: bytes


@dataclass(frozen=True, slots=True)
class Challenge:
    """Down, 23 B, no MAC. time: campus-local seconds since 2000, a hint until WELCOME proves the edge."""

    r_edge: bytes
    key_version: int
    time: int


@dataclass(frozen=True, slots=True)
class AuthEpoch:
    """One undrained epoch of a terminal: records oldest..last are not settled (oldest = last + 1: none)."""

    epoch: int
    psam: PsamId
    oldest: int
    last: int


@dataclass(frozen=True, slots=True)
class Auth:
    """Up, sealed: its MAC is the terminal's proof."""

    epochs: tuple[AuthEpoch, ...]


@dataclass(frozen=True, slots=True)
class WelcomeEpoch:
    """What this edge holds of one epoch: contiguous up to `held`; `settled` by the ledger."""

    epoch: int
    held: int
    settled: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """Down, sealed: its MAC is the edge's proof. current 0 = no epoch yet: do not sell, join again soon."""

    store: StoreId
    current: int
    time: int
    hotlist_version: int
    parameter_version: int
    epochs: tuple[WelcomeEpoch, ...]


class Status(NamedTuple):
    """Up, sealed. Completeness stands on this."""

    epochs: tuple[EpochStatus, ...]
    hotlist_version: int
    hotlist_crc: int
    hotlist_seq: int
    parameter_version: int
    day: int
    day_first_seq: int
    slots_left: int
    clock_set: bool


class Heartbeat(NamedTuple):
    """Up, one frame, not authenticated: a hint."""

    state: int
    unsent: int
    hotlist_low: int
    boot_low: int


@dataclass(frozen=True, slots=True)
class Online:
    """ONLINE_ANSWER, sealed: the terminal's request number and an opaque payload."""

    request: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """ONLINE_REQUEST, sealed: a number, how many ms the terminal will still wait (0–65535), an opaque payload."""

    request: int
    wait_ms: int
    payload: bytes


_ASK = struct.Struct(">IH")
_HELLO = struct.Struct(">BB6s8s6sHII8s")
_CHALLENGE = struct.Struct(">BB16sBI")
_REFUSE = struct.Struct(">BBB")
_AUTH_EPOCH = struct.Struct(">H6sII")
_WELCOME = struct.Struct(">8sHIIIB")
_WELCOME_EPOCH = struct.Struct(">HII")
_STATUS_EPOCH = struct.Struct(">H6sIIIB")
_STATUS = struct.Struct(">IIIIHIHB")
_HEARTBEAT = struct.Struct(">BBHBB")
_TIME = struct.Struct(">I")
_HEAD = PROTOCOL << 4
REFUSE_SIZE = _REFUSE.size
"""Of the hint. A longer REFUSE is sealed: proven, like everything that is."""


def type_of(message: bytes) -> Type:
    """The type of a message; WireFault when empty, unknown or of another protocol version."""
    kind = TYPES.get(message[0]) if message else None
    if kind is None:
        raise WireFault("unknown message type")
    if kind in _HEADLESS:
        return kind
    if len(message) < 2 or message[1] >> 4 != PROTOCOL or message[1] & 0x0C:
        raise WireFault("unknown protocol version or flags")
    return kind


def encode_hello(m: Hello) -> bytes:
    """40 bytes."""
    return _HELLO.pack(Type.HELLO, _HEAD, m.device, m.storage, m.psam, m.model, m.firmware, m.boot, m.r_term)


def decode_hello(message: bytes) -> Hello:
    """WireFault when malformed."""
    _, _, device, storage, psam, model, firmware, boot, r_term = _exact(_HELLO, message, "HELLO")
    return Hello(device_id(device), storage_id(storage), psam_id(psam), model, firmware, boot, r_term)


def encode_challenge(m: Challenge) -> bytes:
    """23 bytes."""
    return _CHALLENGE.pack(Type.CHALLENGE, _HEAD, m.r_edge, m.key_version, m.time)


def decode_challenge(message: bytes) -> Challenge:
    """WireFault when malformed."""
    _, _, r_edge, version, time = _exact(_CHALLENGE, message, "CHALLENGE")
    return Challenge(r_edge, version, time)


def encode_refuse(reason: Refusal) -> bytes:
    """3 bytes."""
    return _REFUSE.pack(Type.REFUSE, _HEAD, reason)


def decode_refuse(message: bytes) -> Refusal:
    """WireFault when malformed or an unknown reason."""
    return _refusal(_exact(_REFUSE, message, "REFUSE")[2])


def encode_refusal(reason: Refusal) -> bytes:
    """Payload to be sealed: what the terminal must believe."""
    return bytes((reason,))


def decode_refusal(payload: bytes) -> Refusal:
    """WireFault when malformed or an unknown reason."""
    if len(payload) != 1:
        raise WireFault(f"REFUSE: {len(payload)} bytes, expected 1")
    return _refusal(payload[0])


def _refusal(reason: int) -> Refusal:
    if reason not in list(Refusal):
        raise WireFault("unknown refusal")
    return Refusal(reason)


def encode_auth(m: Auth) -> bytes:
    """Payload to be sealed."""
    rows = [_AUTH_EPOCH.pack(e.epoch, e.psam, e.oldest, e.last) for e in m.epochs]
    return bytes((len(rows),)) + b"".join(rows)


def decode_auth(payload: bytes) -> Auth:
    """WireFault when malformed or with more than 4 epochs."""
    rows = _rows(_AUTH_EPOCH, payload, 0, "AUTH")
    return Auth(tuple(AuthEpoch(epoch, psam_id(psam), oldest, last) for epoch, psam, oldest, last in rows))


def encode_welcome(m: Welcome) -> bytes:
    """Payload to be sealed."""
    head = _WELCOME.pack(m.store, m.current, m.time, m.hotlist_version, m.parameter_version, len(m.epochs))
    return head + b"".join(_WELCOME_EPOCH.pack(e.epoch, e.held, e.settled) for e in m.epochs)


def decode_welcome(payload: bytes) -> Welcome:
    """WireFault when malformed."""
    rows = _rows(_WELCOME_EPOCH, payload, _WELCOME.size - 1, "WELCOME")
    store, current, time, hotlist, parameters, _ = _WELCOME.unpack_from(payload)
    return Welcome(store_id(store), current, time, hotlist, parameters, tuple(WelcomeEpoch(*row) for row in rows))


def encode_status(m: Status) -> bytes:
    """Payload to be sealed."""
    rows = [_STATUS_EPOCH.pack(e.epoch, e.psam, e.oldest, e.last, e.settled, e.open_slots) for e in m.epochs]
    tail = (m.hotlist_version, m.hotlist_crc, m.hotlist_seq, m.parameter_version, m.day, m.day_first_seq)
    return _STATUS.pack(*tail, m.slots_left, int(m.clock_set)) + bytes((len(rows),)) + b"".join(rows)


def decode_status(payload: bytes) -> Status:
    """WireFault when malformed."""
    rows = _rows(_STATUS_EPOCH, payload, _STATUS.size, "STATUS")
    hotlist, crc, applied, parameters, day, first, left, clock_set = _STATUS.unpack_from(payload)
    epochs = tuple(EpochStatus(epoch, psam_id(psam), *rest) for epoch, psam, *rest in rows)
    return Status(epochs, hotlist, crc, applied, parameters, day, first, left, bool(clock_set))


def encode_heartbeat(m: Heartbeat) -> bytes:
    """6 bytes: one frame."""
    return _HEARTBEAT.pack(Type.HEARTBEAT, m.state, m.unsent, m.hotlist_low, m.boot_low)


def decode_heartbeat(message: bytes) -> Heartbeat:
    """WireFault when malformed."""
    return Heartbeat(*_exact(_HEARTBEAT, message, "HEARTBEAT")[1:])


def encode_time(time: int) -> bytes:
    """Payload to be sealed: campus-local seconds since 2000."""
    return _TIME.pack(time)


def decode_time(payload: bytes) -> int:
    """WireFault when malformed."""
    return int(_exact(_TIME, payload, "TIME")[0])


def encode_online(m: Online) -> bytes:
    """Payload to be sealed."""
    return m.request.to_bytes(4, "big") + m.payload


def decode_online(payload: bytes) -> Online:
    """WireFault when malformed."""
    if len(payload) < 5:
        raise WireFault("ONLINE: truncated")
    return Online(int.from_bytes(payload[:4], "big"), payload[4:])


def encode_ask(m: Ask) -> bytes:
    """Payload to be sealed."""
    return _ASK.pack(m.request, m.wait_ms) + m.payload


def decode_ask(payload: bytes) -> Ask:
    """WireFault when malformed."""
    if len(payload) <= _ASK.size:
        raise WireFault("ASK: truncated")
    request, wait_ms = _ASK.unpack_from(payload)
    return Ask(request, wait_ms, payload[_ASK.size :])


def _exact(layout: struct.Struct, raw: bytes, what: str) -> tuple[Any, ...]:
    if len(raw) != layout.size:
        raise WireFault(f"{what}: {len(raw)} bytes, expected {layout.size}")
    return layout.unpack(raw)


def _rows(layout: struct.Struct, payload: bytes, count_at: int, what: str) -> list[tuple[Any, ...]]:
    if len(payload) <= count_at:
        raise WireFault(f"{what}: truncated")
    count = payload[count_at]
    if count > EPOCHS_MAX or len(payload) != count_at + 1 + count * layout.size:
        raise WireFault(f"{what}: {count} rows in {len(payload)} bytes")
    return list(layout.iter_unpack(payload[count_at + 1 :]))
