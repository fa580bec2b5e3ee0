"""The bus simulator as a python-can interface: can.Bus(interface="simbus", channel="/path/of/the/socket").

Behaves like python-can's socketcan bus where it matters: `fileno()`, a `socket` that carries `struct can_frame`,
and ENOBUFS when the node's queue is full. Timestamps are the receiver's; CAN FD is refused.
"""

import errno
import select
import socket
import time

import can
import can.typechecking

from edge.link.can.door import to_frame, to_message
from edge.link.can.frame import EXTENDED, FRAME_BYTES, FrameError, pack, unpack
from edge.link.can.ids import AcceptanceFilter
from edge.link.sim.can_bus import NodeSettings
from edge.link.sim.can_wire import (
    PACKET_MAX_BYTES,
    Join,
    JoinRefusedError,
    PacketError,
    Restart,
    decode_answer,
    encode_join,
    encode_order,
)

_JOIN_TIMEOUT_S = 2.0
_RESTART_WAIT_S = 0.1
# The kernel raises this to its minimum, a handful of frames: the queue that counts is the simulated one.
_SEND_BUFFER_BYTES = 1


class SimBus(can.BusABC):
    """One node on the simulated bus.

    `corruption` is the part (0..1) of this node's frames that its own fault destroys. Raises
    CanInitializationError when the simulator is not there or refuses, with its reason.
    """

    def __init__(
        self,
        channel: can.typechecking.Channel,
        can_filters: can.typechecking.CanFilters | None = None,
        bitrate: int = 125_000,
        receive_own_messages: bool = False,
        ignore_rx_error_frames: bool = False,
        corruption: float = 0.0,
        **kwargs: object,
    ) -> None:
        self.channel_info = f"simbus channel '{channel}'"
        self._bitrate = bitrate
        self._settings = NodeSettings(
            _filters(can_filters), receive_own_messages, not ignore_rx_error_frames, corruption
        )
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._join(str(channel))
        except (OSError, PacketError, JoinRefusedError) as trouble:
            self.socket.close()
            raise can.CanInitializationError(f"{self.channel_info}: {trouble}") from trouble
        super().__init__(channel=channel, can_filters=can_filters, **kwargs)

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        """Give a frame to the node's queue; raises CanOperationError, with ENOBUFS when there is no room."""
        deadline_s = time.monotonic() + (timeout or 0.0)
        if msg.is_fd:
            raise can.CanOperationError("the simulated bus is classic CAN", errno.EINVAL)
        raw = pack(to_frame(msg))
        while not self._send_now(raw):
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or not select.select([], [self.socket], [], left_s)[1]:
                raise can.CanOperationError("Failed to transmit: queue full", errno.ENOBUFS)

    def restart(self) -> None:
        """Order the node back from bus-off; nothing else wakes it where the simulator's restart time is 0."""
        select.select([], [self.socket], [], _RESTART_WAIT_S)
        if not self._send_now(encode_order(Restart())):
            raise can.CanOperationError("Failed to restart: the simulator does not read", errno.EAGAIN)

    def fileno(self) -> int:
        """The socket's descriptor, readable when a frame is there."""
        return self.socket.fileno()

    def shutdown(self) -> None:
        """Leave the bus."""
        super().shutdown()
        self.socket.close()

    def _join(self, path: str) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self.socket.settimeout(_JOIN_TIMEOUT_S)
        self.socket.connect(path)
        self.socket.send(encode_join(Join(self._bitrate, self._settings)))
        self.number = decode_answer(self.socket.recv(PACKET_MAX_BYTES))
        self.socket.setblocking(False)

    def _send_now(self, raw: bytes) -> bool:
        try:
            self.socket.send(raw)
        except BlockingIOError:
            return False
        except OSError as trouble:
            raise can.CanOperationError(f"Failed to transmit: {trouble.strerror}", trouble.errno) from trouble
        return True

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        if not select.select([self.socket], [], [], timeout)[0]:
            return None, True
        try:
            raw = self.socket.recv(FRAME_BYTES)
        except OSError as trouble:
            raise can.CanOperationError(f"Failed to receive: {trouble.strerror}", trouble.errno) from trouble
        if not raw:
            raise can.CanOperationError("Failed to receive: the simulator has gone", errno.ENODEV)
        try:
            message = to_message(unpack(raw))
        except FrameError as trouble:
            raise can.CanOperationError(f"Failed to receive: {trouble}", errno.EBADMSG) from trouble
        message.timestamp = time.time()
        message.channel = self.channel_info
        return message, True

    def _apply_filters(self, filters: can.typechecking.CanFilters | None) -> None:
        wanted = _filters(filters)
        if wanted == self._settings.filters:
            return
        old = self._settings
        self._settings = NodeSettings(wanted, old.echo, old.error_frames, old.corruption)
        self.socket.send(encode_join(Join(self._bitrate, self._settings)))


def _filters(filters: can.typechecking.CanFilters | None) -> tuple[AcceptanceFilter, ...]:
    return tuple(_filter(one) for one in filters or ())


def _filter(one: can.typechecking.CanFilter) -> AcceptanceFilter:
    """SocketCAN's reading: with `extended` given, the form of the id is compared too."""
    word, mask = one["can_id"], one["can_mask"]
    if "extended" in one:
        mask |= EXTENDED
        word |= EXTENDED if one["extended"] else 0
    return AcceptanceFilter(word, mask)
