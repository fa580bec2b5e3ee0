"""The trip in a composite purchase record: 12 bytes that say where, which way, which step, and what else was paid.

Line 2 | stop 2 | direction 1 | step and marks 1 | from line 2 | from stop 2 | arrears 2. `from_*`: where the ride began
(at its exit), or where the forgotten one began (at the next boarding); both 0 otherwise. Refuses unknown steps and
marks.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import NamedTuple

from shared.errors import WireFault

TRIP_SIZE = 12
ARREARS_MAX_FEN = 0xFFFF
_TRIP = Struct(">HHBBHHH")
_STEP_BITS = 0x0F
_FORGOTTEN, _TRANSFER, _NO_BOARDING = 0x10, 0x20, 0x40
_MARKS = _FORGOTTEN | _TRANSFER | _NO_BOARDING


class Step(IntEnum):
    """上车 (fare by distance), 下车, 一票制上车."""

    BOARD = 1
    ALIGHT = 2
    FLAT = 3


class Trip(NamedTuple):
    """One step of a ride. arrears_fen: the part of the amount that the ride before still owed.

    is_transfer: the discount of a transfer was given; has_no_boarding: an exit without one, at the highest fare.
    """

    line: int
    stop: int
    direction: int
    step: Step
    from_line: int = 0
    from_stop: int = 0
    arrears_fen: int = 0
    is_transfer: bool = False
    has_no_boarding: bool = False

    def encode(self) -> bytes:
        marks = (
            (_FORGOTTEN if self.arrears_fen else 0)
            | (_TRANSFER if self.is_transfer else 0)
            | (_NO_BOARDING if self.has_no_boarding else 0)
        )
        return _TRIP.pack(
            self.line, self.stop, self.direction, self.step | marks, self.from_line, self.from_stop, self.arrears_fen
        )


def parse_trip(raw: bytes) -> Trip:
    """The trip of a record; WireFault for another length, an unknown step or mark, or marks that contradict it."""
    if len(raw) != TRIP_SIZE:
        raise WireFault(f"a trip has {TRIP_SIZE} bytes")
    line, stop, direction, step, from_line, from_stop, arrears = _TRIP.unpack(raw)
    if step & _STEP_BITS not in _STEPS or step & ~(_STEP_BITS | _MARKS) or bool(step & _FORGOTTEN) != bool(arrears):
        raise WireFault("an unknown step of a trip")
    return Trip(
        line, stop, direction, Step(step & _STEP_BITS), from_line, from_stop, arrears, bool(step & _TRANSFER),
        bool(step & _NO_BOARDING),
    )  # fmt: skip


_STEPS = frozenset(int(step) for step in Step)
