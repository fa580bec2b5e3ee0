"""On a terminal the launcher says which of its parts or steps it is waiting for; see shared/words/screen.py."""

import os
import sys

from compose.parts.supervise import Event, State
from shared.words.screen import ProgressLine
from shared.words.voice import Text


def progress_line() -> ProgressLine:
    """The launcher's own."""
    return ProgressLine(sys.stderr, os.environ)


class Waiting:
    """Hears of a supervisor's events, and shows what has begun and is not ready, or not done."""

    def __init__(self, progress: ProgressLine) -> None:
        self._progress = progress
        self._names: list[str] = []

    def __call__(self, event: Event) -> None:
        """One step of a part, or of a one-off step."""
        self._names = [name for name in self._names if name != event.name]
        if event.state is State.STARTING:
            self._names.append(event.name)
        if self._names:
            self._progress.tell(_waiting_for(self._names))
        else:
            self._progress.clear()


def _waiting_for(names: list[str]) -> Text:
    return Text(f"等待 {'、'.join(names)}", f"waiting for {', '.join(names)}")
