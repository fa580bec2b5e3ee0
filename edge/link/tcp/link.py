"""Messages over TCP: the edge's server for many terminals, the terminal's client that comes back by itself.

Every connection has bounds: bytes waiting to go out, the time of one message, silence. A peer that breaks the framing
or a bound is disconnected and counted. Where the port or an address is full, the oldest call that has proven nothing
makes room, the silent first: whoever fills a port with calls keeps no terminal out. With TLS (door.py) a call counts
from its first byte on, not from its handshake on; who the peer is, the session above proves all the same.
"""

import asyncio
import logging
import random
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

from edge.link.port import EVERYONE, CallFault, NotListeningError, Peer, RefusedCall, require_message_size
from edge.link.tcp.door import HANDSHAKE, CallRefused, TlsClient, TlsEnd, TlsServer
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
    that has proven nothing makes room. `handshakes_per_s`: TLS that is begun; above it a call ends at once, for a flood
    of calls must not take the time of those that have joined. `write_max_bytes`: what waits to be sent; above it `send`
    says False. The rest ends the connection: `message_s` from the first byte of a message to its last; `first_s` until
    TLS stands, and at the edge until a first message is whole; there also `idle_s` until the next (heartbeats are far
    closer).
    """

    connections_max: int = 256
    of_address: int = 128
    handshakes_per_s: int = 100
    write_max_bytes: int = 64 * 1024
    message_s: float = 10.0
    first_s: float = 10.0
    idle_s: float = 90.0
    connect_s: float = 5.0
    reconnect_min_s: float = 0.5
    reconnect_max_s: float = 10.0


class _Owner(NamedTuple):
    """Who hears of a connection. opened: False, one too many. decide: its first byte says how it wants to speak;
    CallRefused. ready: messages may go both ways. closed: with what a callback of ours raised."""

    opened: Callable[["_Connection"], bool]
    decide: Callable[["_Connection", int], None]
    ready: Callable[["_Connection"], None]
    heard: Callable[["_Connection", bytes], None]
    refused: Callable[["_Connection", CallRefused], None]
    closed: Callable[["_Connection", Exception | None], None]


class _Connection(asyncio.BufferedProtocol):
    """One TCP connection of either side. It reads into a small buffer of its own: asyncio's other way allocates
    256 KiB for every read, which was a tenth of an edge's CPU; its TLS does the same for every connection.
    """

    def __init__(self, bounds: TcpBounds, counters: Counter[str], owner: _Owner) -> None:
        self.number = 0
        self.address = ""
        self.is_ready = False
        self._bounds = bounds
        self._counters = counters
        self._owner = owner
        self._tls: TlsEnd | None = None
        self._is_decided = False
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
        if not self._owner.opened(self):
            self._counters["refused_connections"] += 1
            self._transport.abort()

    def speak_tls(self, end: TlsEnd) -> None:
        """From here on; a client's own end begins."""
        self._tls, self._is_decided = end, True

    def speak_plain(self) -> None:
        """From here on."""
        self._is_decided = True

    def ready(self) -> None:
        """Messages may go both ways."""
        if not self.is_ready:
            self.is_ready = True
            self._owner.ready(self)

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - asyncio's signature
        """asyncio: where to put what comes in."""
        return self._incoming

    def buffer_updated(self, nbytes: int) -> None:
        """asyncio: so many bytes came in."""
        now_s = asyncio.get_running_loop().time()
        try:
            self._take(self._incoming[:nbytes], now_s)
        except FramingError:
            self._counters["errors"] += 1
            self.abort()
        except CallRefused as refused:
            self._refuse(refused)
        except Exception as defect:  # noqa: BLE001 - of the owner's callback; run() raises it again
            self._defect = defect
            self.abort()
        if not self._decoder.unfinished:
            self._started_s = None
        elif self._started_s is None:
            self._started_s = now_s

    def _take(self, data: bytearray, now_s: float) -> None:
        if not self._is_decided:
            self._owner.decide(self, data[0])
        for message in self._decoder.feed(self._plain(data)):
            if self._transport is None or self._transport.is_closing():
                return
            self._whole_s, self._started_s = now_s, None
            self._counters["messages_in"] += 1
            self._owner.heard(self, message)

    def _plain(self, data: bytearray) -> bytes | bytearray:
        if self._tls is None:
            return data
        try:
            plain = self._tls.feed(data)
        finally:
            self.flush()
        if self._tls.is_open:
            self.ready()
        return plain

    def flush(self) -> None:
        """Put onto the wire what TLS has to say."""
        out = self._tls.take() if self._tls is not None else b""
        if out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(out)

    def _refuse(self, refused: CallRefused) -> None:
        """The alert goes out before the end; a peer that does not take it is not waited for."""
        self._counters["tls_refused"] += 1
        self._owner.refused(self, refused)
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """asyncio: it is over, for whatever reason."""
        self._transport = None
        self._owner.closed(self, self._defect)

    def send(self, framed: bytes) -> bool:
        """False when the peer does not keep up, is gone, or TLS does not stand yet."""
        transport = self._transport
        if transport is None or transport.is_closing() or not self._may_speak:
            return False
        if transport.get_write_buffer_size() + len(framed) > self._bounds.write_max_bytes:
            return False
        if self._tls is None:
            transport.write(framed)
        else:
            self._tls.seal(framed)
            self.flush()
        self._counters["messages_out"] += 1
        return True

    @property
    def _may_speak(self) -> bool:
        return self._is_decided and (self._tls is None or self._tls.is_open)

    @property
    def spoke(self) -> bool:
        """True once the peer said a whole message."""
        return self._whole_s is not None

    def sweep(self, now_s: float, must_speak: bool) -> None:
        """End a connection that drips a message for too long, has no TLS in time or, where it must speak, is silent for
        too long."""
        slow = self._started_s is not None and now_s - self._started_s > self._bounds.message_s
        late = not self.is_ready and now_s - self._made_s > self._bounds.first_s
        if slow or late or (must_speak and now_s > self._silent_until_s()):
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
        self, host: str, port: int, bounds: TcpBounds | None = None, tls: TlsServer | None = None, *,
        plain: bool = True,
    ) -> None:  # fmt: skip
        """plain: calls without TLS are taken, too; with neither, nobody is."""
        self._address = host, port
        self._bounds = bounds or TcpBounds()
        self._tls = tls
        self._plain = plain
        self._owner = _Owner(self._opened, self._decide, self._ready, self._heard, self._refused, self._closed)
        self._counters: Counter[str] = Counter()
        self._connections: dict[Peer, _Connection] = {}
        self._next_number = 1
        self._handshakes = 0
        """Begun since the last sweep."""
        self._hear: Callable[[Peer, bytes], None] | None = None
        self._tell_peer: Callable[[Peer, bool], None] = lambda _peer, _there: None
        self._is_proven: Callable[[Peer], bool] = lambda _peer: False
        self._tell_refused: Callable[[RefusedCall], None] = lambda _call: None
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

    def on_refused(self, callback: Callable[[RefusedCall], None]) -> None:
        """Say who hears of calls that were refused before a message."""
        self._tell_refused = callback

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
        server = await loop.create_server(self._new, *self._address)
        self._port_future().set_result(server.sockets[0].getsockname()[1])
        try:
            while True:
                await asyncio.wait([self._failed], timeout=_SWEEP_S)
                if self._failed.done():
                    self._failed.result()
                self._handshakes = 0
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
        return _Connection(self._bounds, self._counters, self._owner)

    def _opened(self, connection: _Connection) -> bool:
        bounds, calls = self._bounds, self._connections
        mine = [one for one in calls.values() if one.address == connection.address]
        if not (self._room(mine, bounds.of_address) and self._room(list(calls.values()), bounds.connections_max)):
            return False
        connection.number = self._next_number
        self._next_number += 1
        self._connections[connection.number] = connection
        if self._tls is None:
            connection.speak_plain()
        if self._plain:
            connection.ready()
        return True

    def _decide(self, connection: _Connection, first: int) -> None:
        """A plain port takes TLS as well, so that terminals can be switched before their box is."""
        if first == HANDSHAKE and self._tls is not None:
            self._handshakes += 1
            if self._handshakes > self._bounds.handshakes_per_s * _SWEEP_S:
                raise CallRefused(CallFault.BUSY, "too many handshakes")
            connection.speak_tls(self._tls.accept())
        elif self._plain:
            connection.speak_plain()
        else:
            raise CallRefused(CallFault.PLAIN, "no TLS")

    def _ready(self, connection: _Connection) -> None:
        self._tell(connection.number, True)

    def _refused(self, connection: _Connection, refused: CallRefused) -> None:
        call = RefusedCall(refused.why, connection.address, refused.identity, refused.detail)
        self._tell_refused(call)

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
        known = self._connections.pop(connection.number, None) is not None
        if known and connection.is_ready:
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
        self, host: str, port: int, bounds: TcpBounds | None = None, tls: TlsClient | None = None
    ) -> None:
        self._address = host, port
        self._bounds = bounds or TcpBounds()
        self._tls = tls
        self._owner = _Owner(self._opened, self._decide, self._ready, self._heard, self._refused, self._closed)
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

    def renew(self) -> None:
        """See TerminalLink; the next connection comes after the usual pause."""
        if self._connection is not None:
            self._counters["renewed"] += 1
            self._connection.abort()

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
            await loop.create_connection(self._new, *self._address)

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
        return _Connection(self._bounds, self._counters, self._owner)

    def _opened(self, connection: _Connection) -> bool:
        self._connection = connection
        if self._tls is None:
            connection.speak_plain()
            connection.ready()
            return True
        end = self._tls.connect()
        connection.speak_tls(end)
        end.begin()
        connection.flush()
        return True

    def _decide(self, connection: _Connection, first: int) -> None:
        """It was decided here."""

    def _ready(self, _connection: _Connection) -> None:
        self._tell_wire(True)

    def _refused(self, _connection: _Connection, refused: CallRefused) -> None:
        log.warning("TCP %s: %s", self._address, refused)

    def _heard(self, _connection: _Connection, message: bytes) -> None:
        if self._hear is not None:
            self._hear(message)

    def _closed(self, connection: _Connection, defect: Exception | None) -> None:
        self._connection = None
        if connection.is_ready:
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
