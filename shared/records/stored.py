"""A record as every store keeps it: who sent it, and its verbatim bytes. Pure; the body is not judged here."""

import hashlib
from functools import lru_cache
from typing import NamedTuple

from shared.errors import WireFault
from shared.ids import DeviceId, PsamId
from shared.records.codec import HEAD_SIZE, WIRE_MAX
from shared.records.widths import parsed, struct_of

STORED = struct_of(parsed("device 6s, epoch H, psam 6s"))
STORED_HEAD = STORED.size
KNOWN_SENDERS = 1024
"""So many heads of stored records are remembered; at the bound the one not seen for longest is read anew."""
HASH_SIZE = 8


class Stored(NamedTuple):
    """A record as every store keeps it: who sent it, and its verbatim wire bytes."""

    device: DeviceId
    epoch: int
    psam: PsamId
    wire: bytes

    def to_bytes(self) -> bytes:
        """71 bytes for a purchase."""
        return STORED.pack(self.device, self.epoch, self.psam) + self.wire

    @property
    def seq(self) -> int:
        """The record's sequence number within (device, epoch)."""
        return int.from_bytes(self.wire[4:8], "big")


def parse_stored(raw: bytes) -> Stored:
    """Split stored bytes; WireFault when even the common head is not there. The body is not judged."""
    if not STORED_HEAD + HEAD_SIZE <= len(raw) <= STORED_HEAD + WIRE_MAX:
        raise WireFault(f"stored record of {len(raw)} bytes")
    return Stored(*_sender(raw[:STORED_HEAD]), raw[STORED_HEAD:])


@lru_cache(maxsize=KNOWN_SENDERS)
def _sender(head: bytes) -> tuple[DeviceId, int, PsamId]:
    """The same objects for every record of a sender, so that what is looked up by them is found sooner."""
    device, epoch, psam = STORED.unpack(head)  # which fixes the sizes of both ids
    return DeviceId(device), epoch, PsamId(psam)


def digest(stored: bytes) -> bytes:
    """The 8-byte hash that tells two records of one (device, epoch, seq) apart: SHA-256, truncated."""
    return hashlib.sha256(stored).digest()[:HASH_SIZE]
