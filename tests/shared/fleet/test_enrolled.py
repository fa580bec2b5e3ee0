"""The list of who is enrolled: what is in it is found, what is not is not, one list has one encoding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import WireFault
from shared.fleet.document import LENGTH_MAX, DocumentKind
from shared.fleet.enrolled import PERSONS_MAX, enrolled_body, read_enrolled, week_of

SALT = b"saltsalt"
FROZEN = "01000005dc0273616c7473616c74000000031683aa42d03d01300280"
NUMBERS = st.from_regex(r"[0-9]{3,16}", fullmatch=True)


@given(st.sets(NUMBERS, max_size=60), NUMBERS)
def test_who_is_in_it_is_found(numbers, other):
    found = read_enrolled(enrolled_body(1500, 2, SALT, numbers))
    assert (found.fen, found.per_week) == (1500, 2)
    assert all(found.has(number) for number in numbers)
    assert other in numbers or not found.has(other)


@given(st.sets(NUMBERS, max_size=20), st.data())
def test_other_bytes_are_refused_or_are_another_list(numbers, data):
    body = enrolled_body(1500, 2, SALT, numbers)
    at = data.draw(st.integers(0, len(body) - 1))
    broken = bytearray(body)
    broken[at] ^= 1 << data.draw(st.integers(0, 7))
    for raw in (bytes(broken), body[:at], body + b"\0"):
        try:
            found = read_enrolled(raw)
        except WireFault:
            continue
        assert len(found.marks) <= PERSONS_MAX


def test_a_whole_school_fits_its_document():
    body = enrolled_body(1500, 2, SALT, (f"2026{n * 7:08d}" for n in range(PERSONS_MAX)))
    assert len(body) <= LENGTH_MAX[DocumentKind.ENROLLED] == 65_536
    found = read_enrolled(body)
    assert all(found.has(f"2026{n * 7:08d}") for n in range(0, PERSONS_MAX, 997))
    assert sum(found.has(f"9{n:09d}") for n in range(2_000)) < 40


@pytest.mark.parametrize(("fen", "per_week"), [(99, 2), (5001, 2), (1500, 22)])
def test_a_rule_out_of_bounds_is_no_list(fen, per_week):
    with pytest.raises(WireFault):
        enrolled_body(fen, per_week, SALT, ())


def test_more_persons_than_there_is_room_for():
    with pytest.raises(WireFault):
        enrolled_body(1500, 2, SALT, map(str, range(100, 101 + PERSONS_MAX)))


def test_frozen_bytes():
    assert enrolled_body(1500, 2, SALT, ("20260001", "20260002", "007")).hex() == FROZEN


def test_a_week_begins_on_monday():
    assert [week_of(day) for day in (1, 2, 8, 9)] == [-1, 0, 0, 1]
