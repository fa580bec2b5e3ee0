"""Against VictoriaMetrics itself: what is written is read, by its own language, and a restart of it loses no point."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from cloud.watch.metrics.away import MetricsAway
from cloud.watch.metrics.door import V2Writer
from cloud.watch.metrics.lines import line_of
from cloud.watch.metrics.plain import V1Writer, ask
from cloud.watch.metrics.points import Point
from cloud.watch.metrics.queries import span_of
from cloud.watch.metrics.reader import series
from cloud.watch.metrics.settings import Api, MetricStore, Speech
from cloud.watch.metrics.sink import Sink
from cloud.watch.store import open_watch

PROGRAM = shutil.which("victoria-metrics") or shutil.which("victoria-metrics-prod")
UP_S = 30.0
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(PROGRAM is None, reason="victoria-metrics is not installed (apt install victoria-metrics)"),
]


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as held:
        port: int = held.getsockname()[1]
        return port


@contextmanager
def victoria(folder: Path, port: int) -> Iterator[MetricStore]:
    words = [
        str(PROGRAM), f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={folder}", "-loggerLevel=ERROR",
        "-search.latencyOffset=0s", "-memory.allowedBytes=64MB",
    ]  # fmt: skip
    store = MetricStore(f"http://127.0.0.1:{port}", Api.V2, Speech.PROMQL, "openykt", "-")
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: ask(store, "/health", {}) == b"OK")
            yield store
        finally:
            process.terminate()
            process.wait(UP_S)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + UP_S
    while time.monotonic() < end:
        with suppress(MetricsAway):
            if holds():
                return
        time.sleep(0.05)
    raise AssertionError("not within its time")


def box_point(at_ms: int, unsettled: int) -> Point:
    return Point("ykt_box", "食堂 1", (("box-unsettled", unsettled), ("box-room", 90.5 - unsettled)), at_ms)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    now_ms = int(time.time() * 1000) // 60_000 * 60_000 - 120_000
    port = free_port()
    with closing(open_watch(tmp_path)) as opened:

        def found(name: str, store: MetricStore) -> object:
            asked = series(store, opened.db, name, span_of(1800, now_ms + 60_000))
            return {tag: [(at - now_ms, value) for at, value in dots] for tag, dots in asked.items()}

        with victoria(tmp_path / "vm", port) as store:
            V2Writer(store).write("\n".join(line_of(box_point(now_ms + n * 1000, n)) for n in (3, 9, 4)))
            V1Writer(store).write(line_of(Point("ykt_ledger", "", (("suspense", 7),), now_ms + 5_000)))
            until(lambda: found("box-unsettled", store) == {"食堂 1": [(0, 9)]})
            until(lambda: found("suspense", store) == {"": [(0, 7)]})
            assert found("box-room", store) == {"食堂 1": [(0, 81.5)]}, "of room the least"
            assert found("held", store) == {}, "never written: not 0"
        sink = Sink(V2Writer(store))
        sink.take([line_of(Point("ykt_ledger", "", (("held", 5),), now_ms + 1000))])
        assert (sink.turn(0), sink.is_away) == (0, True)
        with pytest.raises(MetricsAway):
            found("held", store)
        with victoria(tmp_path / "vm", port) as store:
            assert sink.turn(60_000) == 1
            until(lambda: found("held", store) == {"": [(0, 5)]})
            assert found("box-unsettled", store) == {"食堂 1": [(0, 9)]}
