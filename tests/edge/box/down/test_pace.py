"""Bytes of documents a second: a share of each kind of link, saved up for a moment only, and never ahead of itself."""

import pytest

from edge.box.down.pace import BURST_S, Pace, link_bytes_per_s
from edge.settings import LinkKind, LinkSetting


@pytest.mark.parametrize(
    ("link", "least", "most"),
    [
        (LinkSetting("can0", LinkKind.CAN, 125_000, 0), 5_000, 6_434),
        (LinkSetting("can0", LinkKind.CAN, 50_000, 0), 2_000, 2_574),
        (LinkSetting("line0", LinkKind.RS485, 0, 9_600), 300, 480),
        (LinkSetting("tcp", LinkKind.TCP, 0, 0), 500_000, 2_000_000),
    ],
)
def test_a_link_gives_documents_less_than_it_can_carry(link, least, most):
    assert least < link_bytes_per_s(link) < most


def test_what_was_taken_too_much_is_waited_for():
    pace = Pace(1000, 0.0)
    assert pace.has_credit(0.0)
    pace.spend(2500)
    assert not pace.has_credit(1.9)
    assert pace.has_credit(2.1)


def test_long_silence_saves_up_for_a_moment_only():
    pace = Pace(1000, 0.0)
    assert pace.has_credit(3600.0)
    pace.spend(int(1000 * BURST_S))
    assert not pace.has_credit(3600.0)
