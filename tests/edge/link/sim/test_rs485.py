"""The line simulator as a process, seen through pyserial as any program would."""

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import serial

from edge.link.rs485.door import Direction, LineLostError, SerialDoor, SerialSettings
from tests.edge.link.waiting import wait_until
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process


@contextlib.contextmanager
def line(folder: Path, *options: str):
    command = [sys.executable, "-m", "edge.link.sim.rs485", "--dir", str(folder), *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        wait_until(lambda: (folder / "master").is_symlink() or process.poll() is not None)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


@pytest.fixture
def ports(tmp_path):
    """A line of this test's own: what one test says is still on it when the next one listens."""
    with line(tmp_path, "--ports", "2", "--baud", "19200"):
        yield tmp_path


def read(port: serial.Serial, count: int) -> bytes:
    got = bytearray()
    wait_until(lambda: got.extend(port.read(count)) or len(got) >= count)
    return bytes(got)


def opened(folder: Path, name: str, baud: int = 19_200) -> serial.Serial:
    return serial.Serial(str(folder / name), baud, timeout=0.01)


def test_everybody_hears_every_byte_and_not_before_the_line_could_carry_it(ports):
    data = bytes(range(256))
    with opened(ports, "master") as master, opened(ports, "01") as one, opened(ports, "02") as two:
        start_s = time.monotonic()
        master.write(data)
        assert read(one, 256) == read(two, 256) == data
        assert time.monotonic() - start_s >= 2560 / 19_200
        two.write(b"\0\r\n\x03\x11\x13\xff")
        assert read(master, 7) == read(one, 7) == b"\0\r\n\x03\x11\x13\xff"
        assert two.read(10) == b""


def test_another_baud_rate_is_garbage(ports):
    with opened(ports, "master") as master, opened(ports, "01", 9600) as odd, opened(ports, "02") as good:

        def heard() -> bytes:
            master.write(bytes(40))
            assert read(good, 40) == bytes(40)
            return read(odd, 40)

        wait_until(lambda: heard() != bytes(40))  # the simulator looks at the ports' settings now and then


def test_two_at_once_collide(ports):
    with opened(ports, "master") as master, opened(ports, "01") as one, opened(ports, "02") as two:

        def met() -> bool:
            one.write(bytes(100))
            two.write(bytes(100))
            return any(read(master, 200))

        wait_until(met)


def test_a_device_that_does_not_read_loses_bytes_and_stops_nobody(ports):
    with opened(ports, "master") as master, opened(ports, "01") as deaf, opened(ports, "02") as two:
        heard = bytearray()
        for count in range(1, 7):
            master.write(b"\x55" * 1000)
            wait_until(lambda count=count: heard.extend(two.read(1000)) or heard.count(0x55) >= 1000 * count)
        assert heard.count(0x55) == 6000
        assert deaf.in_waiting < 6000


def test_ends(tmp_path):
    for end in ("stdin", signal.SIGTERM, signal.SIGINT):
        with line(tmp_path, "--ports", "3", "--end-with-stdin") as process:
            assert sorted(one.name for one in tmp_path.iterdir()) == ["01", "02", "03", "master"]
            process.stdin.close() if end == "stdin" else process.send_signal(end)
            assert process.wait(PATIENCE_S) == 0
            assert process.stderr.read() == b""
        assert list(tmp_path.iterdir()) == []


def test_a_killed_lines_links_are_taken_over(tmp_path):
    with line(tmp_path, "--ports", "1") as process:
        process.kill()
        process.wait()
        old = (tmp_path / "master").readlink()
        with line(tmp_path, "--ports", "1"):
            wait_until(lambda: serial_works(tmp_path))
            assert old


def serial_works(folder: Path) -> bool:
    try:
        with opened(folder, "master", 115_200) as master, opened(folder, "01", 115_200) as one:
            master.write(b"x")
            return one.read(1) == b"x"
    except serial.SerialException:
        return False


@pytest.mark.parametrize("options", [["--ports", "0"], ["--ports", "65"], ["--ports", "1", "--baud", "12345"],
                                     ["--ports", "1", "--noise", "2"], []])  # fmt: skip
def test_wrong_use_is_exit_2(tmp_path, options):
    command = [sys.executable, "-m", "edge.link.sim.rs485", "--dir", str(tmp_path), *options]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 2


def test_a_file_in_the_way_is_not_replaced(tmp_path):
    (tmp_path / "01").write_text("mine")
    command = [sys.executable, "-m", "edge.link.sim.rs485", "--dir", str(tmp_path), "--ports", "1"]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 2
    assert (tmp_path / "01").read_text() == "mine"


def test_the_door_reads_and_writes_without_waiting(ports):
    one, two = (SerialDoor(SerialSettings(str(ports / name), 19_200)) for name in ("01", "02"))
    assert one.read() == b""
    assert one.write(b"hello") == 5
    heard = bytearray()
    wait_until(lambda: heard.extend(two.read()) or bytes(heard) == b"hello")
    taken = 0
    while (more := one.write(bytes(4096))) > 0:
        taken += more
        assert taken < 100_000
    one.close()
    two.close()


def test_a_port_that_is_not_there_or_in_use_or_without_rs485_mode_is_a_lost_line(ports, tmp_path):
    with pytest.raises(LineLostError):
        SerialDoor(SerialSettings(str(tmp_path / "none")))
    holder = SerialDoor(SerialSettings(str(ports / "01"), 19_200))
    with pytest.raises(LineLostError):
        SerialDoor(SerialSettings(str(ports / "01"), 19_200))
    holder.close()
    with pytest.raises(LineLostError):
        SerialDoor(SerialSettings(str(ports / "01"), 19_200, Direction.KERNEL))
    SerialDoor(SerialSettings(str(ports / "01"), 19_200)).close()
