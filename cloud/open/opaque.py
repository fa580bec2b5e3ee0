"""Numbers of ours as an application sees them: nobody can count by them, guess another's, or make one up. Pure.

One AES block: what it is and whose, as 8 octets of a hash, then the number. A block that was not made here, or was made
for another application or another use, does not open but by a chance of 2^-64.
"""

import hashlib
import re

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

_FORM = re.compile(r"[0-9a-f]{32}")


def shut(secret: bytes, use: str, number: int) -> str:
    """32 hexadecimal digits. use: what and whose. secret: 16 octets."""
    block = _tag(use) + number.to_bytes(8, "big")
    return Cipher(AES(secret), ECB()).encryptor().update(block).hex()  # noqa: S305  # one block, never two alike


def opened(secret: bytes, use: str, text: str) -> int | None:
    """The number; None: it is none of this use."""
    if _FORM.fullmatch(text) is None:
        return None
    block = Cipher(AES(secret), ECB()).decryptor().update(bytes.fromhex(text))  # noqa: S305  # as above
    return int.from_bytes(block[8:], "big") if block[:8] == _tag(use) else None


def _tag(use: str) -> bytes:
    return hashlib.sha256(use.encode()).digest()[:8]
