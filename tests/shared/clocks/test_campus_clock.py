import pytest

from shared.clocks.campus_clock import WALL, CampusClock, parse_clock
from shared.errors import ConfigFault


def test_the_wall_clock_is_china_standard_time() -> None:
    assert WALL.at(946_684_800) == 8 * 3600


def test_a_trace_clock_runs_at_its_speed() -> None:
    clock = CampusClock(800_000_000, 1_000.0, 60.0)
    assert parse_clock(clock.to_option()).at(1_002.0) == 800_000_120


@pytest.mark.parametrize("text", ["", "1:2", "a:b:c", "1:2:0", "1:2:-1", "nan:2:1", "1:inf:1", "1:2:1e999"])
def test_a_bad_option_stops_the_start(text: str) -> None:
    with pytest.raises(ConfigFault):
        parse_clock(text)
