"""The RS-485 line as a process: one pseudo-terminal per device on the line of rs485_line.py, in real time.

python -m edge.link.sim.rs485 --dir DIR --ports N --baud 115200 makes DIR/master and DIR/01 .. DIR/N, links to open
with any serial library. A device whose driver buffer is full loses bytes, as a UART does.
"""

import contextlib
import os
import random
import select
import sys
import termios
import time
import tty
from dataclasses import dataclass
from pathlib import Path

from edge.files.disk import keep_private
from edge.link.sim.life import Life
from edge.link.sim.rs485_line import NS_PER_S, LineSettings, SimLine
from shared.input.command_line import Parser
from shared.words.voice import Text, speak, wanted

PORTS_MAX = 64
# Longer waits only delay the end; shorter steps while bytes pass keep a receiver's view smooth.
_IDLE_NS = NS_PER_S // 2
_STEP_NS = NS_PER_S // 1000
_LOOK_EVERY_NS = NS_PER_S // 10
_SPEEDS = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[0] == "B" and name[1:].isdigit()}


class LineDirectoryError(Exception):
    """The folder cannot hold the line's ports."""


@dataclass(frozen=True, slots=True)
class _Port:
    name: str
    ours: int
    theirs: int


class SimRs485:
    """Serve one line until `life` ends."""

    def __init__(self, folder: Path, ports: int, settings: LineSettings, seed: int, life: Life) -> None:
        if settings.baud not in _SPEEDS.values():
            raise ValueError(f"{settings.baud} is no baud rate a serial port knows")
        # The seed makes injected noise repeatable; nothing here is a secret.
        self._line = SimLine(settings, ports + 1, random.Random(seed).random)  # noqa: S311
        self._baud = settings.baud
        self._life = life
        self._folder = folder
        names = [*(f"{number:02d}" for number in range(1, ports + 1)), "master"]
        self._ports = [_open_port(name, settings.baud) for name in names]
        self._look_at_ns = 0
        # The master's link comes last: who waits for it finds the others there.
        for port in self._ports:
            _link(folder / port.name, os.ttyname(port.theirs))

    def serve(self) -> None:
        """Run until the end is announced; the links are removed on the way out."""
        try:
            while not self._life.ended:
                self._turn()
        finally:
            for port in self._ports:
                (self._folder / port.name).unlink(missing_ok=True)
                os.close(port.ours)
                os.close(port.theirs)

    def _turn(self) -> None:
        ready = self._wait()
        now_ns = time.monotonic_ns()
        self._pass_on(now_ns)
        if now_ns >= self._look_at_ns:
            self._look_at_speeds()
            self._look_at_ns = now_ns + _LOOK_EVERY_NS
        for number, port in enumerate(self._ports):
            if port.ours in ready:
                with contextlib.suppress(BlockingIOError):
                    self._line.say(number, os.read(port.ours, self._line.room(number)), now_ns)
        self._life.heed(ready)

    def _wait(self) -> list[int]:
        next_ns = self._line.next_event_ns()
        left_ns = _IDLE_NS if next_ns is None else min(next_ns - time.monotonic_ns(), _STEP_NS)
        readers = [port.ours for number, port in enumerate(self._ports) if self._line.room(number)]
        return select.select([*readers, *self._life.descriptors], [], [], max(left_ns, 0) / NS_PER_S)[0]

    def _pass_on(self, now_ns: int) -> None:
        for heard in self._line.advance(now_ns):
            with contextlib.suppress(BlockingIOError):
                os.write(self._ports[heard.port].ours, heard.data)

    def _look_at_speeds(self) -> None:
        """What a device set its port to is known only here."""
        for number, port in enumerate(self._ports):
            speeds = termios.tcgetattr(port.theirs)[4:6]
            self._line.set_matching(number, all(_SPEEDS.get(speed) == self._baud for speed in speeds))


def _open_port(name: str, baud: int) -> _Port:
    """A raw pseudo-terminal. Our own hold on the device's end keeps it alive between two openings."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    attributes = termios.tcgetattr(theirs)
    speed = next(code for code, rate in _SPEEDS.items() if rate == baud)
    attributes[4] = attributes[5] = speed
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    os.set_blocking(ours, False)
    return _Port(name, ours, theirs)


def _link(path: Path, target: str) -> None:
    """Point the name at the device at once, also over what a killed simulator left."""
    if path.exists() and not path.is_symlink():
        raise LineDirectoryError(Text(f"{path} 已存在，且不是链接", f"{path} is there and is no link"))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    early = path.with_name(path.name + ".new")
    early.unlink(missing_ok=True)
    early.symlink_to(target)
    early.rename(path)


_NOISE_HELP = Text("字节受扰的比例（0）", "share of bytes that are garbled (0)")
_STDIN_HELP = Text("标准输入关闭即结束", "end when stdin closes")


def main(arguments: list[str]) -> int:
    """Command line; 0 after an ordered end, 2 for wrong use."""
    parser = Parser(prog="sim_rs485", description=Text("RS-485 线路模拟器", "RS-485 line simulator"))
    parser.add_argument("--dir", type=Path, required=True, help=Text("端口所在目录", "folder of the ports"))
    parser.add_argument("--ports", type=int, required=True, help=Text("从站端口数（1..64）", "slave ports (1..64)"))
    parser.add_argument("--baud", type=int, default=115_200, help=Text("波特率（115200）", "baud (115200)"))
    parser.add_argument("--noise", type=float, default=0.0, help=_NOISE_HELP)
    parser.add_argument("--echo", action="store_true", help=Text("端口能听到自己", "ports hear themselves"))
    parser.add_argument("--seed", type=int, default=0, help=Text("干扰的随机种子（0）", "seed of the noise (0)"))
    parser.add_argument("--end-with-stdin", action="store_true", help=_STDIN_HELP)
    options = parser.parse_args(arguments)
    if not 1 <= options.ports <= PORTS_MAX or not 0 <= options.noise <= 1:
        parser.error(f"--ports 1..{PORTS_MAX}, --noise 0..1")
    life = Life(options.end_with_stdin)
    settings = LineSettings(options.baud, options.noise, options.echo)
    try:
        simulator = SimRs485(options.dir, options.ports, settings, options.seed, life)
    except (LineDirectoryError, OSError, ValueError) as trouble:
        parser.error(str(trouble))
    life.ready("rs485")
    simulator.serve()
    life.close()
    return 0


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    sys.exit(main(sys.argv[1:]))
