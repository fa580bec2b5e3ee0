"""The revocation list and the terms of certificates by the real command; a real broker turns a revoked box away."""

import json
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from compose.parts.standing import Standing
from compose.servers.ports import LOOPBACK, free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, mosquitto
from provisioning.certificates import authority, revocation
from provisioning.custody import chain as custody_chain
from provisioning.keys.store import KeyKind
from shared.clocks.expiry import REMIND_DAYS
from shared.errors import WireFault
from tests.patience import PATIENCE_S
from tests.provisioning.desk import WHO, ok, provision
from tests.provisioning.running_keys import running
from tests.provisioning.test_broker_rights import Peer, context


def near(data, campus, days):
    """A list that ends in so many days."""
    key = campus.school.one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
    ca = authority.open_authority((data / "ca.pem").read_bytes(), key)
    then = datetime.now(UTC) - timedelta(days=authority.CRL_DAYS - days)
    (data / "broker/crl.pem").write_bytes(authority.issue_crl(ca, {77: then}, 5, then))


def test_a_fresh_campus_has_time_and_says_when_everything_ends(data) -> None:
    told = json.loads(ok("crl", "status", "--data", data, "--json"))
    assert (told["number"], told["revoked"]) == (1, 0)
    files = [term["file"] for term in told["terms"]]
    assert files[:5] == ["broker/crl.pem", "ca.pem", "broker/broker.pem", "cloud/console.pem", "cloud/ingest.pem"]
    assert {"boxes/bus-1/box.pem", "boxes/canteen-1/box.pem"} <= set(files)
    assert min(term["days"] for term in told["terms"]) > REMIND_DAYS
    assert "快到期" not in ok("crl", "status", "--data", data)


def test_a_list_near_its_end_is_named_and_a_new_one_keeps_what_it_says(data, campus) -> None:
    near(data, campus, 30)
    said = provision("crl", "status", "--data", data)
    assert (said.returncode, said.stdout.count("快到期")) == (1, 1)
    before = revocation.revocations(data)
    assert "第 6 号" in ok("crl", "renew", "--data", data, *WHO)
    after = revocation.revocations(data)
    assert (after.number, after.revoked) == (6, before.revoked)
    assert after.ends > before.ends + timedelta(days=600)
    assert provision("crl", "status", "--data", data).returncode == 0
    log = (data / "keys/custody.log").read_bytes()
    assert custody_chain.faults(log) == []
    assert b'"act":"revoked"' in log.splitlines()[-1]


@pytest.mark.process
def test_the_key_process_reminds_when_it_starts(data, campus) -> None:
    near(data, campus, 30)
    with running(data) as keys:
        assert keys.end() == 0
        said = keys.process.stderr.read().decode()
    assert "提醒：broker/crl.pem" in said
    assert len(said.splitlines()) == 1


@pytest.mark.process
def test_a_revoked_box_is_turned_away_by_the_broker_and_another_is_not(data, tmp_path) -> None:
    ok("crl", "revoke", "--data", data, *WHO, "--box", "bus-1", "--reason", "网关被盗")
    again = provision("crl", "revoke", "--data", data, *WHO, "--box", "bus-1", "--reason", "x")
    assert (again.returncode, "已在吊销列表上" in again.stderr) == (2, True)
    ok("crl", "renew", "--data", data, *WHO)
    assert "已吊销" in ok("crl", "status", "--data", data)
    files = BrokerFiles.of_campus(data)
    port = free_port()
    with Standing(mosquitto(tmp_path, BrokerPorts(port, free_port()), files), tmp_path):
        Peer(port, data / "boxes/canteen-1", "box").close()
        with pytest.raises((ssl.SSLError, ConnectionError)):
            revoked(port, data / "boxes/bus-1")


def revoked(port, folder) -> None:
    """Hand over the certificate and read: TLS 1.3 tells a client that it may not come in only after the handshake."""
    with (
        socket.create_connection((LOOPBACK, port), PATIENCE_S) as raw,
        context(folder, "box").wrap_socket(raw, server_hostname="localhost") as tls,
    ):
        if tls.recv(1) == b"":
            raise ConnectionError("closed")


def test_refusals(data, tmp_path) -> None:
    for box in ("nobody", "../bus-1", ""):
        done = provision("crl", "revoke", "--data", data, *WHO, "--box", box, "--reason", "x")
        assert (done.returncode, "没有此数据网关" in done.stderr) == (2, True), box
    other = authority.new_authority("another", datetime.now(UTC))
    kept = (data / "broker/crl.pem").read_bytes()
    foreign = authority.issue_crl(other, {}, 9, datetime.now(UTC))
    for raw, told in ((foreign, "吊销列表不是本校 CA 签的"), (kept[:200], "吊销列表损坏"), (b"", "吊销列表损坏")):
        (data / "broker/crl.pem").write_bytes(raw)
        done = provision("crl", "renew", "--data", data, *WHO)
        assert (done.returncode, told in done.stderr) == (2, True), done
    with pytest.raises(WireFault, match="CA 证书与密钥不符"):
        authority.open_authority((data / "ca.pem").read_bytes(), authority.private_der(authority.new_key()))
