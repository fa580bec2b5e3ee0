"""The two-slot file: frozen bytes, and the law that no torn write of one slot loses the memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import StoreFault
from shared.records.slot_file import OVERHEAD, Chosen, choose, fits, render_initial, render_slot

CAPACITY = 64
BODIES = st.binary(max_size=CAPACITY - OVERHEAD)


def put(raw: bytes, slot: int, part: bytes) -> bytes:
    at = slot * (len(raw) // 2)
    return raw[:at] + part + raw[at + len(part) :]


def test_frozen_bytes() -> None:
    assert render_slot(1, b"abc").hex() == "000000000000000100000003616263c3a93447"
    assert len(render_initial(b"abc")) == 8192


def test_a_new_file_is_generation_one_in_slot_zero() -> None:
    assert choose(render_initial(b"abc", CAPACITY)) == Chosen(0, 1, b"abc")


def test_a_full_slot_is_readable_and_one_byte_more_is_refused() -> None:
    body = bytes(range(CAPACITY - OVERHEAD))
    assert choose(render_initial(body, CAPACITY)).body == body
    assert not fits(body + b"x", CAPACITY)
    with pytest.raises(StoreFault):
        render_initial(body + b"x", CAPACITY)


@pytest.mark.parametrize("raw", [b"", b"\0", bytes(2), bytes(128), b"\xff" * 128, bytes(127)])
def test_a_file_without_a_valid_slot_is_refused(raw: bytes) -> None:
    with pytest.raises(StoreFault):
        choose(raw)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_slot_or_a_store_fault(raw: bytes) -> None:
    try:
        found = choose(raw)
    except StoreFault:
        return
    assert fits(found.body, len(raw) // 2)


@given(st.lists(BODIES, min_size=1, max_size=6), BODIES, st.integers(0, CAPACITY), st.binary(max_size=CAPACITY))
def test_a_torn_write_leaves_the_old_body_or_the_whole_new_one(
    history: list[bytes], new: bytes, cut: int, garbage: bytes
) -> None:
    raw = render_initial(history[0], CAPACITY)
    for body in history[1:]:
        now = choose(raw)
        raw = put(raw, 1 - now.slot, render_slot(now.generation + 1, body))
    old = choose(raw)
    assert old.body == history[-1]
    slot = render_slot(old.generation + 1, new)
    torn = put(raw, 1 - old.slot, (slot[:cut] + garbage)[: max(cut, len(slot))][:CAPACITY])
    found = choose(torn)
    whole = torn[(1 - old.slot) * CAPACITY :].startswith(slot)
    assert found == (Chosen(1 - old.slot, old.generation + 1, new) if whole else old)
