"""Certificates: openssl verifies the chain, names and uses; requests that are not sound are refused."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from provisioning.certificates import authority
from provisioning.certificates.enrol import acl_text, sign_request
from shared.errors import WireFault
from shared.ids import BoxId
from shared.wire.topics import acl_rules

NOW = datetime(2025, 11, 24, tzinfo=UTC)
CA = authority.new_authority("OpenYKT 1", NOW)
BOX = BoxId("canteen-1")


def request_of(key, *names: str) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, digest)
    return csr.public_bytes(serialization.Encoding.PEM)


def test_a_box_gets_a_certificate_in_its_own_name() -> None:
    key = authority.new_key()
    pem = sign_request(CA, authority.new_request(key, BOX), BOX, NOW)
    certificate = x509.load_pem_x509_certificate(pem)
    certificate.verify_directly_issued_by(CA.certificate)
    assert certificate.subject.rfc4514_string() == "CN=canteen-1"
    assert certificate.public_key() == key.public_key()
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [authority.CLIENT]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_before_utc < NOW < NOW + timedelta(days=700) < certificate.not_valid_after_utc
    assert authority.fingerprint(pem) == certificate.fingerprint(SHA256())


def test_a_request_in_another_name_is_refused() -> None:
    with pytest.raises(WireFault, match="另一个名字"):
        sign_request(CA, authority.new_request(authority.new_key(), "bus-1"), BOX, NOW)


def test_unsound_requests_are_refused() -> None:
    for pem, why in (
        (request_of(ec.generate_private_key(ec.SECP384R1()), BOX), "P-256"),
        (request_of(ed25519.Ed25519PrivateKey.generate(), BOX), "P-256"),
        (request_of(authority.new_key(), BOX, BOX), "名字不止一个"),
        (request_of(authority.new_key()), "名字不止一个"),
    ):
        with pytest.raises(WireFault, match=why):
            sign_request(CA, pem, BOX, NOW)


def test_a_request_that_its_key_did_not_sign_is_refused() -> None:
    der = bytearray(
        x509.load_pem_x509_csr(request_of(authority.new_key(), BOX)).public_bytes(serialization.Encoding.DER)
    )
    der[-1] ^= 1
    with pytest.raises(WireFault):
        sign_request(CA, x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM), BOX, NOW)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_a_type(raw: bytes) -> None:
    for pem in (raw, b"-----BEGIN CERTIFICATE REQUEST-----\n" + raw + b"\n-----END CERTIFICATE REQUEST-----\n"):
        with pytest.raises(WireFault):
            authority.open_request(pem)


def test_a_revoked_certificate_is_on_the_list() -> None:
    pem = sign_request(CA, authority.new_request(authority.new_key(), BOX), BOX, NOW)
    serial = x509.load_pem_x509_certificate(pem).serial_number
    crl = x509.load_pem_x509_crl(authority.issue_crl(CA, {serial: NOW}, 2, NOW))
    assert crl.is_signature_valid(CA.key.public_key())
    assert crl.get_revoked_certificate_by_serial_number(serial) is not None
    assert len(x509.load_pem_x509_crl(authority.issue_crl(CA, {}, 1, NOW))) == 0


def test_nothing_shows_the_authoritys_key() -> None:
    assert repr(CA).count("key") == 0


def read_acl(text: str) -> dict[str, list[tuple[str, str]]]:
    rules: dict[str, list[tuple[str, str]]] = {}
    user = ""
    for line in text.splitlines():
        words = line.split()
        if line.startswith("user "):
            user = words[1]
            rules[user] = []
        elif line.startswith("topic "):
            rules[user].append((words[1], words[2]))
        else:
            assert not line or line.startswith("#"), line
    return rules


def test_the_acl_is_the_topics_rules_and_nothing_more() -> None:
    boxes = [(BOX, 12), (BoxId("bus-1"), 63)]
    assert read_acl(acl_text(boxes)) == acl_rules(boxes)


OPENSSL = shutil.which("openssl")


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
def test_openssl_believes_ingest_and_watch_by_their_very_certificates_and_nobody_else(campus) -> None:
    verify = [OPENSSL, "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", campus.data / "broker/cloud.pem"]
    own = ("cloud/ingest.pem", 0), ("cloud/watch.pem", 0)
    for certificate, code in (*own, ("boxes/canteen-1/box.pem", 2), ("cloud/console.pem", 2)):
        done = subprocess.run([*verify, campus.data / certificate], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr


@pytest.mark.parametrize(
    ("folder", "certificate", "purpose", "host"),
    [
        ("broker", "broker.pem", "sslserver", "onecard.example"),
        ("broker", "broker.pem", "sslserver", "localhost"),
        ("cloud", "console.pem", "sslserver", "localhost"),
        ("boxes/canteen-1", "box.pem", "sslclient", ""),
        ("boxes/bus-1", "box.pem", "sslclient", ""),
    ],
)
def test_openssl_accepts_what_a_campus_gets(campus, folder, certificate, purpose, host) -> None:
    data = campus.data
    words = [OPENSSL, "verify", "-x509_strict", "-crl_check", "-CRLfile", data / "broker/crl.pem", "-purpose", purpose]
    words += ["-CAfile", data / folder / "ca.pem"]
    words += ["-verify_hostname", host] if host else []
    done = subprocess.run([*words, data / folder / certificate], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wrong = "sslclient" if purpose == "sslserver" else "sslserver"
    words[words.index(purpose)] = wrong
    assert subprocess.run([*words, data / folder / certificate], capture_output=True, check=False).returncode != 0
