"""The value of a signal around its alarm: steps, its bound, and gaps where nobody looked."""

from cloud.console.pages.alarms.course import HEIGHT, LONGEST_MS, WIDTH, Window, course, window
from cloud.watch.alarms.rules.offline.outbox_room import RULE as ROOM
from cloud.watch.alarms.rules.offline.terminal_silent import RULE as SILENT
from cloud.watch.alarms.terms import Kind, Signal, Source

ONE = Source(Kind.TERMINAL, "00" * 8)
MINUTE = 60_000
AT = 1_000 * MINUTE


def read(*values: tuple[int, float | None]) -> list[Signal]:
    """Minutes after AT, and what was read."""
    return [Signal("terminal-silent", ONE, AT + minute * MINUTE, value) for minute, value in values]


def shown(until: int, looked: int | None = None, minutes: tuple[int, ...] = ()) -> Window:
    end = AT + until * MINUTE
    looked_ms = end if looked is None else AT + looked * MINUTE
    return Window(AT, end, AT + MINUTE, looked_ms, [AT + one * MINUTE for one in minutes])


def test_a_value_holds_until_the_next_and_the_bound_is_drawn_where_it_is() -> None:
    found = course(read((-5, 0.0), (2, 120.0)), SILENT, shown(4))
    assert found is not None
    assert found.runs == ("0.0,120.0 240.0,120.0 240.0,0.0 480.0,0.0",)
    assert (found.bound, found.since) == (HEIGHT / 2, WIDTH / 4), "60 of 120"
    assert found.bound_said is not None
    assert found.bound_said.zh == ">= 1 分"
    assert (found.low.zh, found.high.zh, found.last.zh) == ("0 秒", "2 分", "2 分")
    assert (found.gaps, found.minutes) == ((), 0)


def test_what_is_not_known_is_a_gap_and_never_nought() -> None:
    found = course(read((0, 100.0), (1, None), (3, 80.0)), SILENT, shown(4))
    assert found is not None
    assert len(found.runs) == 2
    assert found.low.zh == "1 分 20 秒"


def test_minutes_in_which_the_watch_did_not_look_are_shaded() -> None:
    found = course(read((0, 100.0)), SILENT, shown(10, looked=9, minutes=(0, 1, 6, 7)))
    assert found is not None
    assert found.gaps == ((96.0, 192.0), (432.0, 48.0)), "four in the midst, and what lies ahead of its last look"
    assert found.minutes == 5
    assert len(found.runs) == 2


def test_before_the_first_word_and_beyond_the_last_look_nothing_is_known() -> None:
    found = course(read((2, 100.0)), SILENT, shown(8, looked=4))
    assert found is not None
    assert found.minutes == 6
    assert course([], SILENT, shown(8)) is None
    assert course(read((2, None)), SILENT, shown(8)) is None


def test_a_bound_from_below_has_its_sign() -> None:
    found = course([Signal("box-room", ONE, AT, 12.0)], ROOM, shown(2))
    assert found is not None
    assert found.bound_said is not None
    assert found.bound_said.en == "< 20%"


def test_half_an_hour_on_both_sides_and_a_day_at_most() -> None:
    assert window(AT, 0, AT + MINUTE) == (AT - 30 * MINUTE, AT + MINUTE)
    assert window(AT, AT + 5 * MINUTE, AT + 900 * MINUTE) == (AT - 30 * MINUTE, AT + 35 * MINUTE)
    from_ms, until_ms = window(AT, 0, AT + 9 * LONGEST_MS)
    assert until_ms - from_ms == LONGEST_MS
    assert window(AT, 0, AT - 900 * MINUTE)[1] > AT - 30 * MINUTE, "a clock that was set back"
