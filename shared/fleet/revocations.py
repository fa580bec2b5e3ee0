"""Revoked PSAMs and bodies 失窃设备名单 as a document: who may not sell any more. Frozen bytes. Pure.

Form 1, version of the list 4, PSAMs 2, bodies 2 (big-endian), then the PSAMs and the bodies, 6 bytes each, ascending,
each once. The version is the ledger's own number of the list, which it had before there were documents: a box tells
it in its state. Refuses, with WireFault, what is not so.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.errors import WireFault
from shared.ids import DeviceId, PsamId

FORM = 1
REVOKED_MAX = 4096
"""Most PSAMs, and most bodies, of a list."""
_HEAD = struct.Struct(">BIHH")
_SIZE = 6


@dataclass(frozen=True, slots=True)
class Revocations:
    """Who may not sell any more, ascending. version: rises with every change; 0 = nothing was ever revoked."""

    version: int = 0
    psams: tuple[PsamId, ...] = ()
    devices: tuple[DeviceId, ...] = ()

    def names(self, device: DeviceId, psam: PsamId) -> bool:
        """Is this body, or the PSAM in it, revoked?"""
        return psam in self.psams or device in self.devices


def revocations_body(wanted: Revocations) -> bytes:
    """The bytes of a list."""
    head = _HEAD.pack(FORM, wanted.version, len(wanted.psams), len(wanted.devices))
    return head + b"".join(wanted.psams) + b"".join(wanted.devices)


def read_revocations(body: bytes) -> Revocations:
    """What a list says."""
    if len(body) < _HEAD.size:
        raise WireFault(f"revocations of {len(body)} bytes")
    form, version, psams, devices = _HEAD.unpack_from(body)
    if form != FORM or not version or max(psams, devices) > REVOKED_MAX:
        raise WireFault(f"revocations of form {form}, version {version}: {psams} PSAMs, {devices} bodies")
    if len(body) != _HEAD.size + (psams + devices) * _SIZE:
        raise WireFault(f"revocations: {psams} PSAMs and {devices} bodies in {len(body)} bytes")
    rows = [body[at : at + _SIZE] for at in range(_HEAD.size, len(body), _SIZE)]
    return Revocations(
        version, tuple(map(PsamId, _ascending(rows[:psams]))), tuple(map(DeviceId, _ascending(rows[psams:])))
    )


def _ascending(rows: Sequence[bytes]) -> Sequence[bytes]:
    if any(a >= b for a, b in pairwise(rows)):
        raise WireFault("revocations: out of order")
    return rows
