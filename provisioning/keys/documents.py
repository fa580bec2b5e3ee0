"""The keys that documents of the fleet are signed with, one for each kind, and the campus key's word for each.

Each is expanded from the campus signing key, so a school of before has them without a new store, and none of them says
anything of another. Firmware has none here: its key is the ceremony's, and never in a process that is on line.
"""

import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.keys.store import KeyKind, KeyStore
from shared.fleet.document import DocumentKind, Head, SignedHead
from shared.keys.document_key import DocumentKey, certify_document_key, sign_head
from shared.keys.offline_code import Certificate, Phone, certify_phone

KEY_VERSION = 1
SIGNING_VERSION = 1
ONLINE = tuple(kind for kind in DocumentKind if kind is not DocumentKind.FIRMWARE)
_CONTEXT = b"openykt document key seed v1\0"
_TRUST_CONTEXT = b"openykt firmware trust seed v1\0"
TRUST_ROLES = ("snapshot", "timestamp")
"""What the centre signs of the chain that boxes believe firmware by."""


@dataclass(frozen=True, slots=True)
class DocumentKeys:
    """Of one campus. public: what terminals and boxes are told; empty when the campus signing key is not here."""

    campus: int
    public: tuple[DocumentKey, ...] = ()
    _private: dict[tuple[int, int], Ed25519PrivateKey] = field(default_factory=dict, repr=False)
    _trust: dict[str, Ed25519PrivateKey] = field(default_factory=dict, repr=False)

    def sign(self, head: Head) -> SignedHead | None:
        """None: no such key is held."""
        key = self._private.get((head.kind, head.key_version))
        return None if key is None else sign_head(self.campus, head, key)

    def certify_phone(self, phone: Phone) -> Certificate | None:
        """By the key of wallets' documents; None: no such key is held, or the phone is of another campus."""
        key = self._private.get((DocumentKind.WALLETS, phone.key_version))
        return None if key is None or phone.campus != self.campus else certify_phone(phone, key)

    def sign_trust(self, role: str, raw: bytes) -> bytes | None:
        """Of TRUST_ROLES; None: no such key is held."""
        key = self._trust.get(role)
        return None if key is None else key.sign(raw)


def document_keys(school: KeyStore) -> DocumentKeys:
    """Of this school's store; none when it holds no signing key."""
    seed = next((k.for_use(KeyKind.SIGNING) for k in school.keys if k.kind is KeyKind.SIGNING), None)
    if seed is None:
        return DocumentKeys(school.campus)
    signer = Ed25519PrivateKey.from_private_bytes(seed)
    private: dict[tuple[int, int], Ed25519PrivateKey] = {
        (kind, KEY_VERSION): _key(seed, school.campus, kind) for kind in ONLINE
    }
    public = tuple(
        certify_document_key(
            school.campus, kind, KEY_VERSION, private[kind, KEY_VERSION].public_key().public_bytes_raw(), signer
        )
        for kind in ONLINE
    )
    trust = {role: trust_key(seed, school.campus, role) for role in TRUST_ROLES}
    return DocumentKeys(school.campus, public, private, trust)


def trust_key(seed: bytes, campus: int, role: str) -> Ed25519PrivateKey:
    """Of a role of that chain. seed: the campus signing key for TRUST_ROLES, the officers' firmware key for others."""
    covered = _TRUST_CONTEXT + campus.to_bytes(2, "big") + role.encode()
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(seed, covered, "sha256"))


def _key(seed: bytes, campus: int, kind: DocumentKind) -> Ed25519PrivateKey:
    covered = _CONTEXT + campus.to_bytes(2, "big") + bytes((kind, KEY_VERSION))
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(seed, covered, "sha256"))
