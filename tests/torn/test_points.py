"""Every point of every tap, cut in every way: nothing unexplained, nobody charged twice. Alone in its module, for it
waits for a command that was begun ahead."""

import re

import pytest

from tests.ahead import TORN_ONE_IN

RUN_MAX_S = 1_500
"""Far above the minutes that it takes: only for a machine that hangs."""
_POINTS = re.compile(r"(\d+) 处 × +(\d+) =")


@pytest.mark.process
@pytest.mark.ahead("torn")
@pytest.mark.timeout(RUN_MAX_S)
def test_every_point_of_every_tap(ahead, whole):
    done = ahead(RUN_MAX_S)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    total = re.search(r"合计：(\d+) 处，(\d+) 次，不符 0", done.stdout)
    assert total is not None, done.stdout
    assert int(total[1]) > (540 if whole else 540 // TORN_ONE_IN)
    assert int(total[2]) == sum(int(points) * int(ways) for points, ways in _POINTS.findall(done.stdout))
    assert {int(ways) for _, ways in _POINTS.findall(done.stdout)} == {5, 8, 16, 20}
