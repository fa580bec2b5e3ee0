"""A centre that makes and signs documents, for terminals and boxes of tests."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.link.messages import DocumentDelta, DocumentHead, DocumentPage
from shared.fleet.delta import delta_between
from shared.fleet.document import CAMPUS, DocumentKind, Head, Scope, SignedHead, digest_of, pages_of, table_of
from shared.keys.document_key import DocumentKey, certify_document_key, sign_head

CAMPUS_KEY = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
CAMPUS_PUBLIC = CAMPUS_KEY.public_key().public_bytes_raw()
CAMPUS_NUMBER = 1


@dataclass
class Centre:
    """One kind and scope. bodies: generation → bytes."""

    kind: DocumentKind = DocumentKind.HOTLIST
    scope: Scope = CAMPUS
    campus: int = CAMPUS_NUMBER
    bodies: dict[int, bytes] = field(default_factory=dict)

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes((self.kind,)) * 32)

    @property
    def key(self) -> DocumentKey:
        public = self.private.public_key().public_bytes_raw()
        return certify_document_key(self.campus, self.kind, 1, public, CAMPUS_KEY)

    def make(self, body: bytes, generation: int = 0) -> int:
        number = generation or max(self.bodies, default=0) + 1
        self.bodies[number] = body
        return number

    def signed(self, generation: int, as_of: int = 848_000_000, **other: object) -> SignedHead:
        body = self.bodies[generation]
        values = {"length": len(body), "digest": digest_of(body), **other}
        head = Head(1, self.kind, self.scope, generation, as_of, **values)  # type: ignore[arg-type]
        return sign_head(self.campus, head, self.private)

    def head(self, generation: int, as_of: int = 848_000_000) -> DocumentHead:
        signed = self.signed(generation, as_of)
        return DocumentHead(signed.raw, signed.signature, table_of(self.bodies[generation]))

    def delta(self, generation: int) -> DocumentDelta:
        signed = self.signed(generation)
        found = delta_between(self.bodies[generation - 1], self.bodies[generation])
        assert found is not None
        return DocumentDelta(signed.raw, signed.signature, found.encode())

    def page(self, generation: int, number: int) -> DocumentPage:
        return DocumentPage(self.kind, self.scope, generation, number, [*pages_of(self.bodies[generation])][number])
