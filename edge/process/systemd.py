"""What systemd is told of the box (sd_notify, one datagram each): ready, alive, ending. Silent where nobody listens.

Alive means that every duty has moved since it was said last: a box whose loop turns and whose disk hangs is not. Then
the STATUS line names the duty that stands still, nothing else is said, and systemd ends the process and starts it anew.
"""

import socket
from collections.abc import Mapping
from contextlib import suppress

SOCKET = "NOTIFY_SOCKET"


class Systemd:
    """Of one process. environment: as it was started with."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        told = environment.get(SOCKET, "")
        self._place = f"\0{told[1:]}" if told.startswith("@") else told
        self._moved: Mapping[str, int] = {}

    def ready(self) -> None:
        """It serves."""
        self._say("READY=1")

    def alive(self, moved: Mapping[str, int]) -> None:
        """How far each duty has come, a number that grows; to be said each second or so."""
        still = stuck(self._moved, moved)
        if still:
            self._say("STATUS=" + ", ".join(f"{name}: no progress" for name in still))
            return
        self._moved = dict(moved)
        self._say("WATCHDOG=1\nSTATUS=")

    def ending(self) -> None:
        """It ends in order."""
        self._say("STOPPING=1")

    def _say(self, words: str) -> None:
        """A supervisor that has gone, or is too busy, costs nothing."""
        if not self._place:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.connect(self._place)
            out.send(words.encode())


def stuck(before: Mapping[str, int], now: Mapping[str, int]) -> list[str]:
    """Duties that have not moved."""
    return [name for name, count in now.items() if before.get(name, -1) >= count]
