"""Offline pay codes 脱机付款码: two signatures by which a terminal without a network knows who pays. Frozen bytes.

The campus's key for them (a document key of its kind) signs a certificate: this phone's key may pay for this card, so
often, so much, from then until then. The phone signs each code: which use of the certificate, when, a nonce. A screen
shows 202 bytes as a number of digits in a QR code: digits are typed alike under every keyboard and input method, so a
scanner that plays keyboard reads it, and it fits version 10 at error correction M.

    certificate 129: form 1 ‖ campus 2 ‖ key version 1 ‖ number 4 ‖ card 10 ‖ class 1 ‖ phone's public key 33
                     ‖ from 4 ‖ until 4 ‖ uses 1 ‖ fen of one 4 ‖ signature 64 (Ed25519)
    code 202:        certificate ‖ use 1 ‖ made at 4 ‖ nonce 4 ‖ signature 64 (ECDSA P-256 over SHA-256, r ‖ s)

Pure. Times are campus seconds. A wrong signature is a verdict, no exception; malformed bytes and digits are CodeFault.
What a terminal makes of a code that is genuine: edge/terminal/taps/offline_code.py.
"""

import struct
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from shared.errors import WireFault
from shared.fleet.wallets import ONE_MAX_FEN, USES_MAX
from shared.ids import CardId, card_id

FORM = 1
PREFIX = "80"
"""Before the digits: outside of 10–15, 25–30 and 62, which other payers' codes begin with."""
VALID_MAX_S = 72 * 3600
"""A certificate lives no longer: a phone that was off line so long gets a new one."""
PUBLIC_SIZE, NONCE_SIZE, SIGNATURE_SIZE = 33, 4, 64
_CERTIFIED_CONTEXT, _CODE_CONTEXT = b"openykt phone v1\0", b"openykt offline code v1\0"
_CERTIFICATE = struct.Struct(f">BHBI10sB{PUBLIC_SIZE}sIIBI")
_USE = struct.Struct(f">BI{NONCE_SIZE}s")
CERTIFICATE_SIZE = _CERTIFICATE.size + SIGNATURE_SIZE
CODE_SIZE = CERTIFICATE_SIZE + _USE.size + SIGNATURE_SIZE
_DIGITS = len(str((1 << 8 * CODE_SIZE) - 1))
CODE_DIGITS = len(PREFIX) + _DIGITS
_HALF = SIGNATURE_SIZE // 2


class CodeFault(WireFault):
    """No code of ours, or one that was cut."""


class Phone(NamedTuple):
    """What the campus says of a phone's key. number: the certificate's; public: a point of P-256, compressed."""

    campus: int
    key_version: int
    number: int
    card: CardId
    card_class: int
    public: bytes
    from_s: int
    until_s: int
    uses: int
    one_fen: int

    def encode(self) -> bytes:
        """What is signed of it, and the first half of what a screen shows."""
        return _CERTIFICATE.pack(FORM, *self)


class Certificate(NamedTuple):
    """A phone, and the campus's signature over it."""

    phone: Phone
    signature: bytes

    def encode(self) -> bytes:
        """As a phone keeps it."""
        return self.phone.encode() + self.signature


class Use(NamedTuple):
    """One of the uses that a certificate has, from 1."""

    use: int
    made_s: int
    nonce: bytes


class Code(NamedTuple):
    """As a screen shows it: whose phone, which use, and the phone's signature."""

    certificate: Certificate
    use: Use
    signature: bytes

    def encode(self) -> bytes:
        """202 bytes."""
        return self.certificate.encode() + _USE.pack(*self.use) + self.signature


def decode_certificate(raw: bytes) -> Certificate:
    """CodeFault when malformed or beyond a bound; nothing of it is believed yet."""
    if len(raw) != CERTIFICATE_SIZE:
        raise CodeFault(f"a certificate of {len(raw)} bytes")
    form, campus, version, number, card, card_class, public, from_s, until_s, uses, fen = _CERTIFICATE.unpack(
        raw[: _CERTIFICATE.size]
    )
    if form != FORM:
        raise CodeFault(f"a certificate of form {form}")
    found = Phone(campus, version, number, card_id(card), card_class, public, from_s, until_s, uses, fen)
    return Certificate(require_phone(found), raw[_CERTIFICATE.size :])


def phone_of(raw: bytes) -> Phone:
    """What Phone.encode gave. CodeFault when malformed or beyond a bound."""
    return decode_certificate(raw + bytes(SIGNATURE_SIZE)).phone


def require_phone(phone: Phone) -> Phone:
    """CodeFault where it says what no campus may allow."""
    if not phone.number:
        raise CodeFault("a certificate without a number: no record could name it")
    if not 0 < phone.uses <= USES_MAX or not 0 < phone.one_fen <= ONE_MAX_FEN:
        raise CodeFault("a certificate for more than a phone may pay off line")
    if not 0 < phone.until_s - phone.from_s <= VALID_MAX_S:
        raise CodeFault("a certificate that ends before it begins, or too late")
    if len(phone.public) != PUBLIC_SIZE or phone.public[0] not in (2, 3):
        raise CodeFault("a certificate for no key of P-256")
    return phone


def decode_code(raw: bytes) -> Code:
    """CodeFault when malformed; nothing of it is believed yet."""
    if len(raw) != CODE_SIZE:
        raise CodeFault(f"a code of {len(raw)} bytes")
    certificate = decode_certificate(raw[:CERTIFICATE_SIZE])
    use = Use._make(_USE.unpack_from(raw, CERTIFICATE_SIZE))
    if not 0 < use.use <= certificate.phone.uses:
        raise CodeFault("a use that the certificate does not have")
    return Code(certificate, use, raw[-SIGNATURE_SIZE:])


def code_digits(code: Code) -> str:
    """What the QR code holds."""
    return PREFIX + str(int.from_bytes(code.encode(), "big")).zfill(_DIGITS)


def code_of_digits(digits: str) -> Code:
    """As a scanner typed it. CodeFault."""
    if len(digits) != CODE_DIGITS or not (digits.isascii() and digits.isdigit()) or not digits.startswith(PREFIX):
        raise CodeFault("no offline code")
    number = int(digits[len(PREFIX) :])
    if number >> 8 * CODE_SIZE:
        raise CodeFault("no offline code")
    return decode_code(number.to_bytes(CODE_SIZE, "big"))


def certified(phone: Phone) -> bytes:
    """What the campus's key signs: an operation of the key process."""
    return _CERTIFIED_CONTEXT + phone.encode()


def certify_phone(phone: Phone, signer: Ed25519PrivateKey) -> Certificate:
    """With the campus's key for phones."""
    return Certificate(phone, signer.sign(certified(require_phone(phone))))


def is_certified_phone(certificate: Certificate, signer: bytes) -> bool:
    """Did the campus's key for phones sign it? signer: its public half, 32 bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(signer).verify(certificate.signature, certified(certificate.phone))
    except (InvalidSignature, ValueError):
        return False
    return True


def is_phone_key(public: bytes) -> bool:
    """Is it a compressed point of P-256?"""
    if len(public) != PUBLIC_SIZE:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except ValueError:
        return False
    return True


def code_covered(certificate: int, use: Use) -> bytes:
    """What the phone signs. certificate: its number."""
    return _CODE_CONTEXT + certificate.to_bytes(4, "big") + _USE.pack(*use)


def sign_use(certificate: int, use: Use, key: ec.EllipticCurvePrivateKey) -> bytes:
    """As a phone does: r ‖ s, which is what WebCrypto gives."""
    r, s = decode_dss_signature(key.sign(code_covered(certificate, use), ec.ECDSA(SHA256())))
    return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")


def is_signed_use(public: bytes, certificate: int, use: Use, signature: bytes) -> bool:
    """Did this phone sign this use? public: its key, as in the certificate."""
    if len(signature) != SIGNATURE_SIZE:
        return False
    r, s = int.from_bytes(signature[:_HALF], "big"), int.from_bytes(signature[_HALF:], "big")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        key.verify(encode_dss_signature(r, s), code_covered(certificate, use), ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
