"""What docked devices are to rules: whether each is there, and its metrics as numbers (group/node/device:name).

Read from docking's file: a dock that stands still makes all of it unknown, and one that is busy keeps nobody waiting.
A stranger who invents names is held to NAMES_MAX of his node: what comes beyond raises nothing.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from cloud.store.db import Database
from cloud.watch.alarms.terms import Kind, Signal, Source
from shared.errors import StoreFault

ONLINE, VALUE = "docked-online", "docked-value"
BEAT = "beat"
STALE_MS = 15_000
"""From what age on the dock's last word is of then, not of now."""
NAMES_MAX = 500
METRICS_MAX = 2_000
"""Of a look."""


class DockedSignals:
    """Over docking's file, which is opened when it is first read: one that refuses stops nobody. Not thread-safe."""

    def __init__(self, opens: Callable[[], Database]) -> None:
        self._opens = opens
        self._open: Database | None = None
        self._names: Counter[str] = Counter()
        self._known: set[Source] = set()
        self._shown: set[Source] = set()

    def close(self) -> None:
        """Let the file go."""
        if self._open is not None:
            self._open.close()

    @property
    def _db(self) -> Database:
        if self._open is None:
            self._open = self._opens()
        return self._open

    def read(self, scopes: Sequence[str], now_ms: int) -> list[Signal]:
        """All that is to be known now; metrics as far as one of these patterns names them."""
        try:
            with self._db.reading():
                is_told = self._is_told(now_ms)
                found = self._online(now_ms, is_told=is_told)
                for scope in dict.fromkeys(scopes):
                    found += self._values(scope, now_ms, is_told=is_told)
        except StoreFault:
            return [Signal(ONLINE, source, now_ms, None) for source in self._shown]
        return found

    def _is_told(self, now_ms: int) -> bool:
        rows = self._db.run("SELECT value FROM mark WHERE name = ?", (BEAT,))
        return bool(rows) and abs(now_ms - rows[0][0]) < STALE_MS

    def _online(self, now_ms: int, *, is_told: bool) -> list[Signal]:
        """Whether a device of a node that is away is there nobody knows; one that is not awaited any more is well."""
        rows = self._db.run("SELECT name, grp || '/' || node, device, is_online FROM source ORDER BY name")
        away = {name for name, _, device, is_online in rows if not device and not is_online}
        found = {}
        for name, node, device, is_online in rows:
            source = Source(Kind.DOCKED, name)
            if self._may(node, source):
                is_known = is_told and not (device and node in away)
                found[source] = Signal(ONLINE, source, now_ms, is_online if is_known else None)
        gone = [Signal(ONLINE, source, now_ms, 1) for source in self._shown - found.keys()]
        self._shown = set(found)
        return [*found.values(), *gone]

    def _values(self, scope: str, now_ms: int, *, is_told: bool) -> list[Signal]:
        rows = self._db.run(
            "SELECT metric.source || ':' || metric.name, grp || '/' || node, number, is_stale OR NOT is_online "
            "FROM metric JOIN source ON source.name = metric.source "
            "WHERE metric.source || ':' || metric.name GLOB ? AND datatype < 16 LIMIT ?",
            (scope, METRICS_MAX),
        )
        found = []
        for name, node, number, is_stale in rows:
            source = Source(Kind.METRIC, name)
            if self._may(node, source):
                found.append(Signal(VALUE, source, now_ms, number if is_told and not is_stale else None))
        return found

    def _may(self, node: str, source: Source) -> bool:
        if source in self._known:
            return True
        if self._names[node] >= NAMES_MAX:
            return False
        self._names[node] += 1
        self._known.add(source)
        return True
