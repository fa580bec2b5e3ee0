"""A controller's own report as an error frame: what went wrong, its state and its two error counters.

An error frame never names the culprit: it is local knowledge. Source: Linux can/error.h (classes in the id word,
controller state in byte 1, protocol detail in byte 2, its place in byte 3, TEC in byte 6, REC in byte 7).
"""

from dataclasses import dataclass
from enum import Enum

from edge.link.can.frame import ERROR, CanFrame, FrameError

_CONTROLLER = 0x004
_PROTOCOL = 0x008
_NO_ACK = 0x020
_BUS_OFF = 0x040
_BUS_ERROR = 0x080
_RESTARTED = 0x100
_COUNTERS = 0x200

_RX_OVERFLOW, _TX_OVERFLOW = 0x01, 0x02
_WARNING, _PASSIVE, _ACTIVE = 0x0C, 0x30, 0x40
_WHILE_SENDING = 0x80
_DOMINANT_AFTER_FLAG = 0x13
"""An SJA1000's word for it ("tolerate dominant bits"); a driver of another controller leaves byte 3 at 0."""


class ControllerState(Enum):
    """ISO 11898-1 fault confinement; WARNING is a mere mark at 96 on the way to PASSIVE."""

    ACTIVE = "active"
    WARNING = "warning"
    PASSIVE = "passive"
    BUS_OFF = "bus_off"


@dataclass(frozen=True, slots=True)
class BusTrouble:
    """One error frame in words. `state` is set when the controller reports one.

    `first`: it has flagged this error before anybody else did; False where the driver does not tell.
    """

    state: ControllerState | None = None
    bus_error: bool = False
    while_sending: bool = False
    no_ack: bool = False
    overflow: bool = False
    restarted: bool = False
    first: bool = False
    tec: int = 0
    rec: int = 0


_STATE_BITS = {
    ControllerState.ACTIVE: _ACTIVE,
    ControllerState.WARNING: _WARNING,
    ControllerState.PASSIVE: _PASSIVE,
    ControllerState.BUS_OFF: 0,
}


def encode_trouble(trouble: BusTrouble) -> CanFrame:
    """The error frame a controller would hand up."""
    word = ERROR | _COUNTERS
    controller = _RX_OVERFLOW if trouble.overflow else 0
    if trouble.state is not None:
        controller |= _STATE_BITS[trouble.state]
    for held, bit in (
        (controller, _CONTROLLER),
        (trouble.bus_error, _BUS_ERROR | _PROTOCOL),
        (trouble.no_ack, _NO_ACK),
        (trouble.restarted, _RESTARTED),
        (trouble.state is ControllerState.BUS_OFF, _BUS_OFF),
    ):
        word |= bit if held else 0
    detail = _WHILE_SENDING if trouble.while_sending else 0
    counters = min(trouble.tec, 255), min(trouble.rec, 255)
    where = _DOMINANT_AFTER_FLAG if trouble.first else 0
    return CanFrame(word, bytes([0, controller, detail, where, 0, 0, *counters]))


def decode_trouble(frame: CanFrame) -> BusTrouble:
    """Read an error frame; counters are 0 where the driver does not report them. Raises FrameError."""
    if not frame.word & ERROR or len(frame.data) != 8:
        raise FrameError("an error frame carries the error flag and 8 bytes")
    controller = frame.data[1] if frame.word & _CONTROLLER else 0
    counted = frame.word & _COUNTERS
    return BusTrouble(
        state=_state(frame.word, controller),
        bus_error=bool(frame.word & (_BUS_ERROR | _PROTOCOL)),
        while_sending=bool(frame.word & _PROTOCOL and frame.data[2] & _WHILE_SENDING),
        no_ack=bool(frame.word & _NO_ACK),
        overflow=bool(controller & (_RX_OVERFLOW | _TX_OVERFLOW)),
        restarted=bool(frame.word & _RESTARTED),
        first=bool(frame.word & _PROTOCOL) and frame.data[3] == _DOMINANT_AFTER_FLAG,
        tec=frame.data[6] if counted else 0,
        rec=frame.data[7] if counted else 0,
    )


def _state(word: int, controller: int) -> ControllerState | None:
    if word & _BUS_OFF:
        return ControllerState.BUS_OFF
    if controller & _PASSIVE:
        return ControllerState.PASSIVE
    if controller & _WARNING:
        return ControllerState.WARNING
    return ControllerState.ACTIVE if controller & _ACTIVE else None
