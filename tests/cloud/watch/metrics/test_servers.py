"""Against VictoriaMetrics and InfluxDB 1.x themselves: what is written is read, in the server's own language."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.watch.metrics.away import MetricsAway
from cloud.watch.metrics.dashboard import dashboard
from cloud.watch.metrics.door import V2Writer
from cloud.watch.metrics.lines import line_of, page
from cloud.watch.metrics.plain import V1Writer, ask, call
from cloud.watch.metrics.points import Point
from cloud.watch.metrics.queries import span_of
from cloud.watch.metrics.reader import series
from cloud.watch.metrics.series import SERIES
from cloud.watch.metrics.settings import Api, MetricStore, Speech
from cloud.watch.metrics.sink import Sink
from cloud.watch.store import open_watch
from compose.servers.ports import free_port
from tests.patience import PATIENCE_S

VICTORIA = shutil.which("victoria-metrics") or shutil.which("victoria-metrics-prod")
INFLUXD = shutil.which("influxd")
pytestmark = pytest.mark.process


@contextmanager
def victoria(folder: Path, port: int) -> Iterator[MetricStore]:
    words = [
        str(VICTORIA), f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={folder}", "-loggerLevel=ERROR",
        "-search.latencyOffset=0s", "-memory.allowedBytes=64MB",
    ]  # fmt: skip
    store = MetricStore(f"http://127.0.0.1:{port}", Api.V2, Speech.PROMQL, "openykt", "-")
    with running(words, {}):
        until(lambda: ask(store, "/health", {}) == b"OK")
        yield store


@contextmanager
def influx(folder: Path) -> Iterator[MetricStore]:
    port = free_port()
    settings = {
        "BIND_ADDRESS": f"127.0.0.1:{free_port()}", "HTTP_BIND_ADDRESS": f"127.0.0.1:{port}",
        "META_DIR": f"{folder}/meta", "DATA_DIR": f"{folder}/data", "DATA_WAL_DIR": f"{folder}/wal",
        "MONITOR_STORE_ENABLED": "false", "REPORTING_DISABLED": "true",
    }  # fmt: skip
    store = MetricStore(f"http://127.0.0.1:{port}", Api.V1, Speech.INFLUXQL, "openykt", "-")
    with running([str(INFLUXD)], {f"INFLUXDB_{name}": value for name, value in settings.items()}):
        until(lambda: call(store, "POST", "/query?q=CREATE+DATABASE+openykt", b""))
        yield store


@contextmanager
def running(words: list[str], settings: dict[str, str]) -> Iterator[None]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, env=os.environ | settings, **quiet) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def flush(store: MetricStore) -> None:
    """What was written can be found at once; by itself a new series is in some ten seconds."""
    ask(store, "/internal/force_flush", {})


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with suppress(MetricsAway):
            if holds():
                return
        time.sleep(0.05)
    raise AssertionError("not within its time")


def box_point(at_ms: int, unsettled: int) -> Point:
    return Point("ykt_box", "食堂 1", (("box-unsettled", unsettled), ("box-room", 90.5 - unsettled)), at_ms)


def minute_ms() -> int:
    """The start of one that is over."""
    return int(time.time() * 1000) // 60_000 * 60_000 - 120_000


@pytest.mark.skipif(VICTORIA is None, reason="victoria-metrics is not installed (apt install victoria-metrics)")
def test_victoria_reads_what_was_written_and_gets_what_waited(tmp_path: Path) -> None:
    now_ms = minute_ms()
    port = free_port()
    with closing(open_watch(tmp_path)) as opened:

        def found(name: str, store: MetricStore) -> object:
            asked = series(store, opened.db, name, span_of(1800, now_ms + 60_000))
            return {tag: [(at - now_ms, value) for at, value in dots] for tag, dots in asked.items()}

        with victoria(tmp_path / "vm", port) as store:
            V2Writer(store).write("\n".join(line_of(box_point(now_ms + n * 1000, n)) for n in (3, 9, 4)))
            V1Writer(store).write(line_of(Point("ykt_ledger", "", (("suspense", 7),), now_ms + 5_000)))
            flush(store)
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
            flush(store)
            until(lambda: found("held", store) == {"": [(0, 5)]})
            assert found("box-unsettled", store) == {"食堂 1": [(0, 9)]}


def of_all_series(at_ms: int) -> dict[str, Point]:
    """One point of each, with a value of its own."""
    tag = {"box": "canteen-1", "bus": "canteen-1/can0", "service": "broker", "certificate": "ca"}
    made = {}
    for number, (name, one) in enumerate(SERIES.items(), 1):
        made[name] = Point(one.measurement, tag.get(one.tag, ""), ((name, number),), at_ms)
    return made


@pytest.mark.skipif(VICTORIA is None, reason="victoria-metrics is not installed (apt install victoria-metrics)")
def test_every_series_and_every_panel_asks_victoria_for_what_is_written(tmp_path: Path) -> None:
    now_ms = minute_ms()
    made = of_all_series(now_ms + 1000)
    with closing(open_watch(tmp_path)) as opened, victoria(tmp_path / "vm", free_port()) as store:
        V2Writer(store).write("\n".join(map(line_of, made.values())))
        flush(store)
        span = span_of(1800, now_ms + 60_000)

        def found(name: str) -> object:
            return series(store, opened.db, name, span)

        last = [*SERIES][-1]
        until(lambda: found(last) == {"": [(now_ms, len(SERIES))]})
        assert {name: found(name) for name in SERIES} == {
            name: {point.tag: [(now_ms, float(value))]} for name, point in made.items() for _, value in point.values
        }
        panels = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
        assert len(panels) == len(SERIES)
        for panel in panels:
            (target,) = panel["targets"]
            query = {"query": target["expr"].replace("$__interval", "300s"), "time": str(now_ms // 1000 + 60)}
            said = json.loads(ask(store, "/api/v1/query", query))
            assert len(said["data"]["result"]) == 1, (panel["title"], said)


@pytest.mark.skipif(VICTORIA is None, reason="victoria-metrics is not installed (apt install victoria-metrics)")
def test_victoria_reads_the_page_as_a_prometheus_does(tmp_path: Path) -> None:
    with closing(open_watch(tmp_path)) as opened, victoria(tmp_path / "vm", free_port()) as store:
        call(store, "POST", "/api/v1/import/prometheus", page(of_all_series(0).values()).encode())
        flush(store)
        now_ms = int(time.time() * 1000)
        until(lambda: series(store, opened.db, "bus-load", span_of(600, now_ms)).get("canteen-1/can0"))


@pytest.mark.skipif(INFLUXD is None, reason="influxd is not installed (apt install influxdb)")
def test_influxdb_reads_what_was_written(tmp_path: Path) -> None:
    now_ms = minute_ms()
    with closing(open_watch(tmp_path)) as opened, influx(tmp_path / "influx") as store:
        writer = V1Writer(store)
        writer.write("\n".join(line_of(box_point(now_ms + n * 1000, n)) for n in (3, 9, 4)))
        writer.write(line_of(Point("ykt_ledger", "", (("suspense", 7),), now_ms + 5_000)))

        def found(name: str) -> object:
            return series(store, opened.db, name, span_of(1800, now_ms + 60_000))

        assert found("box-unsettled") == {"食堂 1": [(now_ms, 9)]}
        assert found("box-room") == {"食堂 1": [(now_ms, 81.5)]}
        assert found("suspense") == {"": [(now_ms, 7)]}
        assert found("held") == {}
        made = of_all_series(now_ms + 1000)
        del made["suspense"], made["box-unsettled"], made["box-room"]
        writer.write("\n".join(map(line_of, made.values())))
        assert all(found(name) for name in made), "every question of the closed list is understood"
        with pytest.raises(MetricsAway) as caught:
            writer.write("no line")
        assert caught.value.for_good
        with pytest.raises(MetricsAway):
            series(replace(store, bucket="nowhere"), opened.db, "held", span_of(1800, now_ms))
