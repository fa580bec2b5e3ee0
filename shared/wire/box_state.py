"""What a box says of itself on its state topic, retained: frozen values with one encoding each.

Refuses, with WireFault, what is malformed. A box of before revocations says nothing of them, and is read as if it held
none.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.ids import BoxId, DeviceId, StoreId
from shared.wire import topics
from shared.wire.form import fields
from shared.wire.form.layout import Layout, Message
from shared.wire.revocation import VERSION_MAX
from shared.wire.tags import Tag

CRC_MAX = 0xFFFF_FFFF


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
    """Mark of the list of stolen devices that is durable here (see Revocations.mark)."""

    @property
    def revocations_version(self) -> int:
        """Of that mark."""
        return self.revocations[0]

    @property
    def revocations_crc(self) -> int:
        """Of that mark."""
        return self.revocations[1]


def encode_state(m: BoxState) -> bytes:
    """Bytes of a BoxState."""
    return STATE.encode(m)


def decode_state(message: bytes) -> BoxState:
    """WireFault when malformed."""
    return STATE.decode(message)


def _state(*values: Any) -> BoxState:  # noqa: ANN401  # in the order of the fields below
    *others, version, crc = values
    return BoxState._make((*others, (version, crc)))


_TERMINAL = Layout(
    "terminal state", TerminalState, fields.device(), fields.text("address"), fields.text("link"), fields.text("state"),
    *map(fields.whole, ("heard_ms", "last_seq", "settled", "unsent", "open_slots")),
)  # fmt: skip
STATE = Message(
    Tag.STATE, topics.STATE,
    Layout(
        "state", _state, fields.box(), fields.store(), fields.whole("at_ms"), fields.truth("online"),
        *map(fields.whole, ("unsettled", "cap", "accepted", "oldest_unsettled_ms", "faults")),
        fields.rows("terminals", _TERMINAL),
        later=(fields.whole("revocations_version", VERSION_MAX), fields.whole("revocations_crc", CRC_MAX)),
        absent=(0, 0), kept=True,
    ),
    (
        BoxState(
            BoxId("canteen-1"), StoreId(b"store--1"), 1, True, 2, 3, 4, 5, 0,
            (TerminalState(DeviceId(b"\0\1\0\0\0\1"), "can0/1", "can", "joined", 1, 2, 3, 4, 0),), (7, CRC_MAX),
        ),
    ),
)  # fmt: skip
