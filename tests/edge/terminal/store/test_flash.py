"""The store: frozen bytes, and the law that no power cut at any byte loses what was durable."""

import contextlib
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.terminal.station.flash_file import FileFlash
from edge.terminal.store import layout
from edge.terminal.store.flash import Flash, flash_size, format_flash, is_blank
from edge.terminal.store.port import MemoryFlash
from shared import records
from shared.errors import RuleBroken, StoreFault
from shared.ids import CardId, PsamId, StorageId, StoreId
from shared.online import LoadRequest
from shared.purse.outcomes import PendingLoad, PendingPurchase

STORAGE = StorageId(b"storage1")
PSAM, OTHER_PSAM = PsamId(b"psam-a"), PsamId(b"psam-b")
CARD = CardId(bytes.fromhex("53030000000000001267"))
PENDING = PendingPurchase(CARD, 7, 5000, b"\0\0\1", 1250, 9, 0x21, PSAM, 99, 817_339_530, 1, 0, b"mac1", -5)
REQUEST = LoadRequest(CARD, 3, 100, 5000, 2, 1, 0, 1, b"rand", b"mac1")


def wire(seq, kind=records.Kind.PURCHASE):
    proof = records.Proof.DEBIT if kind in records.PROVEN else records.Proof.NONE
    flags = records.Flags(proof, records.CounterKind.OFFLINE).to_int()
    tail = (1, 0, b"tac!" if kind in records.PROVEN else records.NO_TAC, b"\0\0\1", 0, 1, 1, 0, 0)
    return records.encode(
        records.PurchaseRecord(1, kind, flags, seq, 99, CARD, 7, 9, 0x21, 1250, 5000, 817_339_530, *tail)
    )


def new_flash(slots=16, epoch=True):
    port = MemoryFlash(flash_size(slots))
    format_flash(port, STORAGE, slots)
    flash = Flash(port)
    if epoch:
        flash.begin_epoch(1, PSAM)
    return port, flash


def test_frozen_bytes():
    page = layout.Page(
        5, STORAGE, 16, 3, 64, 1, 9, 1, 9459, 4, StoreId(b"store-01"),
        (layout.EpochRow(2, PSAM, 10, 5, 3),), (layout.KnownEpoch(1, OTHER_PSAM, 10),),
    )  # fmt: skip
    assert layout.render_page(page).hex() == (
        "594b5446010000000000000005" "73746f7261676531" "0010" "00000003" "00000040" "00000001" "00000009" "00000001"
        "24f3" "00000004" "73746f72652d3031" "0101" "0002" "7073616d2d61" "0000000a" "00000005" "00000003"
        "0001" "7073616d2d62" "0000000a" "49e803bf"
    )  # fmt: skip
    revoked = layout.render_page(page._replace(revoked=True))
    assert revoked.hex()[114:118] == "0181", "the top bit of the last count"
    assert layout.parse_page(revoked.ljust(layout.PAGE_SIZE, b"\0")) == page._replace(revoked=True)
    ring = layout.RingSlot(9, 4, 2, b"record")
    assert layout.render_record(ring).hex() == "520100000009000000040002067265636f7264b31afd12"
    opened = layout.OpenSlot(4, 2, True, 0, PENDING, 0)
    assert layout.render_open(opened).hex().rstrip("0") == (
        "50010000000401010002" "53030000000000001267" "0007" "00001388" "000001" "000004e2" "0921" "7073616d2d61"
        "00000063" "30b79c8a" "0100" "6d616331" "fffb" "6f84f30d"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (PENDING, 0),
        (layout.AskedLoad(REQUEST, 0x21, b"device"), 77),
        (PendingLoad(REQUEST, 0x21, PSAM, 817_339_600), 78),
        (PendingLoad(REQUEST, 0x21, PSAM, 817_339_600, b"mac2"), 79),
    ],
)
def test_open_slot_round_trip_and_marks(body, number):
    slot = layout.OpenSlot(41, 3, clock_set=False, number=number, body=body, unproven=0)
    raw = bytearray(layout.render_open(slot))
    assert layout.parse_open(bytes(raw)) == slot
    assert layout.generation_of(bytes(raw)) == 41
    for offset, mark in (layout.unproven_mark(40, 9), layout.done_mark(40)):
        old = bytearray(raw)
        old[offset : offset + len(mark)] = mark
        assert layout.parse_open(bytes(old)) == slot, "a mark of an earlier generation says nothing"
    offset, mark = layout.unproven_mark(41, 9)
    raw[offset : offset + len(mark)] = mark
    assert layout.parse_open(bytes(raw)) == slot._replace(unproven=9)
    offset, mark = layout.done_mark(41)
    raw[offset : offset + len(mark)] = mark
    assert layout.parse_open(bytes(raw)) is None
    assert layout.generation_of(bytes(raw)) == 41


def test_records_survive_reopening_and_are_read_back():
    port, flash = new_flash()
    for seq in range(1, 6):
        assert flash.next_seq() == seq
        flash.append(wire(seq))
    flash.settle(flash.current, 2)
    flash.close()
    again = Flash(port)
    assert (again.current.last, again.current.settled, again.free, again.unsettled) == (5, 2, 13, 3)
    assert again.read(again.current, 4) == wire(4)
    assert again.boot == flash.boot + 1


def test_full_ring_refuses_and_settled_slots_are_reused_oldest_first():
    port, flash = new_flash(8)
    for seq in range(1, 9):
        flash.append(wire(seq))
    with pytest.raises(StoreFault, match="流水存储已满"):
        flash.append(wire(9))
    assert flash.next_seq() == 9
    flash.settle(flash.current, 3)
    for seq in range(9, 12):
        flash.append(wire(seq))
    with pytest.raises(StoreFault, match="流水存储已满"):
        flash.append(wire(12))
    port.crash(lambda _: 0)
    again = Flash(port)
    assert (again.current.settled, again.current.last) == (3, 11)
    assert [again.read(again.current, seq) for seq in range(4, 12)] == [wire(seq) for seq in range(4, 12)]


def test_settled_mark_may_lag_but_never_behind_a_reused_slot():
    port, flash = new_flash(8)
    for seq in range(1, 6):
        flash.append(wire(seq))
    flash.settle(flash.current, 5)
    port.crash(lambda _: 0)
    assert Flash(port).current.settled == 0


def test_damaged_unsettled_record_is_refused_and_a_settled_one_is_not():
    port, flash = new_flash(8)
    for seq in range(1, 5):
        flash.append(wire(seq))
    flash.settle(flash.current, 2)
    flash.close()
    port.image[layout.RING_AT + 20] ^= 1
    assert Flash(port).current.last == 4
    port.image[layout.RING_AT + 2 * layout.SLOT_SIZE + 20] ^= 7
    with pytest.raises(StoreFault, match="转储"):
        Flash(port)


# --- bit rot -------------------------------------------------------------------------------------------------------


def flip(port, at, bit):
    port.image[at + bit // 8] ^= 1 << bit % 8


def ring_at(index):
    return layout.RING_AT + index * layout.SLOT_SIZE


def bits_of(record):
    return range(8 * len(layout.render_record(layout.RingSlot(0, 0, 1, record))))


@pytest.mark.parametrize("settled", [2, 3])
def test_any_flipped_bit_of_the_newest_record_is_put_right(settled):
    for bit in bits_of(wire(3)):
        port, flash = new_flash(8)
        for seq in (1, 2, 3):
            flash.append(wire(seq))
        flash.settle(flash.current, settled)
        port.crash(lambda _: 0)  # the head went, too: the ring alone can tell
        flip(port, ring_at(2), bit)
        again = Flash(port)
        assert (again.current.last, again.healed) == (3, 1)
        assert again.newest() == wire(3)
        again.append(wire(4))
        assert [again.kept(seq) for seq in (3, 4)] == [wire(3), wire(4)]


def test_a_bit_that_flips_while_the_power_is_on_is_put_right_when_the_record_is_read():
    port, flash = new_flash(8)
    flash.append(wire(1))
    flip(port, ring_at(0), 300)
    assert flash.read(flash.current, 1) == wire(1)
    assert Flash(port).healed == 0, "and it was written back"


@pytest.mark.parametrize("told_by", ["head", "page"])
def test_a_settled_record_that_cannot_be_read_is_not_numbered_over(told_by):
    port, flash = new_flash(8)
    for seq in (1, 2, 3):
        flash.append(wire(seq))
    flash.settle(flash.current, 3)
    flash.close()
    gone = ring_at(2) if told_by == "head" else layout.HEAD_AT
    port.image[ring_at(2) : ring_at(3)] = bytes(layout.SLOT_SIZE)
    port.image[gone : gone + layout.HEAD_SIZE] = bytes(layout.HEAD_SIZE)
    again = Flash(port)
    assert (again.next_seq(), again.unsettled, again.newest()) == (4, 0, None)
    again.append(wire(4))
    assert Flash(port).read(again.current, 4) == wire(4)


def test_an_unsettled_record_that_cannot_be_read_is_said_and_not_numbered_over():
    port, flash = new_flash(8)
    for seq in (1, 2):
        flash.append(wire(seq))
    port.sync()
    port.image[ring_at(1) : ring_at(2)] = bytes(layout.SLOT_SIZE)
    with pytest.raises(StoreFault, match="第 1 格"):
        Flash(port)


def test_any_flipped_bit_of_a_pending_slot_is_put_right():
    for bit in range(8 * layout.SLOT_SIZE):
        port, flash = new_flash(8)
        unproven = flash.put_open(PENDING, clock_set=True)
        flash.append(wire(1, records.Kind.UNPROVEN), unproven.slot.generation)
        flash.mark_unproven(unproven, 1)
        flash.finish(flash.put_open(PENDING, clock_set=True))
        for seq in range(2, 12):  # the ring goes round: the marks alone can tell
            flash.append(wire(seq))
            flash.settle(flash.current, seq)
        waiting = flash.waiting
        for place in (0, 1):
            flip(port, layout.SLOTS_AT + place * layout.SLOT_SIZE, bit)
        again = Flash(port)
        assert again.waiting == waiting
        assert again.put_open(PENDING, clock_set=True).slot.generation == 3


def test_behind_a_broken_page_no_request_number_comes_again():
    port, flash = new_flash(8)
    used = [flash.next_request() for _ in range(layout.OPEN_SLOTS)]
    for page in (0, layout.PAGE_STRIDE):
        image = bytes(port.image)
        flip(port, page, 200)
        assert Flash(port).next_request() > max(used)
        port.image[:] = image


def test_a_page_older_than_its_records_is_refused():
    port, flash = new_flash(8)
    flash.append(wire(1))
    flash.begin_epoch(2, OTHER_PSAM)
    flash.append(wire(1))
    newest = max((0, layout.PAGE_STRIDE), key=lambda at: layout.parse_page(port.read(at, 512)).generation)
    flip(port, newest, 100)
    with pytest.raises(StoreFault, match="早于存储代 2"):
        Flash(port)


def test_behind_what_the_box_holds_numbers_go_on():
    port, flash = new_flash(8)
    flash.append(wire(1))
    with pytest.raises(StoreFault, match="网关已有 3"):
        flash.go_behind(3)
    flash.settle(flash.current, 1)
    flash.go_behind(3)
    assert (flash.next_seq(), flash.unsettled, flash.newest()) == (4, 0, None)
    flash.append(wire(4))
    assert Flash(port).read(flash.current, 4) == wire(4)


def test_no_sound_page_is_refused_and_blank_is_told_apart():
    port = MemoryFlash(flash_size(8))
    assert is_blank(port)
    format_flash(port, STORAGE, 8)
    assert not is_blank(port)
    Flash(port)
    for at in (0, layout.PAGE_STRIDE):
        port.image[at + 20] ^= 1
    with pytest.raises(StoreFault, match="目录页都不完好"):
        Flash(port)


def test_epochs_one_after_the_other_and_a_psam_put_back():
    port, flash = new_flash(16)
    flash.append(wire(1))
    flash.append(wire(2))
    flash.begin_epoch(2, OTHER_PSAM)
    flash.append(wire(1))
    with pytest.raises(RuleBroken):
        flash.begin_epoch(1, PSAM)
    flash.settle(flash.epoch(2), 1)
    flash.settle(flash.epoch(1), 2)
    assert flash.known_epoch(PSAM) == layout.KnownEpoch(1, PSAM, 2)
    flash.begin_epoch(1, PSAM)
    assert flash.next_seq() == 3
    flash.append(wire(3))
    again = Flash(port)
    assert (again.current.epoch, again.current.last, again.current.settled) == (1, 3, 2)
    assert again.read(again.current, 3) == wire(3)


def test_a_fifth_epoch_waits_until_one_drains():
    _, flash = new_flash(16)
    for number in range(1, 5):
        if number > 1:
            flash.begin_epoch(number, PsamId(b"psam-%d" % number))
        flash.append(wire(1))
    assert not flash.room_for_epoch()
    with pytest.raises(RuleBroken):
        flash.begin_epoch(5, PsamId(b"psam-5"))
    flash.settle(flash.epoch(1), 1)
    assert flash.room_for_epoch()
    flash.begin_epoch(5, PsamId(b"psam-5"))


def test_oldest_unproven_slot_gives_way():
    _, flash = new_flash(16)
    for seq in range(1, layout.OPEN_SLOTS + 2):
        waiting = flash.put_open(PENDING, clock_set=True)
        flash.append(wire(seq, records.Kind.UNPROVEN), waiting.slot.generation)
        flash.mark_unproven(waiting, seq)
    assert [w.slot.unproven for w in flash.waiting] == list(range(2, layout.OPEN_SLOTS + 2))


def test_file_port(tmp_path):
    path = tmp_path / "flash.bin"
    port = FileFlash(path, flash_size(8))
    assert is_blank(port)
    format_flash(port, STORAGE, 8)
    flash = Flash(port)
    flash.begin_epoch(1, PSAM)
    flash.append(wire(1))
    port.close()
    port = FileFlash(path, 0)
    again = Flash(port)
    assert again.read(again.current, 1) == wire(1)
    assert path.stat().st_mode & 0o777 == 0o600
    port.close()


def test_file_port_says_when_the_medium_refuses(tmp_path):
    port = FileFlash(tmp_path / "flash.bin", 4096)
    port.close()
    with pytest.raises(StoreFault):
        port.write(0, b"x")
    with pytest.raises(StoreFault):
        port.sync()


def test_a_done_mark_lost_in_a_power_cut_is_made_again_from_the_ring():
    port, flash = new_flash(16)
    bought, unproven, recovered = (flash.put_open(PENDING, clock_set=True) for _ in range(3))
    flash.append(wire(1), bought.slot.generation)
    flash.finish(bought)
    flash.append(wire(2, records.Kind.UNPROVEN), unproven.slot.generation)
    flash.append(wire(3, records.Kind.UNPROVEN), recovered.slot.generation)
    flash.append(wire(4, records.Kind.RECOVERED), recovered.slot.generation)
    for waiting in (bought, unproven, recovered):
        at = layout.SLOTS_AT + waiting.place * layout.SLOT_SIZE + 96
        port.image[at : at + 12] = bytes(12)
    again = Flash(port)
    assert [(w.slot.generation, w.slot.unproven) for w in again.waiting] == [(unproven.slot.generation, 2)]


def test_a_slot_that_the_ring_has_settled_stays_done_when_the_ring_went_round():
    port, flash = new_flash(8)
    bought = flash.put_open(PENDING, clock_set=True)
    flash.append(wire(1), bought.slot.generation)
    again = Flash(port)
    for seq in range(2, 12):
        again.settle(again.current, seq - 1)
        again.append(wire(seq))
    assert Flash(port).waiting == []


def test_a_slot_of_an_ended_epoch_stays_done_when_its_psam_comes_back():
    port, flash = new_flash(8)
    waiting = flash.put_open(PENDING, clock_set=True)
    flash.append(wire(1, records.Kind.UNPROVEN), waiting.slot.generation)
    flash.settle(flash.current, 1)
    port.crash(lambda _: 0)
    flash.begin_epoch(2, OTHER_PSAM)
    flash.begin_epoch(1, PSAM)
    assert Flash(port).waiting == []


# --- the law -------------------------------------------------------------------------------------------------------


class PowerCut(Exception):
    """The test pulled the plug."""


class CuttablePort(MemoryFlash):
    """Cuts the power at the n-th write or sync."""

    left = -1

    def _step(self):
        self.left -= 1
        if self.left == 0:
            raise PowerCut

    def write(self, offset, raw):
        super().write(offset, raw)
        self._step()

    def sync(self):
        self._step()
        super().sync()


@dataclass
class Expected:
    """What must be there after a cut. `maybe`: the record that was being written."""

    records: dict = field(default_factory=dict)
    maybe: dict = field(default_factory=dict)
    settled: dict = field(default_factory=dict)
    opened: set = field(default_factory=set)
    requests: set = field(default_factory=set)


def act(flash, op, known):
    """One operation; what was known to be durable before it stays in `known`, what it makes durable is added."""
    seq = flash.next_seq()
    epoch = flash.current.epoch
    match op:
        case "sell":
            waiting = flash.put_open(PENDING, clock_set=True)
            known.opened.add((epoch, waiting.slot.generation))
            append(flash, epoch, seq, waiting, records.Kind.PURCHASE, known)
            flash.finish(waiting)
        case "unproven":
            waiting = flash.put_open(PENDING, clock_set=True)
            known.opened.add((epoch, waiting.slot.generation))
            append(flash, epoch, seq, waiting, records.Kind.UNPROVEN, known)
            flash.mark_unproven(waiting, seq)
        case "decline":
            waiting = flash.put_open(PENDING, clock_set=True)
            known.opened.add((epoch, waiting.slot.generation))
            known.opened.discard((epoch, waiting.slot.generation))
            flash.erase(waiting)
        case "settle":
            half = (flash.current.settled + flash.current.last + 1) // 2
            known.settled[epoch] = half
            flash.settle(flash.current, half)
        case "request":
            known.requests.add(flash.next_request())
        case "epoch" if flash.room_for_epoch():
            flash.begin_epoch(epoch + 1, PsamId(b"p%05d" % (epoch + 1)))


def append(flash, epoch, seq, waiting, kind, known):
    if flash.free <= 0:
        known.opened.discard((epoch, waiting.slot.generation))
        flash.erase(waiting)
        return
    known.maybe = {(epoch, seq): wire(seq, kind)}
    flash.append(wire(seq, kind), waiting.slot.generation)
    known.records[epoch, seq] = wire(seq, kind)
    if kind is records.Kind.PURCHASE:
        known.opened.discard((epoch, waiting.slot.generation))


OPS = st.lists(st.sampled_from(["sell", "sell", "unproven", "decline", "settle", "request", "epoch"]), max_size=30)


@settings(max_examples=300, deadline=None)
@given(ops=OPS, cut=st.integers(1, 200), seed=st.integers(0, 2**16), boot=st.integers(0, 12))
@example(ops=["unproven", "unproven", "epoch"], cut=13, seed=0, boot=0).via("done marks before the page of the epoch")
@example(ops=["unproven", "unproven", "unproven", "epoch"], cut=18, seed=2, boot=0).via("the same, torn")
def test_a_power_cut_anywhere_loses_nothing_durable(ops, cut, seed, boot):
    """boot: 0, or the process is killed at the cut, and the power goes at that step of the next boot."""
    rng = random.Random(seed)
    port = CuttablePort(flash_size(8))
    format_flash(port, STORAGE, 8)
    flash = Flash(port)
    flash.begin_epoch(1, PSAM)
    known = Expected()
    port.left = cut
    try:
        for op in ops:
            if op in ("sell", "unproven", "decline") and flash.free <= 0:
                continue
            act(flash, op, known)
    except PowerCut:
        if boot:
            port.left = boot
            with contextlib.suppress(PowerCut):
                Flash(port)
    port.left = -1
    port.crash(lambda size: rng.choice((0, size, rng.randint(0, size))))
    holds(Flash(port), known)


def holds(flash, known):
    assert flash.storage == STORAGE
    for (epoch, seq), raw in known.records.items():
        row = flash.epoch(epoch)
        if row is None:
            assert known.settled.get(epoch, 0) >= seq
        elif seq > row.settled:
            assert flash.read(row, seq) == raw
    for row in flash.epochs:
        assert row.settled <= known.settled.get(row.epoch, 0)
        durable = max((seq for epoch, seq in known.records if epoch == row.epoch), default=0)
        assert row.last >= durable
        if row.last > durable:
            assert {(row.epoch, row.last): flash.read(row, row.last)} == known.maybe
    assert len(flash.waiting) <= layout.OPEN_SLOTS
    opened = {(epoch, generation) for epoch, generation in known.opened if epoch == flash.current.epoch}
    lost = opened - {(w.slot.epoch, w.slot.generation) for w in flash.waiting}
    evictable = max(0, len(opened) + 1 - layout.OPEN_SLOTS)
    settled_by_ring = {(row.epoch, row.last) for row in flash.epochs} & set(known.maybe)
    assert len(lost) <= evictable + len(settled_by_ring)
    assert flash.next_request() not in known.requests


@pytest.mark.parametrize("left", [1, 100, layout.PAGE_SIZE, layout.RING_AT, layout.RING_AT + 3 * layout.SLOT_SIZE])
def test_a_store_that_was_cut_off_is_not_opened(left):
    port, flash = new_flash()
    flash.append(wire(1))
    del port.image[left:]
    with pytest.raises(StoreFault, match="转储本机"):
        Flash(port)
