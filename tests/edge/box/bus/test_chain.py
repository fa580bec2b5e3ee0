"""A cut is a tail that fell silent at once, and nothing else is."""

import pytest

from edge.box.bus.chain import Hanging, SegmentCut, find_cut

NOW = 100.0


@pytest.mark.parametrize(("ages", "cut"), [
    ([1, 2, 3, 4], None),
    ([1, 2, 20, 21], SegmentCut(2, 3)),
    ([20, 20, 20, 21], SegmentCut(0, 1)),
    ([1, 2, 3, 20], None),
    ([1, 20, 3, 20], None),
    ([20, 2, 20, 20], None),
    ([1, 2, 20, 60], None),
    ([], None),
])  # fmt: skip
def test_segments(ages, cut):
    chain = [Hanging(n, NOW - age) for n, age in enumerate(ages, 1)]
    assert find_cut(chain, NOW) == cut
