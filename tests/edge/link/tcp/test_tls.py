"""TLS on the TCP link: by key and by certificate, who is refused and why, and what a plain port still takes."""

import asyncio
import contextlib
import logging
import socket

import pytest

from edge.link.port import CallFault, RefusedCall
from edge.link.tcp.door import HAS_PSK, Psk, TlsClient, TlsServer
from edge.link.tcp.framing import encode
from edge.link.tcp.link import TcpBounds, TcpLink, TcpTerminalLink
from shared.errors import ConfigFault
from tests.edge.link.tcp.tls_ends import DEVICE, KEY, OTHER, WRONG, Pair, by_psk, psk
from tests.edge.link.waiting import until
from tests.patience import PATIENCE_S

RECORD = b"\x10" + bytes(range(68))
needs_psk = pytest.mark.skipif(not HAS_PSK, reason="this Python has no TLS-PSK")


class Box:
    """A box's end that listens, and what it heard and refused."""

    def __init__(self, tls: TlsServer, *, plain: bool = False, **bounds) -> None:
        self.link = TcpLink("127.0.0.1", 0, TcpBounds(**bounds), tls, plain=plain)
        self.heard: list[tuple[int, bytes]] = []
        self.peers: list[tuple[int, bool]] = []
        self.refused: list[RefusedCall] = []
        self.link.on_message(lambda peer, message: self.heard.append((peer, message)))
        self.link.on_peer(lambda peer, there: self.peers.append((peer, there)))
        self.link.on_refused(self.refused.append)

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
    async def terminal(self, tls: TlsClient | None):
        link = TcpTerminalLink("127.0.0.1", self.port, TcpBounds(reconnect_min_s=0.02), tls)
        link.heard, link.wire = [], []
        link.on_message(link.heard.append)
        link.on_wire(link.wire.append)
        task = asyncio.create_task(link.run())
        try:
            yield link
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await asyncio.sleep(0)


def play(story):
    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


async def talk(box: Box, tls: TlsClient | None) -> None:
    """A long message each way."""
    long = b"\x11" * 4095
    async with box.terminal(tls) as terminal:
        await until(lambda: terminal.wire == [True] and box.peers)
        assert await terminal.send(RECORD)
        assert await terminal.send(long)
        await until(lambda: [message for _, message in box.heard] == [RECORD, long])
        assert await box.link.send(box.heard[0][0], long)
        await until(lambda: terminal.heard == [long])
    peer, _ = box.peers[0]
    await until(lambda: box.peers == [(peer, True), (peer, False)])
    assert box.refused == []


async def refused(box: Box, tls: TlsClient | None) -> RefusedCall:
    """Why; and that no message got through."""
    async with box.terminal(tls) as terminal:
        await until(lambda: box.refused)
        assert terminal.wire == []
        assert not await terminal.send(RECORD)
    assert (box.heard, box.peers) == ([], [])
    assert box.link.counters()["tls_refused"] == len(box.refused)
    return box.refused[0]


@needs_psk
def test_by_pre_shared_key():
    async def story():
        async with Box(by_psk()) as box:
            await talk(box, TlsClient(psk()))

    play(story)


def test_by_certificate(tmp_path):
    """Whatever this Python has: the box takes both, a terminal with a certificate alone takes this way."""

    async def story():
        pair = Pair(tmp_path)
        async with Box(pair.server()) as box:
            await talk(box, pair.client())

    play(story)


@needs_psk
def test_a_box_with_certificates_still_takes_the_key(tmp_path):
    async def story():
        async with Box(Pair(tmp_path).server()) as box:
            await talk(box, TlsClient(psk()))

    play(story)


@needs_psk
@pytest.mark.parametrize(("client", "why", "identity"), [
    (psk(key=WRONG), CallFault.WRONG_KEY, DEVICE.hex()),
    (psk(OTHER), CallFault.UNKNOWN, OTHER.hex()),
    (Psk("../etc", KEY), CallFault.UNKNOWN, "../etc"),
])  # fmt: skip
def test_a_wrong_key_and_an_unknown_number_are_refused_by_name(client, why, identity):
    async def story():
        async with Box(by_psk()) as box:
            call = await refused(box, TlsClient(client))
            assert (call.why, call.identity, call.address) == (why, identity, "127.0.0.1")

    play(story)


def test_a_certificate_that_is_not_on_the_list_is_refused(tmp_path):
    async def story():
        pair = Pair(tmp_path)
        async with Box(pair.server()) as box:
            assert (await refused(box, TlsClient(None, pair.stranger))).why is CallFault.UNBELIEVED

    play(story)


def test_a_terminal_believes_its_own_box_alone(tmp_path, caplog):
    """Another box of the same name is none."""
    caplog.set_level(logging.INFO)

    async def story():
        pair = Pair(tmp_path)
        async with Box(TlsServer({}, pair.other_box)) as box:
            assert (await refused(box, pair.client())).why is CallFault.BROKEN
            assert "CERTIFICATE_VERIFY_FAILED" in caplog.text

    play(story)


@needs_psk
def test_plain_bytes_at_a_tls_port_are_refused_and_told_as_such():
    async def story():
        async with Box(by_psk()) as box:
            async with box.terminal(None) as terminal:
                await until(lambda: terminal.wire[:1] == [True])
                await terminal.send(RECORD)
                await until(lambda: box.refused)
            assert {one.why for one in box.refused} == {CallFault.PLAIN}
            assert (box.heard, box.peers) == ([], [])

    play(story)


@needs_psk
def test_a_plain_port_takes_terminals_that_were_switched_before_it():
    async def story():
        async with (
            Box(by_psk(), plain=True) as box,
            box.terminal(None) as old,
            box.terminal(TlsClient(psk())) as switched,
        ):
            await until(lambda: old.wire == [True] and switched.wire == [True])
            assert await old.send(b"\x10old")
            assert await switched.send(b"\x10new")
            await until(lambda: len(box.heard) == 2)
            assert sorted(message for _, message in box.heard) == [b"\x10new", b"\x10old"]
            for peer, message in box.heard:
                assert await box.link.send(peer, message)
            await until(lambda: old.heard == [b"\x10old"] and switched.heard == [b"\x10new"])

    play(story)


@needs_psk
@pytest.mark.parametrize("rude", [b"\x16", b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x01\xff\xff", b"\x16" * 4096])
def test_half_a_handshake_holds_no_place_for_long(rude):
    """Neither is it told as anything but what it is, nor does the box wait for it."""

    async def story():
        async with Box(by_psk(), first_s=0.1) as box:
            reader, writer = await asyncio.open_connection("127.0.0.1", box.port)
            writer.write(rude)
            with contextlib.suppress(ConnectionError):
                await reader.read()
            writer.transport.abort()
            await until(lambda: not box.link.counters()["connections"])
            assert {one.why for one in box.refused} <= {CallFault.BROKEN}
            assert (box.heard, box.peers) == ([], [])

    play(story)


@needs_psk
def test_calls_that_never_finish_a_handshake_make_room():
    async def story():
        async with Box(by_psk(), connections_max=8, of_address=8) as box:
            with contextlib.ExitStack() as silent:
                for _ in range(20):
                    silent.enter_context(socket.create_connection(("127.0.0.1", box.port)))
                await until(lambda: box.link.counters()["made_room"] >= 12)
                await talk(box, TlsClient(psk()))

    play(story)


@needs_psk
def test_a_flood_of_handshakes_takes_no_more_than_its_share():
    """Whoever has joined speaks on; the calls above the bound end at once, and are refused as busy."""

    async def story():
        async with Box(by_psk(), handshakes_per_s=5) as box, box.terminal(TlsClient(psk())) as terminal:
            await until(lambda: terminal.wire == [True])
            for _ in range(40):
                _, writer = await asyncio.open_connection("127.0.0.1", box.port)
                writer.write(b"\x16\x03\x01")
                await until(lambda: box.link.counters()["connections"] > 1 or box.refused)
                await writer.drain()
                writer.transport.abort()
            await until(lambda: CallFault.BUSY in {one.why for one in box.refused})
            assert await terminal.send(RECORD)
            await until(lambda: (1, RECORD) in box.heard)

    play(story)


@needs_psk
def test_broken_bytes_after_the_handshake_end_that_connection():
    async def story():
        async with Box(by_psk()) as box, box.terminal(TlsClient(psk())) as terminal:
            await until(lambda: terminal.wire == [True])
            terminal._connection._transport.write(encode(RECORD))
            await until(lambda: box.refused and (1, False) in box.peers)
            assert box.refused[0].why is CallFault.BROKEN
            assert box.heard == []

    play(story)


def test_nothing_of_a_key_is_shown():
    assert KEY.hex() not in repr(psk())
    assert str(KEY) not in repr(psk())


def test_no_key_and_no_certificate_is_said_before_anything_runs():
    with pytest.raises(ConfigFault, match="provision terminal-tls"):
        TlsClient(None)
