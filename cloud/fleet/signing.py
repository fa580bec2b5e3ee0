"""Who signs documents: the key process, by an operation for each kind. Nothing here holds a key."""

from typing import Protocol

from shared.fleet.document import Head, SignedHead
from shared.keys.document_key import DocumentKey


class DocumentSigner(Protocol):
    """The two questions of cloud.keys.client. KeyFault when refused or away."""

    def sign_document(self, head: Head) -> SignedHead:
        """By the key of its kind and version."""

    def document_keys(self) -> list[DocumentKey]:
        """The public halves, as the campus certified them."""


class TrustSigner(DocumentSigner, Protocol):
    """As the ledger's own process has it."""

    def sign_trust(self, covered: bytes) -> bytes:
        """Signature of a snapshot or timestamp (shared/keys/trust.py), by the key of its role. KeyFault."""
