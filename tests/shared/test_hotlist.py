"""The hotlist bitmap: frozen bytes, and exactness."""

from hypothesis import given
from hypothesis import strategies as st

from shared.hotlist import bitmap_of, checksum, is_listed


def test_frozen_bytes() -> None:
    assert bitmap_of([]) == b""
    assert bitmap_of([1, 8, 15]).hex() == "0281"
    assert checksum(1, bytes.fromhex("0281")) == 0x18891AA0


@given(st.sets(st.integers(1, 400)))
def test_a_bitmap_lists_exactly_what_it_was_made_of(listed: set[int]) -> None:
    bitmap = bitmap_of(listed)
    assert {index for index in range(1000) if is_listed(bitmap, index)} == listed


@given(st.sets(st.integers(1, 100)), st.integers(0, 5))
def test_unused_room_at_the_end_changes_neither_answer_nor_checksum(listed: set[int], room: int) -> None:
    bitmap = bitmap_of(listed)
    assert checksum(7, bitmap + bytes(room)) == checksum(7, bitmap)
    assert not is_listed(bitmap + bytes(room), 8 * (len(bitmap) + room))
