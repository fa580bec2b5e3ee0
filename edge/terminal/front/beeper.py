"""A buzzer of Linux (evdev, EV_SND): short tones for what happened. Without one: silence, and all else goes on."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from edge.terminal.front.presses import SND, event
from edge.terminal.taps.display import Face

TONE = 2
"""SND_TONE: the value is its pitch in Hz, 0 is silence."""
HIGH, LOW, KEY_HZ = 2300, 700, 1500
Tones = tuple[tuple[int, float], ...]
"""Pitch and seconds, one after the other."""
_GOOD: Tones = ((HIGH, 0.12),)
_BAD: Tones = ((LOW, 0.3), (0, 0.08), (LOW, 0.3))
_AGAIN: Tones = ((HIGH, 0.08), (LOW, 0.08)) * 3
OF_FACES: dict[Face, Tones] = {
    Face.DONE: _GOOD, Face.EARLIER: _GOOD, Face.LOADED: _GOOD, Face.VOIDED: _GOOD,
    Face.DECLINED: _BAD, Face.SUSPECT: _BAD, Face.NOT_SELLING: _BAD, Face.AGAIN: _AGAIN, Face.CLOSED: _AGAIN,
}  # fmt: skip
WRONG: Tones = ((LOW, 0.1),)
PRESSED: Tones = ((KEY_HZ, 0.02),)


class Beeper:
    """One buzzer. path None: none. A new sound ends the one before."""

    def __init__(self, path: Path | None) -> None:
        self._fd = -1
        if path is not None:
            with suppress(OSError):
                self._fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._timer: asyncio.TimerHandle | None = None

    def sound(self, tones: Tones) -> None:
        """Begin; it goes on by the loop's clock. Construct and call inside a running loop."""
        self.hush()
        if self._fd >= 0:
            self._next(tones)

    def hush(self) -> None:
        """Silence, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._say(0)

    def close(self) -> None:
        self.hush()
        if self._fd >= 0:
            os.close(self._fd)

    def _next(self, tones: Tones) -> None:
        self._say(tones[0][0] if tones else 0)
        self._timer = None
        if tones:
            self._timer = asyncio.get_running_loop().call_later(tones[0][1], self._next, tones[1:])

    def _say(self, pitch: int) -> None:
        with suppress(OSError):  # pulled out: silence
            os.write(self._fd, event(SND, TONE, pitch))
