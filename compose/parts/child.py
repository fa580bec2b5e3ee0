"""One life of one part: its process, its output and its end, on the event loop.

The end is seen through a pidfd (Linux), so there is no thread and no polling, and a signal never reaches a stranger
that was given the same number.
"""

import asyncio
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

from compose.parts.leash import Leash
from compose.parts.output import Lines
from compose.parts.part import Part, PartError, spawn

READ_BYTES = 65536
LAST_READS = 16
"""What an ended part left in its pipe is read at most so often: its own children may hold the pipe and write on."""
NOT_STARTED = 127


class Child:
    """A process that was started. `ready` becomes its ready line, `exited` its exit code (negative = by signal).

    A program that cannot be started is a child that has exited with 127 and said why.
    """

    def __init__(self, part: Part, leash: Leash, on_line: Callable[[str], None]) -> None:
        """Start it. Must be called on a running loop."""
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[str] = loop.create_future()
        self.exited: asyncio.Future[int] = loop.create_future()
        self.began = time.monotonic()
        self._loop = loop
        self._leash = leash
        self._on_line = on_line
        self._ready_pattern = re.compile(part.ready)
        self._lines = Lines()
        self._process = self._spawn(part, leash)

    @property
    def pid(self) -> int:
        """Process id, 0 when it could not be started."""
        return self._process.pid if self._process else 0

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process; nothing happens if it has ended."""
        if self._process is not None and not self.exited.done():
            signal.pidfd_send_signal(self._pidfd, number)

    def tell(self, line: str) -> bool:
        """Write one line to its standard input. False when it does not read (pipe full) or has ended."""
        if self._process is None or self._process.stdin is None or self.exited.done():
            return False
        try:
            os.write(self._process.stdin.fileno(), line.encode() + b"\n")
        except (BlockingIOError, BrokenPipeError):
            return False
        return True

    async def end(self, by: signal.Signals, timeout_s: float, hurry: asyncio.Event | None = None) -> bool:
        """Ask it to end; kill its group after `timeout_s`, or at `hurry`. True when it had to be killed."""
        self.send(by)
        await _first(self.exited, timeout_s, hurry)
        if self.exited.done():
            return False
        self._kill_group()
        await self.exited
        return True

    def _spawn(self, part: Part, leash: Leash) -> "subprocess.Popen[bytes] | None":
        try:
            process = spawn(part, subprocess.PIPE, leash)
        except (OSError, subprocess.SubprocessError, PartError) as error:
            self._on_line(f"{part.argv[0]}: {error}")
            self.exited.set_result(NOT_STARTED)
            return None
        self._pidfd = os.pidfd_open(process.pid)
        self._out = _unblocked(process.stdout)
        _unblocked(process.stdin)
        self._loop.add_reader(self._out, self._read)
        self._loop.add_reader(self._pidfd, self._ended)
        return process

    def _read(self) -> bool:
        """Read once. False when there is nothing more to read now."""
        try:
            data = os.read(self._out, READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._out)
            return False
        self._say(self._lines.feed(data))
        return True

    def _say(self, lines: list[str]) -> None:
        for line in lines:
            self._on_line(line)
            if not self.ready.done() and self._ready_pattern.search(line):
                self.ready.set_result(line)

    def _ended(self) -> None:
        self._loop.remove_reader(self._pidfd)
        self._kill_group()  # what it left behind, while its number is still its own
        for _ in range(LAST_READS):
            if not self._read():
                break
        self._say(self._lines.end())
        self._reap()

    def _reap(self) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("a child without a process has ended")
        self._loop.remove_reader(self._out)
        code = process.wait()
        self._leash.release(process.pid)
        process.stdout.close()
        process.stdin.close()
        os.close(self._pidfd)
        self.exited.set_result(code)

    def _kill_group(self) -> None:
        if self.pid:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)


async def _first(exited: "asyncio.Future[int]", timeout_s: float, hurry: asyncio.Event | None) -> None:
    waits: set[asyncio.Future[object]] = {asyncio.ensure_future(asyncio.shield(exited))}
    if hurry is not None:
        waits.add(asyncio.ensure_future(hurry.wait()))
    _, pending = await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    for wait in pending:
        wait.cancel()


def _unblocked(pipe: object) -> int:
    fd: int = pipe.fileno()  # type: ignore[attr-defined]
    os.set_blocking(fd, False)
    return fd
