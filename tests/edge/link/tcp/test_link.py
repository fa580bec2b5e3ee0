"""The TCP links over loopback: slow, rude and dying peers, bounds, coming back."""

import asyncio
import contextlib
import socket
import struct

import pytest

from edge.link.port import EVERYONE, MessageSizeError, NotListeningError
from edge.link.tcp.framing import encode
from edge.link.tcp.link import TcpBounds, TcpLink, TcpTerminalLink
from tests.edge.link.waiting import until
from tests.patience import PATIENCE_S

RECORD = b"\x10" + bytes(range(68))


class Edge:
    """A running server and what it heard."""

    def __init__(self, **bounds):
        self.link = TcpLink("127.0.0.1", 0, TcpBounds(**bounds))
        self.heard: list[tuple[int, bytes]] = []
        self.peers: list[tuple[int, bool]] = []
        self.proven: set[int] = set()
        self.link.ask_proven(self.proven.__contains__)
        self.link.on_message(lambda peer, message: self.heard.append((peer, message)))
        self.link.on_peer(lambda peer, there: self.peers.append((peer, there)))

    async def __aenter__(self):
        self.task = asyncio.create_task(self.link.run())
        self.port = await asyncio.wait_for(self.link.port(), PATIENCE_S)
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        await asyncio.sleep(0)

    @contextlib.asynccontextmanager
    async def raw(self, address="127.0.0.1"):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            await asyncio.sleep(0)

    @contextlib.asynccontextmanager
    async def terminal(self, **bounds):
        link = TcpTerminalLink("127.0.0.1", self.port, TcpBounds(reconnect_min_s=0.02, **bounds))
        link.heard, link.wire = [], []
        link.on_message(link.heard.append)
        link.on_wire(link.wire.append)
        task = asyncio.create_task(link.run())
        try:
            await until(lambda: link.wire)
            yield link
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await asyncio.sleep(0)


def play(story):
    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


def test_both_directions_and_broadcast():
    async def story():
        async with Edge() as edge, edge.terminal() as one, edge.terminal() as other:
            await until(lambda: len(edge.peers) == 2)
            assert await one.send(RECORD)
            assert await other.send(bytes([0x10]) * 4095)
            await until(lambda: len(edge.heard) == 2)
            assert sorted(edge.heard) == sorted([(1, RECORD), (2, bytes([0x10]) * 4095)])
            assert await edge.link.send(2, b"\x11ack")
            assert await edge.link.send(EVERYONE, b"\x15time")
            await until(lambda: one.heard and len(other.heard) == 2)
            assert (one.heard, other.heard) == ([b"\x15time"], [b"\x11ack", b"\x15time"])
            assert edge.link.counters()["connections"] == 2
            assert edge.link.counters()["messages_in"] == 2

    play(story)


def test_no_delay_is_set_on_both_ends():
    async def story():
        async with Edge() as edge, edge.terminal() as terminal:
            await until(lambda: edge.peers)
            for link in (next(iter(edge.link._connections.values())), terminal._connection):
                sock = link._transport.get_extra_info("socket")
                assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

    play(story)


def test_one_byte_at_a_time():
    async def story():
        async with Edge() as edge, edge.raw() as (_, writer):
            for byte in encode(RECORD) + encode(b"\x11"):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)
            await until(lambda: edge.heard == [(1, RECORD), (1, b"\x11")])

    play(story)


@pytest.mark.parametrize("rude", [b"\x00\x00", b"\x10\x00abc", b"\xff\xff", b"GET / HTTP/1.1\r\n\r\n"])
def test_an_impossible_length_ends_that_connection_only(rude):
    async def story():
        async with Edge() as edge, edge.terminal() as good, edge.raw() as (reader, writer):
            await until(lambda: len(edge.peers) == 2)
            writer.write(encode(b"\x10fine") + rude)
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            await until(lambda: (2, False) in edge.peers)
            assert edge.link.counters()["errors"] == 1
            assert edge.heard == [(2, b"\x10fine")]
            assert not await edge.link.send(2, b"\x11")
            assert await good.send(RECORD)
            await until(lambda: (1, RECORD) in edge.heard)

    play(story)


def test_an_abrupt_close_in_mid_message():
    async def story():
        async with Edge() as edge:
            async with edge.raw() as (_, writer):
                writer.write(encode(b"\x10whole") + encode(RECORD)[:-1])
                await until(lambda: edge.heard)
            await until(lambda: edge.peers[-1:] == [(1, False)])
            assert edge.heard == [(1, b"\x10whole")]
            assert edge.link.counters()["connections"] == 0
            async with edge.terminal() as terminal:
                await terminal.send(RECORD)
                await until(lambda: (2, RECORD) in edge.heard)

    play(story)


def test_a_connection_that_is_given_up_is_had_anew():
    """Half open, nobody is told: the terminal gives it up by itself, and its edge sees another peer."""

    async def story():
        async with Edge() as edge, edge.terminal() as terminal:
            await until(lambda: edge.peers == [(1, True)])
            terminal.renew()
            await until(lambda: terminal.wire == [True, False, True])
            assert await terminal.send(RECORD)
            await until(lambda: edge.heard == [(2, RECORD)])
            assert terminal.counters()["renewed"] == 1

    play(story)


class ResetTerminal(TcpTerminalLink):
    """Its edge goes with a reset when the connection stands and the terminal has not looked at it yet."""

    edge: socket.socket | None = None

    def _new(self):
        if self.edge is not None:
            called, _ = self.edge.accept()
            called.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            called.close()
            self.edge = None
        return super()._new()


def test_an_edge_that_has_reset_before_the_terminal_looks_is_called_again():
    """Then the kernel no longer says who it was."""

    async def story():
        faults, wire = [], []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["message"]))
        with socket.create_server(("127.0.0.1", 0)) as edge:
            link = ResetTerminal(*edge.getsockname(), TcpBounds(reconnect_min_s=0.02))
            link.edge = edge
            link.on_message(lambda message: None)
            link.on_wire(wire.append)
            task = asyncio.create_task(link.run())
            await until(lambda: wire[-3:] == [True, False, True] or faults)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            assert faults == []

    play(story)


def test_a_port_full_of_proven_terminals_turns_others_away():
    async def story():
        async with Edge(connections_max=2) as edge, edge.terminal(), edge.terminal():
            await until(lambda: len(edge.peers) == 2)
            edge.proven |= {1, 2}
            async with edge.raw() as (reader, _):
                assert await end_of(reader) == b""
            assert edge.link.counters()["refused_connections"] == 1
            assert len(edge.peers) == 2

    play(story)


async def end_of(reader):
    with contextlib.suppress(ConnectionError):
        return await reader.read()
    return b""


@pytest.mark.parametrize("bound", ["connections_max", "of_address"])
def test_a_port_full_of_calls_that_prove_nothing_lets_a_terminal_in(bound):
    """The silent go before those that speak, the oldest first; who has proven itself stays."""

    async def story():
        async with Edge(**{bound: 4}) as edge, contextlib.AsyncExitStack() as stack:
            calls = [await stack.enter_async_context(edge.raw()) for _ in range(4)]
            await until(lambda: len(edge.peers) == 4)
            for _, writer in calls[:2]:
                writer.write(encode(RECORD))
            await until(lambda: len(edge.heard) == 2)
            edge.proven.add(2)
            for n, gone in enumerate((3, 4, 1)):
                terminal = await stack.enter_async_context(edge.terminal())
                await until(lambda gone=gone: (gone, False) in edge.peers)
                assert await end_of(calls[gone - 1][0]) == b""
                assert await terminal.send(RECORD)
                await until(lambda n=n: (5 + n, RECORD) in edge.heard)
                edge.proven.add(5 + n)
            assert edge.link.counters()["made_room"] == 3
            assert edge.link.counters()["connections"] == 4
            assert await edge.link.send(2, b"\x11ack")

    play(story)


def test_one_address_takes_no_place_of_another():
    async def story():
        async with Edge(of_address=2) as edge, edge.raw("127.0.0.2"), contextlib.AsyncExitStack() as stack:
            for _ in range(5):
                await stack.enter_async_context(edge.raw())
            await until(lambda: len(edge.peers) == 6 + 3)
            assert edge.link.counters()["connections"] == 3
            assert (1, False) not in edge.peers

    play(story)


@pytest.mark.parametrize(("bounds", "said"), [
    ({"message_s": 0.05}, encode(RECORD)[:5]), ({"first_s": 0.05}, b""), ({"idle_s": 0.05}, encode(b"\x10"))])
def test_a_peer_that_drips_or_sleeps_is_cut_off(bounds, said):
    async def story():
        async with Edge(**bounds) as edge, edge.raw() as (reader, writer):
            writer.write(said)
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            await until(lambda: edge.peers == [(1, True), (1, False)])
            assert edge.link.counters()["timed_out"] == 1

    play(story)


def test_a_peer_that_does_not_read_is_refused_and_the_others_are_not():
    async def story():
        async with Edge(write_max_bytes=8192) as edge, edge.raw(), edge.terminal() as good:
            await until(lambda: len(edge.peers) == 2)
            taken = 0
            while await edge.link.send(1, bytes([0x11]) * 4000):
                taken += 1
                assert taken < 10_000, "no bound"
            assert edge.link.counters()["refused"] == 1
            assert await edge.link.send(2, b"\x11ack")
            await until(lambda: good.heard == [b"\x11ack"])

    play(story)


def test_a_terminal_comes_back_to_a_new_edge():
    async def story():
        async with Edge() as edge:
            port = edge.port
            async with edge.terminal() as terminal:
                await edge.__aexit__()
                await until(lambda: terminal.wire == [True, False])
                assert not await terminal.send(RECORD)
                again = Edge()
                again.link = TcpLink("127.0.0.1", port)
                again.link.on_message(lambda peer, message: again.heard.append((peer, message)))
                async with again:
                    await until(lambda: terminal.wire == [True, False, True])
                    assert await terminal.send(RECORD)
                    await until(lambda: again.heard == [(1, RECORD)])
                assert terminal.counters()["reopened"] >= 1

    play(story)


def test_a_peer_may_be_disconnected_in_the_middle_of_its_messages():
    async def story():
        async with Edge() as edge, edge.raw() as (_, writer):
            edge.link.on_message(lambda peer, message: (edge.heard.append((peer, message)), edge.link.disconnect(peer)))
            writer.write(encode(b"\x10one") + encode(b"\x10two"))
            await until(lambda: (1, False) in edge.peers)
            assert edge.heard == [(1, b"\x10one")]
            edge.link.disconnect(99)

    play(story)


def test_a_callback_that_raises_ends_run_with_its_error():
    async def story():
        async with Edge() as edge, edge.terminal() as terminal:
            edge.link.on_message(lambda _peer, _message: 1 // 0)
            await terminal.send(RECORD)
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(asyncio.shield(edge.task), PATIENCE_S)
            edge.task = asyncio.create_task(asyncio.sleep(0))

    play(story)


def test_wrong_use_is_told():
    async def story():
        with pytest.raises(NotListeningError):
            await TcpLink("127.0.0.1", 0).run()
        with pytest.raises(NotListeningError):
            await TcpTerminalLink("127.0.0.1", 1).run()
        async with Edge() as edge:
            with pytest.raises(MessageSizeError):
                await edge.link.send(1, b"")
            other = TcpLink("127.0.0.1", edge.port)
            other.on_message(lambda _peer, _message: None)
            with pytest.raises(OSError, match="in use"):
                await other.run()

    play(story)
