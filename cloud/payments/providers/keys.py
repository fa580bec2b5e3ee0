"""Keys of providers: our private one, and the provider's public ones by serial, old and new side by side. Pure.

A key has an end: what an expired one signed is refused, whatever it says. No key is in any text, repr or fault.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from cloud.payments.providers.interface import ProviderFault
from shared.errors import ConfigFault
from shared.words.voice import Text

BITS_MIN = 2048
KEYS_MAX = 8
"""Keys of a provider that count at a time."""
FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A provider's public key. from_s, until_s: unix, when what it signs counts."""

    serial: str
    key: rsa.RSAPublicKey = field(repr=False)
    from_s: int = 0
    until_s: int = FOREVER


class PlatformKeys:
    """Those of one provider."""

    def __init__(self, keys: Sequence[PlatformKey]) -> None:
        if not 0 < len(keys) <= KEYS_MAX or len({one.serial for one in keys}) < len(keys):
            raise ConfigFault(
                Text(f"平台公钥须 1..{KEYS_MAX} 把，序列号各异", f"1..{KEYS_MAX} platform keys, each with its serial")
            )
        self._keys = {one.serial: one for one in keys}

    def verify(self, serial: str, message: bytes, signature: str, unix_s: int) -> None:
        """ProviderFault: not signed by this key, or the key does not count now."""
        key = self._keys.get(serial)
        if key is None:
            raise ProviderFault("signed by a key that we do not have", is_forged=True)
        _verify(key, message, signature, unix_s)

    def verify_any(self, message: bytes, signature: str, unix_s: int) -> None:
        """By any of them: a provider that names no serial. ProviderFault."""
        for key in self._keys.values():
            try:
                return _verify(key, message, signature, unix_s)
            except ProviderFault:
                continue
        raise ProviderFault("no key of the provider has signed this", is_forged=True)


@dataclass(frozen=True, slots=True)
class OwnKey:
    """Ours, with the serial under which the provider knows it."""

    serial: str
    key: rsa.RSAPrivateKey = field(repr=False)

    def sign(self, message: bytes) -> str:
        """SHA256-RSA, base64: WeChat's SHA256-RSA2048 and Alipay's RSA2 are this one."""
        return base64.b64encode(self.key.sign(message, padding.PKCS1v15(), SHA256())).decode()


def read_own(serial: str, pem: bytes) -> OwnKey:
    """ConfigFault, which says nothing of the key."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        raise ConfigFault(Text("商户私钥：不是 PEM 私钥", "the merchant's key is no private key in PEM")) from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < BITS_MIN:
        raise ConfigFault(
            Text(f"商户私钥：应为 RSA {BITS_MIN} 位以上", f"the merchant's key is RSA of {BITS_MIN} bits or more")
        )
    return OwnKey(serial, key)


def read_platform(serial: str, pem: bytes, until_s: int = FOREVER) -> PlatformKey:
    """A public key, or a certificate, which has its own times. ConfigFault."""
    from_s = 0
    try:
        if b"BEGIN CERTIFICATE" in pem:
            certificate = x509.load_pem_x509_certificate(pem)
            key = certificate.public_key()
            from_s = int(certificate.not_valid_before_utc.timestamp())
            until_s = min(until_s, int(certificate.not_valid_after_utc.timestamp()))
        else:
            key = load_pem_public_key(pem)  # type: ignore[assignment]  # narrowed below
    except ValueError:
        raise ConfigFault(Text("平台公钥：不是 PEM", "a platform key is not PEM")) from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < BITS_MIN:
        raise ConfigFault(
            Text(f"平台公钥：应为 RSA {BITS_MIN} 位以上", f"a platform key is RSA of {BITS_MIN} bits or more")
        )
    return PlatformKey(serial, key, from_s, until_s)


def unsealed(key: bytes, nonce: str, associated: str, ciphertext: str) -> bytes:
    """AES-256-GCM of a callback's resource. ProviderFault: it is not whole, or not for us."""
    try:
        return AESGCM(key).decrypt(nonce.encode(), base64.b64decode(ciphertext, validate=True), associated.encode())
    except (InvalidTag, ValueError, binascii.Error):
        raise ProviderFault("a sealed resource cannot be opened", is_forged=True) from None


def _verify(key: PlatformKey, message: bytes, signature: str, unix_s: int) -> None:
    if not key.from_s <= unix_s < key.until_s:
        raise ProviderFault("signed by a key that does not count now", is_forged=True)
    try:
        key.key.verify(base64.b64decode(signature, validate=True), message, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError, binascii.Error):
        raise ProviderFault("a wrong signature", is_forged=True) from None
