"""The exposure as a formula: nothing unknown makes it smaller, nothing that may have been spent is above it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.ledger.read.shown.risk import Caps, Listed, Till, Unknown, caps_of, weigh
from edge.terminal.down.ages import aged
from shared.clocks.clock import DAY_S, business_day
from shared.fleet.parameters import EVERY_OTHER, LimitRow, Limits, MealRow, ParameterBody, RungRow
from shared.purse.caps import Caps as CardCaps

NOW_S, FULLEST = 9_700 * DAY_S + 41_000, 50_000
LADDER = (RungRow(24 * 3600, 60_00), RungRow(72 * 3600, 30_00))
MEALS = (MealRow(1, "早", 6 * 3600), MealRow(2, "午", 10 * 3600))
sums = st.integers(1, 60_000)
caps = st.none() | sums
limits = st.builds(Limits, single_fen=sums, meal_fen=st.none() | st.integers(1, 30_00), day_fen=caps)
bodies = st.builds(
    lambda ladder, one, others, start: ParameterBody(
        start, 0, MEALS, (LimitRow(1, 1, one), *(LimitRow(EVERY_OTHER, n, others[n]) for n in range(3))), ladder
    ),
    st.sampled_from([(), LADDER]), limits, st.tuples(limits, limits, limits), st.sampled_from([0, 4 * 3600]),
)  # fmt: skip
ages = st.integers(0, 200 * 3600)


@st.composite
def tills(draw: st.DrawFn) -> Till:
    made = tuple(caps_of(body) for body in draw(st.lists(bodies, max_size=2)))
    generation = draw(st.none() | st.integers(1, 6))
    as_of = None if generation is None else NOW_S - draw(ages)
    name = f"pos-{draw(st.integers(1, 99))}"
    records, slots = draw(st.integers(0, 50)), draw(st.integers(0, 2))
    box = draw(st.sampled_from(["canteen-1", "canteen-2"]))
    return Till(name.encode(), name, "", box, records, slots, made, generation, as_of, draw(st.booleans()))


@st.composite
def listed(draw: st.DrawFn) -> Listed:
    n = draw(st.integers(1, 9999))
    named = draw(st.none() | st.integers(1, 6))
    since_s, purse = NOW_S - draw(ages), draw(st.integers(0, FULLEST))
    return Listed(b"c%d" % n, f"{n:04d}", draw(st.sampled_from([1, 7])), purse, since_s, named, draw(st.booleans()))


campus = st.lists(tills(), min_size=1, max_size=5), st.lists(listed(), max_size=5)
FORGETS = {
    Unknown.CAPS: lambda till: till._replace(caps=()),
    Unknown.HOTLIST: lambda till: till._replace(generation=None, as_of=None),
    Unknown.HEARD: lambda till: till._replace(is_silent=True),
}


@settings(max_examples=80, deadline=None)
@given(*campus, st.data())
def test_what_is_unknown_makes_it_no_smaller(there, cards, data) -> None:
    before, what, which = weigh(there, cards, FULLEST, NOW_S), data.draw(st.sampled_from([*Unknown])), len(there) - 1
    there[which] = FORGETS[what](there[which])
    after = weigh(there, cards, FULLEST, NOW_S)
    assert after.fen >= before.fen
    assert after.unknown[what] >= 1


@settings(max_examples=60, deadline=None)
@given(*campus, st.integers(0, 5 * DAY_S))
def test_time_makes_it_no_smaller(there, cards, later_s) -> None:
    assert weigh(there, cards, FULLEST, NOW_S + later_s).fen >= weigh(there, cards, FULLEST, NOW_S).fen


@settings(max_examples=60, deadline=None)
@given(*campus)
def test_parts_and_the_whole_agree(there, cards) -> None:
    risk = weigh(there, cards, FULLEST, NOW_S)
    by_box, by_till = ([(one.arrears_fen, one.listed_fen) for one in rows] for rows in (risk.boxes, risk.terminals))
    assert risk.arrears_fen == sum(fen for fen, _ in by_box) == sum(fen for fen, _ in by_till)
    assert risk.listed_fen == sum(one.fen for one in risk.cards)
    assert risk.listed_fen <= sum(fen for _, fen in by_box) <= sum(fen for _, fen in by_till)
    assert all(one.fen <= one.card.purse_fen for one in risk.cards if one.card.is_bounded)


@settings(max_examples=60, deadline=None)
@given(bodies, listed(), ages, st.lists(sums, max_size=40))
def test_no_card_spends_more_than_its_exposure(body, card, age_s, wishes) -> None:
    """A till of the edge, day by day under its own ladder, lets a lost card spend what it allows."""
    as_of, left, spent = NOW_S - age_s, card.purse_fen, 0
    by_day: dict[int, int] = {}
    for place, fen in enumerate(wishes):
        time_s = card.since_s + (NOW_S - card.since_s) * place // len(wishes)
        day = business_day(time_s, body.day_start_s)
        cap = _cap(body, card.card_class, time_s - as_of)
        if fen <= left and (cap is None or by_day.get(day, 0) + fen <= cap):
            left, spent, by_day[day] = left - fen, spent + fen, by_day.get(day, 0) + fen
    till = Till(b"p", "pos-1", "", "canteen-1", 0, 0, (caps_of(body),), 1, as_of, False)
    risk = weigh([till], [card._replace(named=None, is_bounded=True)], FULLEST, NOW_S)
    assert spent <= risk.fen


def _cap(body: ParameterBody, card_class: int, age_s: int) -> int | None:
    """The loosest of any meal."""
    found = []
    for meal in (0, 1, 2):
        one = body.limits_of(card_class, meal)
        left = aged(CardCaps(meal_fen=one.meal_fen, day_fen=one.day_fen), age_s, body.ladder or (RungRow(1 << 30, 1),))
        found.append(0 if one.is_refused else left.day_fen if left else None)
    return None if None in found else max(found)


def test_the_formula_by_hand() -> None:
    made = Caps(20_00, {EVERY_OTHER: 100_00}, {EVERY_OTHER: 0}, LADDER, 0)
    old = Till(b"1", "pos-1", "", "canteen-1", 3, 1, (made,), 1, NOW_S - 80 * 3600, False)
    fresh = Till(b"2", "pos-2", "", "canteen-2", 0, 0, (made,), 2, NOW_S, False)
    card = Listed(b"c", "0001", 1, 300_00, NOW_S - DAY_S, 2, is_bounded=True)
    risk = weigh([old, fresh], [card], FULLEST, NOW_S)
    assert risk.arrears_fen == 4 * 20_00
    assert risk.listed_fen == 2 * 60_00, "two days, and its list was above a day old when the card was listed"
    assert [(one.till.name, one.open_cards) for one in risk.terminals] == [("pos-1", 1), ("pos-2", 0)]
    assert [(one.card.label, one.terminals) for one in risk.cards] == [("0001", 1)]
    clone = weigh([old, old], [card._replace(purse_fen=1, is_bounded=False)], FULLEST, NOW_S)
    assert clone.listed_fen == 2 * 2 * 60_00
