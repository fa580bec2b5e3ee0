"""The budget of time to ledger: late records of online boxes, once a minute, and of few records nothing."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.services.burning import LEAST, LOOK_S, Burning
from cloud.watch.services.spells import Spells
from cloud.watch.store import WatchStore, open_watch
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh
from tests.cloud.ledger.campus import Box

NOW_MS = c.NOW.unix_ms


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    with closing(open_watch(tmp_path)) as opened:
        yield opened


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = fresh.in_file(tmp_path / "ledger.db")
    yield made
    made.close()


@pytest.fixture
def box(ledger: Ledger) -> Box:
    return Box(ledger)


def online(store: WatchStore, since_ms: int) -> None:
    Spells(store.db, 0).keep([Signal("box-silent", Source(Kind.BOX, c.BOX), since_ms, 1)], since_ms)


def bought(box: Box, first: int, last: int, late_s: int = 0) -> None:
    box.send(*(c.stored(c.purchase(n, c.card(1), n, 1, c.OPENING, time=c.T0 - late_s)) for n in range(first, last + 1)))


def late(store: WatchStore, ledger: Ledger, speed: float = 1) -> float | None:
    (signal,) = Burning(store.db, speed).signals(Reader(ledger.database), NOW_MS + 1)
    return signal.value


def test_a_share_of_what_came_late(store: WatchStore, ledger: Ledger, box: Box) -> None:
    online(store, NOW_MS - 600_000)
    bought(box, 1, LEAST - 1)
    assert late(store, ledger) is None, "of few nothing is said"
    bought(box, LEAST, LEAST, late_s=30)
    assert late(store, ledger) == pytest.approx(100 / LEAST)
    assert late(store, ledger, speed=60) == 0, "half a second of a replay"


def test_what_was_offline_is_not_late(store: WatchStore, ledger: Ledger, box: Box) -> None:
    online(store, NOW_MS - 10_000)
    bought(box, 1, LEAST)
    bought(box, LEAST + 1, 2 * LEAST, late_s=30)
    assert late(store, ledger) == 0


def test_it_is_looked_at_once_a_minute(store: WatchStore, ledger: Ledger) -> None:
    burning, reader = Burning(store.db, 1), Reader(ledger.database)
    assert [len([*burning.signals(reader, NOW_MS + s * 1000)]) for s in (0, LOOK_S - 1, LOOK_S)] == [1, 0, 1]
