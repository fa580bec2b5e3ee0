"""A day of heartbeats: what was heard, what was not, and what nobody knows."""

from cloud.console.pages.devices.strip import CELL_MS, CELLS, Beat, Run, from_ms, is_known, strip
from cloud.watch.alarms.terms import Kind, Signal, Source

NOW_MS = 1_784_000_000_000 // CELL_MS * CELL_MS + CELL_MS - 1
"""The last moment of a cell, so that each is whole."""
START_MS = from_ms(NOW_MS)


def said(*values: tuple[int, float | None]) -> list[Signal]:
    """cell → seconds of silence from its beginning on."""
    return [
        Signal("terminal-silent", Source(Kind.TERMINAL, "00"), START_MS + at * CELL_MS, value) for at, value in values
    ]


def test_what_was_said_last_holds_until_the_next_word() -> None:
    runs = strip(said((0, 2.0), (10, 70.0), (12, 3.0)), NOW_MS, NOW_MS)
    assert runs == [Run(Beat.HEARD, 0, 10), Run(Beat.GONE, 10, 2), Run(Beat.HEARD, 12, CELLS - 12)]


def test_before_the_first_word_and_behind_the_watchs_last_look_nothing_is_known() -> None:
    runs = strip(said((100, 1.0)), NOW_MS, START_MS + 200 * CELL_MS)
    assert [(run.beat, run.cells) for run in runs] == [
        (Beat.UNKNOWN, 100),
        (Beat.HEARD, 100),
        (Beat.UNKNOWN, CELLS - 200),
    ]
    assert is_known(runs)


def test_a_watch_that_never_looked_knows_nothing() -> None:
    assert not is_known(strip([], NOW_MS, 0))
    assert not is_known(strip(said((5, 1.0)), NOW_MS, 0))


def test_a_silent_box_makes_it_unknown_and_not_heard() -> None:
    runs = strip(said((0, 1.0), (50, None), (60, 40.0)), NOW_MS, NOW_MS)
    assert [run.beat for run in runs] == [Beat.HEARD, Beat.UNKNOWN, Beat.QUIET]


def test_while_the_watch_did_not_run_nothing_is_known() -> None:
    ran = [START_MS + at * CELL_MS for at in (*range(20), *range(200, CELLS))]
    runs = strip(said((0, 1.0)), NOW_MS, NOW_MS, ran)
    assert [(run.beat, run.cells) for run in runs] == [
        (Beat.HEARD, 20), (Beat.UNKNOWN, 180), (Beat.HEARD, CELLS - 200),
    ]  # fmt: skip


def test_a_cell_that_is_mostly_unknown_is_not_shown_as_heard() -> None:
    found = said((0, 1.0))
    found += [Signal("terminal-silent", found[0].source, START_MS + CELL_MS // 4, None)]
    assert strip(found, NOW_MS, NOW_MS)[0] == Run(Beat.UNKNOWN, 0, CELLS)
