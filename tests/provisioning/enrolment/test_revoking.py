"""Revoked means refused and cut, whatever happens to the list or the broker meanwhile."""

import os
import signal
import socket
import ssl
from pathlib import Path

import pytest

from cloud.keys.faults import KeyRefused
from provisioning.certificates.revocation import CRL, revocations
from provisioning.enrolment.knock import DoorPlace, Heard, Knocker, connect_packet, knock
from tests.patience import PATIENCE_S
from tests.provisioning.enrolment.conftest import edge, until

pytestmark = pytest.mark.process


def context(folder: Path) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=folder / "ca.pem")
    made.load_cert_chain(folder / "box.pem", folder / "box.key")
    return made


class Session:
    """A box's live session, held by hand."""

    def __init__(self, rig, folder: Path) -> None:
        raw = socket.create_connection(("127.0.0.1", rig.places.boxes), PATIENCE_S)
        self.line = context(folder).wrap_socket(raw, server_hostname="127.0.0.1")
        self.line.sendall(connect_packet(folder.name))
        assert self.line.recv(4)[0] == 0x20
        self.line.recv(1024)

    def end(self) -> bytes:
        """What the broker says last."""
        self.line.settimeout(PATIENCE_S)
        with self.line:
            return self.line.recv(16)


def knocks(rig, folder: Path) -> Heard:
    who = Knocker(folder / "ca.pem", folder / "box.pem", folder / "box.key")
    return knock(DoorPlace("127.0.0.1", rig.places.boxes), who, folder.name)


@pytest.fixture
def box(rig, tmp_path) -> Path:
    """The box of canteen-1, enrolled anew."""
    with rig.office() as office:
        _, _, qr = office.add("canteen-1", 1, "王老师", approve=False)
    assert edge("enrol", qr, "--data", tmp_path / "box").returncode == 0
    until(lambda: not rig.row("canteen-1").owed)
    rig.wait_proved()
    return tmp_path / "box/boxes/canteen-1"


def revoke(rig) -> int:
    with rig.office() as office:
        return office.revoke("canteen-1", "被盗", "王老师")


def test_a_live_session_is_cut_and_its_box_comes_in_no_more(rig, box) -> None:
    session = Session(rig, box)
    number = revoke(rig)
    assert session.end()[:1] == b"\xe0", "DISCONNECT: session taken over"
    until(lambda: rig.row("canteen-1").cut == number)
    assert rig.wait_proved() == number
    assert knocks(rig, box) is Heard.REFUSED
    assert edge("enrol", "0000-0000-0000-0000", "--server", rig.server, "--data", box.parents[2] / "x").returncode == 2


def test_a_box_revoked_while_the_broker_is_down_finds_the_list_when_it_is_back(rig, box) -> None:
    rig.broker.kill()
    revoke(rig)
    rig.broker.start()
    assert knocks(rig, box) is Heard.REFUSED
    rig.wait_proved()
    until(lambda: not rig.row("canteen-1").owed)


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN X509 CRL-----\nMIIB", None])
def test_a_list_that_cannot_be_read_is_put_right_and_the_box_stays_out(rig, box, damage: bytes | None) -> None:
    """mosquitto told to read such a list runs on without any: it fails open until the guard has seen it."""
    revoke(rig)
    rig.wait_proved()
    known = set(revocations(rig.data).revoked)
    file = rig.data / CRL
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
    os.kill(rig.broker.pid, signal.SIGHUP)
    until(lambda: file.exists() and file.read_bytes() not in (damage, b""))
    rig.wait_proved()
    assert set(revocations(rig.data).revoked) >= known
    until(lambda: knocks(rig, box) is Heard.REFUSED)


def test_a_signer_that_was_killed_before_the_proof_goes_on(rig, box) -> None:
    session = Session(rig, box)
    number = revoke(rig)
    rig.signer.kill()
    rig.signer.start()
    assert session.end()[:1] == b"\xe0"
    until(lambda: rig.row("canteen-1").cut >= number)
    assert knocks(rig, box) is Heard.REFUSED


def test_who_is_no_box_is_not_revoked(rig) -> None:
    with rig.office() as office, pytest.raises(KeyRefused):
        office.revoke("nobody", "被盗", "王老师")
