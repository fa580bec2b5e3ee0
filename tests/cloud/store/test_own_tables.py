"""Tables of one's own beside others' in one file."""

import threading
from pathlib import Path

import pytest

from cloud.store.own_tables import OwnTables

_MADE = "CREATE TABLE IF NOT EXISTS {} (number INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT"


def _rows(tables: OwnTables, name: str) -> list[str]:
    with tables.reading() as db:
        return [word for (word,) in db.run(f"SELECT word FROM {name} ORDER BY number")]  # noqa: S608  # ours


def _write_half(tables: OwnTables) -> None:
    with tables.writing() as db:
        db.run("INSERT INTO mine (word) VALUES ('half')")
        raise KeyError


def test_two_have_theirs_in_one_file_and_a_second_life_finds_them(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    mine, other = (OwnTables(path, _MADE.format(name)) for name in ("mine", "other"))
    with mine.writing() as db:
        db.run("INSERT INTO mine (word) VALUES ('a')")
    with other.writing() as db:
        db.run("INSERT INTO other (word) VALUES ('b')")
    again = OwnTables(path, _MADE.format("mine"))
    assert (_rows(again, "mine"), _rows(other, "other")) == (["a"], ["b"])


def test_what_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    tables = OwnTables(tmp_path / "file.db", _MADE.format("mine"))
    with pytest.raises(KeyError):
        _write_half(tables)
    assert _rows(tables, "mine") == []


def test_any_thread_may(tmp_path: Path) -> None:
    tables = OwnTables(tmp_path / "file.db", _MADE.format("mine"))

    def write(word: str) -> None:
        with tables.writing() as db:
            db.run("INSERT INTO mine (word) VALUES (?)", (word,))

    threads = [threading.Thread(target=write, args=(str(number),)) for number in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(_rows(tables, "mine")) == ["0", "1", "2", "3", "4"]
