"""What a box says of itself on its state topic, retained: frozen values with one encoding each.

Refuses, with WireFault, what is malformed. A box of before revocations says nothing of them, and is read as if it held
none; plain links are said where there are any, and only there.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.ids import BoxId, DeviceId, StoreId
from shared.wire import topics
from shared.wire.form import fields
from shared.wire.form.layout import Layout, Message
from shared.wire.revocation import VERSION_MAX
from shared.wire.tags import Tag

CRC_MAX = 0xFFFF_FFFF
PLAIN_MAX = 64
"""Links of one box that take terminals without TLS."""


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


def encode_state(m: BoxState) -> bytes:
    """Bytes of a BoxState."""
    return STATE.encode(m)


def decode_state(message: bytes) -> BoxState:
    """WireFault when malformed."""
    return STATE.decode(message)


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
