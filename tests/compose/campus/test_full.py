"""Beside broker and database of --full: a store and peers, and the watch told of them where nobody else has."""

import tomllib
import urllib.request
from pathlib import Path

import pytest

from cloud.watch.metrics.settings import read_metric_store
from cloud.watch.notify.doors_file import read_doors
from cloud.watch.notify.terms import Channel
from compose.campus.full import CHANNELS_FILE, METRICS_FILE, beside
from compose.parts.standing import Standing
from compose.servers import metric_store
from compose.servers.ports import free_port
from compose.servers.servers import ServerMissing

needs_store = pytest.mark.skipif(
    not any(map(metric_store.shutil.which, metric_store.NAMES)), reason="victoria-metrics is not installed"
)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "campus" / "cloud").mkdir(parents=True)
    return tmp_path / "campus"


@needs_store
def test_the_watch_reads_what_it_is_told(tmp_path: Path, room: Path) -> None:
    store, peers = beside(tmp_path, room)
    known = read_metric_store(room / "cloud")
    assert known is not None
    assert f"-httpListenAddr={known.url.removeprefix('http://')}" in store.argv
    assert {Channel.MAIL, Channel.SMS} <= read_doors(room / "cloud").keys()
    mail = tomllib.loads((room / "cloud" / CHANNELS_FILE).read_text())["mail"]
    assert str(mail["port"]) in peers.argv
    assert store.spare, "selling goes on without it"
    before = (room / "cloud" / METRICS_FILE).read_text()
    beside(tmp_path, room)
    assert (room / "cloud" / METRICS_FILE).read_text() != before, "another port"


@needs_store
def test_what_a_school_has_written_stays(tmp_path: Path, room: Path) -> None:
    for name in (METRICS_FILE, CHANNELS_FILE):
        (room / "cloud" / name).write_text("# our own\n", encoding="utf-8")
    beside(tmp_path, room)
    assert {(room / "cloud" / name).read_text() for name in (METRICS_FILE, CHANNELS_FILE)} == {"# our own\n"}


def test_a_store_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_store.shutil, "which", lambda *_, **__: None)
    with pytest.raises(ServerMissing, match="victoria-metrics"):
        metric_store.victoria_metrics(tmp_path, 1)


@needs_store
@pytest.mark.process
def test_it_stands_and_ends_in_order(tmp_path: Path) -> None:
    port = free_port()
    with (
        Standing(metric_store.victoria_metrics(tmp_path / "vm", port), tmp_path),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer,
    ):
        assert answer.read() == b"OK"
    assert (tmp_path / "vm").stat().st_mode & 0o777 == 0o700
