"""A document of the fleet: what the centre made, what a set of terminals should have. Frozen bytes. Pure.

Hotlist, capped cards, parameters, firmware, revocations, awaited cards, operators, orders and permits are documents. A
head says which one it is and what its bytes are worth; the centre signs it, and whoever acts on a document checks that
itself: a box between them can withhold, never forge. The bytes go in pages; a live change goes as a delta (delta.py)
with the next head.

Refuses, with WireFault, a head that is malformed or above its kind's bounds. Signatures: shared/keys/document_key.py.
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NewType
from zlib import crc32

from shared.errors import WireFault
from shared.ids import DeviceId

PAGE_SIZE = 1024
"""Of one page, the last one apart: one page of a terminal's flash, and one block of coded symbols."""
GENERATION_MAX = 0xFFFF_FFFF
SCOPE_SIZE, DIGEST_SIZE, SIGNATURE_SIZE = 7, 32, 64


class DocumentKind(IntEnum):
    """What it is about. Each kind has a key of its own, so that whoever may list a card may not replace firmware."""

    HOTLIST = 1
    PARAMETERS = 2
    FIRMWARE = 3
    REVOCATIONS = 4
    AWAITED = 5
    OPERATORS = 6
    ORDER = 7
    PERMIT = 8
    """Which release of firmware one terminal may take now."""
    TRUST = 9
    """What boxes believe releases of firmware by (shared/keys/trust.py)."""
    CAPPED = 10
    """Cards that eat one meal a period (capped.py): beside the hotlist, which refuses."""
    ENROLLED = 11
    """Who is enrolled 在册, by number, and what an emergency meal is (shared/fleet/enrolled.py)."""
    WALLETS = 12
    """What offline pay codes are taken under, and which certificates count no more (shared/fleet/wallets.py)."""


LENGTH_MAX: dict[DocumentKind, int] = {
    DocumentKind.HOTLIST: 80 * PAGE_SIZE,
    DocumentKind.PARAMETERS: 16 * PAGE_SIZE,
    DocumentKind.FIRMWARE: 960 * PAGE_SIZE,
    DocumentKind.REVOCATIONS: 64 * PAGE_SIZE,
    DocumentKind.AWAITED: 20 * PAGE_SIZE,
    DocumentKind.OPERATORS: 8 * PAGE_SIZE,
    DocumentKind.ORDER: PAGE_SIZE,
    DocumentKind.PERMIT: 64,
    DocumentKind.TRUST: 64 * PAGE_SIZE,
    DocumentKind.CAPPED: 18 * PAGE_SIZE,
    DocumentKind.ENROLLED: 64 * PAGE_SIZE,
    DocumentKind.WALLETS: 8 * PAGE_SIZE,
}
"""Most bytes of each kind. The table of a document of 960 pages still fits one message of a link."""

OPTIONAL = frozenset({
    DocumentKind.AWAITED, DocumentKind.CAPPED, DocumentKind.ENROLLED, DocumentKind.OPERATORS, DocumentKind.WALLETS,
})  # fmt: skip
"""Kinds of which not every terminal has a use: that one does not know them is no refusal."""

Scope = NewType("Scope", bytes)
"""Whom it is for, 7 B: a tag, and whose it is behind it, filled with zeros."""
CAMPUS = Scope(bytes(SCOPE_SIZE))
"""All of the campus."""
_DEVICE, _MODEL = 1, 2


def device_scope(device: DeviceId) -> Scope:
    """One terminal alone."""
    return Scope(bytes((_DEVICE,)) + device)


def model_scope(model: int) -> Scope:
    """All terminals of a hardware model (0–65535)."""
    return Scope(bytes((_MODEL,)) + model.to_bytes(2, "big") + bytes(4))


def scope(raw: bytes) -> Scope:
    """WireFault when it is none."""
    is_plain = len(raw) == SCOPE_SIZE and (
        raw[0] == _DEVICE or raw == CAMPUS or (raw[0] == _MODEL and not any(raw[3:]))
    )
    if not is_plain:
        raise WireFault("a scope that nobody is in")
    return Scope(raw)


def is_for(whom: Scope, device: DeviceId, model: int) -> bool:
    """Is this terminal meant?"""
    return whom in (CAMPUS, device_scope(device), model_scope(model))


_HEAD = struct.Struct(f">BB{SCOPE_SIZE}sIII{DIGEST_SIZE}s")
HEAD_SIZE = _HEAD.size


@dataclass(frozen=True, slots=True)
class Head:
    """Which document. generation: from 1, rising within kind and scope; as_of: campus seconds at which the centre last
    said that this is the newest one, so that a box that withholds a newer one shows; digest: `digest_of` the bytes."""

    key_version: int
    kind: DocumentKind
    scope: Scope
    generation: int
    as_of: int
    length: int
    digest: bytes

    def encode(self) -> bytes:
        """The bytes that are signed."""
        return _HEAD.pack(
            self.key_version, self.kind, self.scope, self.generation, self.as_of, self.length, self.digest
        )

    @property
    def mark(self) -> tuple[int, bytes]:
        """What may never differ under one generation."""
        return self.generation, self.digest


def decode_head(raw: bytes) -> Head:
    """WireFault when malformed or above the bounds of its kind. Check the signature before it is believed."""
    if len(raw) != HEAD_SIZE:
        raise WireFault(f"document head of {len(raw)} bytes")
    version, kind, whom, generation, as_of, length, digest = _HEAD.unpack(raw)
    if kind not in _KINDS:
        raise WireFault(f"document of kind {kind}")
    if not generation or length > LENGTH_MAX[_KINDS[kind]]:
        raise WireFault(f"document: generation {generation}, {length} bytes")
    return Head(version, _KINDS[kind], scope(whom), generation, as_of, length, digest)


_KINDS = {int(kind): kind for kind in DocumentKind}


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head as it travels: its bytes, and Ed25519 of its kind's key over them (shared/keys/document_key.py)."""

    raw: bytes
    signature: bytes


def pages_of(body: bytes) -> Iterator[bytes]:
    """In order."""
    return (body[begin : begin + PAGE_SIZE] for begin in range(0, len(body), PAGE_SIZE))


def page_count(length: int) -> int:
    """Of a document of so many bytes."""
    return -(-length // PAGE_SIZE)


def page_size(length: int, number: int) -> int:
    """Bytes of this page of such a document; 0: it has no such page."""
    return max(0, min(PAGE_SIZE, length - number * PAGE_SIZE))


def digest_of(body: bytes) -> bytes:
    """SHA-256 over the SHA-256 of each page: after a change only its page is hashed anew."""
    return hashlib.sha256(b"".join(hashlib.sha256(page).digest() for page in pages_of(body))).digest()


def table_of(body: bytes) -> tuple[int, ...]:
    """CRC-32 of each page: says which ones differ. It proves nothing; the digest does."""
    return tuple(map(crc32, pages_of(body)))


def echo_of(table: Sequence[int]) -> int:
    """CRC-32 over the table: with the generation, what STATUS says of a document that is in use."""
    return crc32(b"".join(one.to_bytes(4, "big") for one in table))


class Offer(Enum):
    """What a head is to whoever holds another one of the same kind and scope."""

    NEWER = "newer"
    FRESHER = "fresher"
    """The same document, said later."""
    KNOWN = "known"
    OLDER = "older"
    FORK = "fork"
    """The same generation with other bytes: an alarm, and never taken."""


def judge(held: Head | None, offered: Head) -> Offer:
    """The one rule: never backwards. Both have a right signature, and the same kind and scope."""
    if held is None or offered.generation > held.generation:
        return Offer.NEWER
    if offered.generation < held.generation:
        return Offer.OLDER
    if offered.mark != held.mark or offered.length != held.length:
        return Offer.FORK
    return Offer.FRESHER if offered.as_of > held.as_of else Offer.KNOWN
