"""A document as a terminal keeps it: head, signature, the key that proves it, the seq it took effect at, its bytes.

Frozen bytes: form 1 ‖ seq 4 ‖ key version 1 ‖ public key 32 ‖ its certificate 64 ‖ head ‖ signature 64 ‖ document ‖
CRC-32 4. One that waits for its moment: form 2 ‖ campus second 4 ‖ all of form 1 ‖ CRC-32 4. What is read back is
proven again, for a medium forgets bits: WireFault when it is not what was kept.
"""

import struct
from dataclasses import dataclass, replace
from zlib import crc32

from shared.errors import WireFault
from shared.fleet.document import (
    HEAD_SIZE,
    SIGNATURE_SIZE,
    DocumentKind,
    Head,
    Scope,
    SignedHead,
    decode_head,
    digest_of,
    echo_of,
    table_of,
)
from shared.keys.document_key import PUBLIC_SIZE, DocumentKey, Keyring

FORM, WAITS = 1, 2
_NEXT = "-next"
_MOMENT = struct.Struct(">BI")
_FIXED = struct.Struct(f">BIB{PUBLIC_SIZE}s{SIGNATURE_SIZE}s{HEAD_SIZE}s{SIGNATURE_SIZE}s")
_CRC = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Paper:
    """A proven document. seq: the last record that was written before it took effect, 0 where there was none.

    from_s: campus second at which it takes effect, where it waits for that; 0 otherwise.
    """

    head: Head
    signed: SignedHead
    key: DocumentKey
    seq: int
    body: bytes
    from_s: int = 0

    @property
    def name(self) -> str:
        """Of its kind and scope: one paper each, and one that waits."""
        return name_of(self.head.kind, self.head.scope) + (_NEXT if self.from_s else "")

    @property
    def digest(self) -> bytes:
        """Computed anew from the bytes that are in use."""
        return digest_of(self.body)

    @property
    def echo(self) -> int:
        """Computed anew, too."""
        return echo_of(table_of(self.body))

    def encode(self) -> bytes:
        """The bytes that are kept."""
        key = self.key
        raw = _FIXED.pack(
            FORM, self.seq, key.version, key.public, key.certificate, self.signed.raw, self.signed.signature
        )
        raw = _sealed(raw + self.body)
        return _sealed(_MOMENT.pack(WAITS, self.from_s) + raw) if self.from_s else raw


def name_of(kind: DocumentKind, scope: Scope) -> str:
    """'hotlist-00000000000000'."""
    return f"{kind.name.lower()}-{scope.hex()}"


def read_paper(raw: bytes, ring: Keyring) -> Paper:
    """What was kept, proven again; its key is the ring's from now on. WireFault."""
    if raw[:1] == bytes((WAITS,)):
        moment = _opened(raw, _MOMENT.size)
        return replace(_read_paper(moment[_MOMENT.size :], ring), from_s=_MOMENT.unpack_from(moment)[1])
    return _read_paper(raw, ring)


def _read_paper(raw: bytes, ring: Keyring) -> Paper:
    if raw[:1] != bytes((FORM,)):
        raise WireFault("a kept document of another form")
    _opened(raw, _FIXED.size)
    _, seq, version, public, certificate, head, signature = _FIXED.unpack_from(raw)
    key = DocumentKey(decode_head(head).kind, version, public, certificate)
    signed, body = SignedHead(head, signature), raw[_FIXED.size : -_CRC.size]
    proven = ring.opened(signed) if ring.add(key) else None
    if proven is None or (len(body), digest_of(body)) != (proven.length, proven.digest):
        raise WireFault("a kept document that nothing proves")
    return Paper(proven, signed, key, seq, body)


def _sealed(raw: bytes) -> bytes:
    return raw + _CRC.pack(crc32(raw))


def _opened(raw: bytes, least: int) -> bytes:
    """What stands before its CRC."""
    if len(raw) < least + _CRC.size:
        raise WireFault(f"a kept document of {len(raw)} bytes")
    (crc,) = _CRC.unpack_from(raw, len(raw) - _CRC.size)
    if crc32(raw[: -_CRC.size]) != crc:
        raise WireFault("a kept document whose CRC is wrong")
    return raw[: -_CRC.size]
