"""The CAN links in real time on the simulator: both doors, load, faults, loss and return of the bus."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from random import Random

import can
import pytest

from edge.box.down.carrier import Carrier
from edge.box.down.documents import Document
from edge.box.values.effects import KeepDocument
from edge.link.can.claims import Claiming
from edge.link.can.door import BusDoor, BusLostError, CanBusSettings, SocketDoor, open_door, to_frame, to_message
from edge.link.can.frame import ERROR, EXTENDED, REMOTE, CanFrame, FrameError, pack
from edge.link.can.ids import EDGE_ADDRESS, NO_ADDRESS, CanId
from edge.link.can.link import CanLink, CanLinkSettings, CanTerminalLink
from edge.link.can.node import NodeLimits
from edge.link.port import CLAIMANTS, EVERYONE, MessageSizeError, NotListeningError
from edge.link.sim.can_load import bus_daemon, saturate, saturate_virtual
from edge.terminal.down.broadcast import MemorySlot, Receiver
from shared.errors import ConfigFault
from shared.fleet.document import DocumentKind, decode_head, table_of
from tests.edge.link.waiting import until
from tests.edge.terminal.down.centre import Centre
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process

RECORD = b"\x10" + bytes(range(68))


@pytest.fixture
def bus_path():
    """A bus of this test's own: what a rude neighbour said is counted by whoever listens next."""
    with bus_daemon(125_000) as path:
        yield path


@contextlib.asynccontextmanager
async def running(*links):
    tasks = [asyncio.create_task(link.run()) for link in links]
    await asyncio.sleep(0)
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def settings(path, **options) -> CanLinkSettings:
    return CanLinkSettings(bus=CanBusSettings("simbus", str(path)), **options)


def edge_and_terminal(path, address=7, **options):
    edge, terminal = CanLink(settings(path, **options)), CanTerminalLink(settings(path, **options), address)
    up, down = [], []
    edge.on_message(lambda peer, message: up.append((peer, message)))
    terminal.on_message(down.append)
    return edge, terminal, up, down


def test_saturated_in_virtual_time_within_5_percent():
    reached = saturate_virtual(125_000, terminals=32, seconds=5)
    assert 0.95 <= reached.ratio <= 1
    assert max(reached.by_terminal.values()) <= 2 * min(reached.by_terminal.values())


def test_saturated_in_real_time_everyone_is_heard_and_nobody_beats_the_formula():
    """How near to the formula, how fair and at what cost is a figure of the machine: `./ykt bench can`."""
    reached = saturate(125_000, terminals=8, seconds=1.5)
    assert len(reached.by_terminal) == 8
    assert 0 < reached.ratio <= 1.02


def test_broadcast_and_counters(bus_path):
    async def story():
        edge, one, up, at_one = edge_and_terminal(bus_path, 1)
        other, at_other = CanTerminalLink(settings(bus_path), 2), []
        other.on_message(at_other.append)
        async with running(edge, one, other):
            assert await edge.send(EVERYONE, b"\x15\x00\x00\x00\x01")
            await one.send(RECORD)
            await until(lambda: at_one and at_other and up)
        assert at_one == at_other == [b"\x15\x00\x00\x00\x01"]
        assert edge.counters()["messages_out"] == edge.counters()["messages_in"] == 1
        assert edge.counters()["errors"] == edge.counters()["overflow"] == 0

    asyncio.run(story())


def test_a_full_controller_is_waited_for(bus_path):
    """Far more than queue and socket hold, offered at once: nothing lost, nothing raised (the ENOBUFS trap)."""

    async def story():
        edge, terminal, up, _ = edge_and_terminal(bus_path, limits=NodeLimits(lane_messages_max=4))
        async with running(edge, terminal):
            sent = [b"\x11" + number.to_bytes(4) for number in range(100)]
            assert all([await terminal.send(message) for message in sent])
            await until(lambda: len(up) == 100)
        assert [message for _, message in up] == sent
        assert terminal.counters()["queue_full"] > 0

    asyncio.run(story())


def test_a_bound_reached_is_refused_and_counted(bus_path):
    async def story():
        lone = CanTerminalLink(settings(bus_path, limits=NodeLimits(lane_messages_max=2), send_wait_s=0.05), 9)
        lone.on_message(lambda _message: None)
        async with running(lone):
            assert [await lone.send(RECORD) for _ in range(4)] == [True, True, True, False]
        assert lone.counters()["refused"] == 1

    asyncio.run(story())


def test_a_stuck_controller_is_given_up(bus_path):
    """Alone on the bus nobody acknowledges: the queue fills, the rest is dropped after its bound."""

    async def story():
        lone = CanTerminalLink(settings(bus_path, stuck_s=0.1), 9)
        lone.on_message(lambda _message: None)
        async with running(lone):
            for _ in range(3):
                for _ in range(15):
                    await lone.send(b"\x11abc")
                await asyncio.sleep(0)
            await until(lambda: lone.counters()["stuck"] and lone.counters()["dropped"])
            assert lone.counters()["no_ack"] > 0
            assert lone.counters()["error_passive"] == 1

    asyncio.run(story())


@pytest.mark.parametrize("rude", [
    b"", b"\x00", b"\x08abcdefg", b"\x10\x45abcdef", b"\x10\x00\xff\xff\xff\xff\x00\x00", b"\x21abcdefg",
    b"\x30\x00\x00", b"\x32", b"\x40", b"\xff" * 8,
])  # fmt: skip
def test_rude_frames_are_counted_and_traffic_goes_on(bus_path, rude):
    async def story():
        edge, terminal, up, _ = edge_and_terminal(bus_path)
        with can.Bus(interface="simbus", channel=str(bus_path), ignore_config=True) as stranger:
            async with running(edge, terminal):
                for priority, source in ((6, 7), (3, 8), (6, 0), (6, 0xF0)):
                    word = CanId(priority, EDGE_ADDRESS, source).word
                    stranger.send(to_message(CanFrame(word, rude)), timeout=PATIENCE_S)
                stranger.send(to_message(CanFrame(CanId(6, EDGE_ADDRESS, 8).word | REMOTE, bytes(8))))
                stranger.send(to_message(CanFrame(0x123, b"standard")))
                await until(lambda: edge.counters().get("foreign", 0) == 2)
                await terminal.send(RECORD)
                await until(lambda: (7, RECORD) in up)
        assert [message for peer, message in up if peer == 7] == [RECORD]

    asyncio.run(story())


def test_a_bad_neighbour_costs_the_others_nothing(bus_path):
    async def story():
        edge, terminal, up, _ = edge_and_terminal(bus_path)
        with can.Bus(interface="simbus", channel=str(bus_path), ignore_config=True, corruption=0.5) as bad:
            async with running(edge, terminal):
                for number in range(30):
                    for _ in range(2):
                        with contextlib.suppress(can.CanOperationError):
                            bad.send(can.Message(arbitration_id=number, data=bytes(8)))
                    assert await terminal.send(b"\x10" + number.to_bytes(4) + bytes(64))
                await until(lambda: len(up) == 30)
        assert [int.from_bytes(message[1:5]) for _, message in up] == list(range(30))
        assert edge.counters()["bus_errors"] > 0

    asyncio.run(story())


def test_the_bus_goes_away_and_comes_back(tmp_path):
    def start():
        command = [sys.executable, "-m", "edge.link.sim.can_daemon", "--socket", str(tmp_path / "can")]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    async def story():
        options = {"reopen_min_s": 0.05, "reopen_max_s": 0.1}
        edge, terminal, up, _ = edge_and_terminal(tmp_path / "can", **options)
        wire = []
        terminal.on_wire(wire.append)
        async with running(edge, terminal) as tasks:
            assert not await terminal.send(RECORD)
            for round_ in (1, 2):
                daemon = start()
                try:
                    await until(lambda: wire[-1:] == [True])
                    await until_heard(terminal, up, round_)
                finally:
                    daemon.kill()
                    daemon.wait()
                await until(lambda: wire[-1:] == [False])
                assert not await terminal.send(RECORD)
            assert not any(task.done() for task in tasks)
        assert wire == [True, False, True, False]
        assert edge.counters()["reopened"] >= 2

    async def until_heard(terminal, up, round_):
        """The edge may come back later than the terminal: what is sent meanwhile nobody hears."""
        message = bytes([0x11, round_])
        while (7, message) not in up:
            await terminal.send(message)
            await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


def test_a_callback_that_raises_ends_run_with_its_error(bus_path):
    async def story():
        edge, terminal, _, _ = edge_and_terminal(bus_path)
        edge.on_message(lambda _peer, _message: 1 // 0)
        async with running(edge, terminal) as (edge_task, _):
            await terminal.send(RECORD)
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(edge_task, PATIENCE_S)

    asyncio.run(story())


def test_wrong_use_is_told(bus_path):
    async def story():
        edge, terminal, _, _ = edge_and_terminal(bus_path)
        with pytest.raises(NotListeningError):
            await CanLink(settings(bus_path)).run()
        with pytest.raises(MessageSizeError):
            await terminal.send(b"")
        with pytest.raises(MessageSizeError):
            await edge.send(7, bytes(4096))
        unknown = CanLink(CanLinkSettings(bus=CanBusSettings("nosuchbus", "x")))
        unknown.on_message(lambda _peer, _message: None)
        with pytest.raises(ConfigFault, match="nosuchbus"):
            await unknown.run()

    asyncio.run(story())


def test_any_python_can_interface_will_do():
    """python-can's own in-process bus: no socket, no descriptor, the same links."""

    async def story():
        bus = CanLinkSettings(bus=CanBusSettings("virtual", "test-any-interface"))
        edge, terminal, up, down = CanLink(bus), CanTerminalLink(bus, 7), [], []
        edge.on_message(lambda peer, message: up.append((peer, message)))
        terminal.on_message(down.append)
        async with running(edge, terminal):
            await terminal.send(RECORD)
            await edge.send(7, b"\x11ack")
            await until(lambda: up and down)
        assert (up, down) == ([(7, RECORD)], [b"\x11ack"])

    asyncio.run(story())


def test_both_doors_say_the_same(bus_path):
    bus = can.Bus(interface="simbus", channel=str(bus_path), ignore_config=True)
    by_message, by_socket = BusDoor(bus), open_door(CanBusSettings("simbus", str(bus_path)), EDGE_ADDRESS)
    assert isinstance(by_socket, SocketDoor)
    frame = CanFrame(CanId(6, EDGE_ADDRESS, 7).word, b"\x03abc")
    assert by_message.send(frame)
    deadline_s = time.monotonic() + PATIENCE_S
    while (heard := by_socket.receive()) is None and time.monotonic() < deadline_s:
        time.sleep(0.005)
    assert heard == frame
    # Nobody acknowledges a lone node's frames, so both queues fill.
    by_socket.close()
    sent = sum(by_message.send(frame) for _ in range(100))
    assert 1 <= sent < 100
    by_message.close()
    with pytest.raises(BusLostError):
        by_message.send(frame)


@pytest.mark.parametrize("frame", [
    CanFrame(EXTENDED | 0x18DAF001, b"12345678"), CanFrame(0x7FF, b""), CanFrame(REMOTE | 5, bytes(3)),
    CanFrame(ERROR | 0x204, bytes(8)),
])  # fmt: skip
def test_frames_survive_python_cans_messages(frame):
    assert to_frame(to_message(frame)) == frame


def test_no_bus_there_is_a_lost_bus(tmp_path):
    with pytest.raises(BusLostError):
        open_door(CanBusSettings("simbus", str(tmp_path / "none")), EDGE_ADDRESS)
    # socketcan is configuration only: here the kernel may have no CAN or no can97, and says so the same way.
    with pytest.raises(BusLostError):
        open_door(CanBusSettings("socketcan", "can97"), EDGE_ADDRESS)


def test_frames_the_kernel_had_no_room_for_are_counted():
    """SO_RXQ_OVFL on a datagram socket of another family: SocketCAN's own needs a kernel with CAN."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near, socket.socket(
        socket.AF_INET, socket.SOCK_DGRAM
    ) as far:
        near.bind(("127.0.0.1", 0))
        far.connect(near.getsockname())
        door = SocketDoor(can.Bus(interface="virtual", channel="overflow", ignore_config=True), near, CanBusSettings())
        frame = CanFrame(CanId(6, EDGE_ADDRESS, 7).word, bytes(8))
        far.send(pack(frame))
        assert (door.receive(), door.receive(), door.dropped) == (frame, None, 0)
        for _ in range(30_000):
            far.send(pack(frame))
        kept = 0
        while door.receive() is not None:
            kept += 1
        far.send(pack(frame))
        assert door.receive() == frame
        assert kept + door.dropped == 30_000
        assert 3_000 < kept < 30_000
        far.send(b"short")
        with pytest.raises(FrameError):
            door.receive()
        door.close()


def test_a_node_that_is_bus_off_comes_back_by_itself_and_counts_it(tmp_path):
    """The daemon restarts nobody: its software does, after its pause."""
    from edge.link.sim.can_wire import Breakage, encode_order

    async def story(path):
        edge, terminal, up, _ = edge_and_terminal(path)
        async with running(edge, terminal):
            await until(lambda: terminal._adapter._door is not None)
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hand:
                hand.connect(str(path))
                hand.send(encode_order(Breakage(7, corruption=1.0)))
                while not terminal.bus().offs:
                    await terminal.send(RECORD)
                hand.send(encode_order(Breakage(7)))
                await until(lambda: terminal.counters()["restarted"])
            sent = len(up)
            await until_sent(terminal, lambda: len(up) > sent)
        report = terminal.bus()
        assert report.offs >= 1
        assert report.tec_sum >= 248
        assert report.tec_peak == 255
        assert edge.bus().rec_sum >= 30

    with bus_daemon(125_000) as path:
        asyncio.run(story(path))


async def until_sent(terminal, holds) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await terminal.send(RECORD)
            await asyncio.sleep(0.01)


def test_who_leaves_the_bus_is_no_node_of_it_and_comes_back(bus_path):
    async def story():
        edge, terminal, up, _ = edge_and_terminal(bus_path)
        wire = []
        terminal.on_wire(wire.append)
        async with running(edge, terminal):
            await until(lambda: wire == [True])
            terminal.leave(0.3)
            await until(lambda: wire == [True, False])
            assert not await terminal.send(RECORD)
            await until(lambda: wire == [True, False, True])
            await until_sent(terminal, lambda: up)

    asyncio.run(story())


def test_a_broadcast_reaches_all_on_a_real_link_within_its_share_while_messages_go_first():
    asyncio.run(_broadcast())


async def _broadcast():
    centre, body = Centre(DocumentKind.FIRMWARE), Random(2).randbytes(6 * 1024 + 100)
    signed = centre.signed(centre.make(body))
    document = Document(KeepDocument(signed, centre.key, body), decode_head(signed.raw), table_of(body))
    with bus_daemon(125_000) as path:
        edge = CanLink(settings(path))
        links = {address: CanTerminalLink(settings(path), address) for address in (1, 2, 3)}
        slots = {address: MemorySlot() for address in links}
        receivers = {at: Receiver(lambda one: decode_head(one.raw), slot) for at, slot in slots.items()}
        heard = []
        edge.on_message(lambda peer, message: heard.append((peer, message)))
        for address, link in links.items():
            link.on_message(lambda _message: None)
            link.hear_broadcasts(receivers[address])
        carrier = Carrier(125_000, 0, time.monotonic())
        edge.carry(carrier)
        async with running(edge, *links.values()):
            sender = carrier.begin((DocumentKind.FIRMWARE, centre.scope), document, [*links], time.monotonic())
            await until(lambda: sender.sent > 100)
            first, first_s = sender.sent, time.monotonic()
            for address, link in links.items():
                assert await link.send(RECORD + bytes((address,)))
            await until(lambda: len(heard) == 3)
            assert sender.sent < sender.total, "records go before the rest of it"
            await until(lambda: sender.sent >= sender.total)
            took_s = time.monotonic() - first_s
            await until(lambda: sender.is_over)
        assert [slot.body() for slot in slots.values()] == [body] * 3
        assert (sender.total - first) * 131 / took_s < 0.82 * 125_000, "its share, and no more"
        assert edge.counters()["broadcast_malformed"] == 0


def test_a_terminal_without_an_address_becomes_the_node_that_the_edge_says_and_moves_when_it_says_another(bus_path):
    async def story():
        device, kept, wires = b"\0\1\0\0\0\7", [], []
        edge, up = CanLink(settings(bus_path)), []
        edge.on_message(lambda peer, message: up.append((peer, message)))
        terminal = CanTerminalLink(settings(bus_path), NO_ADDRESS, Claiming(device), kept.append)
        down = []
        terminal.on_message(down.append)
        terminal.on_wire(wires.append)
        async with running(edge, terminal):
            await until(lambda: up)
            assert up == [(CLAIMANTS, device)]
            assert not await terminal.send(RECORD), "nobody speaks without an address"
            assert await edge.send(CLAIMANTS, device + b"\7")
            await until(lambda: wires[-1:] == [True])
            await edge.send(7, b"\x11at seven")
            await until(lambda: down)
            await edge.send(CLAIMANTS, device + b"\x09")
            await asyncio.sleep(0.05)
            assert kept == [7], "unasked for, and too soon after the one before"
            terminal.renew()
            await until(lambda: len(up) >= 2)
            await edge.send(CLAIMANTS, device + b"\x09")
            await until(lambda: kept == [7, 9] and wires[-1:] == [True])
            await terminal.send(RECORD)
            await until(lambda: (9, RECORD) in up)

    asyncio.run(story())
