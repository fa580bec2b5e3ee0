"""The mark of a backup, what the school says of the watch, and the beat that goes outside."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cloud.process.beats import WATCH_BEAT, beat_age_s
from cloud.watch.notify.channels.signed import HEADER, signed_at
from cloud.watch.subjects.marks import MARK, PROOF, Said, backup_signals, place_of_backup, read_said
from cloud.watch.subjects.outside import Beat
from shared.errors import ConfigFault

HOUR = 3_600_000
SECRET = "0123456789abcdef"


def mark(folder: Path, **said: object) -> None:
    (folder / MARK).write_text(json.dumps({"format": 1, "finished_ms": HOUR} | said))


def all_signals(folder: Path, now_ms: int = 3 * HOUR, *, is_wanted: bool = False) -> dict[str, float | None]:
    return {one.name: one.value for one in backup_signals(folder, now_ms, is_wanted=is_wanted)}


def signals(folder: Path, now_ms: int = 3 * HOUR, *, is_wanted: bool = False) -> dict[str, float | None]:
    """Those of the newest backup."""
    found = all_signals(folder, now_ms, is_wanted=is_wanted)
    return {name: found[name] for name in ("backup-age", "backup-missing")}


def test_when_a_backup_was_verified_and_the_paper_typed(tmp_path: Path) -> None:
    mark(tmp_path)
    found = all_signals(tmp_path)
    assert (found["backup-verified-age"], found["key-backup-unproven"]) == (None, None), "unknown is unknown"
    mark(tmp_path, verified_ms=2 * HOUR)
    (tmp_path / PROOF).write_text(json.dumps({"format": 1, "made_ms": HOUR, "proven_ms": None}))
    found = all_signals(tmp_path)
    assert (found["backup-verified-age"], found["key-backup-unproven"]) == (1, 1)
    (tmp_path / PROOF).write_text(json.dumps({"format": 1, "made_ms": HOUR, "proven_ms": 2 * HOUR}))
    days = {days: all_signals(tmp_path, 2 * HOUR + days * 24 * HOUR)["key-backup-unproven"] for days in (200, 201)}
    assert days == {200: 0, 201: 1}


def test_before_there_ever_was_a_backup_nothing_is_known_and_nothing_wrong(tmp_path: Path) -> None:
    assert signals(tmp_path) == {"backup-age": None, "backup-missing": None}


def test_where_one_should_be_it_is_missing(tmp_path: Path) -> None:
    assert signals(tmp_path, is_wanted=True) == {"backup-age": None, "backup-missing": 1}


def test_a_backup_has_an_age(tmp_path: Path) -> None:
    mark(tmp_path)
    assert signals(tmp_path) == {"backup-age": 2, "backup-missing": 0}
    assert signals(tmp_path, 0)["backup-age"] == 0, "one of the future is no old one"


@pytest.mark.parametrize("said", [{"format": 2}, {"finished_ms": "1"}, {"finished_ms": 0}, {"finished_ms": True}])
def test_a_mark_that_is_none_counts_as_none(tmp_path: Path, said: dict[str, object]) -> None:
    mark(tmp_path, **said)
    assert signals(tmp_path, is_wanted=True)["backup-missing"] == 1


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1, "finished_ms": 1' + " " * 5000 + "}"])
def test_so_does_a_torn_one(tmp_path: Path, text: str) -> None:
    (tmp_path / MARK).write_text(text)
    assert signals(tmp_path, is_wanted=True)["backup-missing"] == 1


def test_where_a_backup_lies(tmp_path: Path) -> None:
    assert place_of_backup(tmp_path / MARK) is None
    mark(tmp_path, where="/backup/backup-20261128-030000")
    assert place_of_backup(tmp_path / MARK) == Path("/backup")


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "watch.toml"
    file.write_text(text)
    file.chmod(mode)
    return folder


def test_what_the_school_says(tmp_path: Path) -> None:
    assert read_said(tmp_path) == Said()
    said = read_said(
        write(
            tmp_path,
            f'[beat]\nurl = "https://hc.example.cn/x"\nsecret = "{SECRET}"\nevery_s = 30\nfile = "/tmp/beat"\n'
            "[backup]\nwanted = true\n",
        )
    )
    assert said.place is not None
    assert (said.place.host, said.every_s, said.file) == ("hc.example.cn", 30, Path("/tmp/beat"))
    assert SECRET not in repr(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "TOML"), ("x = 1", "x"), ("[beat]", "beat.url"), ('[beat]\nurl = "https://a/"', "beat.secret"),
        (f'[beat]\nurl = "http://a.cn/"\nsecret = "{SECRET}"', "beat.url"),
        ('[beat]\nfile = "/tmp/x"\nevery_s = 1', "beat.every_s"), ("[backup]\nwanted = 1", "backup.wanted"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_without_a_secret(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigFault) as fault:
        read_said(write(tmp_path, text))
    assert said in str(fault.value)
    assert SECRET not in str(fault.value)


def test_a_file_that_others_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault, match="0600"):
        read_said(write(tmp_path, "", 0o644))


class Heard(BaseHTTPRequestHandler):
    got: list[tuple[str, bytes, str]]
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, body, self.headers[HEADER]))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def outside() -> Iterator[tuple[HTTPServer, type[Heard]]]:
    handler = type("Own", (Heard,), {"got": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server, handler
    server.shutdown()
    server.server_close()
    thread.join()


def beat(folder: Path, port: int, extra: str = "") -> Beat:
    said = read_said(write(folder, f'[beat]\nurl = "http://127.0.0.1:{port}/b"\nsecret = "{SECRET}"\n{extra}'))
    return Beat(said, folder, "第一中学")


def test_a_beat_is_posted_signed_and_only_after_a_turn(tmp_path: Path, outside: tuple[HTTPServer, type[Heard]]) -> None:
    server, heard = outside
    one = beat(tmp_path, server.server_port)
    assert not one.give(1000), "no turn yet: nobody watches"
    one.turned(1000)
    assert one.give(1000)
    assert not one.give(70_000), "it hangs: the outside hears nothing more"
    one.turned(70_000)
    assert one.give(70_000)
    path, body, signed = heard.got[0]
    assert len(heard.got) == 2
    assert json.loads(body) == {"beat": "openykt-watch", "campus": "第一中学", "at_ms": 1000, "every_s": 60}
    assert signed_at(signed, SECRET.encode(), "POST", path, body) is not None
    assert one.signal(70_001).value == 0


def test_a_beat_that_is_not_taken_is_counted_from_the_first_one(
    tmp_path: Path, outside: tuple[HTTPServer, type[Heard]]
) -> None:
    server, heard = outside
    heard.status = 503
    one = beat(tmp_path, server.server_port)
    for at in (1000, 70_000):
        one.turned(at)
        assert not one.give(at)
    assert one.signal(71_000).value == 70
    heard.status = 200
    one.turned(140_000)
    assert one.give(140_000)
    assert one.signal(141_000).value == 0


def test_files_are_touched_and_without_a_place_nothing_is_known_of_one(tmp_path: Path) -> None:
    file = tmp_path / "beat"
    one = Beat(Said(file=file), tmp_path, "x")
    assert beat_age_s(file) is None
    one.turned(1000)
    assert one.give(1000)
    for touched in (file, tmp_path / WATCH_BEAT):
        assert (beat_age_s(touched) or 0) < 60
        assert touched.stat().st_mode & 0o077 == 0
    assert one.signal(2000).value is None
