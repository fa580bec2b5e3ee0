"""Certificates get a new term by the real command: the same key or a box's own new one; a real broker lets them in."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from compose.parts.standing import Standing
from compose.servers.ports import free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, mosquitto
from provisioning.certificates import authority
from provisioning.custody import chain as custody_chain
from provisioning.keys.store import KeyKind
from shared.clocks.expiry import REMIND_DAYS, look
from shared.errors import WireFault
from tests.provisioning.desk import WHO, ok, provision
from tests.provisioning.test_broker_rights import Peer

BOX = "boxes/canteen-1/box.pem"
INGEST, WATCH = "cloud/ingest.pem", "cloud/watch.pem"
OWN = {INGEST: "cloud-ingest", WATCH: "cloud-watch"}


@pytest.fixture
def ca(campus, data):
    key = campus.school.one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
    return authority.open_authority((data / "ca.pem").read_bytes(), key)


def age(data, ca, file: str, days: int) -> None:
    """A certificate that ends in so many days."""
    path = data / file
    then = datetime.now(UTC) - timedelta(days=authority.LEAF_DAYS - days)
    if file in OWN:
        key = authority.open_private(path.with_suffix(".key").read_bytes())
        path.write_bytes(authority.issue_own(key, OWN[file], then))
    else:
        path.write_bytes(authority.renew(ca, path.read_bytes(), then))


def door(data) -> bytes:
    return b"".join((data / file).read_bytes() for file in OWN)


def days_left(data, file: str) -> int:
    return (look((data / file).read_bytes()).ends - datetime.now(UTC)).days


def near(data) -> list[str]:
    said = provision("crl", "status", "--data", data, "--json")
    terms = json.loads(said.stdout)["terms"]
    assert said.returncode == int(any(term["days"] < REMIND_DAYS for term in terms))
    return [term["file"] for term in terms if term["days"] < REMIND_DAYS]


def test_what_is_due_gets_a_new_term_and_keeps_key_names_and_mode(data, ca) -> None:
    due = ["broker/broker.pem", "cloud/console.pem", *OWN, BOX]
    before = {file: x509.load_pem_x509_certificate((data / file).read_bytes()) for file in due}
    for file in due:
        age(data, ca, file, 30)
    (data / BOX).chmod(0o640)
    assert near(data) == due
    said = ok("certificate", "renew", "--data", data, *WHO, "--due")
    assert said.count("已续期：") == 5
    assert near(data) == []
    for file, old in before.items():
        new = x509.load_pem_x509_certificate((data / file).read_bytes())
        new.verify_directly_issued_by(new if file in OWN else ca.certificate)
        assert new.public_key() == old.public_key()
        assert new.subject == old.subject
        assert new.serial_number != old.serial_number
        shared = [ext for ext in old.extensions if ext.oid != x509.AuthorityKeyIdentifier.oid]
        assert all(ext in new.extensions for ext in shared), "the same uses and host names"
    assert (data / BOX).stat().st_mode & 0o777 == 0o640
    assert (data / "broker/cloud.pem").read_bytes() == door(data), "what the cloud's door believes"
    assert "无须续期" in ok("certificate", "renew", "--data", data, *WHO, "--due")
    log = (data / "keys/custody.log").read_bytes()
    assert custody_chain.faults(log) == []
    assert sum(b'"act":"renewed"' in line for line in log.splitlines()) == 5


def test_a_campus_of_release_0_1_gets_its_clouds_door_once(data, ca) -> None:
    """There the ingest had a certificate of the CA, as every box has."""
    key = authority.open_private((data / INGEST).with_suffix(".key").read_bytes())
    (data / INGEST).write_bytes(authority.issue_client(ca, key.public_key(), "cloud-ingest", datetime.now(UTC)))
    (data / "broker/cloud.pem").unlink()
    assert "专用门证书已备好" in ok("certificate", "cloud-door", "--data", data)
    made = (data / INGEST).read_bytes()
    new = x509.load_pem_x509_certificate(made)
    new.verify_directly_issued_by(new)
    assert (look(made).name, new.public_key()) == ("cloud-ingest", key.public_key())
    (data / "broker/cloud.pem").unlink()
    ok("certificate", "cloud-door", "--data", data)
    assert (data / INGEST).read_bytes() == made, "killed in between: as is"
    assert (data / "broker/cloud.pem").read_bytes() == door(data)
    assert (data / "broker/cloud.pem").stat().st_mode & 0o777 == 0o600


def test_a_campus_from_before_the_watch_listened_gets_its_account_once(data) -> None:
    rights = (data / "broker/acl").read_text()
    (data / "broker/acl").write_text(rights[: rights.index("\nuser cloud-watch")])
    for suffix in (".pem", ".key"):
        (data / WATCH).with_suffix(suffix).unlink()
    for _ in range(2):
        ok("certificate", "cloud-door", "--data", data)
        assert (data / "broker/acl").read_text() == rights
        assert (data / "broker/cloud.pem").read_bytes() == door(data)
    assert look((data / WATCH).read_bytes()).name == "cloud-watch"
    assert (data / WATCH).with_suffix(".key").stat().st_mode & 0o777 == 0o600


@pytest.mark.process
def test_the_open_platform_gets_a_certificate_of_its_own_once_and_new_terms(data, ca) -> None:
    name, file = "pay.school.example", "open/open.pem"
    assert file in ok("certificate", "open", "--data", data, *WHO, "--host", name)
    made = (data / file).read_bytes()
    one = x509.load_pem_x509_certificate(made)
    one.verify_directly_issued_by(ca.certificate)
    names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert name in names.get_values_for_type(x509.DNSName)
    key = authority.open_private((data / "open/open.key").read_bytes())
    assert key.public_key() == one.public_key()
    assert (data / "open/open.key").stat().st_mode & 0o777 == 0o600
    assert not ok("certificate", "open", "--data", data, *WHO)
    assert (data / file).read_bytes() == made, "what is there stays"
    age(data, ca, file, 30)
    assert near(data) == [file]
    ok("certificate", "renew", "--data", data, *WHO, "--server", "open")
    assert near(data) == []


def test_a_renewed_box_and_a_renewed_broker_meet(data, ca, tmp_path) -> None:
    age(data, ca, BOX, -1)
    age(data, ca, "broker/broker.pem", -1)
    ok("certificate", "renew", "--data", data, *WHO, "--box", "canteen-1")
    ok("certificate", "renew", "--data", data, *WHO, "--server", "broker")
    files = BrokerFiles.of_campus(data)
    port = free_port()
    with Standing(mosquitto(tmp_path, BrokerPorts(port, free_port()), files), tmp_path):
        Peer(port, data / "boxes/canteen-1", "box").close()


def test_a_field_box_sends_a_request_with_a_key_of_its_own(data, ca, tmp_path) -> None:
    (data / "boxes/canteen-1/box.key").unlink()  # it was made on the box and never left it
    key = authority.new_key()
    (tmp_path / "csr").write_bytes(authority.new_request(key, "canteen-1"))
    words = ("certificate", "renew", "--data", data, *WHO, "--box", "canteen-1", "--request", tmp_path / "csr")
    ok(*words, "--out", tmp_path / "box.pem")
    made = x509.load_pem_x509_certificate((tmp_path / "box.pem").read_bytes())
    assert made.public_key() == key.public_key()
    assert (tmp_path / "box.pem").read_bytes() == (data / BOX).read_bytes()
    (tmp_path / "csr").write_bytes(authority.new_request(key, "bus-1"))
    done = provision(*words)
    assert (done.returncode, "另一个名字" in done.stderr) == (2, True)


def test_refusals_change_nothing(data, ca, tmp_path) -> None:
    ok("crl", "revoke", "--data", data, *WHO, "--box", "bus-1", "--reason", "网关被盗")
    (tmp_path / "csr").write_bytes(authority.new_request(authority.new_key(), "canteen-1"))
    other = authority.new_authority("another", datetime.now(UTC))
    foreign = authority.issue_client(other, authority.new_key().public_key(), "x", datetime.now(UTC))
    (data / "cloud/ingest.pem").write_bytes(foreign)
    kept = {path: path.read_bytes() for path in data.rglob("*.pem")}
    for words, told in (
        (("--box", "nobody"), "没有此数据网关"),
        (("--box", "bus-1"), "证书已吊销，不续期"),
        (("--box", "canteen-1", "--request", tmp_path / "csr"), "密钥在此处，不需 --request"),
        (("--server", "ingest"), "不是本校 CA 签发的证书"),
        (("--server", "broker", "--out", tmp_path / "x"), "--request、--out 只与 --box 同用"),
    ):
        done = provision("certificate", "renew", "--data", data, *WHO, *words)
        assert (done.returncode, told in done.stderr) == (2, True), done
    assert {path: path.read_bytes() for path in data.rglob("*.pem")} == kept


def test_the_ca_itself_is_not_renewed_like_that(data, ca) -> None:
    with pytest.raises(WireFault, match="不是本校 CA 签发的证书"):
        authority.renew(ca, (data / "ca.pem").read_bytes(), datetime.now(UTC))


def test_a_revoked_certificate_is_not_due(data, ca) -> None:
    age(data, ca, "boxes/bus-1/box.pem", 30)
    ok("crl", "revoke", "--data", data, *WHO, "--box", "bus-1", "--reason", "网关被盗")
    assert "无须续期" in ok("certificate", "renew", "--data", data, *WHO, "--due")
    assert days_left(data, "boxes/bus-1/box.pem") < REMIND_DAYS
