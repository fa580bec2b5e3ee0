"""What a card knows of its rides: the transit record of file 0017, written by 80DC in one step with the balance.

48 bytes: tag 22 | length 2E | lock flag 1 | layout 1 | state 1 | direction 1 | line 2 | stop 2 | boarded at 4 | held 4
| base line 2 | base time 4 | base fare 4 | transfers 1 | rfu 19. Times: seconds since 2000, 0 = by an unset clock.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from shared.purse.errors import LayoutError

RIDE_TAG = 0x22
RIDE_SIZE = 48
_LAYOUT = 1
_RECORD = Struct(">BBBBBBHHIIHIIB19x")


class RideRecord(NamedTuple):
    """is_aboard: 只上未下, boarded at (line, stop, direction), and what is due if the exit is forgotten (held_fen).

    base_*: the ride that a transfer discount counts from (line, when it was paid, its fare), and how many transfers
    it has given already. line 0: never ridden.
    """

    is_aboard: bool = False
    direction: int = 0
    line: int = 0
    stop: int = 0
    boarded_s: int = 0
    held_fen: int = 0
    base_line: int = 0
    base_s: int = 0
    base_fare_fen: int = 0
    transfers: int = 0
    is_locked: bool = False

    def encode(self) -> bytes:
        return _RECORD.pack(
            RIDE_TAG, RIDE_SIZE - 2, self.is_locked, _LAYOUT, self.is_aboard, self.direction, self.line, self.stop,
            self.boarded_s, self.held_fen, self.base_line, self.base_s, self.base_fare_fen, self.transfers,
        )  # fmt: skip


def parse_ride(raw: bytes) -> RideRecord:
    """The fields of the transit record; LayoutError for another length, tag, layout or state."""
    if len(raw) != RIDE_SIZE:
        raise LayoutError(f"the transit record has {RIDE_SIZE} bytes")
    tag, size, lock, layout, state, way, line, stop, boarded, held, base, base_s, paid, count = _RECORD.unpack(raw)
    if (tag, size, layout) != (RIDE_TAG, RIDE_SIZE - 2, _LAYOUT) or state > 1:
        raise LayoutError("not the campus transit record")
    return RideRecord(bool(state), way, line, stop, boarded, held, base, base_s, paid, count, bool(lock))


def ride_of(capp: bytes) -> RideRecord | None:
    """The transit record among the records of a whole file 0017; None when it is not there. LayoutError as above."""
    at = 0
    while at + 2 <= len(capp):
        end = at + 2 + capp[at + 1]
        if capp[at] == RIDE_TAG:
            return parse_ride(capp[at:end])
        at = end
    return None
