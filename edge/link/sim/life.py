"""How a simulator process ends: by SIGTERM or SIGINT, or when the launcher's pipe on its standard input closes.

It owns the descriptors that a select loop must watch for that, and nothing else.
"""

import os
import signal
import socket
import sys
from types import FrameType

_READ_BYTES = 4096


class Life:
    """Watch `descriptors` for reading and hand what was ready to `heed`; then look at `ended`."""

    def __init__(self, end_with_stdin: bool) -> None:
        self.ended = False
        self._wake, self._woken = socket.socketpair()
        for end in (self._wake, self._woken):
            end.setblocking(False)
        self._stdin = sys.stdin.fileno() if end_with_stdin else None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def ready(self, name: str) -> None:
        """Tell the launcher, in its own form, that the simulator serves."""
        sys.stdout.write(f"READY {name}\n")
        sys.stdout.flush()

    @property
    def descriptors(self) -> list[int]:
        """What to watch for reading."""
        own = [self._woken.fileno()]
        return own if self._stdin is None else [*own, self._stdin]

    def heed(self, ready: list[int]) -> None:
        """Take note of an end that was announced on one of the ready descriptors."""
        if self._stdin in ready and self._stdin is not None and not os.read(self._stdin, _READ_BYTES):
            self.ended = True

    def close(self) -> None:
        """Give the descriptors back; signals are left as they are, the process is about to end."""
        self._wake.close()
        self._woken.close()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.ended = True
        self._wake.send(b"\0")
