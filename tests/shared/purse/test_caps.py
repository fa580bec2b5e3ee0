"""The rule of the day and meal counters, and the frozen 0017 record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.purse.caps import CAPP_SIZE, Caps, CardCounters, MealClock, current, judge_caps, parse_counters
from shared.purse.errors import LayoutError
from shared.purse.reasons import REASON_TEXT, Reason

CARD = CardCounters(day=100, meal=2, day_sum_fen=3000, day_count=2, meal_sum_fen=1200, meal_count=1)
COUNTERS = st.builds(
    CardCounters, st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0, 0xFFFF_FFFF), st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF_FFFF), st.integers(0, 0xFFFF), st.booleans(),
)  # fmt: skip
CLOCKS = st.builds(MealClock, st.integers(0, 0xFFFF), st.integers(0, 255), st.booleans())


def at(day, meal, *, is_set=True):
    return MealClock(day, meal, is_set)


def test_the_record_is_frozen():
    assert CARD.encode().hex() == "212e00010064020000000bb80002000004b00001" + "00" * 28
    assert len(CARD.encode()) == CAPP_SIZE


@given(COUNTERS)
def test_what_was_encoded_comes_back(counters):
    assert parse_counters(counters.encode()) == counters


@pytest.mark.parametrize("raw", [b"", bytes(47), bytes(48), b"\x22" + CARD.encode()[1:], CARD.encode() + b"\0"])
def test_another_record_is_refused(raw):
    with pytest.raises(LayoutError):
        parse_counters(raw)


def test_the_same_meal_counts_on():
    assert current(CARD, at(100, 2)) == CARD


def test_a_later_meal_resets_the_meal_only():
    assert current(CARD, at(100, 3)) == CardCounters(100, 3, 3000, 2, 0, 0)


def test_an_earlier_meal_of_the_day_counts_on_under_the_cards_meal():
    assert current(CARD, at(100, 1)) == CARD


def test_a_later_day_of_a_set_clock_resets_all():
    assert current(CARD, at(101, 1)) == CardCounters(101, 1)
    assert current(CARD, at(400, 0)) == CardCounters(400, 0)


@pytest.mark.parametrize("day", [0, 99, 100, 101, 30_000])
def test_an_unset_clock_never_resets(day):
    assert current(CARD, at(day, 3, is_set=False)) == CARD


def test_a_clock_one_day_behind_counts_on_under_the_cards_day():
    assert current(CARD, at(99, 3)) == CARD


def test_a_card_from_the_future_counts_as_today():
    assert current(CARD, at(98, 2)) == CardCounters(98, 2, 3000, 2, 1200, 1)
    assert current(CARD, at(98, 3)) == CardCounters(98, 3, 3000, 2, 0, 0)
    healed = current(CARD, at(98, 2))
    assert current(healed, at(99, 1)) == CardCounters(99, 1)


def test_a_purchase_counts():
    after = judge_caps(CARD, at(100, 2), 800, Caps())
    assert after == CardCounters(100, 2, 3800, 3, 2000, 2)


@pytest.mark.parametrize(
    ("caps", "reason"),
    [
        (Caps(single_fen=799), Reason.CAP_SINGLE),
        (Caps(meal_fen=1999), Reason.CAP_MEAL_SUM),
        (Caps(meal_count=1), Reason.CAP_MEAL_COUNT),
        (Caps(day_fen=3799), Reason.CAP_DAY_SUM),
        (Caps(day_count=2), Reason.CAP_DAY_COUNT),
    ],
)
def test_each_cap_has_its_own_reason(caps, reason):
    assert judge_caps(CARD, at(100, 2), 800, caps) is reason


def test_a_cap_that_is_just_met_allows():
    caps = Caps(single_fen=800, meal_fen=2000, meal_count=2, day_fen=3800, day_count=3)
    assert isinstance(judge_caps(CARD, at(100, 2), 800, caps), CardCounters)


@given(COUNTERS, CLOCKS, st.integers(1, 0x7FFF_FFFF))
def test_with_caps_off_nothing_forbids_and_the_record_still_fits(card, clock, amount):
    after = judge_caps(card, clock, amount, None)
    assert isinstance(after, CardCounters)
    assert after.locked == card.locked
    assert parse_counters(after.encode()) == after


@given(COUNTERS, CLOCKS)
def test_no_reset_without_a_set_clock_that_shows_a_later_day(card, clock):
    now = current(card, clock)
    if not (clock.is_set and clock.day > card.day):
        assert (now.day_sum_fen, now.day_count) == (card.day_sum_fen, card.day_count)
    else:
        assert (now.day, now.day_sum_fen, now.day_count) == (clock.day, 0, 0)


def test_every_reason_has_both_texts():
    assert set(REASON_TEXT) == set(Reason)
    for text in REASON_TEXT.values():
        assert not text.zh.isascii()
        assert text.en.isascii()
