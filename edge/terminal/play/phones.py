"""Phones of the demonstration: each shows offline codes 脱机付款码 by its key and certificate. No real wallet's.

A file of JSON lines, for scripts and customers:

    {"phone": "0012", "certificate": 129 B, "key": 32 B}      hexadecimal; key: the private one, a number of P-256

Refuses a file with a malformed line, and a key that is not the certificate's.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.errors import ConfigFault, WireFault
from shared.keys.offline_code import (
    NONCE_SIZE,
    Certificate,
    Code,
    Use,
    code_digits,
    decode_certificate,
    sign_use,
)
from shared.words.refused import why_not
from shared.words.voice import Text

PHONES_MAX = 1_000


@dataclass(slots=True)
class Phone:
    """One. used: how many of its uses it has shown since this start."""

    certificate: Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    nonce: Callable[[int], bytes] = secrets.token_bytes
    used: int = 0

    def shows(self, made_s: int, use: int = 0) -> str:
        """The digits of a code. use 0: the next one; whether the certificate has it is not asked."""
        number = use or self.used + 1
        self.used = max(self.used, number)
        made = Use(number, made_s, self.nonce(NONCE_SIZE))
        return code_digits(Code(self.certificate, made, sign_use(self.certificate.phone.number, made, self.key)))

    @property
    def has_uses(self) -> bool:
        """Is one left?"""
        return self.used < self.certificate.phone.uses


def public_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """As a certificate has it: 33 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def read_phones(path: Path) -> dict[str, Phone]:
    """By name; ConfigFault naming the first malformed line."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()][:PHONES_MAX]
    except OSError as fault:
        why = why_not(fault)
        raise ConfigFault(Text(f"{path}: 无法读取：{why}", f"{path}: cannot be read: {why}")) from fault
    except UnicodeDecodeError as fault:
        raise ConfigFault(Text(f"{path}: 不是 UTF-8", f"{path}: not UTF-8")) from fault
    return dict(_phone(path, number, line) for number, line in enumerate(lines, 1))


def _phone(path: Path, number: int, line: str) -> tuple[str, Phone]:
    wrong = ConfigFault(Text(f"{path}: 第 {number} 行不是演示手机", f"{path}: line {number} is no phone"))
    try:
        row = json.loads(line)
        name, certificate = row["phone"], decode_certificate(bytes.fromhex(row["certificate"]))
        key = ec.derive_private_key(int(row["key"], 16), ec.SECP256R1())
    except (ValueError, RecursionError, KeyError, TypeError, WireFault) as fault:
        raise wrong from fault
    if not isinstance(name, str) or public_of(key) != certificate.phone.public:
        raise wrong
    return name, Phone(certificate, key)
