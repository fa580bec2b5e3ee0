"""A box's identity: what time it believes, when it renews, and files that are all there or none."""

import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from edge.process.identity import install
from edge.process.identity.asking import DoorSetting, NotOurCa, ca_pin, fetch_ca, fetch_time
from edge.process.identity.clock import FLOOR_S, SLACK_S, BoxClock
from edge.process.identity.identity import Identity
from edge.process.identity.renewing import JITTER, is_due
from edge.settings import TlsSetting
from provisioning.certificates import authority
from shared.errors import LinkFault
from shared.wire.enrol.messages import time_answer, time_nonce

NOW = datetime(2027, 3, 1, tzinfo=UTC)
DAY_S = 86_400


class _Door(BaseHTTPRequestHandler):
    """Says the CA and a time."""

    def do_GET(self) -> None:
        self._say(self.server.ca_pem)

    def do_POST(self) -> None:
        nonce = time_nonce(self.rfile.read(int(self.headers["Content-Length"])))
        self._say(time_answer(self.server.says_ms, nonce).encode())

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def school():
    return authority.new_authority("school", datetime.now(UTC))


@pytest.fixture(scope="module")
def door(school, tmp_path_factory):
    """Of our CA, with a certificate that ended long ago, as it looks to a clock that is wrong."""
    folder = tmp_path_factory.mktemp("door")
    key = authority.new_key()
    ended = datetime.now(UTC) - timedelta(days=authority.LEAF_DAYS + 30)
    (folder / "door.pem").write_bytes(authority.issue_server(school, key.public_key(), ("127.0.0.1",), ended))
    (folder / "door.key").write_bytes(authority.private_pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "door.pem", folder / "door.key")
    server = HTTPServer(("127.0.0.1", 0), _Door)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # a client that does not like us hangs up
    server.ca_pem = authority.certificate_pem(school)
    server.says_ms = int(NOW.timestamp() * 1000)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    yield server
    server.shutdown()
    serving.join()
    server.server_close()


def at(door, ca: bytes, *, is_dated: bool) -> DoorSetting:
    return DoorSetting(f"127.0.0.1:{door.server_port}", ca, is_dated)


def test_the_time_comes_from_our_own_ca_alone_and_without_dates_only_while_in_doubt(school, door) -> None:
    assert fetch_time(at(door, door.ca_pem, is_dated=False)) == door.says_ms
    with pytest.raises(LinkFault, match="expired"):
        fetch_time(at(door, door.ca_pem, is_dated=True))
    other = authority.certificate_pem(authority.new_authority("another", datetime.now(UTC)))
    with pytest.raises(LinkFault):
        fetch_time(at(door, other, is_dated=False))


def test_a_ca_is_believed_by_its_pin(door) -> None:
    server = f"127.0.0.1:{door.server_port}"
    assert fetch_ca(server, ca_pin(door.ca_pem)) == door.ca_pem
    with pytest.raises(NotOurCa):
        fetch_ca(server, bytes(32))


def test_a_clock_that_woke_up_in_the_past_takes_the_doors_time(door, tmp_path) -> None:
    clock = BoxClock(tmp_path, 0, lambda: 0.0)
    assert not clock.is_trusted
    assert clock.ask(at(door, door.ca_pem, is_dated=False))
    assert clock.is_trusted
    assert not clock.is_system_trusted
    assert clock.now() == NOW.timestamp()


def test_a_time_before_what_is_known_is_not_taken(door, tmp_path) -> None:
    clock = BoxClock(tmp_path, (int(NOW.timestamp()) + 10 * DAY_S) * 1000, lambda: 0.0)
    assert not clock.ask(at(door, door.ca_pem, is_dated=False))
    assert clock.now() == 0.0


def test_the_floor_is_the_latest_that_is_known(tmp_path) -> None:
    assert BoxClock(tmp_path, 0).floor_s == FLOOR_S
    newest_s = FLOOR_S + 100 * DAY_S
    assert BoxClock(tmp_path, newest_s * 1000).floor_s == newest_s - SLACK_S
    later_s = newest_s + DAY_S
    BoxClock(tmp_path, 0, lambda: later_s).keep()
    assert BoxClock(tmp_path, newest_s * 1000).floor_s == later_s
    BoxClock(tmp_path, 0, lambda: 0.0).keep()
    assert BoxClock(tmp_path, 0).floor_s == later_s, "a time in doubt is not kept"


def test_it_renews_from_half_of_its_life_and_not_all_on_one_day(school) -> None:
    key = authority.new_key().public_key()
    half = authority.BOX_DAYS / 2
    jitter = authority.BOX_DAYS * JITTER
    made = [authority.issue_client(school, key, "bus-1", NOW, authority.BOX_DAYS) for _ in range(20)]
    firsts = set()
    for pem in made:
        due = [day for day in range(authority.BOX_DAYS) if is_due(pem, (NOW + timedelta(days=day)).timestamp())]
        assert half - 1 <= due[0] <= half + jitter + 1
        firsts.add(due[0])
    assert len(firsts) > 5


@pytest.fixture
def own(school, tmp_path) -> Identity:
    """With a new certificate that waits."""
    key = authority.new_key()
    (tmp_path / "box.key").write_bytes(authority.private_pem(key))
    (tmp_path / "ca.pem").write_bytes(authority.certificate_pem(school))
    for name in ("box.pem", "box.pem.next"):
        (tmp_path / name).write_bytes(authority.issue_client(school, key.public_key(), "bus-1", NOW))
    tls = TlsSetting(tmp_path / "ca.pem", tmp_path / "box.pem", tmp_path / "box.key")
    return Identity(tls, BoxClock(tmp_path, 0))


def test_a_new_certificate_counts_once_it_was_let_in(own, tmp_path) -> None:
    new = (tmp_path / "box.pem.next").read_bytes()
    own.context()
    own.let_in()
    assert (tmp_path / "box.pem").read_bytes() == new
    assert not (tmp_path / "box.pem.next").exists()


def test_one_that_is_refused_while_the_old_one_is_let_in_is_dropped(own, tmp_path) -> None:
    old = (tmp_path / "box.pem").read_bytes()
    own.context()
    own.refused()
    own.context()
    own.let_in()
    assert (tmp_path / "box.pem").read_bytes() == old
    assert not (tmp_path / "box.pem.next").exists()


def test_while_nobody_is_let_in_both_are_tried_in_turn(own, tmp_path) -> None:
    """A broker that is away says nothing of a certificate."""
    for _ in range(3):
        own.context()
        own.refused()
    assert (tmp_path / "box.pem.next").exists()
    own.let_in()
    assert not (tmp_path / "box.pem.next").exists(), "the third was the new one, and it was let in"


def test_a_new_one_that_is_damaged_keeps_no_box_out(own, tmp_path) -> None:
    (tmp_path / "box.pem.next").write_bytes(b"-----BEGIN CERTIFICATE-----")
    own.context()
    own.let_in()
    assert not (tmp_path / "box.pem.next").exists()


FILES = {"edge.json": b"{}", "box.pem": b"pem", "box.key": b"key", "place.json": b"{}"}


class Killed(BaseException):
    """As by a power cut."""


def _killed_at(monkeypatch, step: int) -> None:
    """Every sync and rename is a step; at this one the power goes."""
    left = [step]

    def counting(real):
        def act(*words):
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return real(*words)

        return act

    monkeypatch.setattr(install.os, "fsync", counting(install.os.fsync))
    monkeypatch.setattr(Path, "rename", counting(Path.rename))


def test_files_are_all_there_or_none_wherever_it_is_killed(tmp_path) -> None:
    """An outbox that stands there is not touched; a second go is enough, whatever the first one left."""
    for step in range(40):
        data = tmp_path / str(step)
        (data / "boxes/bus-1").mkdir(parents=True)
        (data / "boxes/bus-1/outbox.db").write_bytes(b"owed")
        with pytest.MonkeyPatch.context() as patch:
            _killed_at(patch, step)
            try:
                install.gather(data, "bus-1", FILES)
                install.finish(data)
            except Killed:
                done = False
            else:
                done = True
        own = data / "boxes/bus-1"
        if not done and install.finish(data) == "" and not (own / "box.pem").exists():
            install.gather(data, "bus-1", FILES)
            install.finish(data)
        assert {file.name: file.read_bytes() for file in own.iterdir()} == {**FILES, "outbox.db": b"owed"}, step
        assert not (data / install.FOLDER).exists()
        if done:
            break
    assert 10 < step < 39


def test_a_file_that_no_box_has_is_not_written(tmp_path) -> None:
    with pytest.raises(ValueError, match="no box has"):
        install.gather(tmp_path, "bus-1", {"../cron": b""})
