"""A permit 准装 as a document: the one release of firmware that one terminal may take now, or that it may take none.

Whoever signs firmware says what may run on a model; this says whose turn it is, in a roll-out from the centre. A
terminal takes no firmware, and starts none that waits, without a permit that names it by its digest: so neither a box
nor a broadcast that everybody hears brings a release to a terminal before its wave, or after a stop.

Form 1, model 2, release 4 (0: none, and the digest is zeros), digest 32; big-endian. Frozen bytes. Pure.
"""

import struct
from typing import NamedTuple

from shared.errors import WireFault
from shared.fleet.document import DIGEST_SIZE, DocumentKind, Head, model_scope

FORM = 1
_PERMIT = struct.Struct(f">BHI{DIGEST_SIZE}s")


class Permit(NamedTuple):
    """release, digest: of the document of firmware."""

    model: int
    release: int
    digest: bytes

    def encode(self) -> bytes:
        """The document's bytes. WireFault where it is none."""
        raw = _PERMIT.pack(FORM, *self)
        if decode_permit(raw) != self:
            raise WireFault("a permit that is none")
        return raw

    def is_for(self, head: Head) -> bool:
        """May that be taken?"""
        return head.kind is DocumentKind.FIRMWARE and (head.scope, head.generation, head.digest) == (
            model_scope(self.model), self.release, self.digest,
        )  # fmt: skip


def nothing(model: int) -> Permit:
    """No firmware at all: what was begun is dropped before it runs."""
    return Permit(model, 0, bytes(DIGEST_SIZE))


def decode_permit(raw: bytes) -> Permit:
    """WireFault when malformed."""
    if len(raw) != _PERMIT.size or raw[0] != FORM:
        raise WireFault(f"a permit of {len(raw)} bytes")
    _, model, release, digest = _PERMIT.unpack(raw)
    if not release and any(digest):
        raise WireFault("a permit of nothing, with a digest")
    return Permit(model, release, digest)
