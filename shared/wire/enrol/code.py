"""The enrolment code 入网码: 4 letters that are public and 12 that are secret, and the text of its QR beside it. Pure.

What proves a code never goes over the wire: a key is made of it, and that key stands under every question and answer
(proof, and seal of the answer). 60 secret bits, to be guessed on line only, a few times, within hours.
The QR is upper case alone, so that it is small: OYKT1/HOST:PORT/CODE/PIN, the pin being base32 of the SHA-256 of the
CA's public key.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.errors import ConfigFault
from shared.words.voice import Text

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O, U, which people take for others."""
ID_SIZE, SECRET_SIZE = 4, 12
PIN_SIZE = 32
QR = "OYKT1"
_GROUP = 4
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


@dataclass(frozen=True, slots=True)
class Code:
    """Its public id, and its secret."""

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """As people type it."""
        whole = self.id + self.secret
        return "-".join(whole[at : at + _GROUP] for at in range(0, len(whole), _GROUP))

    @property
    def key(self) -> bytes:
        """32 bytes that prove the code, and do not give it away."""
        return HKDF(SHA256(), 32, self.id.encode(), b"openykt enrolment code v1").derive(self.secret.encode())


@dataclass(frozen=True, slots=True)
class Ticket:
    """What somebody carries to a box: where to ask, the code, and the pin of the CA; empty: the code was typed."""

    server: str
    code: Code
    pin: bytes = b""


def code_of(chance: bytes) -> Code:
    """From 16 random bytes."""
    letters = "".join(LETTERS[octet % len(LETTERS)] for octet in chance)
    return Code(letters[:ID_SIZE], letters[ID_SIZE : ID_SIZE + SECRET_SIZE])


def parse_code(text: str) -> Code:
    """As somebody typed it; ConfigFault when it is none."""
    plain = text.upper().translate(_MISREAD)
    if len(plain) != ID_SIZE + SECRET_SIZE or not set(plain) <= set(LETTERS):
        raise ConfigFault(Text("入网码应为 16 个字母数字", "an enrolment code has 16 letters and digits"))
    return Code(plain[:ID_SIZE], plain[ID_SIZE:])


def qr_text(ticket: Ticket) -> str:
    """What the QR says."""
    pin = base64.b32encode(ticket.pin).decode("ascii").rstrip("=")
    return f"{QR}/{ticket.server.upper()}/{ticket.code.id}{ticket.code.secret}/{pin}"


def parse_ticket(text: str, server: str = "") -> Ticket:
    """A QR's text, or a code with the server beside it. ConfigFault."""
    parts = text.strip().split("/")
    if parts[0].upper() != QR:
        if not server:
            raise ConfigFault(Text("只有入网码时须给 --server", "--server is needed beside a typed code"))
        return Ticket(server, parse_code(text))
    if len(parts) != 4:
        raise ConfigFault(Text("二维码文本不完整", "the text of the QR is not whole"))
    return Ticket(server or parts[1].lower(), parse_code(parts[2]), _pin(parts[3]))


def pin_of(spki_der: bytes) -> bytes:
    """Of a CA's public key."""
    return hashlib.sha256(spki_der).digest()


def prove(key: bytes, pin: bytes, request: bytes, *, typed: bool) -> bytes:
    """That who asks has the code, for this request alone, and at this CA alone: one in the middle has another pin."""
    covered = b"ask\0" + bytes((typed,)) + pin + hashlib.sha256(request).digest()
    return hmac.digest(key, covered, "sha256")


def is_proof(key: bytes, pin: bytes, request: bytes, proof: bytes, *, typed: bool) -> bool:
    """In constant time."""
    return hmac.compare_digest(prove(key, pin, request, typed=typed), proof)


def _pin(text: str) -> bytes:
    try:
        pin = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:  # not base32, or not even ASCII
        pin = b""
    if len(pin) != PIN_SIZE:
        raise ConfigFault(Text("二维码文本不完整", "the text of the QR is not whole"))
    return pin
