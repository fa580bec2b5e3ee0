"""Two-slot (A/B) file: one memory that survives a power cut in the middle of any write. Pure bytes, no files here.

A slot is generation 8 | length 4 | body | CRC-32 of all before, big-endian; the file is two slots of equal capacity.
The newest valid slot wins. A writer overwrites only the *other* slot, with generation + 1, and syncs before it
answers. Refuses a body that does not fit and a file in which no slot is valid.
"""

from struct import Struct
from typing import NamedTuple
from zlib import crc32

from shared.errors import StoreFault
from shared.words.voice import Text

SLOT_CAPACITY = 4096
"""Bytes of one slot unless told otherwise: header, body and CRC."""

_HEAD = Struct(">QI")
_CRC = Struct(">I")
OVERHEAD = _HEAD.size + _CRC.size
"""Bytes of a slot that are not body."""


class Chosen(NamedTuple):
    """The newest valid slot: its number (0 or 1), its generation (from 1) and its body."""

    slot: int
    generation: int
    body: bytes


def render_slot(generation: int, body: bytes) -> bytes:
    """The used bytes of one slot, to be written at slot number × capacity; check the size with `fits` first."""
    used = _HEAD.pack(generation, len(body)) + body
    return used + _CRC.pack(crc32(used))


def render_initial(body: bytes, capacity: int = SLOT_CAPACITY) -> bytes:
    """A whole file: generation 1 in slot 0, slot 1 empty; StoreFault when the body does not fit."""
    if not fits(body, capacity):
        raise StoreFault(f"a body of {len(body)} bytes does not fit a slot of {capacity}")
    return render_slot(1, body).ljust(2 * capacity, b"\0")


def fits(body: bytes, capacity: int = SLOT_CAPACITY) -> bool:
    """Has a slot of this capacity room for the body?"""
    return len(body) + OVERHEAD <= capacity


def choose(raw: bytes) -> Chosen:
    """The newest valid slot of a whole file; StoreFault when there is none."""
    capacity, odd = divmod(len(raw), 2)
    found = [] if odd else [slot for number in (0, 1) if (slot := _slot(raw, number, capacity)) is not None]
    if not found:
        raise StoreFault(Text("双槽文件：没有完好的槽", "two-slot file: no valid slot"))
    return max(found, key=lambda slot: slot.generation)


def _slot(raw: bytes, number: int, capacity: int) -> Chosen | None:
    start = number * capacity
    if capacity < OVERHEAD:
        return None
    generation, size = _HEAD.unpack_from(raw, start)
    end = start + _HEAD.size + size
    if generation == 0 or end + _CRC.size > start + capacity:
        return None
    if _CRC.unpack_from(raw, end)[0] != crc32(raw[start:end]):
        return None
    return Chosen(number, generation, raw[start + _HEAD.size : end])
