"""Who signs documents: the key process, by an operation for each kind. Nothing here holds a key."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from shared.fleet.document import DocumentKind, Head, SignedHead
from shared.keys.document_key import DocumentKey


@runtime_checkable
class DocumentSigner(Protocol):
    """The two questions of cloud.keys.client. KeyFault when refused or away."""

    def sign_document(self, head: bytes) -> tuple[bytes, ...]:
        """The signature over a head, by the key of its kind and version."""

    def document_keys(self) -> list[DocumentKey]:
        """The public halves, as the campus certified them."""


def signed(signer: DocumentSigner, head: Head) -> SignedHead:
    """KeyFault when refused or away."""
    raw = head.encode()
    (signature,) = signer.sign_document(raw)
    return SignedHead(raw, signature)


def newest_key(keys: Sequence[DocumentKey], kind: DocumentKind) -> DocumentKey | None:
    """That of the highest version; None: this campus has none for such documents."""
    mine = [key for key in keys if key.kind is kind]
    return max(mine, key=lambda key: key.version, default=None)
