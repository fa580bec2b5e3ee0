"""What a box says of itself on its state topic, retained: frozen values with one encoding each.

Refuses, with WireFault, what is malformed. A box of before revocations says nothing of them, and is read as if it held
none.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.ids import BoxId, DeviceId, StoreId, box_id, device_id, store_id
from shared.wire import codec
from shared.wire.revocation import VERSION_MAX
from shared.wire.tags import Tag, within

CRC_MAX = 0xFFFF_FFFF
_FORM = (int, str, bytes, int, bool, int, int, int, int, int, list)
_SINCE_REVOCATIONS = (*_FORM, int, int)


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
            *m.revocations,
        ]
    )


def decode_state(message: bytes) -> BoxState:
    """WireFault when malformed."""
    body = codec.unpack(message)
    older = len(body) == len(_FORM)
    fields = codec.fields(body, *(_FORM if older else _SINCE_REVOCATIONS), what="state")
    tag, box, store, at, online, unsettled, cap, accepted, oldest, faults, terminals, *mark = fields
    if tag != Tag.STATE:
        raise WireFault(f"tag {tag}, expected STATE")
    rows = tuple(_terminal(row) for row in terminals)
    version, crc = (0, 0) if older else (within(mark[0], VERSION_MAX), within(mark[1], CRC_MAX))
    counts = at, online, unsettled, cap, accepted, oldest, faults
    return BoxState(box_id(box), store_id(store), *counts, rows, (version, crc))


def _terminal(row: Any) -> TerminalState:  # noqa: ANN401  # straight from CBOR
    device, *rest = codec.fields(row, bytes, str, str, str, int, int, int, int, int, what="terminal state")
    return TerminalState(device_id(device), *rest)
