"""A campus' document keys in one place, as the key process has them: a real signer for the tests of documents."""

import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.errors import KeyFault
from shared.fleet.document import DocumentKind, Head, SignedHead
from shared.ids import DeviceId
from shared.keys.document_key import DocumentKey, Keyring, certify_document_key, sign_head
from shared.wire.fleet_lane import Reported, Verdict

CAMPUS_NUMBER = 1
"""Of tests.cloud.ledger.campus."""


@dataclass
class Signer:
    """As cloud.keys.client: signs heads, and can be away."""

    campus: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    kinds: tuple[DocumentKind, ...] = tuple(DocumentKind)
    is_away: bool = False
    signed: int = 0
    trust: dict[str, Ed25519PrivateKey] = field(
        default_factory=lambda: {role: Ed25519PrivateKey.generate() for role in ("snapshot", "timestamp")}
    )

    def __post_init__(self) -> None:
        self._keys = {kind: Ed25519PrivateKey.generate() for kind in self.kinds}

    def sign_document(self, head: Head) -> SignedHead:
        if self.is_away:
            raise KeyFault("away")
        self.signed += 1
        return sign_head(CAMPUS_NUMBER, head, self._keys[head.kind])

    def sign_trust(self, covered: bytes) -> bytes:
        if self.is_away:
            raise KeyFault("away")
        return self.trust[json.loads(covered)["_type"]].sign(covered)

    def document_keys(self) -> list[DocumentKey]:
        if self.is_away:
            raise KeyFault("away")
        return [
            certify_document_key(CAMPUS_NUMBER, kind, 1, key.public_key().public_bytes_raw(), self.campus)
            for kind, key in self._keys.items()
        ]

    def keyring(self) -> Keyring:
        """Of a box or terminal that has seen all keys."""
        ring = Keyring(CAMPUS_NUMBER, self.campus.public_key().public_bytes_raw())
        assert all(ring.add(key) for key in self.document_keys())
        return ring

    def opened(self, signed: SignedHead) -> Head:
        """The head that everybody would believe."""
        head = self.keyring().opened(signed)
        assert head is not None
        return head


def in_use(device: DeviceId, head: Head, seq: int = 0, verdict: Verdict = Verdict.IN_USE) -> Reported:
    """A terminal's word that it uses this document."""
    return Reported(
        device, head.kind, head.scope, head.generation, head.digest, 0, seq, head.as_of, head.generation, verdict
    )
