"""The knob lowers the day of every card, lifts nothing, and is a file like any other."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloud.parameters.campus_file import read_file
from cloud.parameters.differences import changes
from cloud.parameters.lowering import lowered
from cloud.parameters.resolve import Position, resolved
from shared.errors import ConfigFault
from shared.fleet.parameters import EVERY_OTHER
from shared.inventory import DeviceKind

HEAD = """format = 1
[classes]
"学生" = 1
"教工" = 2
[[meal]]
number = 1
name = "早餐"
from = "05:00"
[[meal]]
number = 2
name = "午餐"
from = "10:30"
"""
PLACES = [Position(bytes([n]), f"pos-0{n}", DeviceKind.POS, "b", "m") for n in (1, 2)]
CELLS = [(card_class, meal) for card_class in (1, 2, EVERY_OTHER) for meal in (0, 1, 2)]
sums = st.integers(15_00, 90_00)
rules = st.lists(
    st.tuples(
        st.sampled_from(['', 'classes = ["学生"]', 'classes = ["教工", "其他"]']),
        st.sampled_from(["", 'meals = ["午餐"]', 'meals = ["早餐"]']), st.sampled_from(["", 'terminals = ["pos-01"]']),
        st.sampled_from(["day", "single"]), sums,
    ),
    max_size=5,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@example([("", 'meals = ["午餐"]', "", "day", 15_00), ("", 'meals = ["早餐"]', "", "single", 15_02)], 15_01)
@given(rules, sums)
def test_no_day_is_above_it_and_nothing_is_lifted(said, knob) -> None:
    text = HEAD + "".join(
        f'[[limit]]\n{who}\n{meals}\n{where}\n{what} = "{fen / 100:.2f}"\n' for who, meals, where, what, fen in said
    )
    try:
        file = read_file(text)
        before = [resolved(file, one) for one in PLACES]
    except ConfigFault:
        return
    days = [was.limits_of(*cell).day_fen for was in before for cell in CELLS]
    if all(day is not None and day <= knob for day in days):
        return
    after_file = lowered(file, PLACES, knob)
    for one, was in zip(PLACES, before, strict=True):
        now = resolved(after_file, one)
        assert all(change.is_tighter for change in changes(was, now))
        for cell in CELLS:
            day = was.limits_of(*cell).day_fen
            assert now.limits_of(*cell).day_fen == (knob if day is None else min(day, knob))


def test_one_purchase_goes_down_with_the_day_and_what_is_lower_stays() -> None:
    lower_lunch = '[[limit]]\nclasses = ["学生"]\nmeals = ["午餐"]\nsingle = "18.00"\nday = "20.00"\n'
    file = lowered(read_file(HEAD + '[[limit]]\nsingle = "50.00"\n' + lower_lunch), PLACES, 30_00)
    body = resolved(file, PLACES[0])
    assert body.limits_of(EVERY_OTHER, 0)[:4] == (30_00, None, None, 30_00)
    assert body.limits_of(1, 1)[:4] == (30_00, None, None, 30_00)
    assert body.limits_of(1, 2)[:4] == (18_00, None, None, 20_00)


def test_where_nothing_is_above_it_nothing_changes() -> None:
    with pytest.raises(ConfigFault, match="已不高于"):
        lowered(read_file(HEAD + '[[limit]]\nday = "30.00"\n'), PLACES, 30_00)
