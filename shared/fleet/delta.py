"""From one generation of a document to the next: the bytes that differ, and nothing else. Frozen bytes. Pure.

A delta goes from generation n to n + 1 only, with the head of n + 1, whose digest is of the bytes *after* it: so it
needs no signature of its own, and a wrong one changes nothing. Whoever holds another generation repairs by pages.
Refuses, with WireFault, what is malformed, out of order, or reaches out of the document.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from shared.errors import WireFault

DELTA_MAX = 2048
"""Most bytes: what changes more goes as pages, of which only those that differ travel."""
_HEAD, _ROW = struct.Struct(">I"), struct.Struct(">IH")
_GAP = _ROW.size
"""Equal bytes that cost less to say again than a new row."""


class Patch(NamedTuple):
    """These bytes from this offset on."""

    offset: int
    data: bytes


class Delta(NamedTuple):
    """length: of the document afterwards; patches: ascending, apart."""

    length: int
    patches: tuple[Patch, ...]

    def encode(self) -> bytes:
        """length 4, then each patch: offset 4, size 2, bytes."""
        rows = (_ROW.pack(one.offset, len(one.data)) + one.data for one in self.patches)
        return _HEAD.pack(self.length) + b"".join(rows)

    def apply(self, body: bytes) -> bytes:
        """The document afterwards."""
        out = bytearray(body[: self.length].ljust(self.length, b"\0"))
        for offset, data in self.patches:
            out[offset : offset + len(data)] = data
        return bytes(out)


def decode_delta(raw: bytes) -> Delta:
    """WireFault when malformed."""
    if not _HEAD.size <= len(raw) <= DELTA_MAX:
        raise WireFault(f"delta of {len(raw)} bytes")
    (length,) = _HEAD.unpack_from(raw)
    return Delta(length, tuple(_patches(raw, length)))


def _patches(raw: bytes, length: int) -> Iterator[Patch]:
    at, free = _HEAD.size, 0
    while at < len(raw):
        if len(raw) - at < _ROW.size:
            raise WireFault("delta: half a row")
        offset, size = _ROW.unpack_from(raw, at)
        at += _ROW.size
        data = raw[at : at + size]
        if not size or len(data) != size or offset < free or offset + size > length:
            raise WireFault("delta: a patch that does not fit")
        at, free = at + size, offset + size
        yield Patch(offset, data)


def delta_between(before: bytes, after: bytes) -> Delta | None:
    """None where it would be above DELTA_MAX."""
    patches, used = [], _HEAD.size
    for patch in _differences(before[: len(after)].ljust(len(after), b"\0"), after):
        used += _ROW.size + len(patch.data)
        if used > DELTA_MAX:
            return None
        patches.append(patch)
    return Delta(len(after), tuple(patches))


def _differences(before: bytes, after: bytes) -> Iterator[Patch]:
    """Runs of different bytes; runs that are nearer than a row is long are one."""
    begin = end = -1
    for at in _different(before, after):
        if begin >= 0 and at - end > _GAP:
            yield Patch(begin, after[begin:end])
            begin = -1
        begin, end = (at if begin < 0 else begin), at + 1
    if begin >= 0:
        yield Patch(begin, after[begin:end])


def _different(before: bytes, after: bytes) -> Iterator[int]:
    """Where two equally long strings differ, block by block, since most blocks do not."""
    for begin in range(0, len(after), 256):
        one, other = before[begin : begin + 256], after[begin : begin + 256]
        if one != other:
            yield from (begin + at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
