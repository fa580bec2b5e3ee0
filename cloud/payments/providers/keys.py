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

from cloud.payments.providers.interface import KeyEnd, ProviderFault
from shared.errors import ConfigFault
from shared.words.voice import Text

BITS_MIN = 2048
KEYS_MAX = 8
"""Keys of a provider that count at a time."""
FOREVER = 1 << 62
DAY_S = 86_400
LAST_S, USED_S = 30 * DAY_S, 7 * DAY_S
"""How long before its end a key is told of: the last one of a provider; and one with which it still signs."""
PUBLIC = "PUB_KEY_ID_"
"""So begins the number of a platform public key, which WeChat has instead of a certificate's serial."""


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A provider's public key. from_s, until_s: unix, when what it signs counts."""

    serial: str
    key: rsa.RSAPublicKey = field(repr=False)
    from_s: int = 0
    until_s: int = FOREVER

    def counts(self, unix_s: int) -> bool:
        """Is what it signs believed now?"""
        return self.from_s <= unix_s < self.until_s


class PlatformKeys:
    """Those of one provider, old and new side by side: what counts is each one's own time, whichever signs."""

    def __init__(self, keys: Sequence[PlatformKey]) -> None:
        if not 0 < len(keys) <= KEYS_MAX or len({one.serial for one in keys}) < len(keys):
            raise ConfigFault(
                Text(f"平台公钥须 1..{KEYS_MAX} 把，序列号各异", f"1..{KEYS_MAX} platform keys, each with its serial")
            )
        self._keys = {one.serial: one for one in keys}
        self._used_s: dict[str, int] = {}

    def public_id(self, unix_s: int) -> str:
        """The platform public key that counts now, the last one named; '' where only certificates do."""
        own = [one.serial for one in self._keys.values() if one.serial.startswith(PUBLIC) and one.counts(unix_s)]
        return own[-1] if own else ""

    def ends(self, unix_s: int) -> list[KeyEnd]:
        """What somebody has to see to: the last of all keys ends within LAST_S, or one with which the provider still
        signs within USED_S, though another is here."""
        last = max(self._keys.values(), key=lambda one: one.until_s)
        found = [last] if last.until_s - unix_s <= LAST_S else []
        for serial, at_s in self._used_s.items():
            one = self._keys[serial]
            if one is not last and unix_s - at_s <= DAY_S and one.until_s - unix_s <= USED_S:
                found.append(one)
        return [KeyEnd(one.serial, one.until_s) for one in found]

    def verify(self, serial: str, message: bytes, signature: str, unix_s: int) -> None:
        """ProviderFault: not signed by this key, or the key does not count now."""
        key = self._keys.get(serial)
        if key is None:
            raise ProviderFault("signed by a key that we do not have", is_forged=True)
        self._verify(key, message, signature, unix_s)

    def verify_any(self, message: bytes, signature: str, unix_s: int) -> None:
        """By any of them: a provider that names no serial. ProviderFault."""
        for key in self._keys.values():
            try:
                return self._verify(key, message, signature, unix_s)
            except ProviderFault:
                continue
        raise ProviderFault("no key of the provider has signed this", is_forged=True)

    def _verify(self, key: PlatformKey, message: bytes, signature: str, unix_s: int) -> None:
        _verify(key, message, signature, unix_s)
        self._used_s[key.serial] = unix_s


@dataclass(frozen=True, slots=True)
class OwnKey:
    """Ours, with the serial under which the provider knows it. until_s: when its certificate ends."""

    serial: str
    key: rsa.RSAPrivateKey = field(repr=False)
    until_s: int = FOREVER

    def sign(self, message: bytes) -> str:
        """SHA256-RSA, base64: WeChat's SHA256-RSA2048 and Alipay's RSA2 are this one."""
        return base64.b64encode(self.key.sign(message, padding.PKCS1v15(), SHA256())).decode()


def key_ends(own: OwnKey, platform: PlatformKeys, unix_s: int) -> list[KeyEnd]:
    """Those of both that somebody has to see to."""
    ours = [KeyEnd(own.serial, own.until_s)] if own.until_s - unix_s <= LAST_S else []
    return ours + platform.ends(unix_s)


def read_own(serial: str, pem: bytes, until_s: int = FOREVER) -> OwnKey:
    """ConfigFault, which says nothing of the key."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        raise ConfigFault(Text("商户私钥：不是 PEM 私钥", "the merchant's key is no private key in PEM")) from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < BITS_MIN:
        raise ConfigFault(
            Text(f"商户私钥：应为 RSA {BITS_MIN} 位以上", f"the merchant's key is RSA of {BITS_MIN} bits or more")
        )
    return OwnKey(serial, key, until_s)


def read_platform(serial: str, pem: bytes, until_s: int = FOREVER, from_s: int = 0) -> PlatformKey:
    """A public key, or a certificate, which has its own times, too. ConfigFault."""
    try:
        if b"BEGIN CERTIFICATE" in pem:
            certificate = x509.load_pem_x509_certificate(pem)
            key = certificate.public_key()
            from_s = max(from_s, int(certificate.not_valid_before_utc.timestamp()))
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
    if not key.counts(unix_s):
        raise ProviderFault("signed by a key that does not count now", is_forged=True)
    try:
        key.key.verify(base64.b64decode(signature, validate=True), message, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError, binascii.Error):
        raise ProviderFault("a wrong signature", is_forged=True) from None
