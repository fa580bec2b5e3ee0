"""The one door to python-can: open a bus by configuration, then move frames without waiting.

Buses that own a socket of `struct can_frame` (socketcan, simbus) are read and written directly, python-can opens,
filters and closes them; any other interface goes through its recv and send. Field traps: research "links" part 9.
"""

import contextlib
import errno
import socket
import struct
import subprocess
from dataclasses import dataclass
from typing import Protocol

import can

from edge.link.can.frame import (
    ERROR,
    EXTENDED,
    EXTENDED_MASK,
    FRAME_BYTES,
    REMOTE,
    STANDARD_MASK,
    CanFrame,
    pack,
    unpack,
)
from edge.link.can.ids import acceptance_filters
from shared.errors import ConfigFault
from shared.words.voice import Text

# The default buffer holds 222 frames, 60 ms of a 500 kbit/s bus: a pause of the process would lose frames.
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
_SO_RCVBUFFORCE = 33
_SO_RXQ_OVFL = 40
_DROPPED = struct.Struct("=I")
_ANCILLARY_BYTES = 128
_IP_S = 2.0
_NO_ROOM = {errno.ENOBUFS, errno.EAGAIN}


class BusLostError(Exception):
    """The bus cannot be opened now, or went away: interface down, adapter unplugged, simulator ended."""


@dataclass(frozen=True, slots=True)
class CanBusSettings:
    """What names a bus: python-can's interface and channel, e.g. ("socketcan", "can0"). The field needs no more."""

    interface: str = "socketcan"
    channel: str = "can0"
    bitrate: int = 125_000


class Door(Protocol):
    """Frames in and out, never waiting."""

    dropped: int  # frames the kernel had no room for, so far

    def fileno(self) -> int | None:
        """A descriptor that is readable when a frame is there; None where the interface has none."""

    def receive(self) -> CanFrame | None:
        """The next frame, None when there is none. Raises BusLostError, or FrameError for bytes that are none."""

    def send(self, frame: CanFrame) -> bool:
        """False when the controller's queue is full. Raises BusLostError."""

    def restart(self) -> None:
        """Order the controller back from bus-off, where it does not come back by itself. Raises BusLostError."""

    def close(self) -> None:
        """Leave the bus."""


def open_door(settings: CanBusSettings, address: int, *, claims: bool = False) -> Door:
    """Open the bus for a node of this address; raises BusLostError, ConfigFault for an interface nobody knows.

    claims: its settings give it no address."""
    filters: can.typechecking.CanFilters = [
        {"can_id": one.word & EXTENDED_MASK, "can_mask": one.mask & ~EXTENDED, "extended": True}
        for one in acceptance_filters(address, claims=claims)
    ]
    try:
        bus = can.Bus(
            interface=settings.interface,
            channel=settings.channel,
            bitrate=settings.bitrate,
            can_filters=filters,
            ignore_config=True,
        )
    except NotImplementedError as unknown:
        name = repr(settings.interface)
        said = Text(f"--can: python-can 没有接口 {name}", f"--can: python-can has no interface {name}")
        raise ConfigFault(said) from unknown
    except (can.CanError, OSError) as trouble:
        raise BusLostError(str(trouble)) from trouble
    sock = getattr(bus, "socket", None)
    return SocketDoor(bus, sock, settings) if isinstance(sock, socket.socket) else BusDoor(bus)


def _restart(bus: can.BusABC) -> None:
    """The simulator's own; python-can has none, so that elsewhere only opening the bus anew may help."""
    restart = getattr(bus, "restart", None)
    if restart is None:
        raise BusLostError("bus-off, and this interface cannot be restarted: opened anew")
    try:
        restart()
    except can.CanError as trouble:
        raise BusLostError(f"restart: {trouble}") from trouble


class SocketDoor:
    """A bus over a socket of `struct can_frame`."""

    def __init__(self, bus: can.BusABC, sock: socket.socket, settings: CanBusSettings) -> None:
        self.dropped = 0
        self._bus = bus
        self._socket = sock
        self._settings = settings
        self._counts_drops = sock.family != socket.AF_UNIX
        _set_receive_buffer(sock)
        if self._counts_drops:
            sock.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def receive(self) -> CanFrame | None:
        """See Door."""
        try:
            raw = self._receive_raw()
        except BlockingIOError:
            return None
        except OSError as trouble:
            raise BusLostError(f"receive: {trouble.strerror}") from trouble
        if not raw:
            raise BusLostError("receive: the other end has gone")
        return unpack(raw)

    def send(self, frame: CanFrame) -> bool:
        """See Door."""
        try:
            self._socket.send(pack(frame), socket.MSG_DONTWAIT)
        except OSError as trouble:
            if trouble.errno in _NO_ROOM:
                return False
            raise BusLostError(f"send: {trouble.strerror}") from trouble
        return True

    def restart(self) -> None:
        """See Door. SocketCAN: RTM_NEWLINK by `ip`, which needs CAP_NET_ADMIN; without it the bus stays off."""
        if self._settings.interface != "socketcan":
            _restart(self._bus)
            return
        command = ("ip", "link", "set", self._settings.channel, "type", "can", "restart")
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_IP_S)
        except (OSError, subprocess.SubprocessError) as trouble:
            raise BusLostError(f"restart of {self._settings.channel}: {trouble}") from trouble

    def close(self) -> None:
        """See Door."""
        self._bus.shutdown()

    def _receive_raw(self) -> bytes:
        if not self._counts_drops:
            return self._socket.recv(FRAME_BYTES, socket.MSG_DONTWAIT)
        raw, ancillary, _, _ = self._socket.recvmsg(FRAME_BYTES, _ANCILLARY_BYTES, socket.MSG_DONTWAIT)
        for level, kind, value in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, _SO_RXQ_OVFL) and len(value) == _DROPPED.size:
                self.dropped = _DROPPED.unpack(value)[0]
        return raw


class BusDoor:
    """Any other python-can interface, by its own recv and send."""

    def __init__(self, bus: can.BusABC) -> None:
        self.dropped = 0
        self._bus = bus

    def fileno(self) -> int | None:
        """See Door."""
        try:
            descriptor = self._bus.fileno()
        except NotImplementedError:
            return None
        return descriptor if descriptor >= 0 else None

    def receive(self) -> CanFrame | None:
        """See Door."""
        try:
            message = self._bus.recv(0)
        except (can.CanError, OSError) as trouble:
            raise BusLostError(f"receive: {trouble}") from trouble
        return None if message is None else to_frame(message)

    def send(self, frame: CanFrame) -> bool:
        """See Door."""
        try:
            self._bus.send(to_message(frame))
        except can.CanOperationError as trouble:
            # Interfaces differ in what they report for a full queue; a lasting one ends as a stuck bus.
            if trouble.error_code is None or trouble.error_code in _NO_ROOM:
                return False
            raise BusLostError(f"send: {trouble}") from trouble
        except (can.CanError, OSError) as trouble:
            raise BusLostError(f"send: {trouble}") from trouble
        return True

    def close(self) -> None:
        """See Door."""
        self._bus.shutdown()

    def restart(self) -> None:
        """See Door."""
        _restart(self._bus)


def to_frame(message: can.Message) -> CanFrame:
    """python-can's message as a frame; only classic CAN has one."""
    word = message.arbitration_id & (EXTENDED_MASK if message.is_extended_id else STANDARD_MASK)
    word |= EXTENDED if message.is_extended_id else 0
    word |= REMOTE if message.is_remote_frame else 0
    word = message.arbitration_id & EXTENDED_MASK | ERROR if message.is_error_frame else word
    return CanFrame(word, bytes(message.dlc) if message.is_remote_frame else bytes(message.data))


def to_message(frame: CanFrame) -> can.Message:
    """A frame as python-can's message."""
    remote = bool(frame.word & REMOTE)
    error = bool(frame.word & ERROR)
    return can.Message(
        arbitration_id=frame.word & EXTENDED_MASK,
        is_extended_id=bool(frame.word & EXTENDED) or error,
        is_remote_frame=remote,
        is_error_frame=error,
        dlc=len(frame.data),
        data=None if remote else frame.data,
    )


def _set_receive_buffer(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    except OSError:
        # Without the privilege the kernel gives what its own limit allows.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
