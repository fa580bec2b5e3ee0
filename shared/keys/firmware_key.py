"""Which firmware keys a terminal believes: the campus's first one, and from then on those that the former one named.

The first is believed by the campus key's certificate alone, for a body that runs what it was made with. Afterwards the
campus key is not enough: a new key counts when an image that runs here names it, signed by the old key, and when the
new one has proven itself in it. So whoever gets hold of the campus key cannot replace firmware on terminals that have
some. Refuses nothing by exception.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.fleet.firmware import Image, NextKey
from shared.keys.document_key import DocumentKey

CONTEXT = b"openykt next firmware key v1\0"


def next_key(campus: int, version: int, private: Ed25519PrivateKey) -> NextKey:
    """What an image says of the key that follows."""
    public = private.public_key().public_bytes_raw()
    return NextKey(version, public, private.sign(_covered(campus, version, public)))


def is_proven(campus: int, key: NextKey) -> bool:
    """Did somebody who holds it say so?"""
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(key.proof, _covered(campus, key.version, key.public))
    except (InvalidSignature, ValueError):
        return False
    return True


def is_believed(campus: int, key: DocumentKey, held: DocumentKey | None, image: Image | None) -> bool:
    """key: certified by the campus. held: the one that the image in use was proven by; None: nothing came down yet."""
    if held is None or image is None or (key.version, key.public) == (held.version, held.public):
        return True
    named = image.next_key
    if named is None or (key.version, key.public) != (named.version, named.public):
        return False
    return named.version > held.version and is_proven(campus, named)


def _covered(campus: int, version: int, public: bytes) -> bytes:
    return CONTEXT + campus.to_bytes(2, "big") + bytes((version,)) + public
