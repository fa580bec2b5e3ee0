"""A terminal's non-volatile store: storage id, epochs, pending slots, ring of records (RECORDS "Who").

What a method has written is durable when it returns, but for done marks and settled marks: those ride on the next
sync, because losing them costs a re-send and never a record. A ring slot is reused only when its record and all
older ones are settled, and that is durable. Refuses a store whose unsettled records are not all sound.

A flipped bit is put right when it is met, at power-on or when the record is read, and counted. Where numbers end is
known from the ring, the head and the newest page: a record that cannot be read is never numbered over.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edge.terminal.store.layout import (
    EPOCH_ROWS,
    HEAD_AT,
    HEAD_SIZE,
    KIND_AT,
    KNOWN_EPOCHS,
    OPEN_SLOTS,
    PAGE_SIZE,
    PAGE_STRIDE,
    RING_AT,
    RING_MAX,
    RING_MIN,
    SLOT_SIZE,
    SLOTS_AT,
    EpochRow,
    KnownEpoch,
    OpenSlot,
    Page,
    PendingBody,
    RingSlot,
    done_mark,
    generation_of,
    healed_open,
    healed_record,
    parse_head,
    parse_open,
    parse_page,
    parse_record,
    render_head,
    render_open,
    render_page,
    render_record,
    unproven_mark,
)
from edge.terminal.store.port import FlashPort
from shared.errors import RuleBroken, StoreFault
from shared.ids import PsamId, StorageId, StoreId
from shared.records import HEAD, SEQ_MAX, Head, peek
from shared.records.kinds import KINDS, Worth
from shared.words.voice import Text

LAG_MAX = 256
"""Settled records that the durable mark may lag behind: at most these are sent again after a power cut."""
REQUEST_BLOCK = 32
"""Online request numbers taken with one metadata write; at most these are left out by a power cut."""
_NO_STORE = StoreId(bytes(8))
_STAYS_OPEN = frozenset(one.kind for one in KINDS if one.worth is Worth.OPEN)


@dataclass(slots=True)
class Epoch:
    """One epoch as the terminal works with it. Only the last one of the list grows."""

    epoch: int
    psam: PsamId
    first_index: int
    last: int
    settled: int

    @property
    def drained(self) -> bool:
        return self.settled == self.last


@dataclass(slots=True)
class Waiting:
    """A pending slot that is not done, and where it lies."""

    place: int
    slot: OpenSlot


def flash_size(ring_slots: int) -> int:
    """Bytes of a store with so many ring slots."""
    return RING_AT + ring_slots * SLOT_SIZE


def format_flash(port: FlashPort, storage: StorageId, ring_slots: int) -> None:
    """Make an empty store; what was there is gone. StoreFault when the medium is too small."""
    if not RING_MIN <= ring_slots <= RING_MAX or port.size() < flash_size(ring_slots):
        raise StoreFault(
            Text(
                f"流水存储应有 {RING_MIN}..{RING_MAX} 格，且介质须容得下",
                f"a ring has {RING_MIN}..{RING_MAX} slots and must fit the medium",
            )
        )
    port.write(0, bytes(flash_size(ring_slots)))
    port.sync()
    port.write(0, render_page(Page(2, storage, ring_slots, 0, 0, 0, 0, 0, 0, 0, _NO_STORE, (), ())))
    port.sync()


def is_blank(port: FlashPort) -> bool:
    """Never formatted: both pages are zero."""
    return not any(port.read(0, PAGE_SIZE)) and not any(port.read(PAGE_STRIDE, PAGE_SIZE))


class Flash:
    """An opened store. Opening counts the boot, durably. healed: slots put right that had a flipped bit."""

    def __init__(self, port: FlashPort) -> None:
        """StoreFault when no page is sound or an unsettled record is damaged."""
        self._port = port
        port.sync()  # what a killed process wrote last is read here; it counts only if a power cut cannot take it back
        page = _newest_page(port)
        self._page = page
        self.healed = 0
        self.storage = page.storage
        self.ring_slots = page.ring_slots
        self.store = page.store
        self.boot = page.boot + 1
        self._request = page.request + (REQUEST_BLOCK if _has_broken_page(port) else 0)
        self.hotlist_version = page.hotlist_version
        self.hotlist_seq = page.hotlist_seq
        self.parameter_version = page.parameter_version
        self.day = page.day
        self.day_first_seq = page.day_first_seq
        self.epochs = [Epoch(*row) for row in page.epochs]
        self._known = list(page.known)
        self.revoked = page.revoked
        self._place = 0
        self._scan_ring()
        self.waiting = self._scan_open()
        self._save()

    # --- epochs ---------------------------------------------------------------------------------------------------

    @property
    def current(self) -> Epoch | None:
        """The epoch that grows, whatever PSAM it belongs to."""
        return self.epochs[-1] if self.epochs else None

    def epoch(self, number: int) -> Epoch | None:
        for epoch in self.epochs:
            if epoch.epoch == number:
                return epoch
        return None

    def room_for_epoch(self) -> bool:
        """Could another epoch begin? A fifth is refused until one drains."""
        return len(self._undrained()) < EPOCH_ROWS

    def known_epoch(self, psam: PsamId) -> KnownEpoch | None:
        """The epoch that this PSAM had in this store before another PSAM came."""
        return next((known for known in reversed(self._known) if known.psam == psam), None)

    def begin_epoch(self, number: int, psam: PsamId, after_seq: int = 0) -> None:
        """Close the current epoch and begin this one, or go on with it behind `after_seq`.

        RuleBroken when there is no room, or while records of the same epoch are not settled.
        """
        rows = self._undrained()
        if len(rows) >= EPOCH_ROWS or any(number == row.epoch for row in rows):
            raise RuleBroken(f"epoch {number} cannot begin")
        ended = next((known.last for known in self._known if known.epoch == number), 0)
        last = max(ended, after_seq)
        self._remember_end(number)
        self.epochs = [*rows, Epoch(number, psam, self._next_index - last, last, last)]
        self.day = self.day_first_seq = 0
        self._save()
        self._close_waiting()

    def _close_waiting(self) -> None:
        """Slots of an epoch that ended are free, durably, so that none is open again when its PSAM is put back.

        Only behind the page that ends the epoch: of two unsynced writes a power cut may keep the later one alone.
        """
        for waiting in self.waiting:
            self.finish(waiting)
        self._port.sync()

    def _remember_end(self, begins: int) -> None:
        old = self.current
        if old is not None:
            self._known = [known for known in self._known if known.epoch not in (old.epoch, begins)]
            self._known = [*self._known, KnownEpoch(old.epoch, old.psam, old.last)][-KNOWN_EPOCHS:]

    def _undrained(self) -> list[Epoch]:
        return [epoch for epoch in self.epochs if not epoch.drained]

    # --- ring -----------------------------------------------------------------------------------------------------

    @property
    def free(self) -> int:
        """Slots that a record may take now."""
        return self.ring_slots - (self._next_index - self._oldest_kept())

    @property
    def unsettled(self) -> int:
        return sum(epoch.last - epoch.settled for epoch in self.epochs)

    def next_seq(self) -> int:
        """The seq that the next record gets; RuleBroken without an epoch or at the end of the numbers."""
        if not self.epochs or self.epochs[-1].last >= SEQ_MAX:
            raise RuleBroken("no epoch, or its numbers are used up")
        return self.epochs[-1].last + 1

    def append(self, wire: bytes, generation: int = 0) -> None:
        """Write the record whose seq is `next_seq()`; durable on return. generation: the pending slot behind it.

        StoreFault when the ring is full or the medium refuses; then no seq is used.
        """
        if self.free <= 0:
            raise StoreFault(Text("流水存储已满", "ring full"))
        if self._next_index - self._durably_settled() >= self.ring_slots:
            self._save()
        epoch = self.epochs[-1]
        slot = RingSlot(self._next_index, generation, epoch.epoch, wire)
        self._port.write(self._at(slot.ordinal), render_record(slot))
        self._port.sync()
        self._next_index += 1
        epoch.last += 1
        self._port.write(HEAD_AT, render_head(self._next_index))  # as a done mark: durable with the next sync

    def read(self, epoch: Epoch, seq: int) -> bytes:
        """Wire bytes of an unsettled record; StoreFault when the slot does not hold it."""
        wire = self._wire_at(epoch, seq)
        if wire is None:
            raise StoreFault(Text(f"流水 {seq} 的存储格损坏", f"ring slot of seq {seq} is damaged"))
        return wire

    def newest(self) -> bytes | None:
        """Wire bytes of the newest record of the current epoch, settled or not; None before its first."""
        epoch = self.current
        return None if epoch is None or not epoch.last else self.kept(epoch.last)

    def kept(self, seq: int) -> bytes | None:
        """Wire bytes of a record of the current epoch, settled or not; None when its slot was used again."""
        epoch = self.current
        return None if epoch is None or not 0 < seq <= epoch.last else self._wire_at(epoch, seq)

    def still(self, epoch: Epoch, seq: int) -> bytes | None:
        """Wire bytes of a record of an epoch that is here, settled or not; None when its slot was used again."""
        return self._wire_at(epoch, seq) if 0 < seq <= epoch.last else None

    def of_kind(self, kind: int) -> Iterator[RingSlot]:
        """The sound records of this kind that the ring still holds, settled or not, of whatever epoch: by place."""
        raw = self._port.read(RING_AT, self.ring_slots * SLOT_SIZE)
        for begin in range(0, len(raw), SLOT_SIZE):
            if raw[begin + KIND_AT] == kind:
                slot = parse_record(raw[begin : begin + SLOT_SIZE])
                if slot is not None and self._at(slot.ordinal) == RING_AT + begin:
                    yield slot

    def _wire_at(self, epoch: Epoch, seq: int) -> bytes | None:
        index = epoch.first_index + seq - 1
        slot = parse_record(self._port.read(self._at(index), SLOT_SIZE)) or self._heal(index)
        if slot is None or (slot.ordinal, slot.epoch) != (index, epoch.epoch):
            return None
        head = Head._make(HEAD.unpack_from(slot.wire))
        return slot.wire if head.seq == seq else None  # numbers may have gone on behind what a box holds

    def _heal(self, index: int) -> RingSlot | None:
        """The record of this index, put right if one bit of it has flipped."""
        slot = healed_record(self._port.read(self._at(index), SLOT_SIZE), index)
        if slot is not None:
            self._port.write(self._at(index), render_record(slot))
            self._port.sync()
            self.healed += 1
        return slot

    def go_behind(self, seq: int) -> None:
        """The box holds the current epoch up to seq, which is more than this store knows: go on behind it.

        StoreFault while records wait here: what came between them and seq is lost here, a person must look.
        """
        epoch = self.epochs[-1]
        if not epoch.drained:
            raise _lost(
                Text(
                    f"流水存储缺号：网关已有 {seq}，本机只到 {epoch.last}",
                    f"records are lost: the box holds {seq}, this store ends at {epoch.last}",
                )
            )
        epoch.first_index, epoch.last, epoch.settled = self._next_index - seq, seq, seq
        self._save()

    def settle(self, epoch: Epoch, seq: int) -> None:
        """All up to seq is in the ledger. Idempotent; the caller has refused what was not ACKed."""
        if seq <= epoch.settled:
            return
        epoch.settled = min(seq, epoch.last)
        lag = sum(e.settled - self._saved.get(e.epoch, 0) for e in self.epochs)
        closed = epoch.drained and epoch is not self.epochs[-1]
        if closed:
            self.epochs.remove(epoch)
        if closed or lag >= LAG_MAX:
            self._save()

    def _oldest_kept(self) -> int:
        for epoch in self.epochs:
            if epoch.settled != epoch.last:
                return epoch.first_index + epoch.settled
        return self._next_index

    def _durably_settled(self) -> int:
        for row in self._page.epochs:
            live = self.epoch(row.epoch)
            if live is not None and row.settled < live.last:
                return row.first_index + row.settled
        return self._next_index

    def _at(self, index: int) -> int:
        return RING_AT + index % self.ring_slots * SLOT_SIZE

    # --- pending slots --------------------------------------------------------------------------------------------

    def put_open(self, body: PendingBody, *, clock_set: bool, number: int = 0) -> Waiting:
        """Make a pending transaction durable. The oldest unproven slot gives way when all are taken."""
        if not self.epochs:
            raise RuleBroken("no epoch, no pending transaction")
        if len(self.waiting) >= OPEN_SLOTS:
            self._evict()
        taken = {waiting.place for waiting in self.waiting}
        while self._place in taken:
            self._place = (self._place + 1) % OPEN_SLOTS
        self._generation += 1
        slot = OpenSlot(self._generation, self.epochs[-1].epoch, clock_set, number, body, 0)
        self._port.write(_slot_at(self._place), render_open(slot))
        self._port.sync()
        waiting = Waiting(self._place, slot)
        self.waiting.append(waiting)
        self._place = (self._place + 1) % OPEN_SLOTS
        return waiting

    def mark_unproven(self, waiting: Waiting, seq: int) -> None:
        """Its unproven record is durable; the slot waits on for its card."""
        offset, raw = unproven_mark(waiting.slot.generation, seq)
        self._port.write(_slot_at(waiting.place) + offset, raw)
        waiting.slot = waiting.slot._replace(unproven=seq)

    def finish(self, waiting: Waiting) -> None:
        """The slot is free. A mark lost in a power cut is made again at boot, from the ring."""
        self._mark_done(waiting.place, waiting.slot)
        self.waiting = [other for other in self.waiting if other.place != waiting.place]

    def erase(self, waiting: Waiting) -> None:
        """The slot is free, and that is durable: no record in the ring would tell so at boot."""
        self.finish(waiting)
        self._port.sync()

    def _mark_done(self, place: int, slot: OpenSlot) -> None:
        offset, raw = done_mark(slot.generation)
        self._port.write(_slot_at(place) + offset, raw)

    def _evict(self) -> None:
        oldest = next((waiting for waiting in self.waiting if waiting.slot.unproven), None)
        if oldest is None:
            raise RuleBroken("pending slots are full of transactions without a record")
        self.finish(oldest)

    # --- metadata -------------------------------------------------------------------------------------------------

    def next_request(self) -> int:
        """An online request number that was never used in this store before."""
        if self._request >= self._page.request:
            self._save(request=self._request + REQUEST_BLOCK)
        self._request += 1
        return self._request

    def keep_store(self, store: StoreId) -> None:
        """Remember which edge store the records went to."""
        self.store = store
        self._save()

    def keep_versions(self, hotlist: int, parameters: int) -> None:
        """Remember which hotlist and parameters are in force, and since which seq the hotlist is."""
        if (hotlist, parameters) != (self.hotlist_version, self.parameter_version):
            if hotlist != self.hotlist_version:
                self.hotlist_seq = self.epochs[-1].last if self.epochs else 0
            self.hotlist_version, self.parameter_version = hotlist, parameters
            self._save()

    def keep_revoked(self, revoked: bool) -> None:
        """Remember that this body may not sell, or that it may again."""
        if revoked is not self.revoked:
            self.revoked = revoked
            self._save()

    def mark_day(self, day: int, first_seq: int) -> None:
        """A business day began with this seq."""
        self.day, self.day_first_seq = day, first_seq
        self._save()

    def close(self) -> None:
        """Make lazy marks durable: an orderly end."""
        self._save()

    def _save(self, request: int | None = None) -> None:
        rows = tuple(EpochRow(e.epoch, e.psam, e.first_index, e.last, e.settled) for e in self.epochs)
        page = Page(
            self._page.generation + 1, self.storage, self.ring_slots, self.boot,
            max(self._page.request, self._request if request is None else request),
            self.hotlist_version, self.hotlist_seq, self.parameter_version, self.day, self.day_first_seq,
            self.store, rows, tuple(self._known), self.revoked,
        )  # fmt: skip
        self._port.write(page.generation % 2 * PAGE_STRIDE, render_page(page))
        self._port.sync()
        self._page = page
        self._saved = {row.epoch: row.settled for row in rows}

    # --- boot -----------------------------------------------------------------------------------------------------

    def _scan_ring(self) -> None:
        """Find the newest record; check that no unsettled one before it is missing."""
        current = self.current
        written = 0 if current is None else current.first_index + current.last
        self._next_index = max(written, parse_head(self._port.read(HEAD_AT, HEAD_SIZE)))
        self._settling: dict[int, int] = {}
        self._generation = 0
        found = {slot.ordinal: slot for slot in _ring(self._port, self.ring_slots, self._at)}
        self._next_index = max((self._next_index, *(index + 1 for index in found)))
        self._heal_ring(found)
        for slot in found.values():
            self._note_generation(slot)
        _require_epoch(current, (slot for slot in found.values() if slot.ordinal >= written))
        if current is not None:
            current.last = self._next_index - current.first_index
        missing = next((i for i in range(self._oldest_kept(), self._next_index) if i not in found), None)
        if missing is not None:
            raise _lost(Text(f"流水存储损坏：第 {missing} 格", f"a record is damaged (ring index {missing})"))

    def _heal_ring(self, found: dict[int, RingSlot]) -> None:
        """Put right what lies where a record must be, and behind the newest: there it may be one cut while written."""
        for index in range(max(0, self._next_index - self.ring_slots), self._next_index + 1):
            slot = None if index in found else self._heal(index)
            if slot is not None:
                found[index] = slot
                self._next_index = max(self._next_index, index + 1)

    def _note_generation(self, slot: RingSlot) -> None:
        """0: the pending slot is done; a seq: it has this unproven record. A done one is never reopened."""
        self._generation = max(self._generation, slot.generation)
        if not slot.generation:
            return
        head = peek(slot.wire)
        if head.kind in _STAYS_OPEN:
            self._settling.setdefault(slot.generation, head.seq)
        else:
            self._settling[slot.generation] = 0

    def _scan_open(self) -> list[Waiting]:
        waiting = []
        for place in range(OPEN_SLOTS):
            raw = self._read_open(place)
            self._generation = max(self._generation, generation_of(raw))
            slot = parse_open(raw)
            if slot is None:
                continue
            if not self._still_open(slot):
                self._mark_done(place, slot)  # now, for what tells so may be gone at a later boot
                continue
            waiting.append(Waiting(place, slot._replace(unproven=self._settling.get(slot.generation, slot.unproven))))
        waiting.sort(key=lambda w: w.slot.generation)
        return waiting

    def _read_open(self, place: int) -> bytes:
        raw = self._port.read(_slot_at(place), SLOT_SIZE)
        healed = healed_open(raw)
        if healed is None:
            return raw
        self._port.write(_slot_at(place), healed)
        self.healed += 1
        return healed

    def _still_open(self, slot: OpenSlot) -> bool:
        current = self.current
        return self._settling.get(slot.generation) != 0 and current is not None and slot.epoch == current.epoch


def _slot_at(place: int) -> int:
    return SLOTS_AT + place * SLOT_SIZE


def _lost(what: Text) -> StoreFault:
    """What is in the store is still evidence."""
    return StoreFault(Text(f"{what.zh}；请先转储本机", f"{what.en}: dump this terminal"))


def _newest_page(port: FlashPort) -> Page:
    whole = port.size() >= RING_AT
    pages = [parse_page(port.read(at, PAGE_SIZE)) for at in (0, PAGE_STRIDE) if whole]
    sound = [page for page in pages if page is not None]
    if not sound:
        raise _lost(Text("流水存储损坏：两份目录页都不完好", "the record store is damaged: no metadata page is sound"))
    newest = max(sound, key=lambda page: page.generation)
    if port.size() < flash_size(newest.ring_slots):
        slots = newest.ring_slots
        raise _lost(Text(f"流水存储被截短，原有 {slots} 格", f"the record store is cut off, {slots} slots were there"))
    return newest


def _has_broken_page(port: FlashPort) -> bool:
    """One of the two says nothing: the other may be the older one, and a block of request numbers may be used."""
    pages = (port.read(at, PAGE_SIZE) for at in (0, PAGE_STRIDE))
    return any(any(page) and parse_page(page) is None for page in pages)


def _require_epoch(current: Epoch | None, newest: Iterable[RingSlot]) -> None:
    """Records behind the page's own end are of the epoch that grows; else this page is not the newest one."""
    for slot in newest:
        if current is None or slot.epoch != current.epoch:
            raise _lost(
                Text(
                    f"流水存储损坏：目录页早于存储代 {slot.epoch}",
                    f"the record store is damaged: its metadata page is older than epoch {slot.epoch}",
                )
            )


def _ring(port: FlashPort, slots: int, at: Callable[[int], int]) -> list[RingSlot]:
    """Every sound slot that lies where its index says."""
    raw = port.read(RING_AT, slots * SLOT_SIZE)
    found = []
    for place in range(slots):
        if raw[place * SLOT_SIZE] == 0:
            continue
        slot = parse_record(raw[place * SLOT_SIZE : (place + 1) * SLOT_SIZE])
        if slot is not None and at(slot.ordinal) == RING_AT + place * SLOT_SIZE:
            found.append(slot)
    return found
