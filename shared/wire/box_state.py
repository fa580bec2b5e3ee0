"""What a box says of itself: on its state topic, retained, and as readings on up/bulk, which anybody may lose. Frozen
values with one encoding each.

Refuses, with WireFault, what is malformed. A box of before revocations says nothing of them, and is read as if it held
none; plain links are said where there are any, and only there.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.ids import BoxId, DeviceId, StoreId
from shared.wire import topics
from shared.wire.form import fields
from shared.wire.form.layout import Field, Layout, Message
from shared.wire.revocation import VERSION_MAX
from shared.wire.tags import NUMBER_MAX, Tag

CRC_MAX = 0xFFFF_FFFF
PLAIN_MAX = 64
"""Links of one box that take terminals without TLS."""
READINGS_MAX = 192
"""Rows of one message: those of the box, and a dozen of each of its links."""
READINGS_BYTES_MAX = 8192
"""A longer message is none; what a box says is some 300 bytes."""
_PART = re.compile(r"(?!.*[0-9]{8})[A-Za-z0-9._-]{0,32}", re.ASCII)
"""Names of links become tags: short, plain, and never the number of a card."""


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


class BoxState(NamedTuple):
    """state, retained, every few seconds; the last will is the same with online = False.

    at_ms and heard_ms are times of the box's own clock; oldest_unsettled_ms is an age.
    """

    box: BoxId
    store: StoreId
    at_ms: int
    online: bool
    unsettled: int
    cap: int
    accepted: int
    oldest_unsettled_ms: int
    faults: int
    terminals: tuple[TerminalState, ...] = ()
    revocations: tuple[int, int] = (0, 0)
    """Mark of the list of stolen devices that is durable here (see revocations_mark)."""
    plain: tuple[str, ...] = ()
    """Links that take terminals without TLS, where they could have it."""

    @property
    def revocations_version(self) -> int:
        """Of that mark."""
        return self.revocations[0]

    @property
    def revocations_crc(self) -> int:
        """Of that mark."""
        return self.revocations[1]


class Reading(IntEnum):
    """What a row of Readings says. A number is never given another meaning; of the box, or, from BUS_LOAD on, of a
    link. Sums count since the start of the box's process."""

    CPU_PERMILLE = 1
    MEMORY_FREE_PERMILLE = 2
    DISK_FREE_PERMILLE = 3
    TEMPERATURE_MC = 4
    """Of the hottest zone, in thousandths of a degree."""
    OUTBOX_ROWS = 8
    OUTBOX_OLDEST_MS = 9
    TERMINALS = 16
    TERMINALS_JOINED = 17
    ACK_P50_MS = 18
    ACK_P99_MS = 19
    """From a record's arrival until it was durable and its terminal told."""
    POSTED_P50_MS = 20
    POSTED_P99_MS = 21
    """From a record's arrival until the ledger's signed ack."""
    ACCEPTED = 22
    CONNECTS = 23
    BUS_LOAD_PERMILLE = 32
    BUS_TEC = 33
    BUS_REC = 34
    BUS_ERRORS = 35
    BUS_OFFS = 36
    BUS_OVERFLOW = 37


class ReadingRow(NamedTuple):
    """kind: a Reading, or a number of a newer box. part: the link's name, '' for the box."""

    kind: int
    part: str
    value: int


class Readings(NamedTuple):
    """up/bulk, every few seconds, QoS 0. number counts up since the box's start, the dropped ones included; dropped:
    how many of them were never published."""

    number: int
    at_ms: int
    dropped: int
    rows: tuple[ReadingRow, ...]


def encode_state(m: BoxState) -> bytes:
    """Bytes of a BoxState."""
    return STATE.encode(m)


def decode_state(message: bytes) -> BoxState:
    """WireFault when malformed."""
    return STATE.decode(message)


def encode_readings(m: Readings) -> bytes:
    """Bytes of Readings."""
    return READINGS.encode(m)


def decode_readings(message: bytes) -> Readings:
    """WireFault when malformed or too long."""
    if len(message) > READINGS_BYTES_MAX:
        raise WireFault(f"readings of {len(message)} bytes")
    return READINGS.decode(message)


def _part(name: str) -> str:
    if not _PART.fullmatch(name):
        raise WireFault("readings: a name of a link that is none")
    return name


def _state(*values: Any) -> BoxState:  # noqa: ANN401  # in the order of the fields below
    *others, version, crc, plain = values
    return BoxState._make((*others, (version, crc), plain))


def _names(raw: list[Any]) -> tuple[str, ...]:
    if len(raw) > PLAIN_MAX or not all(isinstance(name, str) for name in raw):
        raise WireFault("state: plain links that are none")
    return tuple(raw)


_TERMINAL = Layout(
    "terminal state", TerminalState, fields.device(), fields.text("address"), fields.text("link"), fields.text("state"),
    *map(fields.whole, ("heard_ms", "last_seq", "settled", "unsent", "open_slots")),
)  # fmt: skip
_EXAMPLE = BoxState(
    BoxId("canteen-1"), StoreId(b"store--1"), 1, True, 2, 3, 4, 5, 0,
    (TerminalState(DeviceId(b"\0\1\0\0\0\1"), "can0/1", "can", "joined", 1, 2, 3, 4, 0),), (7, CRC_MAX),
)  # fmt: skip
STATE = Message(
    Tag.STATE, topics.STATE,
    Layout(
        "state", _state, fields.box(), fields.store(), fields.whole("at_ms"), fields.truth("online"),
        *map(fields.whole, ("unsettled", "cap", "accepted", "oldest_unsettled_ms", "faults")),
        fields.rows("terminals", _TERMINAL),
        later=(fields.whole("revocations_version", VERSION_MAX), fields.whole("revocations_crc", CRC_MAX)),
        absent=(0, 0), kept=True,
        rare=(fields.listed("plain", "text", PLAIN_MAX, _names),), unsaid=((),),
    ),
    (_EXAMPLE, _EXAMPLE._replace(plain=("tcp",))),
)  # fmt: skip
_ROW = Layout(
    "reading", ReadingRow,
    fields.whole("kind", 0xFF), Field("part", str, "text of 0…32", _part), fields.whole("value"),
)  # fmt: skip
READINGS = Message(
    Tag.READINGS, topics.UP_BULK,
    Layout(
        "readings", Readings, fields.whole("number", NUMBER_MAX), fields.whole("at_ms", fields.TOP),
        fields.whole("dropped", NUMBER_MAX), fields.rows("rows", _ROW, READINGS_MAX),
    ),
    (
        Readings(7, 1_784_000_000_000, 2, (ReadingRow(Reading.CPU_PERMILLE, "", 113), ReadingRow(0x23, "can0", 8))),
        Readings(1, 1, 0, (ReadingRow(0xFF, "", -1),)),
    ),
)  # fmt: skip
