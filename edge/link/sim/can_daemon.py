"""The bus simulator as a process: the pure bus of can_bus.py in real time behind a unix SEQPACKET socket.

python -m edge.link.sim.can_daemon --socket PATH [--bitrate 125000] … ; one connection is one node on the wire.
A plain select loop, because its timeouts are in microseconds where an event loop rounds up to milliseconds.
"""

import os
import random
import select
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

from edge.files.disk import keep_private
from edge.link.can.error import BusTrouble, encode_trouble
from edge.link.can.frame import FrameError, pack, unpack
from edge.link.sim.can_bus import NS_PER_S, BusFullError, BusSettings, Delivery, SimCanBus
from edge.link.sim.can_wire import (
    PACKET_MAX_BYTES,
    Breakage,
    CableCut,
    Join,
    PacketError,
    Restart,
    decode_order,
    encode_refusal,
    encode_welcome,
    is_frame,
)
from edge.link.sim.life import Life
from shared.input.command_line import Parser
from shared.words.voice import Text, speak, wanted

# A reader that sleeps this long behind loses frames, as behind a controller's receive buffer.
_RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
_BACKLOG = 128
_REAP_EVERY_NS = NS_PER_S // 2
_SO_SNDBUFFORCE = 32
_PATH_MAX_BYTES = 107


class SocketPathError(Exception):
    """The socket's path cannot be used: too long, or another simulator listens there."""


class _Connection:
    __slots__ = ("number", "overflowed", "sock", "wants_errors")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.number: int | None = None
        self.overflowed = False
        self.wants_errors = False


class SimCanDaemon:
    """Serve one bus until `life` ends."""

    def __init__(self, path: Path, settings: BusSettings, seed: int, life: Life) -> None:
        # The seed makes injected corruption repeatable; nothing here is a secret.
        self._bus = SimCanBus(settings, random.Random(seed).random)  # noqa: S311
        self._settings = settings
        self._life = life
        self._path = path
        self._connections: dict[int, _Connection] = {}
        self._by_number: dict[int, _Connection] = {}
        self._listener = _listen(path)
        self._reap_at_ns = 0
        self._gone: set[int] = set()

    def serve(self) -> None:
        """Run until the end is announced; the socket's path is removed on the way out."""
        try:
            while not self._life.ended:
                self._turn()
        finally:
            self._path.unlink(missing_ok=True)
            self._listener.close()
            for connection in self._connections.values():
                connection.sock.close()

    def _turn(self) -> None:
        ready = self._wait()
        now_ns = time.monotonic_ns()
        # Frames that waited in sockets are younger than what the bus decided before this instant.
        for delivery in self._bus.advance(now_ns):
            self._deliver(delivery)
        for descriptor in ready:
            connection = self._connections.get(descriptor)
            if connection is not None:
                self._read(connection, now_ns)
        if self._listener.fileno() in ready:
            self._accept()
        self._life.heed(ready)
        if now_ns >= self._reap_at_ns:
            self._reap()
            self._reap_at_ns = now_ns + _REAP_EVERY_NS
        for delivery in self._bus.advance(now_ns):
            self._deliver(delivery)

    def _wait(self) -> list[int]:
        next_ns = self._bus.next_event_ns()
        left_ns = _REAP_EVERY_NS if next_ns is None else min(next_ns - time.monotonic_ns(), _REAP_EVERY_NS)
        readers = [fd for fd, one in self._connections.items() if self._has_room(one)]
        readers += [self._listener.fileno(), *self._life.descriptors]
        return select.select(readers, [], [], max(left_ns, 0) / NS_PER_S)[0]

    def _has_room(self, connection: _Connection) -> bool:
        """What a node that is bus-off sends is read and lost, so that its RESTART is heard behind it."""
        number = connection.number
        return number is None or self._bus.is_off(number) or self._bus.room(number) > 0

    def _accept(self) -> None:
        sock, _ = self._listener.accept()
        sock.setblocking(False)
        if len(self._connections) >= 2 * self._settings.nodes_max:
            sock.close()
            return
        _set_buffer(sock)
        self._connections[sock.fileno()] = _Connection(sock)

    def _read(self, connection: _Connection, now_ns: int) -> None:
        while self._connections.get(connection.sock.fileno()) is connection and self._has_room(connection):
            try:
                packet = connection.sock.recv(PACKET_MAX_BYTES)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self._close(connection)
            else:
                self._take(connection, packet, now_ns)

    def _take(self, connection: _Connection, packet: bytes, now_ns: int) -> None:
        try:
            if not is_frame(packet):
                self._order(connection, packet, now_ns)
            elif connection.number is not None:
                self._bus.enqueue(connection.number, unpack(packet), now_ns)
            else:
                raise PacketError("a frame before JOIN")
        except (PacketError, FrameError, BusFullError) as refusal:
            self._send(connection, encode_refusal(str(refusal)))
            self._close(connection)

    def _order(self, connection: _Connection, packet: bytes, now_ns: int) -> None:
        order = decode_order(packet)
        match order:
            case Join():
                self._join(connection, order)
            case Breakage():
                self._break(order)
            case CableCut():
                self._bus.cut(order.behind)
            case Restart():
                if connection.number is not None:
                    self._bus.restart(connection.number, now_ns)

    def _break(self, fault: Breakage) -> None:
        for number in self._bus.numbers_of(fault.address):
            settings = replace(
                self._bus.settings_of(number),
                corruption=fault.corruption, misreading=fault.misreading, babbles=fault.babbles,
            )  # fmt: skip
            self._bus.configure(number, settings)

    def _join(self, connection: _Connection, join: Join) -> None:
        if join.bitrate != self._settings.bitrate:
            raise PacketError(f"bit rate {join.bitrate} on a bus of {self._settings.bitrate} bit/s")
        connection.wants_errors = join.settings.error_frames
        if connection.number is not None:
            old = self._bus.settings_of(connection.number)
            kept = replace(join.settings, misreading=old.misreading, babbles=old.babbles)
            self._bus.configure(connection.number, kept)
            return
        connection.number = self._bus.attach(join.settings)
        self._by_number[connection.number] = connection
        self._send(connection, encode_welcome(connection.number))

    def _deliver(self, delivery: Delivery) -> None:
        raw = pack(delivery.frame)
        for number in delivery.nodes:
            connection = self._by_number.get(number)
            if connection is not None:
                self._send(connection, raw)

    def _send(self, connection: _Connection, packet: bytes) -> None:
        try:
            if connection.overflowed and connection.wants_errors:
                connection.sock.send(pack(encode_trouble(BusTrouble(overflow=True))))
            connection.overflowed = False
            connection.sock.send(packet)
        except BlockingIOError:
            connection.overflowed = True
        except OSError:
            self._close(connection)

    def _close(self, connection: _Connection) -> None:
        descriptor = connection.sock.fileno()
        if self._connections.pop(descriptor, None) is None:
            return
        if connection.number is not None:
            del self._by_number[connection.number]
            self._bus.detach(connection.number)
        connection.sock.close()

    def _reap(self) -> None:
        """Notice clients that went away while nobody reads them (queue full, bus-off).

        What they still had to send gets one period to pass, as a controller would finish its queue.
        """
        poller = select.poll()
        for descriptor, connection in self._connections.items():
            if not self._has_room(connection):
                poller.register(descriptor, 0)
        gone = {descriptor for descriptor, _ in poller.poll(0)}
        for descriptor in gone & self._gone:
            self._close(self._connections[descriptor])
        self._gone = gone


def _listen(path: Path) -> socket.socket:
    """A listening socket that appears at `path` only when it can be connected to."""
    if len(bytes(path)) + 4 > _PATH_MAX_BYTES:
        raise SocketPathError(Text(f"{path}: 路径过长", f"{path} is longer than a unix socket's path may be"))
    if path.exists() and _answers(path):
        raise SocketPathError(Text(f"{path}: 已有总线在此监听", f"another bus listens at {path}"))
    early = path.with_name(path.name + ".new")
    early.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(early))
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    early.rename(path)
    return listener


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        return probe.connect_ex(str(path)) == 0


def _set_buffer(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _RECEIVE_BUFFER_BYTES)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _RECEIVE_BUFFER_BYTES)


_QUEUE_HELP = Text("每个节点的发送队列，帧（10）", "frames that a node's send queue holds (10)")
_RESTART_HELP = Text(
    "总线关闭后多少毫秒自行重启，0 为由节点自己决定（0）",
    "restart by itself after bus-off, milliseconds, 0: its software decides (0)",
)
_UNTERMINATED_HELP = Text("缺几个终端电阻（0），只是模型", "terminators that are missing (0); a mere model")
_STDIN_HELP = Text("标准输入关闭即结束", "end when stdin closes")


def main(arguments: list[str]) -> int:
    """Command line; 0 after an ordered end, 2 for wrong use."""
    parser = Parser(prog="sim_can_daemon", description=Text("CAN 总线模拟器", "CAN bus simulator"))
    parser.add_argument("--socket", type=Path, required=True, help=Text("套接字路径", "unix socket path"))
    parser.add_argument("--bitrate", type=int, default=125_000, help=Text("比特率（125000）", "bit/s (125000)"))
    parser.add_argument("--txqueuelen", type=int, default=10, help=_QUEUE_HELP)
    parser.add_argument("--nodes", type=int, default=64, help=Text("节点上限（64）", "most nodes (64)"))
    parser.add_argument("--restart-ms", type=int, default=0, help=_RESTART_HELP)
    parser.add_argument("--unterminated", type=int, default=0, choices=(0, 1, 2), help=_UNTERMINATED_HELP)
    parser.add_argument("--metres", type=int, default=100, help=Text("线长，米（100）", "metres of cable (100)"))
    parser.add_argument("--seed", type=int, default=0, help=Text("故障的随机种子（0）", "seed of injected faults (0)"))
    parser.add_argument("--end-with-stdin", action="store_true", help=_STDIN_HELP)
    options = parser.parse_args(arguments)
    restart_ns = options.restart_ms * 1_000_000 or None
    settings = BusSettings(
        options.bitrate, options.nodes, options.txqueuelen, restart_ns, options.unterminated, options.metres
    )
    life = Life(options.end_with_stdin)
    try:
        daemon = SimCanDaemon(options.socket, settings, options.seed, life)
    except (SocketPathError, OSError, ValueError) as trouble:
        parser.error(str(trouble))
    life.ready("can")
    daemon.serve()
    life.close()
    return 0


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    sys.exit(main(sys.argv[1:]))
