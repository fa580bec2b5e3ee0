"""The box's own key and requests (CSR). The key is made here, written here, and leaves this machine never."""

from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from shared.errors import StoreFault, WireFault
from shared.words.voice import Text

OwnKey = ec.EllipticCurvePrivateKey


def new_key() -> OwnKey:
    """P-256, from the system's random numbers."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: OwnKey) -> bytes:
    """For a file of mode 0600 alone."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def open_key(pem: bytes) -> OwnKey:
    """StoreFault when it is none."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        raise StoreFault(Text("网关私钥损坏", "the box's key is damaged")) from None  # its text may quote the file
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StoreFault(Text("网关私钥须为 EC", "the box's key must be EC"))
    return key


def spki_of(key: OwnKey) -> bytes:
    """Its public half, DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def request_of(key: OwnKey, name: str) -> bytes:
    """PEM request under this name, signed by the key."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256())
    return request.public_bytes(Encoding.PEM)


class Certificate(NamedTuple):
    """What a box looks at in a certificate: its common name, its key (DER), and from when to when it counts."""

    name: str
    spki: bytes
    begins_s: float
    ends_s: float


def look_at(pem: bytes) -> Certificate:
    """WireFault when it is none. Nothing is proved of it."""
    try:
        one = x509.load_pem_x509_certificate(pem)
        spki = one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        names = one.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        begins, ends = one.not_valid_before_utc, one.not_valid_after_utc
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as fault:
        raise WireFault(Text("证书损坏", "certificate: malformed")) from fault
    return Certificate(str(names[0].value) if names else "", spki, begins.timestamp(), ends.timestamp())


def is_of(certificate_pem: bytes, key: OwnKey) -> bool:
    """Is this certificate the key's? WireFault when it is none."""
    return look_at(certificate_pem).spki == spki_of(key)
