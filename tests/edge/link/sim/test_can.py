"""The simulator as a process, seen through python-can as any program would."""

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import can
import pytest

from edge.link.can.frame import EXTENDED, CanFrame, frame_bits, pack
from edge.link.sim.can import SimBus
from edge.link.sim.can_load import bus_daemon
from tests.edge.link.waiting import wait_until
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process

BUS_OFF, RESTARTED = 0x40, 0x100


@pytest.fixture
def bus_path():
    """A bus of the test's own: what a closed node left in its queue still goes out, into whoever listens then."""
    with bus_daemon(125_000, "--nodes", "6", "--restart-ms", "100") as path:
        yield path


@pytest.fixture
def node(bus_path):
    """Opens nodes and closes them after the test."""
    opened = []

    def open_node(**options) -> SimBus:
        bus = can.Bus(interface="simbus", channel=str(bus_path), ignore_config=True, **options)
        opened.append(bus)
        return bus

    yield open_node
    for bus in opened:
        bus.shutdown()


def message(number: int, data: bytes = b"", **options) -> can.Message:
    return can.Message(arbitration_id=number, data=data, **options)


def fill(node) -> None:
    """Take all six places; those of nodes of earlier tests come free within a moment."""
    for _ in range(6):
        wait_until(lambda: joined(node))


def joined(open_node) -> bool:
    try:
        open_node()
    except can.CanInitializationError:
        return False
    return True


def test_it_is_found_by_its_name(node):
    assert isinstance(node(), SimBus)


def test_frames_of_every_form_arrive_as_sent(node):
    one, other = node(), node()
    sent = [message(0x18DAF001, b"12345678"), message(0x7FF, b"", is_extended_id=False),
            message(5, is_remote_frame=True, dlc=3)]  # fmt: skip
    for each in sent:
        one.send(each)
    for each in sent:
        got = other.recv(PATIENCE_S)
        assert got.equals(each, timestamp_delta=None, check_channel=False)
    assert other.recv(0) is None
    assert one.recv(0) is None


def test_filters_work_in_the_controller(node):
    one, other = node(), node(can_filters=[{"can_id": 7, "can_mask": 0xFF, "extended": True}])
    for number in (5, 7, 0x107):
        one.send(message(number))
    one.send(message(7, is_extended_id=False))
    assert [other.recv(PATIENCE_S).arbitration_id for _ in range(2)] == [7, 0x107]
    other.set_filters([{"can_id": 5, "can_mask": 0xFF}])
    wait_until(lambda: (one.send(message(5)), other.recv(0.02))[1])


def test_time_on_the_wire_is_the_frames_own(node):
    one, other = node(), node()
    frame = message(0x18DAF001, bytes(8))
    bits = frame_bits(CanFrame(EXTENDED | 0x18DAF001, bytes(8)))
    start_s = time.monotonic()
    for _ in range(100):
        one.send(frame, timeout=PATIENCE_S)
    for _ in range(100):
        assert other.recv(PATIENCE_S) is not None
    took_s = time.monotonic() - start_s
    assert took_s >= 100 * (bits - 3) / 125_000


def test_a_full_queue_is_enobufs(node):
    one, _ = node(), node()


    def flood():
        for _ in range(100):
            one.send(message(1, bytes(8)))

    with pytest.raises(can.CanOperationError) as refusal:
        flood()
    assert refusal.value.error_code == errno.ENOBUFS


def waiting(bus: SimBus) -> list[can.Message]:
    """All that is there to read now."""
    got = []
    while (one := bus.recv(0)) is not None:
        got.append(one)
    return got


def error_class(bus: SimBus, bit: int) -> bool:
    return any(one.is_error_frame and one.arbitration_id & bit for one in waiting(bus))


def test_a_bad_node_goes_bus_off_and_returns(node):
    bad, good, listener = node(corruption=0.5), node(), node(ignore_rx_error_frames=True)
    sent = 0

    def feed() -> bool:
        nonlocal sent
        with contextlib.suppress(can.CanOperationError):
            bad.send(message(1, bytes(4)))
        with contextlib.suppress(can.CanOperationError):
            good.send(message(2, (sent + 1).to_bytes(4)))
            sent += 1
        return error_class(bad, BUS_OFF)

    wait_until(feed)
    wait_until(lambda: error_class(bad, RESTARTED))
    from_good = []
    wait_until(lambda: from_good.extend(one for one in waiting(listener) if one.arbitration_id == 2)
          or len(from_good) >= sent)  # fmt: skip
    assert [int.from_bytes(one.data) for one in from_good] == list(range(1, sent + 1))


def test_a_bus_that_is_full_or_of_another_rate_says_so(node):
    with pytest.raises(can.CanInitializationError, match="250000 on a bus of 125000"):
        node(bitrate=250_000)
    fill(node)
    with pytest.raises(can.CanInitializationError, match="6 nodes"):
        node()


def test_nobody_there(tmp_path):
    with pytest.raises(can.CanInitializationError):
        can.Bus(interface="simbus", channel=str(tmp_path / "none"), ignore_config=True)


@pytest.mark.parametrize("packet", [b"x", pack(CanFrame(1, b"")), bytes(16), b"SIMC\x01\x01", bytes(300)])
def test_rubbish_ends_that_connection_only(bus_path, node, packet):
    one, other = node(), node()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as rude:
        rude.connect(str(bus_path))
        rude.settimeout(PATIENCE_S)
        rude.send(packet)
        assert rude.recv(4096)[:4] == b"SIMC"
        assert rude.recv(4096) == b""
    one.send(message(1))
    heard = other.recv(PATIENCE_S)
    while heard.is_error_frame:  # it came onto the bus a moment after the frame, which was sent again
        heard = other.recv(PATIENCE_S)
    assert heard.arbitration_id == 1


def test_a_killed_nodes_place_is_free_again(bus_path, node):
    code = (f"import can, os; b = can.Bus(interface='simbus', channel={str(bus_path)!r}, ignore_config=True)\n"
            "for _ in range(5): b.send(can.Message(arbitration_id=1, data=bytes(8)))\n"
            "os.kill(os.getpid(), 9)")  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    fill(node)


@pytest.fixture
def daemon():
    """Starts simulators; what a failed test leaves running is killed."""
    started = []

    def start(path: Path, *options: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "edge.link.sim.can_daemon", "--socket", str(path), *options]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        started.append(process)
        wait_until(lambda: path.exists() or process.poll() is not None)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stderr):
            if pipe is not None:
                pipe.close()


def ended(process: subprocess.Popen) -> tuple[int, bytes]:
    _, stderr = process.communicate(timeout=PATIENCE_S)
    return process.returncode, stderr


def test_it_ends_with_its_standard_input(tmp_path, daemon):
    process = daemon(tmp_path / "can", "--end-with-stdin")
    process.stdin.close()
    process.stdin = None
    assert ended(process) == (0, b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_by_signal_and_outlives_a_closed_input_otherwise(tmp_path, daemon, number):
    process = daemon(tmp_path / "can")
    process.stdin.close()
    process.stdin = None
    with can.Bus(interface="simbus", channel=str(tmp_path / "can"), ignore_config=True) as bus:
        os.kill(process.pid, number)
        assert ended(process) == (0, b"")
        with pytest.raises(can.CanOperationError) as gone:
            bus.recv(2)
        assert gone.value.error_code == errno.ENODEV
    assert list(tmp_path.iterdir()) == []


def test_a_full_queue_does_not_make_it_spin(tmp_path, daemon):
    process = daemon(tmp_path / "can")
    stat = Path(f"/proc/{process.pid}/stat")

    def cpu_s() -> float:
        return sum(map(int, stat.read_text().split()[13:15])) / os.sysconf("SC_CLK_TCK")

    with can.Bus(interface="simbus", channel=str(tmp_path / "can"), ignore_config=True) as lone:
        with contextlib.suppress(can.CanOperationError):
            for _ in range(100):
                lone.send(message(1), timeout=0.05)
        before_s, began_s = cpu_s(), time.monotonic()
        time.sleep(0.5)
        assert cpu_s() - before_s < 0.5 * (time.monotonic() - began_s)
    process.terminate()
    assert ended(process)[0] == 0


def test_two_daemons_do_not_share_a_path_and_a_dead_ones_path_is_taken_over(tmp_path, daemon):
    first = daemon(tmp_path / "can")
    second = subprocess.run(first.args, check=False, capture_output=True, stdin=subprocess.DEVNULL)
    assert second.returncode == 2
    assert "已有总线在此监听".encode() in second.stderr
    first.kill()
    ended(first)
    third = daemon(tmp_path / "can")
    wait_until(lambda: _joins(tmp_path / "can"))
    third.terminate()
    assert ended(third)[0] == 0


def _joins(path: Path) -> bool:
    try:
        can.Bus(interface="simbus", channel=str(path), ignore_config=True).shutdown()
    except can.CanInitializationError:
        return False
    return True


@pytest.mark.parametrize("options", [["--bitrate", "33333"], ["--socket", "/tmp/" + "x" * 200], ["--what"]])
def test_wrong_use_is_exit_2(tmp_path, options):
    command = [sys.executable, "-m", "edge.link.sim.can_daemon", "--socket", str(tmp_path / "can"), *options]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 2


def test_what_breaks_is_ordered_by_who_is_no_node_and_a_node_restarts_itself(tmp_path):
    from edge.link.can.ids import EXTENDED as FLAG
    from edge.link.can.ids import acceptance_filters
    from edge.link.sim.can_wire import Breakage, CableCut, encode_order

    with bus_daemon(125_000, "--restart-ms", "0") as path:
        own = [{"can_id": one.word & ~FLAG, "can_mask": one.mask & ~FLAG, "extended": True}
               for one in acceptance_filters(3)]  # fmt: skip
        opened = [can.Bus(interface="simbus", channel=str(path), ignore_config=True, **more)
                  for more in ({"can_filters": own}, {}, {})]  # fmt: skip
        bad, *_ = opened
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hand:
            hand.connect(str(path))
            hand.send(encode_order(Breakage(3, corruption=1.0)))
            wait_until(lambda: _is_off(bad))
            hand.send(encode_order(Breakage(3)))
            bad.restart()
            wait_until(lambda: (got := bad.recv(2)) is not None and got.arbitration_id & RESTARTED)
            bad.send(message(0x18DAF003, b"back"))
            wait_until(lambda: (got := opened[1].recv(2)) is not None and bytes(got.data) == b"back")
            hand.send(encode_order(CableCut(2)))
            wait_until(lambda: not _reaches(bad, opened[1]))
        for one in opened:
            one.shutdown()


def _is_off(sender) -> bool:
    with contextlib.suppress(can.CanOperationError):
        sender.send(message(0x18DAF003, b"x"))
    return (got := sender.recv(0.05)) is not None and got.is_error_frame and bool(got.arbitration_id & BUS_OFF)


def _reaches(sender, listener) -> bool:
    with contextlib.suppress(can.CanOperationError):
        sender.send(message(0x18DAF003, b"far"))
    while (got := listener.recv(0.2)) is not None:
        if bytes(got.data) == b"far":
            return True
    return False
