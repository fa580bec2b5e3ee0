"""Messages over TCP: the edge's server for many terminals, the terminal's client that comes back by itself.

Every connection has bounds: bytes waiting to go out, the time of one message, silence. A peer that breaks the framing
or a bound is disconnected and counted. Where the port or an address is full, the oldest call that has proven nothing
makes room, the silent first: whoever fills a port with calls keeps no terminal out. TLS comes as an ssl.SSLContext; who
the peer is, the session above proves.
"""

import asyncio
import logging
import random
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from edge.link.port import EVERYONE, NotListeningError, Peer, require_message_size
from edge.link.tcp.framing import FrameDecoder, FramingError, encode

log = logging.getLogger(__name__)

READ_BYTES = 4096
"""Read at once from a connection; a longer message comes in pieces."""
_SWEEP_S = 1.0
_GONE = ("",)
"""Of a peer that has reset already: the kernel does not know its address any more, and its end is read next."""
_KEEPALIVE_IDLE_S, _KEEPALIVE_INTERVAL_S, _KEEPALIVE_PROBES = 25, 5, 4


@dataclass(frozen=True, slots=True)
class TcpBounds:
    """What a connection may cost.

    `connections_max` in all, `of_address` of one address, which may be a whole network behind it; at either, a call
    that has proven nothing makes room. `write_max_bytes`: what waits to be sent; above it `send` says False. The rest
    ends the connection: `message_s` from the first byte of a message to its last; at the edge also `first_s` until a
    first message is whole and `idle_s` until the next (heartbeats are far closer).
    """

    connections_max: int = 256
    of_address: int = 128
    write_max_bytes: int = 64 * 1024
    message_s: float = 10.0
    first_s: float = 10.0
    idle_s: float = 90.0
    connect_s: float = 5.0
    reconnect_min_s: float = 0.5
    reconnect_max_s: float = 10.0


class _Connection(asyncio.BufferedProtocol):
    """One TCP connection of either side. It reads into a small buffer of its own: asyncio's other way allocates
    256 KiB for every read, which was a tenth of an edge's CPU.
    """

    def __init__(
        self,
        bounds: TcpBounds,
        counters: Counter[str],
        opened: Callable[["_Connection"], bool],
        heard: Callable[["_Connection", bytes], None],
        closed: Callable[["_Connection", Exception | None], None],
    ) -> None:
        self.number = 0
        self.address = ""
        self._bounds = bounds
        self._counters = counters
        self._opened = opened
        self._heard = heard
        self._closed = closed
        self._decoder = FrameDecoder()
        self._incoming = bytearray(READ_BYTES)
        self._transport: asyncio.Transport | None = None
        self._made_s = 0.0
        self._whole_s: float | None = None
        self._started_s: float | None = None
        self._defect: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection is there; it may be one too many."""
        self._transport = cast("asyncio.Transport", transport)
        self.address = (transport.get_extra_info("peername") or _GONE)[0]
        self._made_s = asyncio.get_running_loop().time()
        _tune(self._transport)
        if not self._opened(self):
            self._counters["refused_connections"] += 1
            self._transport.abort()

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - asyncio's signature
        """asyncio: where to put what comes in."""
        return self._incoming

    def buffer_updated(self, nbytes: int) -> None:
        """asyncio: so many bytes came in."""
        now_s = asyncio.get_running_loop().time()
        try:
            for message in self._decoder.feed(self._incoming[:nbytes]):
                if self._transport is None or self._transport.is_closing():
                    return
                self._whole_s, self._started_s = now_s, None
                self._counters["messages_in"] += 1
                self._heard(self, message)
        except FramingError:
            self._counters["errors"] += 1
            self.abort()
        except Exception as defect:  # noqa: BLE001 - of the owner's callback; run() raises it again
            self._defect = defect
            self.abort()
        if not self._decoder.unfinished:
            self._started_s = None
        elif self._started_s is None:
            self._started_s = now_s

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """asyncio: it is over, for whatever reason."""
        self._transport = None
        self._closed(self, self._defect)

    def send(self, framed: bytes) -> bool:
        """False when the peer does not keep up or is gone."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        if transport.get_write_buffer_size() + len(framed) > self._bounds.write_max_bytes:
            return False
        transport.write(framed)
        self._counters["messages_out"] += 1
        return True

    @property
    def spoke(self) -> bool:
        """True once the peer said a whole message."""
        return self._whole_s is not None

    def sweep(self, now_s: float, must_speak: bool) -> None:
        """End a connection that drips a message for too long or, where it must speak, is silent for too long."""
        slow = self._started_s is not None and now_s - self._started_s > self._bounds.message_s
        if slow or (must_speak and now_s > self._silent_until_s()):
            self._counters["timed_out"] += 1
            self.abort()

    def _silent_until_s(self) -> float:
        if self._whole_s is None:
            return self._made_s + self._bounds.first_s
        return self._whole_s + self._bounds.idle_s

    def abort(self) -> None:
        """Close at once; what was not sent is lost, the applications send again."""
        if self._transport is not None:
            self._transport.abort()


class TcpLink:
    """The edge's server: a MessageLink. A peer is a connection and lives as long as it."""

    def __init__(
        self, host: str, port: int, bounds: TcpBounds | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._address = host, port
        self._bounds = bounds or TcpBounds()
        self._tls = tls
        self._counters: Counter[str] = Counter()
        self._connections: dict[Peer, _Connection] = {}
        self._next_number = 1
        self._hear: Callable[[Peer, bytes], None] | None = None
        self._tell_peer: Callable[[Peer, bool], None] = lambda _peer, _there: None
        self._is_proven: Callable[[Peer], bool] = lambda _peer: False
        self._failed: asyncio.Future[None] | None = None
        self._bound: asyncio.Future[int] | None = None

    async def send(self, peer: Peer, message: bytes, urgent: bool = False) -> bool:  # noqa: ARG002 - port
        """See MessageLink; for EVERYONE true when at least one took it."""
        require_message_size(message, peer)
        framed = encode(message)
        targets = list(self._connections.values()) if peer == EVERYONE else [self._connections.get(peer)]
        taken = [one.send(framed) for one in targets if one is not None]
        if any(taken):
            return True
        self._counters["refused"] += 1
        return False

    def on_message(self, callback: Callable[[Peer, bytes], None]) -> None:
        """See MessageLink."""
        self._hear = callback

    def on_peer(self, callback: Callable[[Peer, bool], None]) -> None:
        """See MessageLink: told at connect and at close."""
        self._tell_peer = callback

    def ask_proven(self, callback: Callable[[Peer], bool]) -> None:
        """See MessageLink: asked when a call must make room."""
        self._is_proven = callback

    def disconnect(self, peer: Peer) -> None:
        """End a peer's connection, for a session that does not trust it; unknown numbers are ignored."""
        connection = self._connections.get(peer)
        if connection is not None:
            connection.abort()

    async def run(self) -> None:
        """Serve until cancelled; raises OSError when the address cannot be had."""
        if self._hear is None:
            raise NotListeningError("register on_message before run")
        loop = asyncio.get_running_loop()
        self._failed = loop.create_future()
        server = await loop.create_server(self._new, *self._address, ssl=self._tls)
        self._port_future().set_result(server.sockets[0].getsockname()[1])
        try:
            while True:
                await asyncio.wait([self._failed], timeout=_SWEEP_S)
                if self._failed.done():
                    self._failed.result()
                for connection in list(self._connections.values()):
                    connection.sweep(loop.time(), must_speak=True)
        finally:
            self._bound = None
            server.close()
            for connection in list(self._connections.values()):
                connection.abort()

    async def port(self) -> int:
        """The port it listens on, as soon as it does; for port 0 the one the kernel chose."""
        return await asyncio.shield(self._port_future())

    def counters(self) -> Mapping[str, int]:
        """See MessageLink; connections is how many there are now."""
        return self._counters + Counter(connections=len(self._connections))

    def _port_future(self) -> asyncio.Future[int]:
        if self._bound is None:
            self._bound = asyncio.get_running_loop().create_future()
        return self._bound

    def _new(self) -> _Connection:
        return _Connection(self._bounds, self._counters, self._opened, self._heard, self._closed)

    def _opened(self, connection: _Connection) -> bool:
        bounds, calls = self._bounds, self._connections
        mine = [one for one in calls.values() if one.address == connection.address]
        if not (self._room(mine, bounds.of_address) and self._room(list(calls.values()), bounds.connections_max)):
            return False
        connection.number = self._next_number
        self._next_number += 1
        self._connections[connection.number] = connection
        self._tell(connection.number, True)
        return True

    def _room(self, calls: list[_Connection], most: int) -> bool:
        """Whether one more may come, if need be in the place of one that has proven nothing."""
        if len(calls) < most:
            return True
        unproven = [one for one in calls if not self._is_proven(one.number)]
        if unproven:
            self._counters["made_room"] += 1
            self._evict(min(unproven, key=lambda one: (one.spoke, one.number)))
        return bool(unproven)

    def _evict(self, connection: _Connection) -> None:
        self._gone(connection)
        connection.abort()

    def _heard(self, connection: _Connection, message: bytes) -> None:
        if self._hear is not None:
            self._hear(connection.number, message)

    def _closed(self, connection: _Connection, defect: Exception | None) -> None:
        self._gone(connection)
        if defect is not None:
            self._fail(defect)

    def _gone(self, connection: _Connection) -> None:
        if self._connections.pop(connection.number, None) is not None:
            self._tell(connection.number, False)

    def _tell(self, peer: Peer, there: bool) -> None:
        try:
            self._tell_peer(peer, there)
        except Exception as defect:  # noqa: BLE001 - of the owner's callback; run() raises it again
            self._fail(defect)

    def _fail(self, defect: Exception) -> None:
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(defect)


class TcpTerminalLink:
    """A terminal's client: a TerminalLink that connects again, with a growing pause, when it was cut off."""

    def __init__(
        self, host: str, port: int, bounds: TcpBounds | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._address = host, port
        self._bounds = bounds or TcpBounds()
        self._tls = tls
        self._counters: Counter[str] = Counter()
        self._connection: _Connection | None = None
        self._lost: asyncio.Future[None] | None = None
        self._hear: Callable[[bytes], None] | None = None
        self._tell_wire: Callable[[bool], None] = lambda _there: None

    async def send(self, message: bytes, urgent: bool = False) -> bool:  # noqa: ARG002 - port
        """See TerminalLink."""
        require_message_size(message, 1)
        if self._connection is not None and self._connection.send(encode(message)):
            return True
        self._counters["refused"] += 1
        return False

    def on_message(self, callback: Callable[[bytes], None]) -> None:
        """See TerminalLink."""
        self._hear = callback

    def on_wire(self, callback: Callable[[bool], None]) -> None:
        """See TerminalLink."""
        self._tell_wire = callback

    async def run(self) -> None:
        """See TerminalLink."""
        if self._hear is None:
            raise NotListeningError("register on_message before run")
        pause_s = self._bounds.reconnect_min_s
        while True:
            try:
                await self._connect()
            except (OSError, TimeoutError) as trouble:
                log.info("TCP %s: %s", self._address, trouble)
            else:
                spoke = await self._serve()
                pause_s = self._bounds.reconnect_min_s if spoke else pause_s
            self._counters["reopened"] += 1
            # Terminals that lost one edge together must not come back together.
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311
            pause_s = min(2 * pause_s, self._bounds.reconnect_max_s)

    def counters(self) -> Mapping[str, int]:
        """See TerminalLink."""
        return Counter(self._counters)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        self._lost = loop.create_future()
        async with asyncio.timeout(self._bounds.connect_s):
            await loop.create_connection(self._new, *self._address, ssl=self._tls)

    async def _serve(self) -> bool:
        """Until the connection is over; true if the edge said anything. Raises what the owner's callback raised."""
        loop, lost, connection = asyncio.get_running_loop(), self._lost, self._connection
        try:
            while lost is not None and not lost.done():
                await asyncio.wait([lost], timeout=_SWEEP_S)
                if self._connection is not None:
                    self._connection.sweep(loop.time(), must_speak=False)
            if lost is not None:
                lost.result()
        finally:
            if self._connection is not None:
                self._connection.abort()
        return connection is not None and connection.spoke

    def _new(self) -> _Connection:
        return _Connection(self._bounds, self._counters, self._opened, self._heard, self._closed)

    def _opened(self, connection: _Connection) -> bool:
        self._connection = connection
        self._tell_wire(True)
        return True

    def _heard(self, _connection: _Connection, message: bytes) -> None:
        if self._hear is not None:
            self._hear(message)

    def _closed(self, _connection: _Connection, defect: Exception | None) -> None:
        self._connection = None
        self._tell_wire(False)
        if self._lost is None or self._lost.done():
            return
        if defect is None:
            self._lost.set_result(None)
        else:
            self._lost.set_exception(defect)


def _tune(transport: asyncio.Transport) -> None:
    """No Nagle delay for small messages; a dead path is noticed within a minute even when nobody sends."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_IDLE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_INTERVAL_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _KEEPALIVE_PROBES)
