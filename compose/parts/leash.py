"""The leash: a tiny process that outlives a killed launcher just long enough to end what it had started.

It reads `+PID SIGNAL` and `-PID` from the launcher's pipe. When the pipe closes, it ends what is still held, newest
first: the part's own signal, a bounded wait, then SIGKILL for the whole group. It keeps the data folder's lock open
until then, so that the next launcher cannot start over parts that are still ending. Needs Linux (pidfd).
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

PART_END_S = 3.0
ALL_END_S = 12.0


class Leash:
    """The launcher's end of the leash. `keep`: open file descriptors that the leash keeps until all is over."""

    def __init__(self, keep: Iterable[int] = ()) -> None:
        """Start the leash's process."""
        self._keep = tuple(keep)
        self._held: dict[int, signal.Signals] = {}
        self._process = _watcher(self._keep)

    @property
    def pid(self) -> int:
        """Process id of the leash."""
        return self._process.pid

    def hold_self(self, end_by: signal.Signals) -> None:
        """Put the calling process on the leash: for a child between fork and exec. Raises BrokenPipeError."""
        self._write(os.getpid(), end_by)

    def hold(self, pid: int, end_by: signal.Signals) -> None:
        """Put the process group that `pid` leads on the leash."""
        self._held[pid] = end_by
        with suppress(BrokenPipeError):  # revive() tells the next one
            self._write(pid, end_by)

    def release(self, pid: int) -> None:
        """Forget a group that has ended."""
        self._held.pop(pid, None)
        with suppress(BrokenPipeError):
            self._write(pid, None)

    def revive(self) -> None:
        """Put another process in the place of one that was killed."""
        self._part()
        self._process = _watcher(self._keep)
        for pid, end_by in self._held.items():
            self._write(pid, end_by)

    def close(self) -> None:
        """Close the pipe and wait until everything still held has ended."""
        self._part()

    def _part(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(ALL_END_S + PART_END_S)

    def _write(self, pid: int, end_by: signal.Signals | None) -> None:
        if self._process.stdin is None or self._process.stdin.closed:
            raise BrokenPipeError
        line = b"-%d\n" % pid if end_by is None else b"+%d %d\n" % (pid, end_by)
        self._process.stdin.write(line)  # below PIPE_BUF: whole or not at all


def _watcher(keep: tuple[int, ...]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=keep,
        bufsize=0,
    )


class _Held:
    """A process group on the leash, known by the process that leads it."""

    def __init__(self, pid: int, end_by: int) -> None:
        self.pid = pid
        self.end_by = end_by
        self.fd = os.pidfd_open(pid)

    def end(self, deadline: float) -> None:
        """Ask, wait until `deadline` (monotonic), then kill what is left of the group."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.fd, signal.Signals(self.end_by))
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def forget(self) -> None:
        os.close(self.fd)


def _follow(held: dict[int, _Held], line: bytes) -> None:
    numbers = line[1:].split()
    pid = int(numbers[0])
    if pid in held:
        held.pop(pid).forget()
    if line.startswith(b"+"):
        with suppress(ProcessLookupError):  # it has already ended
            held[pid] = _Held(pid, int(numbers[1]))


def main() -> None:
    """Follow the launcher until its pipe closes, then end what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    held: dict[int, _Held] = {}
    for line in sys.stdin.buffer:
        _follow(held, line)
    last = time.monotonic() + ALL_END_S
    for group in reversed(held.values()):
        group.end(min(last, time.monotonic() + PART_END_S))


if __name__ == "__main__":
    main()
