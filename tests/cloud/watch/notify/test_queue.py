"""The durable queue: when it tries again, what it never lets go, what it keeps, and who counts as told of late."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.store.db import Database
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.alarms.watching import Key
from cloud.watch.notify import queue
from cloud.watch.notify.calling import WINDOW_MS, Calling
from cloud.watch.notify.queue import FIRST_MS, Message, Patience, State
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.store import open_watch

KEY = Key("box-silent", Source(Kind.BOX, "b1"))
MAIL = "王芳", Channel.MAIL
LONGEST_MS = Patience().longest_ms


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(open_watch(tmp_path)) as store, store.db.writing():
        yield store.db


def message(made_ms: int = 0, why: Why = Why.CALL, **fields: object) -> Message:
    made = Message(0, made_ms, *MAIL, "w@example.com", why, (KEY,), "甲", "乙", next_ms=made_ms)
    return made._replace(**fields)


def only(db: Database) -> Message:
    (found,) = queue.messages(db, 2)
    return found


def test_a_refused_message_is_tried_twice_as_late_each_time_up_to_a_bound(db: Database) -> None:
    queue.put(db, message())
    waits = []
    for _ in range(40):
        queue.refused(db, only(db), 1000, "away", LONGEST_MS)
        waits.append(only(db).next_ms - 1000)
    assert waits[:4] == [FIRST_MS, 2 * FIRST_MS, 4 * FIRST_MS, 8 * FIRST_MS]
    assert set(waits[10:]) == {LONGEST_MS}


def test_however_old_it_is_a_way_that_is_away_ends_nothing(db: Database) -> None:
    queue.put(db, message())
    queue.refused(db, only(db), 10**12, "away", LONGEST_MS)
    assert (only(db).state, only(db).receipt) == (State.WAITING, "away")
    queue.failed(db, only(db), 10**12, "no such number")
    assert (only(db).state, only(db).receipt) == (State.FAILED, "no such number")


def test_a_digest_takes_up_the_lines_of_the_former_one(db: Database) -> None:
    numbers = [queue.put(db, message(at_ms)) for at_ms in range(3)]
    lines = queue.messages(db, 10)[::-1]
    first = queue.join(db, lines[:2], message(5, Why.DIGEST))
    assert queue.standing_digest(db, lines[2]) == first
    then = queue.join(db, lines[2:], message(6, Why.DIGEST), first)
    assert [one.number for one in queue.lines_of(db, then)] == numbers
    assert not queue.has_other(db, then)
    last = queue.join(db, (), message(7, Why.DIGEST), then)
    assert [one.number for one in queue.lines_of(db, last)] == numbers
    ends = [queue.message(db, number) for number in (first, then)]
    assert {(one.state, one.receipt) for one in ends if one} == {(State.JOINED, str(last))}


def test_what_is_done_goes_beyond_a_bound_and_what_waits_stays(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "KEPT_MAX", 5)
    queue.put(db, message())
    for at_ms in range(1, 40):
        number = queue.put(db, message(at_ms))
        queue.taken(db, message(at_ms, number=number), at_ms, "ok")
    queue.sweep(db)
    kept = [one.number for one in queue.messages(db, 100)]
    assert kept[-1] == 1
    assert len(kept) == 1 + 5


def test_who_was_told_of_late_by_a_turn_and_by_nothing_else(db: Database) -> None:
    old, call = message(1), message(2 + WINDOW_MS)
    for one in (old, call, message(3 + WINDOW_MS, Why.DIGEST), message(4 + WINDOW_MS, Why.TEST)):
        queue.put(db, one)
    queue.put(db, message(5 + WINDOW_MS, instead_of=2))
    found = Calling()
    queue.load_measure(db, found)
    assert list(found.sent[MAIL]) == [2 + WINDOW_MS, 3 + WINDOW_MS]
    assert found.digested == {MAIL: 3 + WINDOW_MS}
