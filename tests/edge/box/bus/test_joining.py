"""After a power cut 60 terminals say HELLO at the same moment: on 125 kbit/s all are back within three seconds."""

import pytest

from tests.edge.joining import claimed_after_s, joined_after_s


@pytest.mark.parametrize(("bitrate", "terminals"), [(125_000, 60), (50_000, 32)])
def test_all_are_back_within_three_seconds(bitrate: int, terminals: int) -> None:
    assert joined_after_s(terminals, bitrate) <= 3.0


@pytest.mark.parametrize(("bitrate", "terminals"), [(125_000, 60), (50_000, 32)])
def test_all_are_there_within_three_seconds_that_have_no_address_yet(bitrate: int, terminals: int) -> None:
    assert claimed_after_s(terminals, bitrate) <= 3.0
