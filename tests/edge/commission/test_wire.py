"""Old lines: each way out has a line that takes it, and each bound is the one that decides somewhere."""

import pytest

from edge.commission.sheet import line_json, line_sheet
from edge.commission.wire import OldLine, Use, bounds, judge_line, longest_m


@pytest.mark.parametrize(("line", "use", "rate"), [
    (OldLine(500, 5, 30), Use.CAN_125, 125_000),
    (OldLine(501, 5, 30), Use.CAN_50, 50_000),
    (OldLine(1000, 10, 40), Use.CAN_50, 50_000),
    (OldLine(1001, 10, 40), Use.SPLIT, 50_000),
    (OldLine(400, 5, 64), Use.SPLIT, 125_000),
    (OldLine(900, 5, 60), Use.SPLIT, 125_000),
    (OldLine(400, 40, 30), Use.CAN_50, 50_000),
    (OldLine(400, 2, 30, 30), Use.CAN_50, 50_000),
    (OldLine(400, 2, 30, 60), Use.STAY, 0),
    (OldLine(2001, 0, 10), Use.STAY, 0),
])  # fmt: skip
def test_uses(line, use, rate):
    assert judge_line(line) == (use, rate)
    assert line_json(line)["use"] == use
    assert len(line_sheet(line)) >= 7


def test_the_slower_the_longer():
    assert longest_m(125_000) == 500
    assert longest_m(50_000) == 1000
    assert [one.most for one in bounds(OldLine(1, 0, 1), 125_000)] < [
        one.most for one in bounds(OldLine(1, 0, 1), 50_000)
    ]
