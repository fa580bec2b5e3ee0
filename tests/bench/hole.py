"""The ACK of a record while the broker swallows, beside the ACK before it: the same campus, the same run."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.row import Row
from tests.scenes import plans
from tests.scenes.hole import HOLES, ack_waits

TIMES, SLACK_MS = 3.0, 30.0
"""What only an ACK that waits for the broker can miss."""
SHARES = (0.5, 0.9)


def rows() -> Iterator[Row]:
    """For a broker that stands still and for one that never answers a connection."""
    folder = Path(tempfile.mkdtemp(prefix="ykt-b", dir="/tmp"))
    try:
        for hole in HOLES:
            room = plans.make(plans.on_tcp(), folder / hole)
            waits = asyncio.run(ack_waits(room, hole))
            for share in SHARES:
                yield _row(hole, share, _at(waits.before, share), _at(waits.during, share))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _at(waits_s: list[float], share: float) -> float:
    return 1000 * waits_s[int(len(waits_s) * share)]


def _row(hole: str, share: float, before_ms: float, during_ms: float) -> Row:
    goal = f"≤ {TIMES:g} × + {SLACK_MS:g} ms"
    met = during_ms <= TIMES * before_ms + SLACK_MS
    return Row(f"ACK, broker {hole}, p{100 * share:.0f}", during_ms, "ms", "with a broker", before_ms, goal, met)
