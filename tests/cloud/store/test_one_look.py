"""What one look asked once is not asked again, on the real door; it writes nothing, and what it holds is bounded."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.store import one_look
from cloud.store.db import Database, Newest, Question, open_database
from cloud.store.one_look import OneLook
from shared.errors import RuleBroken, StoreFault


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(str(tmp_path / "a.db"))) as found:
        with found.writing():
            found.run("CREATE TABLE sum (name BLOB PRIMARY KEY, fen INTEGER NOT NULL)")
            found.insert("sum", "name, fen", [(b"a", 1), (b"b", 2)])
        yield found


def put(database: Database, name: bytes, fen: int) -> None:
    with database.writing():
        database.upsert("sum", "name, fen", "name", [(name, fen)])


def test_a_look_is_of_one_moment(database: Database) -> None:
    look = OneLook(database)
    every, one, newest = "SELECT fen FROM sum ORDER BY name", "SELECT fen FROM sum WHERE name", Newest(
        "SELECT fen FROM sum WHERE name", [(b"a", b"z")], 5
    )  # fmt: skip
    with look.reading():
        assert look.run(every) == [(1,), (2,)]
        assert look.find(one, [b"a"]) == [(1,)]
        assert sorted(look.ask(newest)[0]) == [(1,), (2,)]
    put(database, b"a", 9)
    put(database, b"c", 3)
    with look.reading():
        assert look.run(every) == [(1,), (2,)]
        assert look.find(one, [b"a"]) == [(1,)]
        assert look.ask(Question(every), Question(one, [b"c"], keyed=True), newest)[1] == [(3,)]
    with OneLook(database).reading():
        assert OneLook(database).run(every) == [(9,), (2,), (3,)]


def test_rows_that_somebody_sorts_are_his_own(database: Database) -> None:
    look = OneLook(database)
    with look.reading():
        look.run("SELECT fen FROM sum ORDER BY name").reverse()
        assert look.run("SELECT fen FROM sum ORDER BY name") == [(1,), (2,)]


def test_above_its_bound_it_asks_each_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_look, "ROWS_MAX", 1)
    look = OneLook(database)
    with look.reading():
        assert len(look.run("SELECT fen FROM sum")) == 2
    put(database, b"a", 9)
    with look.reading():
        assert look.run("SELECT fen FROM sum ORDER BY name") == [(9,), (2,)]


def test_it_writes_nothing_and_passes_faults_on(database: Database) -> None:
    look = OneLook(database)
    with pytest.raises(RuleBroken), look.writing():
        pass
    with look.reading(), pytest.raises(RuleBroken):
        look.insert("sum", "name, fen", [(b"d", 1)])
    with pytest.raises(StoreFault), look.reading():
        look.run("SELECT nothing FROM nowhere")
    with look.reading():
        assert look.run("SELECT count(*) FROM sum") == [(2,)]
