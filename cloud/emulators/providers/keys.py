"""Keys of an emulated provider, and of the merchant that it knows."""

import base64
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

BITS = 2048


@dataclass
class EmulatorKeys:
    """signers: the provider's, by serial, the newest last; merchant: whom it believes; apiv3: 32 bytes of both."""

    merchant: rsa.RSAPublicKey = field(repr=False)
    signers: dict[str, rsa.RSAPrivateKey] = field(repr=False)
    apiv3: bytes = field(repr=False, default=b"")

    def sign(self, message: bytes, serial: str) -> str:
        """base64."""
        return base64.b64encode(self.signers[serial].sign(message, padding.PKCS1v15(), SHA256())).decode()

    def is_merchants(self, message: bytes, signature: str) -> bool:
        """Has the merchant signed this?"""
        try:
            self.merchant.verify(base64.b64decode(signature), message, padding.PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    @property
    def newest(self) -> str:
        """The serial that it signs with."""
        return list(self.signers)[-1]

    @property
    def oldest(self) -> str:
        """The first one."""
        return next(iter(self.signers))


def make_pem() -> tuple[bytes, bytes]:
    """A private key and its public half, both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), public


def private_of(pem: bytes) -> rsa.RSAPrivateKey:
    """TypeError for a key of another kind."""
    key = load_pem_private_key(pem, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("RSA")
    return key


def public_of(pem: bytes) -> rsa.RSAPublicKey:
    """TypeError for a key of another kind."""
    key = load_pem_public_key(pem)
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("RSA")
    return key
