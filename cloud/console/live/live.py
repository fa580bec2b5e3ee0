"""One snapshot for everybody: read once a tick, rendered once per language, sent to every viewer (SSE).

A source that cannot be read is said, not hidden: the last good snapshot goes out with `stale` set. A viewer that does
not drain keeps only the newest frame; how many there may be, `seats` says.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

from shared.errors import YktError

TICK_S = 0.5
PATIENCE_S = 5.0
"""A frame goes out at least this often, so that a viewer can tell silence from quiet."""


class Live:
    """The newest snapshot and its viewers.

    read: runs in a worker thread, may raise YktError or OSError. render: (snapshot, language) → HTML fragment.
    """

    def __init__(
        self,
        read: Callable[[], dict[str, Any]],
        render: Callable[[dict[str, Any], str], str],
        now_ms: Callable[[], int],
    ) -> None:
        self._read = read
        self._render = render
        self._now_ms = now_ms
        self._viewers: dict[asyncio.Queue[bytes], str] = {}
        self._frame = 0
        self.snapshot: dict[str, Any] = {"stale": True, "at_ms": 0}

    @property
    def viewers(self) -> int:
        """How many streams are open."""
        return len(self._viewers)

    async def run(self) -> None:
        """Read and send until cancelled."""
        sent_ms = 0
        while True:
            changed = await self.refresh()
            if changed or self._now_ms() - sent_ms > PATIENCE_S * 500:
                self._send()
                sent_ms = self._now_ms()
            await asyncio.sleep(TICK_S)

    async def refresh(self) -> bool:
        """Read once; whether anything but the clock changed."""
        before = {k: v for k, v in self.snapshot.items() if k != "at_ms"}
        try:
            fresh = await asyncio.to_thread(self._read)
            self.snapshot = {**fresh, "stale": False, "at_ms": self._now_ms()}
        except (YktError, OSError) as fault:
            self.snapshot = {**self.snapshot, "stale": True, "fault": type(fault).__name__}
        return before != {k: v for k, v in self.snapshot.items() if k != "at_ms"}

    async def frames(self, language: str) -> AsyncGenerator[bytes, None]:
        """SSE frames for one viewer, the newest first."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)
        self._viewers[queue] = language
        try:
            yield self._encode(language)
            while True:
                yield await queue.get()
        finally:
            del self._viewers[queue]

    def fragment(self, language: str) -> str:
        """The newest snapshot as the page takes it, in the stream or asked for: {"stale", "html"}."""
        html = self._render(self.snapshot, language)
        return json.dumps({"stale": self.snapshot["stale"], "html": html}, ensure_ascii=False)

    def _send(self) -> None:
        self._frame += 1
        frames = {language: self._encode(language) for language in set(self._viewers.values())}
        for queue, language in self._viewers.items():
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(frames[language])

    def _encode(self, language: str) -> bytes:
        return f"id: {self._frame}\ndata: {self.fragment(language)}\n\n".encode()
