"""What the parts say of themselves once a second (STATUS {json}), and the live line made from it.

Only the newest line of each part is kept. A part that says nothing is not guessed at.
"""

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from compose.parts.alarms import Alarms, alarm_words
from shared.words.voice import Text

PREFIX = "STATUS "
WINDOW_S = 5.0
ALARMS, ALARMS_FRESH_S = "watch", 5.0
"""The part that knows of alarms, and for how long its word holds."""


class Progress:
    """Whether something goes on: a part has less left than it ever had, which happens finitely often. Pure."""

    def __init__(self, stalled_s: float) -> None:
        """stalled_s: so long without progress, and it has stalled."""
        self._stalled_s = stalled_s
        self._least: dict[str, int] = {}
        self._since: float | None = None

    def is_stalled(self, left: Mapping[str, int], now: float) -> bool:
        """Told of what each part has left now. A part that begins again counts anew only below its least."""
        less = {name: count for name, count in left.items() if count < self._least.get(name, count + 1)}
        self._least |= less
        if less or self._since is None:
            self._since = now
        return now - self._since >= self._stalled_s


class Watch:
    """The newest STATUS of every part."""

    def __init__(self) -> None:
        self._newest: dict[str, dict[str, Any]] = {}
        self._heard_s: dict[str, float] = {}
        self._taps: deque[tuple[float, int]] = deque(maxlen=64)
        self._heard = asyncio.Event()

    def hear(self, part: str, line: str) -> None:
        """Take one output line; other lines, and malformed ones, are not ours."""
        if not line.startswith(PREFIX):
            return
        try:
            said = json.loads(line[len(PREFIX) :])
        except ValueError:
            return
        if isinstance(said, dict):
            self._newest[part], self._heard_s[part] = said, time.monotonic()
            self._heard.set()

    def of(self, part: str) -> dict[str, Any]:
        """The newest STATUS of a part, or an empty one."""
        return self._newest.get(part, {})

    def forget(self, part: str) -> None:
        """A part began again: what it said before is not about its present life."""
        self._newest.pop(part, None)

    def named(self, prefix: str) -> list[str]:
        """Parts heard of whose name begins so."""
        return [name for name in self._newest if name.startswith(prefix)]

    def total(self, prefix: str, key: str) -> int:
        """Sum of one figure over the parts whose name begins so."""
        return sum(int(said.get(key) or 0) for name, said in self._newest.items() if name.startswith(prefix))

    def most(self, prefix: str, key: str) -> int:
        """Largest of one figure over the parts whose name begins so."""
        return max((int(s.get(key) or 0) for n, s in self._newest.items() if n.startswith(prefix)), default=0)

    async def until(self, parts: Sequence[str], holds: Callable[[dict[str, Any]], bool], bound_s: float) -> list[str]:
        """Wait until `holds` is true of each part's newest STATUS; at the bound, the names it is not true of."""
        end = time.monotonic() + bound_s
        while True:
            owing = [name for name in parts if not holds(self.of(name))]
            if not owing or time.monotonic() >= end:
                return owing
            self._heard.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), max(0.0, min(1.0, end - time.monotonic())))

    async def until_stalled(
        self,
        parts: Sequence[str],
        holds: Callable[[dict[str, Any]], bool],
        left: Callable[[dict[str, Any]], int],
        stalled_s: float,
    ) -> list[str]:
        """Wait until `holds` is true of each part's newest STATUS, as long as one of them has less `left` than ever;
        after stalled_s without, the names it is not true of."""
        progress = Progress(stalled_s)
        while True:
            owing = [name for name in parts if not holds(self.of(name))]
            counts = {name: left(self.of(name)) for name in owing if self.of(name)}
            if not owing or progress.is_stalled(counts, time.monotonic()):
                return owing
            self._heard.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), min(1.0, stalled_s))

    def alarms(self) -> Alarms:
        """What the watch last said of them; None: it does not run, was not heard of late, or is behind."""
        said = self.of(ALARMS).get("alarms")
        is_fresh = time.monotonic() - self._heard_s.get(ALARMS, 0.0) <= ALARMS_FRESH_S
        return said if is_fresh and isinstance(said, dict) and said and not said.get("behind") else None

    def live_line(self, faults: int) -> str:
        """taps/s, alarms, in outbox, posted, oldest unposted, restarts, in one line: a screen cuts its end."""
        taps = self.total("t-", "taps") + self.total("t-", "loads")
        now = time.monotonic()
        self._taps.append((now, taps))
        while len(self._taps) > 2 and now - self._taps[0][0] > WINDOW_S:
            self._taps.popleft()
        then, before = self._taps[0]
        rate = (taps - before) / (now - then) if now > then else 0.0
        oldest_s = self.most("edge-", "oldest_unsettled_ms") / 1000
        waits, posted = self.total("edge-", "unsettled"), self.total("edge-", "settled")
        alarms = alarm_words(self.alarms())
        line = Text(
            f"{rate:5.1f} 笔/秒 · {alarms.zh} · 待结清 {waits} · 已入账 {posted} · 最早 {oldest_s:.1f} 秒",
            f"{rate:5.1f} taps/s · {alarms.en} · waiting {waits} · posted {posted} · oldest {oldest_s:.1f} s",
        )
        restarts = f" · {Text('重启', 'restarts')} {faults}" if faults else ""
        return f"{line}{restarts}"
