"""The watch's beat to the outside 心跳: who gets none any more knows that nobody looks.

Posted, signed as webhooks are, to one configured place; a file is touched as well, where one is named. A beat is only
given after a turn, so that a watch that hangs has none.
"""

import json
from pathlib import Path

from cloud.process.beats import WATCH_BEAT, give_beat
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.notify.channels.door import ChannelFault
from cloud.watch.notify.channels.post import post
from cloud.watch.subjects.marks import Said

BEAT = Source(Kind.SERVICE, "beat")


class Beat:
    """Of one watch; `turned` is the turn's, `give` may wait for the place and belongs to a thread of its own."""

    def __init__(self, said: Said, folder: Path, campus: str) -> None:
        self._said, self._folder, self._campus = said, folder, campus
        self._turned_ms = self._refused_ms = 0
        self._given_ms: int | None = None

    def turned(self, now_ms: int) -> None:
        """A turn is over."""
        self._turned_ms = now_ms
        give_beat(self._folder / WATCH_BEAT)

    def give(self, now_ms: int) -> bool:
        """Give one, where it is due and a turn was taken since the last. Was it taken?"""
        said = self._said
        if not self._is_due(now_ms):
            return False
        self._given_ms = now_ms
        if said.file is not None:
            give_beat(said.file)
        if said.place is None:
            return said.file is not None
        body = {"beat": "openykt-watch", "campus": self._campus, "at_ms": now_ms, "every_s": said.every_s}
        try:
            post(said.place, json.dumps(body, ensure_ascii=False).encode(), "application/json")
        except ChannelFault:
            self._refused_ms = self._refused_ms or now_ms
            return False
        self._refused_ms = 0
        return True

    def _is_due(self, now_ms: int) -> bool:
        if self._given_ms is None:
            return self._turned_ms > 0
        return self._turned_ms > self._given_ms and not 0 <= now_ms - self._given_ms < self._said.every_s * 1000

    def signal(self, now_ms: int) -> Signal:
        """For how long the place has taken none; not known where there is no place."""
        refused_s = max(0, now_ms - self._refused_ms) / 1000 if self._refused_ms else 0
        return Signal("beat-refused", BEAT, now_ms, None if self._said.place is None else refused_s)
