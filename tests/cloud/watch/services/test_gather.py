"""A real data folder with one thing after another dead or damaged: the answer comes, within its bound, and says so."""

import json
import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cloud.__main__ import main
from cloud.process.settings import FOLDER, load_settings
from cloud.watch.services import gather
from cloud.watch.services.gather import LOOK_S, look
from cloud.watch.services.parts import FILE as PARTS
from cloud.watch.services.places import look_at
from cloud.watch.services.probes import Service
from cloud.watch.services.terms import Node, State
from cloud.watch.services.tree import tree
from cloud.watch.store import open_watch
from cloud.watch.turn import BEAT
from compose.parts.process import began
from tests.cloud.campus import Campus
from tests.patience import PATIENCE_S

OK, WRONG, UNKNOWN = State.OK, State.WRONG, State.UNKNOWN
PROMISED_S = 2.0
SHORT_S = 3.0
"""For what never answers: long enough for what does beside it."""


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What answers is waited for, however busy the machine is."""
    monkeypatch.setattr(gather, "LOOK_S", PATIENCE_S)


@pytest.fixture
def in_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "LOOK_S", SHORT_S)


@pytest.fixture
def listening() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest.fixture
def watched(campus: Campus, listening: int) -> Campus:
    """As a watch leaves it that looks after two services, one of them alive."""
    with closing(open_watch(campus.data / FOLDER)) as store:
        look_at(store.db, [Service("broker", ("127.0.0.1", listening)), Service("keys", Path("/nowhere/keys.sock"))])
        with store.db.writing():
            store.set_mark(BEAT, int(time.time() * 1000))
    return campus


def seen(campus: Campus, dsn: str | None = None) -> dict[str, Node]:
    """Nodes by name."""
    root = tree(look(load_settings(campus.data), dsn))
    return {one.name: one for one in root.walk()}


def state(found: dict[str, Node], *names: str) -> list[State]:
    return [found[name].state for name in names]


def tell(campus: Campus, **changed: Any) -> None:
    """As a launcher: it is this process, which lives."""
    pid = os.getpid()
    part = {
        "pid": pid, "began": began(pid), "after": ["broker"], "state": "ready", "since_ms": 5, "restarts": 1,
        "why": "exit -9", "silent": False, "connected": None,
    }  # fmt: skip
    told = {
        "format": 1, "pid": pid, "began": began(pid), "ended": False, "told_ms": 1, "version": "9",
        "parts": {"ingest": part | changed.pop("part", {})},
    }  # fmt: skip
    (campus.data / FOLDER / PARTS).write_text(json.dumps(told | changed))


def test_a_folder_that_nobody_watches(campus: Campus) -> None:
    found = seen(campus)
    assert state(found, "disk", "memory", "load", "database", "watch", "broker", "ingest") == [
        OK, OK, OK, OK, UNKNOWN, UNKNOWN, UNKNOWN,
    ]  # fmt: skip
    assert "值守从未运行过" in str(found["watch"].reasons[0].text)
    assert found["database"].version.startswith("SQLite 3")
    assert found["devices"].state is UNKNOWN
    assert not (campus.data / FOLDER / "watch.db").exists(), "asking makes nothing"


def test_services_are_asked_where_the_watch_was_told(watched: Campus) -> None:
    found = seen(watched)
    assert state(found, "broker", "keys", "watch") == [OK, WRONG, OK]
    assert state(found, "ingest", "devices") == [UNKNOWN, UNKNOWN], "no launcher tells, and no box is heard"


def test_a_watch_that_has_not_looked_is_wrong(watched: Campus) -> None:
    with closing(open_watch(watched.data / FOLDER)) as store, store.db.writing():
        store.set_mark(BEAT, int(time.time() * 1000) - 60_000)
    assert state(seen(watched), "watch") == [WRONG]


def test_the_launcher_s_word_counts_while_its_process_lives(watched: Campus) -> None:
    tell(watched)
    one = seen(watched)["ingest"]
    assert (one.state, one.version, str(one.says)) == (OK, "9", "重启过 1 次")
    tell(watched, part={"began": 1})
    one = seen(watched)["ingest"]
    assert (one.state, [str(reason.text) for reason in one.reasons][-1]) == (WRONG, "进程已退出（exit -9）")
    tell(watched, began=1)
    found = seen(watched)
    assert "./ykt up" in str(found["services"].reasons[0].text), "it was killed: nobody runs"
    assert state(found, "ingest", "services") == [WRONG, WRONG]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 2}', '{"format": 1, "parts": 3}', "[" * 100_000])
def test_a_launcher_s_word_that_is_damaged_says_nothing(watched: Campus, text: str) -> None:
    (watched.data / FOLDER / PARTS).write_text(text)
    assert state(seen(watched), "ingest", "broker") == [UNKNOWN, OK]


@pytest.mark.usefixtures("in_short")
def test_a_ledger_that_is_locked_is_unknown_and_holds_up_nobody(watched: Campus) -> None:
    with closing(sqlite3.connect(watched.data / FOLDER / "ledger.db", isolation_level=None)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        began_s = time.monotonic()
        found = seen(watched)
        assert time.monotonic() - began_s < PATIENCE_S
        db.execute("ROLLBACK")
    assert state(found, "database", "devices", "broker", "disk") == [UNKNOWN, UNKNOWN, OK, OK]
    assert "秒内没有回答" in str(found["database"].reasons[0].text)


@pytest.mark.parametrize("dsn", ["/nowhere/ledger.db", "postgresql://127.0.0.1:1/openykt"])
def test_a_ledger_that_is_away_is_wrong(watched: Campus, dsn: str) -> None:
    found = seen(watched, dsn)
    assert state(found, "database", "devices", "broker") == [WRONG, UNKNOWN, OK]


def test_a_watch_s_file_that_is_damaged_is_unknown(watched: Campus) -> None:
    for file in (watched.data / FOLDER).glob("watch.db*"):
        file.write_bytes(b"no database" * 1000)
    assert state(seen(watched), "watch", "broker", "database") == [UNKNOWN, UNKNOWN, OK]


@pytest.mark.usefixtures("in_short")
def test_a_watch_s_file_that_is_locked_is_unknown(watched: Campus) -> None:
    with closing(sqlite3.connect(watched.data / FOLDER / "watch.db", isolation_level=None)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        found = seen(watched)
        db.execute("ROLLBACK")
    assert state(found, "watch", "database") == [UNKNOWN, OK]


def test_a_store_of_metrics_is_asked_and_a_wrong_file_said(watched: Campus, listening: int) -> None:
    assert state(seen(watched), "metrics") == [OK]
    file = watched.data / FOLDER / "metrics.toml"
    for text, wanted in (
        (f'url = "http://127.0.0.1:{listening}"', OK),
        ('url = "http://127.0.0.1:1"', WRONG),
        ("url = 3", UNKNOWN),
    ):
        file.write_text(text)
        file.chmod(0o600)
        assert state(seen(watched), "metrics") == [wanted], text


def test_the_command_says_it_for_people_and_programs(watched: Campus, capsys: pytest.CaptureFixture[str]) -> None:
    words: Callable[..., list[str]] = lambda *more: ["status", "--data", str(watched.data), *more]  # noqa: E731
    assert main(words()) == 1
    assert "✗ 密钥进程  异常" in capsys.readouterr().out
    assert main(words("--json")) == 1
    assert json.loads(capsys.readouterr().out)["exit_code"] == 1


def test_the_month_is_told_with_what_is_not_counted(watched: Campus, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slo", "--data", str(watched.data), "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["format"], told["over"], told["whole"]) == ("openykt.slo", 1, False, False)
    assert {one["goal"] for one in told["goals"]} == {"taps", "ledger", "available"}
    assert all(one["met"] is None and one["share"] is None for one in told["goals"])
    assert main(["slo", "--data", str(watched.data), "--month", "2026-13"]) == 2
    assert main(["slo", "--data", str(watched.data), "--dsn", "/nowhere/ledger.db"]) == 2
    assert "读不到" in capsys.readouterr().out


assert LOOK_S < PROMISED_S
