"""A terminal's flash in memory: power may go at any step, and the unsynced tail goes with it, whole, in part or not.

Beside the bytes it keeps what a stranger who reads them would find: which deeds are durable here, and since when not.
"""

from collections.abc import Callable
from random import Random

from edge.terminal.store.layout import (
    HEAD_AT,
    RING_AT,
    SLOT_SIZE,
    SLOTS_AT,
    AskedPayment,
    PendingBody,
    RingSlot,
    parse_open,
    parse_record,
    render_record,
)
from edge.terminal.store.port import MemoryFlash
from shared.ids import CardId
from shared.purse.outcomes import PendingPurchase
from shared.records import LOAD_SHAPED, PURCHASE_SHAPED, VOIDS, CounterKind, application_of, peek
from tests.sim.truth import Deed
from tests.sim.world import Violation


class PowerCut(BaseException):
    """The part that runs now has lost its power or was killed. No core may catch it."""


_LOADS = frozenset(int(kind) for kind in LOAD_SHAPED)
DEEDS = frozenset(int(kind) for kind in PURCHASE_SHAPED | LOAD_SHAPED)
"""Kinds that tell what a card has done; any other speaks of these, or of none."""


class SimFlash(MemoryFlash):
    """`step` is asked before each write and sync and may raise PowerCut. `lost(deed)` hears of a deed that is gone."""

    def __init__(self, size: int, step: Callable[[], None], lost: Callable[[Deed], None]) -> None:
        super().__init__(size)
        self._step = step
        self._lost = lost
        self._found: dict[int, Deed] = {}
        self._durable: dict[Deed, int] = {}
        self._recorded: dict[Deed, int] = {}
        self._dirty: dict[int, None] = {}
        self._numbers: dict[tuple[int, int], bytes] = {}

    def holds(self, deed: Deed) -> bool:
        """Would the next boot find it, whatever becomes of the unsynced tail?"""
        return self._durable.get(deed, 0) > 0

    def has_record(self, deed: Deed) -> bool:
        """Would the next boot find a record of it, not just a pending slot?"""
        return self._recorded.get(deed, 0) > 0

    def write(self, offset: int, raw: bytes) -> None:
        """As the real one; a place that is written over is no promise any more."""
        self._step()
        super().write(offset, raw)
        if offset >= SLOTS_AT:
            self._dirty[_place(offset)] = None

    def sync(self) -> None:
        """As the real one."""
        self._step()
        super().sync()
        self._look_again()

    def crash(self, kept: Callable[[int], int]) -> None:
        """The power is gone."""
        super().crash(kept)
        self._look_again()

    def rot(self, random: Random) -> int:
        """One bit flips where something was written, half of the times in the newest record; the place of its slot."""
        heads = [at for at in range(SLOTS_AT, len(self.image), SLOT_SIZE) if self.image[at] and at != HEAD_AT]
        if not heads:
            return 0
        ring = [slot for slot in map(self._slot, heads) if slot is not None]
        place, size = random.choice(heads), SLOT_SIZE
        if ring and random.random() < 0.5:
            newest = max(ring, key=lambda slot: slot.ordinal)
            place = RING_AT + newest.ordinal * SLOT_SIZE % (len(self.image) - RING_AT)
            size = len(render_record(newest))
        at = place + random.randrange(size)
        self.image[at] ^= 1 << random.randrange(8)
        return place

    def _slot(self, place: int) -> RingSlot | None:
        return parse_record(bytes(self.image[place : place + SLOT_SIZE])) if place >= RING_AT else None

    def _look_again(self) -> None:
        if not self._dirty:
            return
        dirty, self._dirty = self._dirty, {}
        gone = []
        for place in dirty:
            old, new = self._found.get(place), self._read(place)
            if new is None:
                self._found.pop(place, None)
            else:
                self._found[place] = new
                self._count(place, new, 1)
            if old is not None:
                self._count(place, old, -1)
                gone.append(old)
        for deed in gone:
            if not self._durable.get(deed):
                self._durable.pop(deed, None)
                self._lost(deed)

    def _number(self, slot: RingSlot) -> None:
        """A number that a durable record had is never given to another one."""
        name = slot.epoch, peek(slot.wire).seq
        if self._numbers.setdefault(name, slot.wire) != slot.wire:
            raise Violation("number", f"seq {name[1]} of epoch {name[0]} is given to a second record")

    def _count(self, place: int, deed: Deed, step: int) -> None:
        self._durable[deed] = self._durable.get(deed, 0) + step
        if place >= RING_AT:
            self._recorded[deed] = self._recorded.get(deed, 0) + step

    def _read(self, place: int) -> Deed | None:
        raw = bytes(self.image[place : place + SLOT_SIZE])
        if place < RING_AT:
            slot = parse_open(raw)
            return None if slot is None else _pending_deed(slot.body)
        found = parse_record(raw)
        if found is not None:
            self._number(found)
        return None if found is None or found.wire[1] not in DEEDS else deed_of(found.wire)


def deed_of(wire: bytes) -> Deed:
    """The deed that a record tells of, or that a void takes back. Read off its bytes: all have card and counter in one
    place, and a void its purse a byte before the others."""
    kind = CounterKind.ONLINE if wire[1] in _LOADS else CounterKind.OFFLINE
    purse = wire[24] if wire[1] in VOIDS else wire[25]
    return Deed(CardId(wire[12:22]), kind, wire[22] << 8 | wire[23], application_of(purse))


def _place(offset: int) -> int:
    return offset - (offset - SLOTS_AT) % SLOT_SIZE


def _pending_deed(body: PendingBody) -> Deed | None:
    """An account payment moves no card."""
    if isinstance(body, AskedPayment):
        return None
    if isinstance(body, PendingPurchase):
        return Deed(body.card_id, CounterKind.OFFLINE, body.counter, application_of(body.purse))
    return Deed(body.request.card, CounterKind.ONLINE, body.request.counter)
