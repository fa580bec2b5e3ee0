"""Bytes that one party alone can read, and knows who sealed them: to a P-256 key, under a secret that both have.

Ephemeral ECDH, HKDF-SHA256 salted with the secret, AES-256-GCM: 65-byte point ‖ ciphertext. A key serves once, so the
nonce is zeros. Who has neither the private key nor the secret can neither read nor make one.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.errors import WireFault

POINT = 65
_NONCE = bytes(12)
_INFO = b"openykt sealed to a box v1"


def seal_to(public: ec.EllipticCurvePublicKey, secret: bytes, plain: bytes) -> bytes:
    """Sealed; each time anew."""
    once = ec.generate_private_key(ec.SECP256R1())
    point = once.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return point + AESGCM(_key(once, public, secret, point)).encrypt(_NONCE, plain, point)


def open_sealed(key: ec.EllipticCurvePrivateKey, secret: bytes, sealed: bytes) -> bytes:
    """What was sealed; WireFault for anything else."""
    point = sealed[:POINT]
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        return AESGCM(_key(key, public, secret, point)).decrypt(_NONCE, sealed[POINT:], point)
    except (ValueError, InvalidTag) as fault:
        raise WireFault("not sealed to this key under this secret") from fault


def _key(key: ec.EllipticCurvePrivateKey, public: ec.EllipticCurvePublicKey, secret: bytes, point: bytes) -> bytes:
    return HKDF(SHA256(), 32, secret, _INFO + point).derive(key.exchange(ec.ECDH(), public))
