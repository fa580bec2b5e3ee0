"""The certificate of the ledger-ack key: frozen bytes; another campus, key or signer is refused."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.keys.ack_key import certify, is_certified

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ACK = OTHER.public_key().public_bytes_raw()


def test_frozen_bytes() -> None:
    assert certify(1, ACK, SIGNER)[:8].hex() == "db3d5b710ab1f1f7"


def test_only_the_campus_own_signature_counts() -> None:
    certificate = certify(1, ACK, SIGNER)
    assert is_certified(1, ACK, certificate, SIGNER.public_key())
    assert not is_certified(2, ACK, certificate, SIGNER.public_key())
    assert not is_certified(1, bytes(32), certificate, SIGNER.public_key())
    assert not is_certified(1, ACK, certificate, OTHER.public_key())
    assert not is_certified(1, ACK, certificate[:-1], SIGNER.public_key())
