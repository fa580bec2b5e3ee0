"""A release of firmware as a file: what the officers signed, with the key that proves it. Frozen bytes. Pure.

MAGIC 8 ‖ key version 1 ‖ public key 32 ‖ the campus key's certificate 64 ‖ head ‖ signature 64 ‖ image. It goes on a
stick from the machine that opens the stores to the one that releases it; there nothing of it can be changed unseen.
"""

import struct
from dataclasses import dataclass

from shared.errors import WireFault
from shared.fleet.document import HEAD_SIZE, SIGNATURE_SIZE, DocumentKind, Head, SignedHead, decode_head, digest_of
from shared.fleet.firmware import Image, decode_image
from shared.keys.document_key import PUBLIC_SIZE, DocumentKey, Keyring, document_key

MAGIC = b"YKTFW\0\0\1"
_FIXED = struct.Struct(f">8sB{PUBLIC_SIZE}s{SIGNATURE_SIZE}s{HEAD_SIZE}s{SIGNATURE_SIZE}s")


@dataclass(frozen=True, slots=True)
class SignedImage:
    """As it stands in the file; `read` proves it."""

    key: DocumentKey
    signed: SignedHead
    body: bytes

    def encode(self) -> bytes:
        """The file."""
        key, signed = self.key, self.signed
        return _FIXED.pack(MAGIC, key.version, key.public, key.certificate, signed.raw, signed.signature) + self.body


def read(raw: bytes, campus: int, campus_key: bytes) -> tuple[SignedImage, Head, Image]:
    """WireFault, which says what is wrong, unless this campus's officers signed these very bytes."""
    if len(raw) < _FIXED.size or raw[: len(MAGIC)] != MAGIC:
        raise WireFault("no release of firmware")
    _, version, public, certificate, head, signature = _FIXED.unpack_from(raw)
    key = document_key(DocumentKind.FIRMWARE, version, public, certificate)
    found = SignedImage(key, SignedHead(head, signature), raw[_FIXED.size :])
    ring = Keyring(campus, campus_key)
    if not ring.add(key):
        raise WireFault("its key is not certified by this campus")
    proven = ring.opened(found.signed)
    if proven is None:
        raise WireFault(f"release {decode_head(head).generation}: its signature is wrong")
    if (len(found.body), digest_of(found.body)) != (proven.length, proven.digest):
        raise WireFault(f"release {proven.generation}: its bytes are not those that were signed")
    image = decode_image(found.body)
    if not image.is_of(proven):
        raise WireFault(f"release {proven.generation}: the image says another release or model")
    return found, proven, image
