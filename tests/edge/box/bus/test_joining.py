"""After a power cut 60 terminals say HELLO at the same moment: on 125 kbit/s all are back within three seconds."""

import pytest

from edge.link.can.claims import Claiming
from tests.edge.bus_rig import BusField
from tests.edge.joining import claimed_after_s, joined_after_s


@pytest.mark.parametrize(("bitrate", "terminals"), [(125_000, 60), (50_000, 32)])
def test_all_are_back_within_three_seconds(bitrate: int, terminals: int) -> None:
    assert joined_after_s(terminals, bitrate) <= 3.0


@pytest.mark.parametrize(("bitrate", "terminals"), [(125_000, 60), (50_000, 32)])
def test_all_are_there_within_three_seconds_that_have_no_address_yet(bitrate: int, terminals: int) -> None:
    assert claimed_after_s(terminals, bitrate) <= 3.0


def test_one_that_is_at_anothers_address_is_told_where_it_belongs_and_goes() -> None:
    """A folder that was copied, a memory of another bus: both sell again, each at its own address."""
    field = BusField(3, claims=True)
    field.open(4.0)
    one, other = field.hung[1], field.hung[2]
    home = other.address
    assert sorted(each.address for each in field.hung.values()) == [1, 2, 3]
    other.node.claiming = Claiming(other.body.device, one.address)  # as after a power-on
    field._move(other)
    assert other.address == one.address
    field.go(12.0)
    assert other.address == home
    assert all(each.is_joined for each in field.hung.values())
    assert field.lost() == []
