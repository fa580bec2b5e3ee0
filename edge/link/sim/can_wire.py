"""What passes between the bus simulator and its python-can plug-in on a unix SEQPACKET socket.

A packet of 16 bytes is a frame, as on a SocketCAN raw socket. Anything else is a control packet: JOIN (the first word
of a client, and again to change its options), WELCOME, REFUSED (with a reason in words), RESTART (of a node that is
bus-off, by its own software). Who is no node may say what breaks: FAULT of an address, CUT of the cable.
"""

import struct
from dataclasses import dataclass

from edge.link.can.frame import FRAME_BYTES
from edge.link.can.ids import AcceptanceFilter
from edge.link.sim.can_bus import NodeSettings

PACKET_MAX_BYTES = 8192
FILTERS_MAX = 512

_MAGIC = b"SIMC\x01"
_JOIN, _WELCOME, _REFUSED, _RESTART, _FAULT, _CUT = 1, 2, 3, 4, 5, 6
_HEAD = struct.Struct(">5sB")
_OPTIONS = struct.Struct(">IBdH")
_FILTER = struct.Struct(">II")
_NUMBER = struct.Struct(">H")
_FAULT_BODY = struct.Struct(">Bdd?")
_CUT_BODY = struct.Struct(">?B")
_ECHO, _ERROR_FRAMES = 1, 2


class PacketError(ValueError):
    """A packet that is neither a frame nor a control packet we know."""


class JoinRefusedError(Exception):
    """The simulator said no; the text says why."""


@dataclass(frozen=True, slots=True)
class Join:
    """What a node asks for; a bit rate other than the bus's own is refused instead of jamming the bus."""

    bitrate: int
    settings: NodeSettings


@dataclass(frozen=True, slots=True)
class Breakage:
    """What breaks of every node that listens to this address; all 0: nothing does any more. See NodeSettings."""

    address: int
    corruption: float = 0.0
    misreading: float = 0.0
    babbles: bool = False


@dataclass(frozen=True, slots=True)
class CableCut:
    """The cable is cut behind this place of the chain; None: it is whole."""

    behind: int | None


@dataclass(frozen=True, slots=True)
class Restart:
    """The node that says it wants to be back from bus-off."""


def encode_order(order: Breakage | CableCut | Restart) -> bytes:
    """What is no JOIN."""
    match order:
        case Breakage():
            body = _FAULT_BODY.pack(order.address, order.corruption, order.misreading, order.babbles)
            return _HEAD.pack(_MAGIC, _FAULT) + body
        case CableCut():
            return _HEAD.pack(_MAGIC, _CUT) + _CUT_BODY.pack(order.behind is not None, order.behind or 0)
        case Restart():
            return _HEAD.pack(_MAGIC, _RESTART)


def decode_order(packet: bytes) -> Join | Breakage | CableCut | Restart:
    """Whatever a client may say that is no frame; raises PacketError."""
    if packet[: _HEAD.size] == _HEAD.pack(_MAGIC, _FAULT) and len(packet) == _HEAD.size + _FAULT_BODY.size:
        fault = Breakage(*_FAULT_BODY.unpack_from(packet, _HEAD.size))
        if 0 <= fault.corruption <= 1 and 0 <= fault.misreading <= 1:
            return fault
        raise PacketError("a FAULT that is no part of 1")
    if packet[: _HEAD.size] == _HEAD.pack(_MAGIC, _CUT) and len(packet) == _HEAD.size + _CUT_BODY.size:
        is_cut, behind = _CUT_BODY.unpack_from(packet, _HEAD.size)
        return CableCut(behind if is_cut else None)
    return Restart() if packet == encode_order(Restart()) else decode_join(packet)


def encode_join(join: Join) -> bytes:
    """The JOIN packet; raises PacketError for too many filters."""
    settings = join.settings
    if len(settings.filters) > FILTERS_MAX:
        raise PacketError(f"at most {FILTERS_MAX} filters")
    flags = (_ECHO if settings.echo else 0) | (_ERROR_FRAMES if settings.error_frames else 0)
    filters = b"".join(_FILTER.pack(one.word, one.mask) for one in settings.filters)
    options = _OPTIONS.pack(join.bitrate, flags, settings.corruption, len(settings.filters))
    return _HEAD.pack(_MAGIC, _JOIN) + options + filters


def decode_join(packet: bytes) -> Join:
    """Raises PacketError."""
    body = _body(packet, _JOIN)
    if len(body) < _OPTIONS.size:
        raise PacketError("a short JOIN")
    bitrate, flags, corruption, count = _OPTIONS.unpack_from(body)
    rows = body[_OPTIONS.size :]
    if count > FILTERS_MAX or len(rows) != count * _FILTER.size or not 0 <= corruption <= 1:
        raise PacketError("a JOIN with a wrong length or a corruption that is no part of 1")
    filters = tuple(AcceptanceFilter(word, mask) for word, mask in _FILTER.iter_unpack(rows))
    return Join(bitrate, NodeSettings(filters, bool(flags & _ECHO), bool(flags & _ERROR_FRAMES), corruption))


def encode_welcome(number: int) -> bytes:
    """The answer to the first JOIN."""
    return _HEAD.pack(_MAGIC, _WELCOME) + _NUMBER.pack(number)


def encode_refusal(reason: str) -> bytes:
    """The answer before the simulator hangs up."""
    return _HEAD.pack(_MAGIC, _REFUSED) + reason.encode()


def decode_answer(packet: bytes) -> int:
    """The node number; raises JoinRefusedError with the simulator's reason, PacketError for anything else."""
    if packet[: _HEAD.size] == _HEAD.pack(_MAGIC, _REFUSED):
        raise JoinRefusedError(packet[_HEAD.size :].decode(errors="replace"))
    body = _body(packet, _WELCOME)
    if len(body) != _NUMBER.size:
        raise PacketError("a WELCOME with a wrong length")
    return int(_NUMBER.unpack(body)[0])


def is_frame(packet: bytes) -> bool:
    """True for the 16 bytes of a frame; a JOIN is always longer."""
    return len(packet) == FRAME_BYTES


def _body(packet: bytes, kind: int) -> bytes:
    if packet[: _HEAD.size] != _HEAD.pack(_MAGIC, kind):
        raise PacketError("not a control packet of this version")
    return packet[_HEAD.size :]
