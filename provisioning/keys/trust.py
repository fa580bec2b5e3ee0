"""The officers' part of the chain that boxes believe firmware by: a root, and the releases that they stand for. Pure.

Their two keys are expanded from the firmware key of their own store, each by its role: no store is new. The centre's
two are expanded from the campus signing key (documents.py), and the root names their public halves.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.keys.documents import TRUST_ROLES, trust_key
from provisioning.keys.firmware import FIRST_VERSION
from provisioning.keys.store import KeyKind, KeyStore
from shared.fleet.firmware import Image
from shared.keys import trust
from shared.keys.trust import Officers, Roles


def with_release(former: Officers | None, image: Image, at_s: int, school: KeyStore, firmware: KeyStore) -> Officers:
    """Their part with this release; the first one makes the root, too. at_s: campus seconds. KeyFault."""
    return with_target(former, trust.path_of(image.model, image.release), image.encode(), at_s, (school, firmware))


def with_target(
    former: Officers | None, path: str, body: bytes, at_s: int, stores: tuple[KeyStore, KeyStore]
) -> Officers:  # fmt: skip
    """Their part with these bytes under that path. stores: the school's and the officers'. KeyFault."""
    school, firmware = stores
    officers = firmware.one(KeyKind.FIRMWARE, FIRST_VERSION).for_use(KeyKind.FIRMWARE)
    seed = school.one(KeyKind.SIGNING, 1).for_use(KeyKind.SIGNING)
    root, targets = (trust_key(officers, school.campus, role) for role in ("root", "targets"))
    if former is None:
        keys = root, targets, *(trust_key(seed, school.campus, role) for role in TRUST_ROLES)
        made = trust.sign_by(trust.first_root(Roles(*map(_public, keys)), at_s), root)
        anchor = trust.anchor_of(made, school.campus, Ed25519PrivateKey.from_private_bytes(seed))
        former = Officers(anchor, (made,), b"")
    return former._replace(targets=trust.sign_by(trust.with_target(former.targets or None, path, body, at_s), targets))


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()
