"""One snapshot for everybody: read once a tick; each view of it rendered once, and sent only to who shows it (SSE).

A frame says how old it is, which subjects have moved (a mark of each: another one than before, and something has
happened there), and carries the overview's part to a viewer that shows it and has not got it yet. A source that cannot
be read is said, not hidden: the last good snapshot goes out with `stale` set. A viewer that does not drain gets the
newest frame when it does, and nothing in between; how many there may be, `seats` says.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from typing import Any, NamedTuple
from zlib import crc32

from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import YktError

TICK_S = 0.5
PATIENCE_S = 2.5
"""A frame goes out at least this often, so that a viewer can tell silence from quiet."""


class View(NamedTuple):
    """How a snapshot is shown. seen: what its viewers may see of it, as the renderer has it; None: nothing is shown,
    frames tell what has moved."""

    language: str
    seen: Hashable = None


class _Drawn(NamedTuple):
    """A view of the snapshot of this number."""

    number: int
    html: str


class Live:
    """The newest snapshot and its viewers.

    read: runs in a worker thread, may raise YktError or OSError. render: (snapshot, view) → HTML fragment. beside: what
    is read whatever became of that, and raises nothing.
    """

    def __init__(
        self,
        read: Callable[[], dict[str, Any]],
        render: Callable[[dict[str, Any], View], str],
        now_ms: Callable[[], int],
        beside: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self._read = read
        self._render = render
        self._now_ms = now_ms
        self._beside = beside
        self._viewers: dict[asyncio.Event, View] = {}
        self._number = 0
        self._drawn: dict[View, _Drawn] = {}
        self._encoded: dict[tuple[View, bool], bytes] = {}
        self.snapshot: dict[str, Any] = {"stale": True, "at_ms": 0}
        self.turns = 0
        """Reads, whatever became of them."""

    @property
    def viewers(self) -> int:
        """How many streams are open."""
        return len(self._viewers)

    async def run(self) -> None:
        """Read and send until cancelled. A read that takes long is not begun anew at once: half of the time is free."""
        sent_ms = 0
        while True:
            began_ms = self._now_ms()
            changed = await self.refresh()
            self.turns += 1
            if changed or self._now_ms() - sent_ms > PATIENCE_S * 1000:
                self._send()
                sent_ms = self._now_ms()
            took_s = max(0, self._now_ms() - began_ms) / 1000
            await asyncio.sleep(max(TICK_S - took_s, took_s))

    async def refresh(self) -> bool:
        """Read once; whether anything but the clock changed."""
        before = {k: v for k, v in self.snapshot.items() if k != "at_ms"}
        beside = await asyncio.to_thread(self._beside)
        try:
            fresh = await asyncio.to_thread(self._read)
            self.snapshot = {**fresh, **beside, "stale": False, "at_ms": self._now_ms()}
        except (YktError, OSError) as fault:
            self.snapshot = {**self.snapshot, **beside, "stale": True, "fault": type(fault).__name__}
        self._number += 1
        self._encoded.clear()
        return before != {k: v for k, v in self.snapshot.items() if k != "at_ms"}

    async def frames(self, view: View) -> AsyncGenerator[bytes, None]:
        """SSE frames for one viewer, the newest first."""
        woken, shown = asyncio.Event(), ""
        self._viewers[woken] = view
        try:
            while True:
                html = self._html(view)
                yield self._encode(view, with_html=html != shown)
                shown = html
                await woken.wait()
                woken.clear()
        finally:
            del self._viewers[woken]

    def fragment(self, view: View) -> str:
        """The newest snapshot as the page takes it, where it asks for it: {"stale", "as_of", "moved", "html"}."""
        return self._said(view, with_html=True)

    def moved(self) -> dict[str, str]:
        """Subject → its mark now. calling: how many alarms call; alarms: all that happens to them, and is told.
        disputes: what holders dispute, and what is answered."""
        marks: Mapping[str, Any] = self.snapshot.get("moved", {})
        calling = self.snapshot.get("alarms")
        told = (calling, self.snapshot.get("alarm_marks"))
        said = {"calling": calling, "alarms": told, "disputes": self.snapshot.get("disputes"), **marks}
        return {name: f"{crc32(repr(mark).encode()):08x}" for name, mark in said.items()}

    def as_of(self) -> str:
        """When what is shown was read, by the campus's clock."""
        return time_text(WALL.at(self.snapshot["at_ms"] / 1000))[11:] if self.snapshot["at_ms"] else ""

    def _send(self) -> None:
        for woken in self._viewers:
            woken.set()

    def _html(self, view: View) -> str:
        if view.seen is None:
            return ""
        drawn = self._drawn.get(view)
        if drawn is None or drawn.number != self._number:
            shown = set(self._viewers.values())
            self._drawn = {one: kept for one, kept in self._drawn.items() if one in shown}
            drawn = self._drawn[view] = _Drawn(self._number, self._render(self.snapshot, view))
        return drawn.html

    def _encode(self, view: View, *, with_html: bool) -> bytes:
        kept = self._encoded.get((view, with_html))
        if kept is None:
            kept = f"id: {self._number}\ndata: {self._said(view, with_html=with_html)}\n\n".encode()
            self._encoded[view, with_html] = kept
        return kept

    def _said(self, view: View, *, with_html: bool) -> str:
        said = {
            "stale": self.snapshot["stale"],
            "at_ms": self.snapshot["at_ms"],
            "as_of": self.as_of(),
            "moved": self.moved(),
        }
        if with_html and view.seen is not None:
            said["html"] = self._html(view)
        return json.dumps(said, ensure_ascii=False)
