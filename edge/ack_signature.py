"""Is a ledger ack signed by the ledger-ack key that the campus has certified? Pure; the key comes from the settings."""

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.wire.messages import ACK_CONTEXT, SignedAck


def ack_verifier(public: bytes) -> Callable[[SignedAck], bool]:
    """A check for this public key (32 B)."""
    key = Ed25519PublicKey.from_public_bytes(public)

    def is_genuine(ack: SignedAck) -> bool:
        try:
            key.verify(ack.signature, ACK_CONTEXT + ack.body)
        except InvalidSignature:
            return False
        return True

    return is_genuine
