"""Since when things are up, down, unknown: kept over restarts, never for a time in which nobody looked, and bounded."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source
from cloud.watch.services import spells
from cloud.watch.services.spells import GRACE_MS, STALE_MS, Spell, Spells, Up, sweep
from cloud.watch.store import WatchStore, open_watch

BOX, BROKER = Source(Kind.BOX, "b1"), Source(Kind.SERVICE, "broker")
S = 1000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    with closing(open_watch(tmp_path)) as opened:
        yield opened


def box(at_s: int, silent_s: float | None) -> Signal:
    return Signal("box-silent", BOX, at_s * S, silent_s)


def broker(at_s: int, value: float | None) -> Signal:
    return Signal("service-down", BROKER, at_s * S, value)


def kept(store: WatchStore, source: Source = BOX) -> list[tuple[int, int, Up]]:
    """From, until (s), state."""
    with store.db.reading():
        found = spells.spells(store.db, 0)
    return [(one.from_ms // S, one.until_ms // S, one.state) for one in found if one.source == source]


def test_a_box_is_down_since_it_was_last_heard(store: WatchStore) -> None:
    over = Spells(store.db, 0)
    for at_s, silent_s in ((100, 1), (110, 1), (135, 26), (140, 31), (145, 36), (150, 1)):
        over.keep([box(at_s, silent_s)], at_s * S)
    assert kept(store) == [(100, 109, Up.UP), (109, 150, Up.DOWN), (150, 0, Up.UP)]


def test_what_is_not_known_is_neither_up_nor_down(store: WatchStore) -> None:
    over = Spells(store.db, 0)
    over.keep([broker(100, None)], 100 * S)
    over.keep([broker(105, 0)], 105 * S)
    over.keep([broker(110, 1)], 110 * S)
    assert kept(store, BROKER) == [(100, 105, Up.UNKNOWN), (105, 110, Up.UP), (110, 0, Up.DOWN)]


def test_a_restart_goes_on_and_a_gap_is_in_no_spell(store: WatchStore) -> None:
    Spells(store.db, 0).keep([box(100, 1)], 100 * S)
    Spells(store.db, 110 * S).keep([box(112, 1)], 112 * S)
    assert kept(store) == [(100, 0, Up.UP)], "a short one goes on"
    late_s = 112 + STALE_MS // S + 1
    Spells(store.db, 112 * S).keep([box(late_s, 1)], late_s * S)
    assert kept(store) == [(100, 112, Up.UP), (late_s, 0, Up.UP)]


def test_a_box_is_not_down_while_nothing_brings_word_of_it(store: WatchStore) -> None:
    over = Spells(store.db, 0)
    over.keep([broker(100, 0), box(100, 1)], 100 * S)
    over.keep([broker(120, 1), box(120, 10)], 120 * S)
    over.keep([broker(145, 1), box(145, 35)], 145 * S)
    over.keep([broker(195, 1), box(195, 85)], 195 * S)
    over.keep([broker(200, 0), box(200, 90)], 200 * S)
    assert kept(store) == [(100, 145, Up.UP), (145, 0, Up.UNKNOWN)], "just back, and not heard yet"
    over.keep([broker(205, 0), box(205, 1)], 205 * S)
    assert kept(store)[-1] == (205, 0, Up.UP)


def test_after_a_grace_a_box_that_does_not_come_back_is_down(store: WatchStore) -> None:
    over = Spells(store.db, 0)
    over.keep([broker(100, 1), box(100, 40)], 100 * S)
    over.keep([broker(105, 0), box(105, 45)], 105 * S)
    late_s = 105 + GRACE_MS // S
    over.keep([broker(late_s, 0), box(late_s, late_s - 60)], late_s * S)
    assert [state for *_, state in kept(store)] == [Up.UNKNOWN, Up.DOWN]
    assert kept(store)[-1][0] == late_s, "nobody knows of the time before"


def test_without_a_ledger_boxes_are_unknown(store: WatchStore) -> None:
    over = Spells(store.db, 0)
    over.keep([box(100, 1)], 100 * S)
    over.keep([Signal("ledger-away", CAMPUS, 110 * S, 1)], 110 * S)
    assert kept(store) == [(100, 110, Up.UP), (110, 0, Up.UNKNOWN)]


def test_a_clock_that_goes_back_turns_no_spell_round(store: WatchStore) -> None:
    over = Spells(store.db, 0)
    over.keep([broker(100, 0)], 100 * S)
    over.keep([broker(50, 1)], 50 * S)
    with store.db.reading():
        found = [one for one in spells.spells(store.db, 0) if one.source == BROKER]
    assert [one.from_ms for one in found] == [100 * S, 100 * S + 1]
    assert all(one.until_ms == 0 or one.until_ms > one.from_ms for one in found)


def test_nothing_new_writes_nothing(store: WatchStore) -> None:
    over = Spells(store.db, 0)
    over.keep([box(100, 1)], 100 * S)
    before = store.db.run("SELECT total_changes()")
    over.keep([box(101, 1)], 101 * S)
    assert store.db.run("SELECT total_changes()") == before


def test_the_oldest_go_and_what_goes_on_stays(store: WatchStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spells, "SPELLS_MAX", 3)
    rows = [("box:b1", n, n + 1, "up") for n in range(1, 9)] + [("box:b0", 0, 0, "up")]
    with store.db.writing():
        store.db.insert("spell", "source, from_ms, until_ms, state", rows)
        sweep(store.db, 10)
        assert [one.from_ms for one in spells.spells(store.db, 0)] == [0, 6, 7, 8]
        sweep(store.db, 500 * 86_400_000)
        assert spells.spells(store.db, 0) == [Spell(Source(Kind.BOX, "b0"), 0, 0, Up.UP)]
