"""Where the points of a look go: to the store's buffer, or into the rings; and what the page shows of them."""

from collections.abc import Sequence

from cloud.store.db import Database
from cloud.watch.metrics.away import Writer
from cloud.watch.metrics.door import V2Writer
from cloud.watch.metrics.lines import line_of
from cloud.watch.metrics.plain import V1Writer
from cloud.watch.metrics.points import Point
from cloud.watch.metrics.rings import Rings
from cloud.watch.metrics.settings import Api, MetricStore
from cloud.watch.metrics.sink import Sink


class Keeping:
    """One of both. `take` is the turn's."""

    def __init__(self, store: MetricStore | None, db: Database) -> None:
        self.sink = None if store is None else Sink(_writer(store))
        self.latest: Sequence[Point] = ()
        self._db, self._rings = db, Rings(db)

    @property
    def is_away(self) -> bool:
        """Is a store set that does not answer?"""
        return self.sink is not None and self.sink.is_away

    @property
    def dropped(self) -> int:
        """Points that nobody keeps."""
        return self._rings.dropped if self.sink is None else self.sink.counts.metrics_dropped

    def figures(self) -> dict[str, int]:
        """Since the start of this process."""
        written = 0 if self.sink is None else self.sink.counts.metrics_written
        return {"metrics_written": written, "metrics_dropped": self.dropped}

    def take(self, points: Sequence[Point], now_ms: int) -> None:
        """StoreFault: the rings' file refuses; a store never does."""
        self.latest = points
        if self.sink is not None:
            self.sink.take(map(line_of, points))
            return
        if self._rings.is_over(now_ms):
            with self._db.writing():
                self._rings.write()
        self._rings.take(points, now_ms)


def _writer(store: MetricStore) -> Writer:
    return V2Writer(store) if store.api is Api.V2 else V1Writer(store)
