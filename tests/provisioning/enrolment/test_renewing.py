"""A real box renews by itself, also one that slept all summer; and who is not the box gets nothing by it."""

import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud.keys.signer import SignerClient
from provisioning.certificates import authority
from provisioning.enrolment.knock import Heard
from provisioning.keys.store import KeyKind
from shared.clocks.expiry import look
from shared.wire.enrol.messages import RenewAsk, State, Why, answer_of
from shared.wire.enrol.office import DOOR_SOCKET, Op
from tests.patience import PATIENCE_S
from tests.provisioning.enrolment.conftest import ROOT, until
from tests.provisioning.enrolment.test_coming_in import knocks

pytestmark = pytest.mark.process
NOW = datetime.now(UTC)


def aged(campus, data: Path, box: str, since: timedelta) -> bytes:
    """Its certificate as it would be, had it been made so long ago; the campus's folder has it, too."""
    key = campus.school.one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
    ca = authority.open_authority((data / "ca.pem").read_bytes(), key)
    own = authority.new_key()
    (data / f"boxes/{box}/box.key").write_bytes(authority.private_pem(own))
    made = authority.issue_client(ca, own.public_key(), box, NOW - since, authority.BOX_DAYS)
    (data / f"boxes/{box}/box.pem").write_bytes(made)
    return made


def settled(rig, tmp_path: Path, box: str) -> Path:
    """A box's own machine, as if it had come in by a code."""
    folder = tmp_path / "box/boxes" / box
    shutil.copytree(rig.data / "boxes" / box, folder)
    place = {"broker": f"127.0.0.1:{rig.places.boxes}", "server": rig.server, "code": "0000"}
    (folder / "place.json").write_text(json.dumps(place))
    return folder


@contextmanager
def running(folder: Path):
    """The box, and a way to its newest STATUS."""
    log = folder.parents[1] / "log"
    words = ("edge", "run", "--data", folder.parents[1], "--tls", "--tcp-port", "0", "--tcp-host", "127.0.0.1")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", *map(str, words)], cwd=ROOT, stdout=out, stderr=out
        )
        try:
            yield lambda: _status(log)
        finally:
            process.terminate()
            assert process.wait(PATIENCE_S) in (0, -15)


def _status(log: Path) -> dict:
    lines = [line for line in log.read_text().splitlines() if line.startswith("STATUS ")]
    return json.loads(lines[-1][7:]) if lines else {}


def test_a_box_that_slept_all_summer_renews_by_its_key_and_goes_on(rig, campus, tmp_path) -> None:
    old = aged(campus, rig.data, "bus-1", timedelta(days=500))
    folder = settled(rig, tmp_path, "bus-1")
    assert look(old).ends < NOW
    with running(folder) as status:
        until(lambda: status().get("connected"))
    new = (folder / "box.pem").read_bytes()
    assert look(new).ends > NOW + timedelta(days=390)
    assert not (folder / "box.pem.next").exists(), "it was let in, so it took the old one's place"
    assert (rig.data / "boxes/bus-1/box.pem").read_bytes() == new
    assert rig.row("bus-1").certificates == 2
    assert knocks(rig, folder, "bus-1") is Heard.LET_IN


def ask(rig, certificate: bytes, key, name: str):
    request = RenewAsk(certificate, authority.new_request(key, name))
    with SignerClient(rig.sockets / DOOR_SOCKET) as door:
        return answer_of(door.octets(Op.RENEW, request.encode()))


def test_another_key_another_name_and_a_stranger_renew_nothing(rig, campus) -> None:
    old = aged(campus, rig.data, "canteen-1", timedelta(days=300))
    own = authority.open_private((rig.data / "boxes/canteen-1/box.key").read_bytes())
    server = (rig.data / "broker/broker.pem").read_bytes()
    of_server = authority.open_private((rig.data / "broker/broker.key").read_bytes())
    for certificate, key, name in (
        (old, authority.new_key(), "canteen-1"), (old, own, "bus-1"), (server, of_server, look(server).name),
    ):  # fmt: skip
        answer = ask(rig, certificate, key, name)
        assert (answer.state, answer.why) == (State.REFUSED, Why.UNKNOWN)
    first, again = (ask(rig, old, own, "canteen-1") for _ in range(2))
    assert first == again, "a question that is said again makes no second certificate"
    with rig.office() as office:
        office.revoke("canteen-1", "被盗", "王老师")
    for certificate in (old, first.body):
        assert ask(rig, certificate, own, "canteen-1").why == Why.REVOKED
