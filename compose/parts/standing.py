"""One part without an event loop: for a fixture or a benchmark that needs a server beside it.

On the same leash as in the launcher, so that a killed test run leaves nothing behind. It is not restarted when it
dies: start() does that when asked.
"""

import os
import re
import select
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from compose.parts.leash import Leash
from compose.parts.output import TAIL_LINES
from compose.parts.part import Part, spawn

POLL_S = 0.01


class NotStanding(Exception):
    """The part did not become ready: its last lines."""


class Standing:
    """A part that stands while the `with` block lasts. Its output goes to `folder`/NAME.log."""

    def __init__(self, part: Part, folder: Path) -> None:
        """Only assign."""
        self.part = part
        self.log = folder / f"{part.name}.log"
        self._leash: Leash | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Standing":
        """Start the part and wait until it is ready."""
        self._leash = Leash()
        try:
            self.start()
        except BaseException:
            self._leash.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End the part."""
        self.stop()
        if self._leash is not None:
            self._leash.close()

    @property
    def pid(self) -> int:
        """Process id, 0 while it is down."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it (again) and wait until it is ready. Raises NotStanding."""
        if self._leash is None or self._process is not None:
            raise NotStanding(f"{self.part.name}: not entered, or already standing")
        with self.log.open("ab") as log:
            seen = log.tell()
            self._process = spawn(self.part, log, self._leash)
        if not self._ready(seen):
            self.kill()
            raise NotStanding(f"{self.part.name}:\n" + "\n".join(self._text(seen).splitlines()[-TAIL_LINES:]))

    def stop(self) -> bool:
        """End it in its own way, bounded. True when it had to be killed."""
        if self._process is None:
            return False
        if self._process.returncode is None:  # not reaped: the number is still its own
            os.kill(self._process.pid, self.part.stop_signal)
        killed = not self._gone(self.part.stop_timeout_s)
        self.kill()
        return killed

    def kill(self) -> None:
        """Kill it and what it started, at once (the fault, not the way to end)."""
        process, self._process = self._process, None
        if process is None or process.stdin is None or self._leash is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdin.close()
        self._leash.release(process.pid)

    def _ready(self, seen: int) -> bool:
        last = time.monotonic() + self.part.ready_timeout_s
        pattern = re.compile(self.part.ready, re.MULTILINE)
        while time.monotonic() < last:
            ended = self._gone(POLL_S)
            if pattern.search(self._text(seen)):
                return True
            if ended:
                return False
        return False

    def _text(self, seen: int) -> str:
        with self.log.open("rb") as log:
            log.seek(seen)
            return log.read().decode("utf-8", "replace")

    def _gone(self, wait_s: float) -> bool:
        """Wait for the end of the process without reaping it, so that its number stays its own."""
        if self._process is None or self._process.returncode is not None:
            return True
        fd = os.pidfd_open(self._process.pid)
        try:
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            return bool(poll.poll(wait_s * 1000))
        finally:
            os.close(fd)
