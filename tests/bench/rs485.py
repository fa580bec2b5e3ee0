"""What 256 bytes take on a simulated RS-485 line in real time, beside their bits at its baud rate."""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import serial

from compose.parts.part import Part
from compose.parts.standing import Standing
from tests.bench.row import Row

BAUD = 19_200
DATA = bytes(range(256))
BITS = 10
"""Of a byte, with start and stop."""
ROUNDS = 9
TIMES = 2.0
BOUND_S = 10.0


def rows() -> Iterator[Row]:
    """From the master's write to the last byte at a device."""
    with tempfile.TemporaryDirectory(prefix="ykt-b", dir="/tmp") as name:
        folder = Path(name)
        words = ("--dir", name, "--ports", "1", "--baud", str(BAUD))
        line = Part("rs485", (sys.executable, "-P", "-m", "edge.link.sim.rs485", *words))
        with Standing(line, folder), _open(folder, "master") as master, _open(folder, "01") as device:
            took_ms = statistics.median(1000 * _round_s(master, device) for _ in range(ROUNDS))
    bits_ms = 1000 * len(DATA) * BITS / BAUD
    goal, met = f"≤ {TIMES:g} ×", took_ms <= TIMES * bits_ms
    yield Row(f"RS-485 {BAUD} baud, {len(DATA)} bytes heard", took_ms, "ms", "their bits", bits_ms, goal, met)


def _open(folder: Path, name: str) -> serial.Serial:
    return serial.Serial(str(folder / name), BAUD, timeout=BOUND_S)


def _round_s(master: serial.Serial, device: serial.Serial) -> float:
    began_s = time.perf_counter()
    master.write(DATA)
    heard = device.read(len(DATA))
    if heard != DATA:
        raise TimeoutError(f"{len(heard)} of {len(DATA)} bytes within {BOUND_S:g} s")
    return time.perf_counter() - began_s
