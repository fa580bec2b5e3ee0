"""Emergency meals 应急餐 at a till: by number, without card and centre, once a meal, and they look like any sale."""

import pytest

from edge.terminal.station.tapping import run_through
from edge.terminal.taps import meal
from edge.terminal.taps.display import Face, last_before
from edge.terminal.taps.steps import End
from shared.errors import StoreFault
from shared.ids import person_id
from shared.records import Kind
from tests.edge.terminal.meals import ADA, BEN, DAY_S, FEN, NOBODY, Till


@pytest.fixture
def till(school):
    return Till(school)


def test_one_meal_is_a_record_and_looks_like_a_sale(till):
    assert till.asked(ADA).title.zh == f"学号 {ADA} ¥15.00"
    assert till.meals() == []
    assert till.eat(ADA).end is End.DONE
    (record,) = till.meals()
    assert (record.card, record.amount_fen, record.taken, record.linked) == (person_id(ADA), FEN, 1, 0)
    shown = till.displays[-1]
    assert (shown.face, shown.title.zh, shown.voice.zh) == (Face.DONE, "成功 ¥15.00", "消费15.00元，谢谢")
    assert "应急" not in str(shown)
    assert [row.kind for row in till.shown] == [Kind.MEAL]


def test_the_network_may_be_gone(till):
    till.net = False
    assert till.eat(ADA).end is End.DONE
    assert len(till.meals()) == 1


@pytest.mark.parametrize(
    ("number", "why"), [(NOBODY, meal.NOBODYS), ("12", meal.NOBODYS), ("2026000x", meal.NOBODYS)]
)
def test_nobodys_number_is_refused_and_nothing_changes(till, number, why):
    assert till.asked(number).title == why
    result = till.eat(number)
    assert (result.end, till.meals(), till.shown, till.displays[-1].title) == (End.DECLINED, [], [], why)


def test_once_a_meal_and_twice_a_week(till):
    assert till.eat(ADA).end is End.DONE
    assert till.eat(ADA).end is End.DECLINED
    assert till.displays[-1].title == meal.HAD
    assert till.eat(BEN).end is End.DONE
    till.mono_s += DAY_S
    assert till.eat(ADA).end is End.DONE
    till.mono_s += DAY_S
    assert (till.eat(ADA).end, till.displays[-1].title) == (End.DECLINED, meal.WEEK)
    till.mono_s += 7 * DAY_S
    assert till.eat(ADA).end is End.DONE
    assert [one.taken for one in till.meals() if one.card == person_id(ADA)] == [1, 2, 1]


def test_a_power_cut_forgets_neither_meals_nor_limits(till):
    till.eat(ADA)
    till.firmware.close()
    till.power_on()
    till.connect()
    assert till.asked(ADA).title == meal.HAD
    assert till.eat(ADA).end is End.DECLINED
    assert len(till.meals()) == 1


def test_one_that_nobody_was_told_of_is_told_and_no_second_one(till):
    till.net = False
    till.eat(ADA, tell=False)
    till.was_dark()
    till.power_on()
    assert "学号尾号 0001" in last_before(till.firmware.body.untold.row).title.zh
    assert till.asked(ADA).face is Face.NOTICE
    result = till.eat(ADA)
    assert (result.end, len(till.shown), till.displays[-1].face) == (End.DONE, 1, Face.EARLIER)
    assert till.eat(ADA).end is End.DECLINED
    till.net = True
    till.connect()
    assert len(till.meals()) == 1


def test_without_a_list_nothing_is_given(school, kit):
    bench = kit.Bench(school).connect()
    assert bench.firmware.meal_offer(ADA, bench.now()).title == meal.NO_LIST
    result = run_through(bench.firmware.meal(ADA, bench.now()), bench.counter)
    assert (result.end, bench.written()) == (End.DECLINED, {})


def test_the_school_may_give_none(till):
    till.offer(per_week=0)
    assert till.asked(ADA).title == meal.NONE_GIVEN


def test_who_has_left_is_refused_with_the_next_list(till):
    till.offer(numbers=(BEN,))
    assert till.asked(ADA).title == meal.NOBODYS


def test_a_medium_that_refuses_gives_nothing_out(till):
    till.port.write = _refuse
    result = till.eat(ADA)
    assert result.end is End.NOT_SELLING
    assert till.shown == []


def _refuse(*_):
    raise StoreFault("no room")


def test_a_load_machine_takes_no_numbers(school):
    machine = Till(school, kind="load")
    assert machine.asked(ADA).title == meal.HERE_NOT


def test_a_shift_counts_it_among_sales(till):
    till.eat(ADA)
    slip = till.firmware.body.shifts.close(1, till.now().rtc_s)
    assert (slip.sales.times, slip.sales.fen, slip.net_fen) == (1, FEN, FEN)
