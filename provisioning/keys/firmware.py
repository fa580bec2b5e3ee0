"""The key that signs firmware: in a store of its own, which the officers open and no process on line ever does. Pure.

The campus signing key certifies it, so that terminals need no more than the campus key of their settings. It is made
with the first release; whoever holds the school's keys alone cannot sign firmware.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.keys.store import KeyKind, KeyStore, StoredKey
from shared.fleet.document import DocumentKind, Head, digest_of, model_scope
from shared.fleet.firmware import Image
from shared.keys.document_key import certify_document_key, sign_head
from shared.keys.firmware_file import SignedImage
from shared.keys.firmware_key import next_key

FIRST_VERSION = 1


def new_key(version: int, octets: bytes) -> StoredKey:
    """octets: 32 unpredictable bytes."""
    return StoredKey(KeyKind.FIRMWARE, version, octets)


def naming(image: Image, firmware: KeyStore, version: int) -> Image:
    """The image, with the word of this key that it comes next."""
    return image._replace(next_key=next_key(firmware.campus, version, _private(firmware, version)))


def signed_image(image: Image, as_of: int, school: KeyStore, firmware: KeyStore, version: int) -> SignedImage:
    """as_of: campus seconds at which it is signed; version: of the key. WireFault where the image is none, KeyFault."""
    private = _private(firmware, version)
    signing = school.one(KeyKind.SIGNING, 1).for_use(KeyKind.SIGNING)
    certified = certify_document_key(
        school.campus, DocumentKind.FIRMWARE, version, private.public_key().public_bytes_raw(),
        Ed25519PrivateKey.from_private_bytes(signing),
    )  # fmt: skip
    body = image.encode()
    scope = model_scope(image.model)
    head = Head(version, DocumentKind.FIRMWARE, scope, image.release, as_of, len(body), digest_of(body))
    return SignedImage(certified, sign_head(school.campus, head, private), body)


def _private(firmware: KeyStore, version: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(firmware.one(KeyKind.FIRMWARE, version).for_use(KeyKind.FIRMWARE))
