"""The RS-485 links in real time: an edge and four terminals on pseudo-terminals."""

import asyncio
import contextlib
import subprocess
import sys
import time

import pytest

from edge.link.port import MessageSizeError, NotListeningError
from edge.link.rs485.door import SerialDoor, SerialSettings
from edge.link.rs485.frame import Kind, LineFrame, encode_frame
from edge.link.rs485.link import Rs485Link, Rs485LinkSettings, Rs485TerminalLink
from edge.link.rs485.polling import PollSettings
from tests.edge.link.waiting import until
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process

RECORD = b"\x10" + bytes(range(68))


@pytest.fixture(scope="module")
def ports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("line")
    with simulator(folder):
        yield folder


@contextlib.contextmanager
def simulator(folder):
    command = [sys.executable, "-m", "edge.link.sim.rs485", "--dir", str(folder), "--ports", "4"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        deadline_s = time.monotonic() + PATIENCE_S
        while not (folder / "master").is_symlink():
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        try:
            yield process
        finally:
            process.terminate()


class Campus:
    """An edge, and terminals 1..4 of which some run."""

    def __init__(self, folder, **poll):
        self.edge = Rs485Link(Rs485LinkSettings(str(folder / "master"), (1, 2, 3, 4), PollSettings(**poll)))
        self.up, self.peers, self.down, self.wire = [], [], [], []
        self.edge.on_message(lambda peer, message: self.up.append((peer, message)))
        self.edge.on_peer(lambda peer, there: self.peers.append((peer, there)))
        self.terminals = {
            address: Rs485TerminalLink(SerialSettings(str(folder / f"{address:02d}")), address)
            for address in (1, 2, 3, 4)
        }
        for address, terminal in self.terminals.items():
            terminal.on_message(lambda message, address=address: self.down.append((address, message)))
            terminal.on_wire(lambda there, address=address: self.wire.append((address, there)))

    @contextlib.asynccontextmanager
    async def running(self, *addresses):
        links = [self.edge, *(self.terminals[address] for address in addresses)]
        tasks = [asyncio.create_task(link.run()) for link in links]
        try:
            await until(lambda: {peer for peer, there in self.peers if there} == set(addresses))
            yield tasks
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def play(story):
    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


def test_four_terminals_at_once(ports):
    async def story():
        campus = Campus(ports, gone_s=30)
        async with campus.running(1, 2, 3, 4):
            for number in range(10):
                for terminal in campus.terminals.values():
                    assert await terminal.send(bytes([0x10, number]) + bytes(67))
                await until(lambda number=number: len(campus.up) == 4 * number + 4)
                for peer in campus.terminals:
                    assert await campus.edge.send(peer, bytes([0x11, number]))
            await until(lambda: len(campus.down) == 40)
            await until(lambda: campus.edge.counters()["messages_out"] == 40)  # counted when the slave has said so
        for peer in campus.terminals:
            assert [message[1] for one, message in campus.up if one == peer] == list(range(10))
            assert [message[1] for one, message in campus.down if one == peer] == list(range(10))
        counters = campus.edge.counters()
        assert counters["messages_in"] == counters["messages_out"] == 40

    play(story)


def test_absent_terminals_do_not_stop_the_others(ports):
    async def story():
        campus = Campus(ports)
        async with campus.running(2):
            assert not await campus.edge.send(3, RECORD)
            await campus.terminals[2].send(RECORD)
            await until(lambda: campus.up == [(2, RECORD)])
            assert campus.edge.counters()["timeouts"] > 0
            assert campus.edge.counters()["refused"] == 1

    play(story)


def test_a_terminal_that_stops_is_gone_and_comes_back(ports):
    async def story():
        campus = Campus(ports, gone_s=0.3)
        async with campus.running(1, 2) as tasks:
            tasks[1].cancel()
            await until(lambda: campus.peers[-1] == (1, False))
            again = asyncio.create_task(campus.terminals[1].run())
            await until(lambda: campus.peers[-1] == (1, True))
            assert await campus.edge.send(1, b"\x17hello", urgent=True)
            await until(lambda: (1, b"\x17hello") in campus.down)
            again.cancel()
            await asyncio.gather(again, return_exceptions=True)
        assert [there for address, there in campus.wire if address == 1] == [True, False, True, False]

    play(story)


def test_rude_bytes_are_counted_and_traffic_goes_on(ports):
    async def story():
        campus = Campus(ports)
        async with campus.running(1):
            rude = SerialDoor(SerialSettings(str(ports / "04")))
            for noise in (b"\xff" * 50, b"\x00\x00\x05abc\x00", bytes(range(256)),
                          encode_frame(LineFrame(1, True, Kind.EXCHANGE, b"\x10forged?", sequence=1))):
                rude.write(noise)
                await asyncio.sleep(0.02)
            rude.close()
            await campus.terminals[1].send(RECORD)
            await until(lambda: (1, RECORD) in campus.up)
            assert campus.edge.counters()["errors"] > 0

    play(story)


def test_the_line_goes_away_and_comes_back(tmp_path):
    async def story():
        campus = Campus(tmp_path)
        with simulator(tmp_path):
            running = campus.running(1)
            await running.__aenter__()
        await until(lambda: campus.peers[-1] == (1, False) and campus.wire[-1] == (1, False))
        assert not await campus.edge.send(1, RECORD)
        assert not await campus.terminals[1].send(RECORD)
        with simulator(tmp_path):
            await until(lambda: campus.peers[-1] == (1, True))
            await campus.terminals[1].send(RECORD)
            await until(lambda: campus.up == [(1, RECORD)])
            await running.__aexit__(None, None, None)
        assert campus.edge.counters()["reopened"] >= 1

    play(story)


def test_a_callback_that_raises_ends_run_with_its_error(ports):
    async def story():
        campus = Campus(ports)
        async with campus.running(1) as tasks:
            campus.edge.on_message(lambda _peer, _message: 1 // 0)
            await campus.terminals[1].send(RECORD)
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(tasks[0], PATIENCE_S)

    play(story)


def test_wrong_use_is_told(ports):
    async def story():
        campus = Campus(ports)
        with pytest.raises(NotListeningError):
            await Rs485Link(Rs485LinkSettings("x", (1,))).run()
        with pytest.raises(NotListeningError):
            await Rs485TerminalLink(SerialSettings("x"), 1).run()
        async with campus.running(1):
            with pytest.raises(MessageSizeError):
                await campus.edge.send(1, b"")
            with pytest.raises(MessageSizeError):
                await campus.terminals[1].send(bytes(4096))

    play(story)
