"""Whose signature on a ledger ack counts: the campus signing key certifies the ledger-ack key, boxes check that.

A certificate here is 64 bytes of Ed25519 over CONTEXT ‖ campus 2 ‖ public key 32. Refuses nothing by exception:
a certificate of another campus, key or signer is simply not one.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

CONTEXT = b"openykt ack key v1\0"


def certify(campus: int, ack_public: bytes, signer: Ed25519PrivateKey) -> bytes:
    """The 64-byte certificate of a ledger-ack key (32 raw bytes)."""
    return signer.sign(_covered(campus, ack_public))


def is_certified(campus: int, ack_public: bytes, certificate: bytes, signer: Ed25519PublicKey) -> bool:
    """Did this campus's signing key certify this ledger-ack key?"""
    try:
        signer.verify(certificate, _covered(campus, ack_public))
    except InvalidSignature:
        return False
    return True


def _covered(campus: int, ack_public: bytes) -> bytes:
    return CONTEXT + campus.to_bytes(2, "big") + ack_public
