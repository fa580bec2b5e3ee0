"""The goals of a month: what counts, what is told apart, what is left; unknown is neither met nor missed."""

import pytest

from cloud.watch.services.goals import (
    POSTED_S,
    Arrival,
    Outcome,
    Stretch,
    TapSums,
    Watched,
    available,
    month_of,
    taps,
    to_ledger,
)
from shared.errors import ConfigFault
from shared.purse.reasons import Reason

MONTH = month_of("2026-11")
DAY_MS = 86_400_000
HOUR_S = 3600


def many(one: Outcome, zh: str) -> int:
    return next(apart.many for apart in one.apart if zh in apart.what.zh)


def test_a_month_is_the_campus_s() -> None:
    assert (MONTH.until_ms - MONTH.from_ms) == 30 * DAY_MS
    assert MONTH.from_ms == 1_793_462_400_000  # 2026-10-31 16:00 UTC
    assert month_of("2026-12").until_ms == month_of("2027-01").from_ms
    first, after = month_of("2028-02").days
    assert after - first == 29


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-1", "11-2026", "1999-01", "2026-11-28", "x" * 300])
def test_what_is_no_month_is_said(text: str) -> None:
    with pytest.raises(ConfigFault, match="2026-11"):
        month_of(text)


def test_a_refusal_by_a_rule_is_no_failure() -> None:
    refused = {Reason.BALANCE: 300, Reason.HOTLISTED: 5, Reason.CARD_GONE: 40, Reason.PSAM_GONE: 1}
    one = taps(TapSums(9_999, refused, 3, 5), 10_000)
    assert (one.good, one.bad, one.share) == (9_999, 1, 0.9999)
    assert one.left == pytest.approx(0.9)
    assert (many(one, "按规则"), many(one, "没有报数"), many(one, "全部记录")) == (345, 2, 10_000)
    assert many(one, "断电") == -1, "nobody knows"


def test_a_budget_that_is_spent_is_missed() -> None:
    assert taps(TapSums(998, {Reason.CENTRE_SILENT: 2}, 1, 1), 0).is_met is False
    assert taps(TapSums(999, {Reason.CENTRE_SILENT: 1}, 1, 1), 0).is_met is True


def test_nothing_told_is_unknown() -> None:
    one = taps(TapSums(0, {}, 0, 20), 500)
    assert (one.share, one.left, one.is_met) == (None, None, None)


def arrival(delay_s: int, box: str = "b1", at_s: int = 1000) -> Arrival:
    return Arrival(box, at_s * 1000, delay_s)


def test_time_to_ledger_counts_whose_box_was_online_all_the_while() -> None:
    online = {"b1": [Stretch(900_000, 1_100_000)]}
    found = [arrival(0)] * 98 + [arrival(POSTED_S), arrival(POSTED_S + 1)]
    late = [arrival(101), arrival(500), arrival(1, "b2")]
    one = to_ledger([*found, *late, arrival(-3)], 200, online)
    assert (one.good, one.bad) == (99, 1)
    assert (many(one, "离线"), many(one, "超前"), many(one, "抽样")) == (3, 1, 96)
    assert one.says == {"p50_s": 0, "p99_s": POSTED_S}
    assert one.is_met is True


def test_without_a_word_of_the_box_nothing_is_counted() -> None:
    one = to_ledger([arrival(0), arrival(99)], 2, {})
    assert (one.share, one.says, many(one, "离线")) == (None, None, 2)


def heard(down_s: int, watched_days: int = 30) -> Outcome:
    until = MONTH.from_ms + watched_days * DAY_MS
    down = Stretch(MONTH.from_ms + DAY_MS, MONTH.from_ms + DAY_MS + down_s * 1000)
    up = [Stretch(MONTH.from_ms - DAY_MS, down.from_ms), Stretch(down.until_ms, until)]
    return available("b1", "b1", Watched(up, [down]), MONTH, MONTH.until_ms)


def test_a_box_may_be_away_for_three_hours_and_a_half() -> None:
    assert heard(0).share == 1
    assert heard(3 * HOUR_S + 1800).is_met is True
    assert heard(3 * HOUR_S + 2400).is_met is False
    assert heard(0).good == 30 * 86_400, "no more than the month"


def test_what_nobody_watched_is_neither() -> None:
    one = heard(60, watched_days=2)
    assert (one.good, one.bad) == (2 * 86_400 - 60, 60)
    assert many(one, "没有看着") == 28 * 86_400
    assert available("b1", "b1", Watched(), MONTH, MONTH.until_ms).is_met is None


def test_a_month_that_goes_on_ends_now() -> None:
    now = MONTH.from_ms + DAY_MS
    one = available("b1", "b1", Watched([Stretch(MONTH.from_ms, now)]), MONTH, now)
    assert (one.good, one.apart[0].many, one.share) == (86_400, 0, 1)


def test_planned_work_spends_no_budget_and_no_second_twice() -> None:
    first = MONTH.from_ms
    plans = [Stretch(first + 10_000, first + 40_000), Stretch(first + 20_000, first + 50_000)]
    down = [Stretch(first, first + 100_000)]
    one = available("b1", "b1", Watched((), down, plans), MONTH, MONTH.until_ms)
    assert (one.bad, many(one, "计划检修"), many(one, "没有看着")) == (60, 40, 30 * 86_400 - 100)
