"""The box's own key and requests (CSR). The key is made here, written here, and leaves this machine never."""

from cryptography import x509
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

from shared.errors import StoreFault
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


def is_of(certificate_pem: bytes, key: OwnKey) -> bool:
    """Is this certificate the key's?"""
    try:
        return x509.load_pem_x509_certificate(certificate_pem).public_key() == key.public_key()
    except ValueError:
        return False
