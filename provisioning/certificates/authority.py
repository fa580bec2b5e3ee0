"""The campus's own certificate authority, EC P-256: console, broker, boxes and the cloud. X.509 is made here only;
when one ends, shared/clocks/expiry.py reads.

Refuses a request (CSR) whose own signature is wrong or whose key is not EC P-256. Private keys leave here only as
PKCS8 PEM for files of mode 0600, or as bytes for the sealed key store.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shared.errors import WireFault
from shared.words.voice import Text

AUTHORITY_DAYS = 20 * 365
LEAF_DAYS = 2 * 365
BOX_DAYS = 400
"""Of a box that renews by itself, from half of it on: two summers of silence do not fit, and one does."""
CRL_DAYS = LEAF_DAYS
"""A broker with an expired revocation list lets nobody in, so a list lives as long as what it speaks of."""
BACKDATED = timedelta(hours=1)
"""A box whose clock is a little late must not refuse its own new certificate."""
LOCAL_NAMES = ("localhost", "127.0.0.1")
_NAME_MAX = 64
_MALFORMED = (
    ValueError, TypeError, IndexError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound,
    x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.InvalidVersion,
)  # fmt: skip
"""What cryptography says to bytes that are not what they claim to be."""

PrivateKey = ec.EllipticCurvePrivateKey
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True, slots=True)
class Authority:
    """The campus CA."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)


def new_key() -> PrivateKey:
    """A fresh P-256 key from the system's random numbers."""
    return ec.generate_private_key(ec.SECP256R1())


def new_authority(name: str, now: datetime) -> Authority:
    """A self-signed CA. now: an aware time."""
    key = new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} CA"[:_NAME_MAX])])
    builder = _builder(subject, subject, key.public_key(), now, AUTHORITY_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return Authority(builder.sign(key, SHA256()), key)


def issue_server(authority: Authority, public: ec.EllipticCurvePublicKey, names: Sequence[str], now: datetime) -> bytes:
    """PEM certificate of a server known by these host names and addresses; the first one is its common name."""
    alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
    return _issue(authority, public, names[0], SERVER, now, alternatives)


def issue_client(
    authority: Authority, public: ec.EllipticCurvePublicKey, name: str, now: datetime, days: int = LEAF_DAYS
) -> bytes:
    """PEM certificate of a client; its common name is the user that the broker sees."""
    return _issue(authority, public, name, CLIENT, now, None, days)


def spki_of(public: ec.EllipticCurvePublicKey) -> bytes:
    """A public key's DER form (SubjectPublicKeyInfo)."""
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class Given(NamedTuple):
    """A certificate that this CA has signed: its name, key, serial and end."""

    name: str
    public: ec.EllipticCurvePublicKey
    serial: int
    ends: datetime
    is_client: bool


def open_given(authority: Authority, pem: bytes) -> Given:
    """WireFault when malformed, or not of this CA. Whether it has ended or was revoked is not asked here."""
    try:
        one = x509.load_pem_x509_certificate(pem)
        one.verify_directly_issued_by(authority.certificate)
        uses = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        name = one.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        public = one.public_key()
    except _MALFORMED as fault:
        raise WireFault(Text("不是本校 CA 签发的证书", "not a certificate of this CA")) from fault
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise WireFault(Text("证书的密钥须为 EC P-256", "certificate: the key must be EC P-256"))
    return Given(str(name), public, one.serial_number, one.not_valid_after_utc, CLIENT in uses)


def issue_own(
    key: PrivateKey, name: str, now: datetime, use: x509.ObjectIdentifier = CLIENT, days: int = LEAF_DAYS
) -> bytes:
    """PEM certificate that is signed by its own key: for a door where this one is believed, and no CA. use: whose."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_NAME_MAX])])
    builder = _builder(subject, subject, key.public_key(), now, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, SHA256()).public_bytes(serialization.Encoding.PEM)


def is_own(pem: bytes) -> bool:
    """Is this a certificate that its own key has signed? WireFault when it is none."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as fault:
        raise WireFault(Text("证书损坏", "certificate: malformed")) from fault
    return certificate.issuer == certificate.subject


def open_private(pem: bytes) -> PrivateKey:
    """A key as `private_pem` writes it; WireFault when it is none."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        raise WireFault(Text("私钥损坏", "private key: malformed")) from None  # its text may quote the file
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise WireFault(Text("私钥须为 EC P-256", "private key: must be EC P-256"))
    return key


def renew(authority: Authority, pem: bytes, now: datetime, public: ec.EllipticCurvePublicKey | None = None) -> bytes:
    """PEM certificate that takes the place of this one: same name, use and host names, its key or the one given, a new
    term. WireFault when it is no certificate of this CA, or the CA's own."""
    try:
        old = x509.load_pem_x509_certificate(pem)
        old.verify_directly_issued_by(authority.certificate)
        use = next(iter(old.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value))
        name = old.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    except _MALFORMED as fault:
        raise WireFault(Text("不是本校 CA 签发的证书", "not a certificate of this CA")) from fault
    key = public or old.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise WireFault(Text("证书的密钥须为 EC P-256", "certificate: the key must be EC P-256"))
    try:
        alternatives = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        alternatives = None
    return _issue(authority, key, str(name), use, now, alternatives)


class Revocations(NamedTuple):
    """A revocation list 吊销列表: its number, when it ends, and since when which certificate serials are revoked."""

    number: int
    ends: datetime
    revoked: Mapping[int, datetime]


def open_crl(pem: bytes, authority_pem: bytes) -> Revocations:
    """A list of this CA; WireFault when it is malformed or somebody else's."""
    try:
        crl = x509.load_pem_x509_crl(pem)
        key = x509.load_pem_x509_certificate(authority_pem).public_key()
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (ValueError, x509.ExtensionNotFound) as fault:
        raise WireFault(Text("吊销列表损坏", "the revocation list is damaged")) from fault
    if not isinstance(key, ec.EllipticCurvePublicKey) or not crl.is_signature_valid(key):
        raise WireFault(Text("吊销列表不是本校 CA 签的", "the revocation list is not signed by this CA"))
    if crl.next_update_utc is None:
        raise WireFault(Text("吊销列表没有期限", "the revocation list has no end"))
    return Revocations(number, crl.next_update_utc, {one.serial_number: one.revocation_date_utc for one in crl})


def open_authority(certificate_pem: bytes, key_der: bytes) -> Authority:
    """The CA from its certificate and the key of the sealed store; WireFault when they do not belong together."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        key = serialization.load_der_private_key(key_der, None)
    except ValueError as fault:
        raise WireFault(Text("CA 证书损坏", "CA: malformed")) from fault
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise WireFault(Text("CA 证书与密钥不符", "the CA's certificate and key do not belong together"))
    return Authority(certificate, key)


def issue_crl(authority: Authority, revoked: Mapping[int, datetime], number: int, now: datetime) -> bytes:
    """PEM revocation list: serials, each with the time it was revoked. number rises with each list."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(now - BACKDATED).next_update(now + timedelta(days=CRL_DAYS))
    builder = builder.add_extension(_issuer_key(authority), critical=False)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for serial, since in revoked.items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(authority.key, SHA256()).public_bytes(serialization.Encoding.PEM)


def new_request(key: PrivateKey, name: str) -> bytes:
    """PEM request (CSR) of a client; made where its key is."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def open_request(pem: bytes) -> tuple[str, ec.EllipticCurvePublicKey]:
    """Common name and public key of a request; WireFault when malformed, not P-256, or not signed by its own key."""
    try:
        request = x509.load_pem_x509_csr(pem)
        names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        public, is_signed = request.public_key(), request.is_signature_valid
    except _MALFORMED as fault:
        raise WireFault(Text("请求损坏", "request: malformed")) from fault
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise WireFault(Text("请求的密钥须为 EC P-256", "request: the key must be EC P-256"))
    if not is_signed or len(names) != 1 or len(list(request.subject)) != 1:
        raise WireFault(Text("请求签名错误，或名字不止一个", "request: wrong signature, or more than one common name"))
    return str(names[0].value), public


def certificate_pem(authority: Authority) -> bytes:
    """The CA's own certificate."""
    return authority.certificate.public_bytes(serialization.Encoding.PEM)


def fingerprint(pem: bytes) -> bytes:
    """SHA-256 of a certificate's DER form, as in the inventory."""
    return x509.load_pem_x509_certificate(pem).fingerprint(SHA256())


def private_pem(key: PrivateKey | Ed25519PrivateKey) -> bytes:
    """Unencrypted PKCS8 PEM: for a file of mode 0600 only."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def private_der(key: PrivateKey) -> bytes:
    """PKCS8 DER: for the sealed key store only."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())


def _issue(
    authority: Authority,
    public: ec.EllipticCurvePublicKey,
    name: str,
    use: x509.ObjectIdentifier,
    now: datetime,
    alternatives: x509.SubjectAlternativeName | None,
    days: int = LEAF_DAYS,
) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_NAME_MAX])])
    builder = _builder(subject, authority.certificate.subject, public, now, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    builder = builder.add_extension(_issuer_key(authority), critical=False)
    if alternatives is not None:
        builder = builder.add_extension(alternatives, critical=False)
    return builder.sign(authority.key, SHA256()).public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - BACKDATED).not_valid_after(now + timedelta(days=days))


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _issuer_key(authority: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
