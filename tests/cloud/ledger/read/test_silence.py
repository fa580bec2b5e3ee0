"""What a silent terminal may have sold: no till of the edge sells more; and what is under way stands by its name."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.read.shown.risk import Part, caps_of
from cloud.ledger.read.shown.silence import Purses, periods_begun, silent_fen
from cloud.words.balance.exposure import exposure_json, exposure_lines
from edge.terminal.store.parameters import parameters_of
from shared.clocks.clock import CampusTime
from shared.online import LoadResult
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import OPENING
from tests.cloud.ledger.held.losses.test_exposure import Site, at
from tests.cloud.ledger.read.test_exposure import of, seen
from tests.cloud.ledger.read.test_risk import NOW_S, bodies

SILENT_S = 700
"""Above what counts as heard."""


@pytest.fixture
def site(opened: OpenedLedger) -> Site:
    return Site(opened)


@settings(max_examples=80, deadline=None)
@given(
    bodies, st.integers(0, 50 * 3600), st.lists(st.integers(0, 60_000), min_size=1, max_size=4),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.integers(1, 60_000)), max_size=40),
)  # fmt: skip
def test_no_till_sells_more_than_it_may(body, silent_s, purses, wishes) -> None:
    """Cards of class 1 and of another one, under the caps that a till of the edge takes from the same bytes."""
    till, since_s, sold = parameters_of(body), NOW_S - silent_s, 0
    left, meals, days = list(purses), defaultdict(int), defaultdict(int)
    for share, which, fen in sorted(wishes):
        card, clock = which % len(left), till.meal_clock(CampusTime(since_s + int(share * silent_s), True))
        card_class = 1 + card % 2
        meal, day = (card, clock.day, clock.meal), (card, clock.day)
        caps = till.caps_of(card_class, clock.meal)
        is_in = caps is None or all(
            most is None or sum_fen + fen <= most
            for most, sum_fen in ((caps.single_fen, 0), (caps.meal_fen, meals[meal]), (caps.day_fen, days[day]))
        )
        if fen <= left[card] and is_in and not till.refuses(card_class, clock.meal):
            left[card], sold = left[card] - fen, sold + fen
            meals[meal], days[day] = meals[meal] + fen, days[day] + fen
    by_class = {1: (len(purses[::2]), sum(purses[::2])), 2: (len(purses[1::2]), sum(purses[1::2]))}
    periods = caps_of(body).periods
    bound = silent_fen(periods, body.day_start_s, Purses(by_class, sum(purses)), since_s, NOW_S)
    assert sold <= bound <= sum(purses)
    assert periods_begun(periods, body.day_start_s, since_s, NOW_S) >= 1


def test_a_silent_till_may_have_sold_so_much_and_it_is_no_part_of_the_sum(site: Site) -> None:
    """Its class has 30 yuan a day; all tills are silent, and money is on a card once."""
    early, late = seen(site), seen(site, SILENT_S)
    assert [one.silent_fen for one in early.terminals] == [0, 0, 0]
    bounds = [one.silent_fen for one in late.terminals]
    assert all(0 < fen <= late.purses_fen for fen in bounds)
    assert late.silent_fen == min(late.purses_fen, sum(bounds))
    assert late.fen == early.fen
    said = "\n".join(exposure_lines(late))
    assert "另：3 台未联系，其后所售至多 ¥" in said
    assert "11 分 40 秒未联系，其后所售至多 ¥270.00" in said


def test_a_till_of_which_nobody_knows_the_caps_may_have_emptied_every_purse(site: Site) -> None:
    site.uses(c.POS, digest=b"x" * 32)
    late = seen(site, SILENT_S)
    assert of(late, "pos-01").silent_fen == late.purses_fen >= OPENING


def test_it_is_told_by_canteen_and_merchant_too(site: Site) -> None:
    site.heard(c.POS, at(12), last=4)
    risk = seen(site)
    for places in (risk.boxes, risk.canteens, risk.merchants):
        assert sum(one.arrears_fen for one in places) == risk.arrears_fen
        assert sum(one.terminals for one in places) == len(risk.terminals)
    told = exposure_json(risk)
    assert {one["merchant"] for one in told["merchants"]} == {one["merchant"] for one in told["terminals"]}
    assert {one["canteen"] for one in told["canteens"]} >= {one["canteen"] for one in told["terminals"]} - {""}


def test_a_load_under_way_stands_beside_it_by_name(site: Site) -> None:
    assert seen(site).items == ()
    site.ledger.deposit(c.card(2), 3_00, "d", c.NOW)
    asked, load = c.load_request(c.card(2), 0, 3_00, OPENING, request=7)
    assert site.ledger.load_authorise(c.BOX, asked, load, True, c.NOW).result is LoadResult.GRANTED
    assert seen(site).items == ((Part.LOADS, 1, 3_00),)
    assert "另：圈存在途，未知是否入卡 1 笔 ¥3.00" in "\n".join(exposure_lines(seen(site)))
