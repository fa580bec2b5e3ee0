"""One story over every link, on good and on bad wires: whole messages, in order, once, to the right peer."""

import asyncio
import contextlib
import random
import subprocess
import sys
import time

import pytest

from edge.link.can.door import CanBusSettings
from edge.link.can.link import CanLink, CanLinkSettings, CanTerminalLink
from edge.link.port import EVERYONE, MessageLink, TerminalLink
from edge.link.rs485.door import SerialSettings
from edge.link.rs485.link import Rs485Link, Rs485LinkSettings, Rs485TerminalLink
from edge.link.rs485.polling import PollSettings
from edge.link.tcp.link import TcpLink, TcpTerminalLink
from tests.edge.link.waiting import until
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process

TERMINALS = (1, 2, 3, 4)
SIZES = (1, 7, 8, 69, 250, 251)


@contextlib.contextmanager
def process(*arguments: str, ready=lambda: True):
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as started:
        try:
            deadline_s = time.monotonic() + PATIENCE_S
            while not ready():
                assert started.poll() is None
                assert time.monotonic() < deadline_s
                time.sleep(0.01)
            yield
        finally:
            started.terminate()


@contextlib.asynccontextmanager
async def can_wire(folder, bad: bool):
    path = folder / "can"
    with process("-m", "edge.link.sim.can_daemon", "--socket", str(path), ready=path.exists):
        settings = CanLinkSettings(bus=CanBusSettings("simbus", str(path)))
        if not bad:
            yield CanLink(settings), [CanTerminalLink(settings, address) for address in TERMINALS]
            return
        # A neighbour that destroys every other frame it sends, again and again until it is off the bus.
        code = (f"import can, time\nb = can.Bus(interface='simbus', channel={str(path)!r}, corruption=0.5,"
                " ignore_config=True)\nwhile True:\n try: b.send(can.Message(arbitration_id=1, data=bytes(8)))\n"
                " except can.CanOperationError: pass\n time.sleep(0.01)")  # fmt: skip
        with process("-c", code):
            yield CanLink(settings), [CanTerminalLink(settings, address) for address in TERMINALS]


@contextlib.asynccontextmanager
async def rs485_wire(folder, bad: bool):
    options = ["--dir", str(folder), "--ports", "4", "--noise", "0.002" if bad else "0"]
    with process("-m", "edge.link.sim.rs485", *options, ready=(folder / "master").is_symlink):
        edge = Rs485LinkSettings(str(folder / "master"), TERMINALS, PollSettings(gone_s=30))
        yield Rs485Link(edge), [
            Rs485TerminalLink(SerialSettings(str(folder / f"{address:02d}")), address) for address in TERMINALS
        ]


@contextlib.asynccontextmanager
async def tcp_wire(_folder, bad: bool):
    edge = TcpLink("127.0.0.1", 0)
    port = asyncio.create_task(edge.port())
    terminals = []
    async with contextlib.AsyncExitStack() as stack:
        chopper = await stack.enter_async_context(await asyncio.start_server(
            lambda reader, writer: chop(reader, writer, port), "127.0.0.1", 0))  # fmt: skip
        for _ in TERMINALS:
            target = chopper.sockets[0].getsockname()[1] if bad else None
            terminals.append(LateTcpTerminal(port, target))
        yield edge, terminals


class LateTcpTerminal:
    """A TcpTerminalLink that learns the server's port when there is one."""

    def __init__(self, port, target):
        self._port, self._target = port, target
        self._link = TcpTerminalLink("127.0.0.1", 0)
        self.send, self.on_message = self._link.send, self._link.on_message
        self.on_wire, self.counters = self._link.on_wire, self._link.counters

    async def run(self):
        self._link._address = "127.0.0.1", self._target or await asyncio.shield(self._port)
        await asyncio.shield(self._port)
        await self._link.run()


async def chop(reader, writer, port):
    """A path that passes everything on in crumbs."""
    chance = random.Random(1)
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", await asyncio.shield(port))

    async def pass_on(source, target):
        with contextlib.suppress(ConnectionError):
            while data := await source.read(chance.randint(1, 7)):
                target.write(data)
                await asyncio.sleep(0)
        target.close()

    await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))


WIRES = {"can": can_wire, "rs485": rs485_wire, "tcp": tcp_wire}


@pytest.mark.parametrize("bad", [False, True], ids=["good", "bad"])
@pytest.mark.parametrize("wire", WIRES)
def test_messages_arrive_whole_in_order_once(wire, bad, tmp_path):
    async def story():
        async with WIRES[wire](tmp_path, bad) as (edge, terminals):
            await exchange(edge, terminals)

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


async def exchange(edge: MessageLink, terminals: list[TerminalLink]):
    up: dict[int, list[bytes]] = {}
    down: list[list[bytes]] = [[] for _ in terminals]
    edge.on_message(lambda peer, message: up.setdefault(peer, []).append(message))
    wires = [0] * len(terminals)
    for at, terminal in enumerate(terminals):
        terminal.on_message(down[at].append)
        terminal.on_wire(lambda there, at=at: wires.__setitem__(at, wires[at] + there))
    tasks = [asyncio.create_task(one.run()) for one in (edge, *terminals)]
    try:
        await until(lambda: all(wires))
        await say_hello(terminals, up)
        peers = {messages[0][1]: peer for peer, messages in up.items()}
        sent_up, sent_down = [messages_of(at, 0x10) for at in range(4)], [messages_of(at, 0x77) for at in range(4)]
        await asyncio.gather(
            *(send_all(terminal.send, messages) for terminal, messages in zip(terminals, sent_up, strict=True)),
            *(send_all(lambda message, at=at: edge.send(peers[at], message), sent_down[at]) for at in range(4)),
        )
        await until(lambda: all(heard_all(up[peers[at]], sent_up[at]) for at in range(4)), PATIENCE_S)
        await until(lambda: all(heard_all(down[at], sent_down[at]) for at in range(4)), PATIENCE_S)
        await until_sent(lambda: edge.send(EVERYONE, b"\x15time"))
        await until(lambda: all(heard[-1:] == [b"\x15time"] for heard in down))
        for at in range(4):
            assert without_hello(up[peers[at]]) == sent_up[at]
            assert down[at][:-1] == sent_down[at]
        for link in (edge, *terminals):
            assert {"overflow", "dropped"} & {name for name, value in link.counters().items() if value} == set()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)


def messages_of(at: int, kind: int) -> list[bytes]:
    chance = random.Random(100 * kind + at)
    return [bytes([kind]) + chance.randbytes(size - 1) for size in SIZES]


async def say_hello(terminals, up):
    """Until each was heard once: an edge may come to its bus later than its terminals."""
    for at, terminal in enumerate(terminals):
        hello = bytes([0x01, at])
        async with asyncio.timeout(PATIENCE_S):
            while not any(hello in messages for messages in up.values()):
                await terminal.send(hello)
                await asyncio.sleep(0.05)


def without_hello(messages):
    return [message for message in messages if message[0] != 0x01]


def heard_all(heard, sent) -> bool:
    return len(without_hello(heard)) >= len(sent)


async def send_all(send, messages):
    for message in messages:
        await until_sent(lambda message=message: send(message))


async def until_sent(send):
    async with asyncio.timeout(PATIENCE_S):
        while not await send():  # noqa: ASYNC110 - see until
            await asyncio.sleep(0.01)
