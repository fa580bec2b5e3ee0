"""The MAC by which a terminal signs what no card has signed: AES-CMAC under K_term, 4 bytes.

Only the device, its box and the key process can make it. It covers everything that is stored before it: device, epoch,
PSAM id and the record with its seq, so that nothing of it can be used again under another number.
"""

import hashlib

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from shared.records import MAC_SIZE

INPUT_SIZE = 24
_LABEL = b"openykt record v1\0"
"""Keeps this use of K_term apart from the keys of a session."""


def mac_input(before_mac: bytes) -> bytes:
    """24 bytes that stand for the stored bytes before the MAC."""
    return hashlib.sha256(before_mac).digest()[:INPUT_SIZE]


def terminal_mac(key: bytes, covered: bytes) -> bytes:
    """4 bytes over a `mac_input`. key: K_term, 16 bytes."""
    made = CMAC(AES(key))
    made.update(_LABEL + covered)
    return made.finalize()[:MAC_SIZE]
