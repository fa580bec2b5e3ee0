"""The key process as the way down asks it, the officers' firmware key, and which seeds have a way down at all."""

from random import Random
from typing import Any

from cloud.keys.faults import KeyProcessAway, KeyRefused
from provisioning.keys.firmware import new_key, signed_image
from provisioning.keys.store import KeyStore, Level
from provisioning.process.operations import KeyOperations
from shared.fleet.document import Head, SignedHead
from shared.fleet.firmware import Image
from shared.keys.document_key import DocumentKey, document_key
from shared.keys.firmware_file import SignedImage
from shared.wire import codec
from shared.wire.keyproc import SIGNS, Op, Role
from tests.sim.blueprint import CAMPUS_S, blueprint
from tests.sim.faults import Faults
from tests.sim.world import World

SHARE = 0.12
"""Of the seeds: in these documents come down. In all others none is ever made, and they stay as they were."""
_KEY_VERSION = 1


def is_fleet(seed: int) -> bool:
    """Do documents come down in this seed?"""
    return Random(seed ^ 0xF1EE7).random() < SHARE


class FleetKeys:
    """As the ingest asks it, and as whoever orders terminals about does; sometimes away."""

    def __init__(self, operations: KeyOperations, world: World, faults: Faults) -> None:
        self._operations, self._world, self._faults = operations, world, faults

    def sign_document(self, head: Head) -> SignedHead:
        """As KeyClient."""
        op = next(one for one, kinds in SIGNS.items() if head.kind in kinds)
        raw = head.encode()
        return SignedHead(raw, bytes(self._ask(Role.FLEET if op is Op.SIGN_ORDER else Role.MONEY, op, raw)))

    def document_keys(self) -> list[DocumentKey]:
        """As KeyClient."""
        return [document_key(*row) for row in self._ask(Role.MONEY, Op.DOCUMENT_KEYS)]

    def _ask(self, role: Role, *request: object) -> Any:  # of each operation another
        if self._world.chance(self._faults.keys_away):
            raise KeyProcessAway("the key process is away")
        granted, result = codec.loads(self._operations.answer(codec.dumps(list(request)), role))
        if not granted:
            raise KeyRefused(str(result))
        return result


def signed_release(image: Image, as_of: int = CAMPUS_S) -> SignedImage:
    """By the officers."""
    school = blueprint().school()
    officers = KeyStore(Level.SCHOOL, school.campus, (new_key(_KEY_VERSION, b"f" * 32),))
    return signed_image(image, as_of, school, officers, _KEY_VERSION)
