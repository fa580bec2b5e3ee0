"""Is it signed by the ledger-ack key that the campus has certified: an ack, an answer? Pure.

The key comes from the settings.
"""

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.ids import BoxId
from shared.wire.messages import (
    ACK_CONTEXT,
    SignedAck,
    SignedAnswer,
    covered,
)


def ack_verifier(public: bytes) -> Callable[[SignedAck], bool]:
    """A check for this public key (32 B)."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return lambda ack: _is_signed(key, ack.signature, ACK_CONTEXT + ack.body)


def answer_verifier(public: bytes, box: BoxId) -> Callable[[SignedAnswer], bool]:
    """A check for this public key (32 B), of answers to this box."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return lambda signed: _is_signed(key, signed.signature, covered(box, signed.asked, signed.body))


def _is_signed(key: Ed25519PublicKey, signature: bytes, covered: bytes) -> bool:
    try:
        key.verify(signature, covered)
    except InvalidSignature:
        return False
    return True
