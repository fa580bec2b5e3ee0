"""The guard at a real mosquitto: only the very list is a proof, and a broker that never reads it is ended."""

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from compose.parts.standing import Standing
from compose.servers.ports import free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, mosquitto
from provisioning.certificates import authority
from provisioning.certificates.authority import Authority
from provisioning.certificates.revocation import CRL
from provisioning.enrolment import broker, files, guard, listing
from provisioning.enrolment.guard import AWAY, FAILS_OPEN, TOLD_MAX, Doors, Guard
from provisioning.enrolment.knock import DoorPlace
from provisioning.keys.store import KeyKind
from shared.errors import WireFault
from tests.provisioning.enrolment.conftest import until

pytestmark = pytest.mark.process


def now() -> datetime:
    return datetime.now(UTC)


class Stand:
    def __init__(self, data: Path, ca: Authority, ports: BrokerPorts, standing: Standing) -> None:
        self.data, self.ca, self.standing = data, ca, standing
        boxes, cloud = (DoorPlace("127.0.0.1", port) for port in (ports.boxes, ports.cloud))
        self.guard = Guard(data, ca, Doors(boxes, cloud), now)

    def publish(self, *serials: int) -> int:
        return listing.publish(self.data, self.ca, dict.fromkeys(serials, now()), now())


@pytest.fixture
def make(campus, tmp_path, monkeypatch) -> Iterator:
    monkeypatch.setattr(guard, "TAKES_S", 0.5)
    monkeypatch.setattr(guard, "KEEPER_S", 0.1)
    data = tmp_path / "d"
    shutil.copytree(campus.data, data, ignore=shutil.ignore_patterns("cards", "terminals"))
    (data / files.FOLDER).mkdir()
    key = campus.school.one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
    ca = authority.open_authority((data / "ca.pem").read_bytes(), key)
    ports = BrokerPorts(free_port(), free_port())
    standing = []

    def start(crl: Path | None = None) -> Stand:
        own = BrokerFiles.of_campus(data)
        part = mosquitto(tmp_path / "b", ports, own if crl is None else replace(own, crlfile=crl))
        standing.append(Standing(part, tmp_path))
        standing[0].__enter__()
        return Stand(data, ca, ports, standing[0])

    yield start
    for one in standing:
        one.__exit__()


def test_only_the_very_list_is_a_proof(make) -> None:
    stand = make()
    first = stand.publish()
    assert stand.guard.turn(first, (), ()).proved == first
    pid = (stand.data / broker.PID).rename(stand.data / "hidden")
    second = stand.publish(4711)
    assert second == first + 1
    found = stand.guard.turn(second, ("canteen-1",), ())
    assert (found.proved, found.hinders, found.cut) == (0, FAILS_OPEN, ()), "it refuses whom the list of before names"
    pid.rename(stand.data / broker.PID)
    found = stand.guard.turn(second, ("canteen-1",), ())
    assert (found.proved, found.hinders, [*found.cut]) == (second, "", ["canteen-1"])
    stand.standing.kill()
    assert stand.guard.turn(stand.publish(4712), (), ()).hinders == AWAY


def test_a_broker_that_never_reads_the_list_is_ended(make, tmp_path) -> None:
    elsewhere = tmp_path / "other.pem"
    stand = None
    shutil.copy(tmp_path / "d" / CRL, elsewhere)
    stand = make(elsewhere)
    number = stand.publish()
    pid = stand.standing.pid
    assert [stand.guard.turn(number, (), ()).hinders for _ in range(TOLD_MAX + 1)] == [FAILS_OPEN] * (TOLD_MAX + 1)
    until(lambda: stand.guard.turn(number, (), ()).hinders == AWAY)
    assert os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT).si_pid == pid


def test_a_list_that_is_there_and_whole_is_not_made_again(make) -> None:
    stand = make()
    assert stand.publish(1) == stand.publish(1) == stand.publish()
    known = listing.readable(stand.data)
    assert known is not None
    assert {1} < set(known.revoked)
    (stand.data / CRL).write_bytes(b"")
    again = stand.publish()
    found = listing.readable(stand.data)
    assert found is not None
    assert again == known.number + 1
    assert set(found.revoked) > set(known.revoked), "a damaged file takes no revocation back"
    files.list_canary(stand.data, again).certificate.unlink()
    assert stand.publish() == again + 1, "a list that cannot be proved is none"


@pytest.mark.parametrize("made", [b"", b"-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n"])
def test_a_list_that_nobody_could_read_never_takes_the_place_of_a_good_one(campus, tmp_path, monkeypatch, made) -> None:
    data = tmp_path / "d"
    shutil.copytree(campus.data, data, ignore=shutil.ignore_patterns("cards", "terminals"))
    (data / files.FOLDER).mkdir()
    key = campus.school.one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
    ca = authority.open_authority((data / "ca.pem").read_bytes(), key)
    before = (data / CRL).read_bytes()
    monkeypatch.setattr(authority, "issue_crl", lambda *_: made)
    with pytest.raises(WireFault):
        listing.publish(data, ca, {1: now()}, now())
    assert (data / CRL).read_bytes() == before


def test_who_is_no_mosquitto_is_not_told(tmp_path) -> None:
    (tmp_path / "broker").mkdir()
    (tmp_path / broker.PID).write_text(str(os.getpid()))
    heard = []
    old = signal.signal(signal.SIGHUP, lambda *_: heard.append(1))
    try:
        assert not broker.tell(tmp_path)
    finally:
        signal.signal(signal.SIGHUP, old)
    assert heard == []
