"""Slots as bytes: one flipped bit is found by its CRC exactly where trying every bit finds it, a second is none."""

from random import Random

import pytest

from edge.terminal.store import layout
from edge.terminal.store.layout import SLOT_SIZE, OpenSlot, RingSlot
from shared.ids import CardId, psam_id
from shared.purse.outcomes import PendingPurchase

LENGTHS = 0, 1, 57, 69, layout.RECORD_MAX
PENDING = PendingPurchase(
    CardId(b"\1\2\3\4\5\6\7\x08\x09\x0a"), 17, 5000, b"\0\0\1", 1250, 6, 0x41, psam_id(bytes(range(6))), 9, 817339530,
    1, 0, b"mac1", -50,
)  # fmt: skip
PURCHASE = OpenSlot(7, 1, True, 0, PENDING, 0)
RIDE = OpenSlot(7, 1, True, 0, PENDING._replace(trip=b"a trip of 12"), 0)


def flipped(raw, *bits):
    whole = int.from_bytes(raw, "big")
    for bit in bits:
        whole ^= 1 << bit
    return whole.to_bytes(len(raw), "big")


def every_flip(raw):
    return (flipped(raw, bit) for bit in range(8 * len(raw)))


def tried_record(raw, index):
    """As it was done before: every bit is tried."""
    found = (layout.parse_record(one) for one in every_flip(raw))
    return next((slot for slot in found if slot and slot.ordinal == index), None)


def record(length, seed=1):
    random = Random(seed)
    raw = layout.render_record(RingSlot(9, 3, 1, random.randbytes(length)))
    return raw + random.randbytes(SLOT_SIZE - len(raw))


@pytest.mark.parametrize("length", LENGTHS)
def test_every_flipped_bit_of_a_record_is_put_right(length):
    raw = record(length)
    whole = layout.parse_record(raw)
    covered = len(layout.render_record(whole))
    for bit in range(8 * (SLOT_SIZE - covered), 8 * SLOT_SIZE):
        broken = flipped(raw, bit)
        assert layout.parse_record(broken) is None
        assert layout.healed_record(broken, 9) == whole
        assert layout.healed_record(broken, 10) is None, "the record of another index"


def test_two_flipped_bits_are_as_unreadable_as_when_every_bit_was_tried():
    random = Random(2)
    for seed in range(40):
        broken = flipped(record(random.choice(LENGTHS), seed), *random.sample(range(8 * SLOT_SIZE), 2))
        if layout.parse_record(broken) is None:
            assert layout.healed_record(broken, 9) == tried_record(broken, 9)


def test_what_was_never_a_slot_is_no_slot():
    random = Random(3)
    for raw in (bytes(SLOT_SIZE), b"\xff" * SLOT_SIZE, *(random.randbytes(SLOT_SIZE) for _ in range(20))):
        assert layout.healed_record(raw, 9) is tried_record(raw, 9) is None
        assert layout.healed_open(raw) is None


@pytest.mark.parametrize("slot", [PURCHASE, RIDE])
def test_every_flipped_bit_of_a_pending_body_is_put_right(slot):
    raw = layout.render_open(slot)
    for bit in range(8 * SLOT_SIZE):
        broken = flipped(raw, bit)
        assert layout.parse_open(layout.healed_open(broken) or broken) == slot


@pytest.mark.parametrize("seq", [1, 0x01020304, 0xFFFFFFFF])
def test_of_a_mark_one_flipped_bit_is_put_right_and_of_another_slot_it_is_no_mark(seq):
    at, mark = layout.unproven_mark(7, seq)
    raw = layout.render_open(PURCHASE)
    for bit in range(8 * len(mark)):
        marked = raw[:at] + flipped(mark, bit) + raw[at + len(mark) :]
        assert layout.parse_open(marked).unproven == seq
    for generation in (7 ^ 1 << bit for bit in range(1, 16)):
        at, foreign = layout.unproven_mark(generation, seq)
        assert layout.parse_open(raw[:at] + foreign + raw[at + len(foreign) :]).unproven == 0
