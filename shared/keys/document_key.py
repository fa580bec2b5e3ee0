"""Whose signature on a document counts: the campus key certifies one key for each kind; terminals check both.

A certificate is 64 bytes of Ed25519 over CERTIFICATE_CONTEXT ‖ campus 2 ‖ kind 1 ‖ key version 1 ‖ public key 32. A
document's signature is Ed25519 of that key over HEAD_CONTEXT ‖ campus 2 ‖ head. Refuses nothing by exception: what is
of another campus, kind, version or signer is simply not right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.errors import WireFault
from shared.fleet.document import SIGNATURE_SIZE, DocumentKind, Head, SignedHead, decode_head

CERTIFICATE_CONTEXT = b"openykt document key v1\0"
HEAD_CONTEXT = b"openykt document v1\0"
PUBLIC_SIZE = 32


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """The public half of one kind's key, and the campus key's certificate for it."""

    kind: DocumentKind
    version: int
    public: bytes
    certificate: bytes


def certify_document_key(
    campus: int, kind: DocumentKind, version: int, public: bytes, signer: Ed25519PrivateKey
) -> DocumentKey:
    """With the campus key, at provisioning."""
    return DocumentKey(kind, version, public, signer.sign(_certified(campus, kind, version, public)))


def is_document_key(campus: int, key: DocumentKey, signer: Ed25519PublicKey) -> bool:
    """Did this campus certify it?"""
    covered = _certified(campus, key.kind, key.version, key.public)
    return _holds(signer, key.certificate, covered)


def newest_key(keys: Sequence[DocumentKey], kind: DocumentKind) -> DocumentKey | None:
    """That of the highest version; None: this campus has none for such documents."""
    mine = [key for key in keys if key.kind is kind]
    return max(mine, key=lambda key: key.version, default=None)


def sign_head(campus: int, head: Head, key: Ed25519PrivateKey) -> SignedHead:
    """With the key of the head's kind: an operation of the key process."""
    raw = head.encode()
    return SignedHead(raw, key.sign(covered_head(campus, raw)))


def covered_head(campus: int, raw: bytes) -> bytes:
    """What a document's signature covers."""
    return HEAD_CONTEXT + campus.to_bytes(2, "big") + raw


class Keyring:
    """The document keys that one holder has seen certified: those of its campus, and no others."""

    def __init__(self, campus: int, signer: bytes) -> None:
        """signer: the campus key's public half, 32 bytes."""
        self.campus, self._signer = campus, Ed25519PublicKey.from_public_bytes(signer)
        self._keys: dict[tuple[int, int], DocumentKey] = {}

    def add(self, key: DocumentKey) -> bool:
        """False, and nothing is kept, when the campus has not certified it. Bound: a key per kind and version."""
        if not is_document_key(self.campus, key, self._signer):
            return False
        self._keys[key.kind, key.version] = key
        return True

    def key_for(self, head: Head) -> DocumentKey | None:
        """None: not known yet, so ask for it."""
        return self._keys.get((head.kind, head.key_version))

    def opened(self, signed: SignedHead) -> Head | None:
        """The head, once it is proven; None when its signature is wrong or its key unknown. Malformed: WireFault."""
        head = decode_head(signed.raw)
        key = self.key_for(head)
        if key is None or len(signed.signature) != SIGNATURE_SIZE:
            return None
        public = Ed25519PublicKey.from_public_bytes(key.public)
        return head if _holds(public, signed.signature, covered_head(self.campus, signed.raw)) else None

    def keys(self) -> Mapping[tuple[int, int], DocumentKey]:
        """By kind and version."""
        return self._keys


def document_key(kind: int, version: int, public: bytes, certificate: bytes) -> DocumentKey:
    """As it came; WireFault when malformed. Whether it counts is `Keyring.add`'s to say."""
    if kind not in [*DocumentKind] or len(public) != PUBLIC_SIZE or len(certificate) != SIGNATURE_SIZE:
        raise WireFault("a document key that is none")
    return DocumentKey(DocumentKind(kind), version, public, certificate)


def _certified(campus: int, kind: DocumentKind, version: int, public: bytes) -> bytes:
    return CERTIFICATE_CONTEXT + campus.to_bytes(2, "big") + bytes((kind, version)) + public


def _holds(signer: Ed25519PublicKey, signature: bytes, covered: bytes) -> bool:
    try:
        signer.verify(signature, covered)
    except InvalidSignature:
        return False
    return True
