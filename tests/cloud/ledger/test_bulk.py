"""Rows written in one go are the rows that were given, whatever they share, in both databases."""

from collections.abc import Iterator
from random import Random

import pytest

from cloud.store.db import SHARED_FROM, Database, Lines, Newest, Question, Row, open_database
from shared.errors import RuleBroken

COLUMNS = "id, big, mid, small, raw, words"
_TABLE = "(id bigint PRIMARY KEY, big bigint, mid integer, small smallint, raw bytea UNIQUE, words text)"
_CHOICES: tuple[tuple[object, ...], ...] = (
    (None, 0, -1, (1 << 63) - 1), (0, 7, 1 << 30), (None, -5, 5), (None, b"", b"a", b"bc"), (None, "", "饭", "POS"),
)  # fmt: skip


@pytest.fixture
def database(dsn: str) -> Iterator[Database]:
    """With two empty tables."""
    opened = open_database(dsn)
    with opened.writing():
        for table in ("first", "second"):
            opened.run(f"CREATE TABLE {table} {_TABLE.replace(' UNIQUE', ' UNIQUE' * (table == 'second'))}")
    yield opened
    opened.close()


def _rows(random: Random, count: int) -> list[Row]:
    """Each column alike in all rows, or drawn for each of them."""
    alike = [random.random() < 0.5 for _ in _CHOICES]
    one = [random.choice(choices) for choices in _CHOICES]
    return [
        (n, *(same if keep else random.choice(of) for keep, same, of in zip(alike, one, _CHOICES, strict=True)))
        for n in range(count)
    ]


def _held(database: Database, table: str) -> list[Row]:
    with database.reading():
        return [tuple(row) for row in database.run(f"SELECT {COLUMNS} FROM {table} ORDER BY id")]  # noqa: S608


def _write_and_stumble(database: Database) -> None:
    with database.writing():
        database.insert("first", "id", [(1,)])
        raise KeyError


@pytest.mark.parametrize("seed", range(4))
def test_rows_come_back_as_they_were_given(database: Database, seed: int) -> None:
    random = Random(seed)
    for count in (1, 2, SHARED_FROM - 1, SHARED_FROM, SHARED_FROM + 1, 100):
        rows = _rows(random, count)
        with database.writing():
            database.run("DELETE FROM first")
            database.insert("first", COLUMNS, rows)
        assert _held(database, "first") == rows


def test_rows_that_share_everything_but_their_number(database: Database) -> None:
    rows: list[Row] = [(n, 1, 2, 3, None, "饭") for n in range(SHARED_FROM)]
    with database.writing():
        database.insert("first", COLUMNS, rows)
    assert _held(database, "first") == rows


def test_several_tables_in_one_go(database: Database) -> None:
    many: list[Row] = [(n, n, 2, 3, bytes((n,)), None) for n in range(SHARED_FROM)]
    with database.writing():
        database.insert_all(Lines("first", COLUMNS, many), Lines("second", "id, raw", [(7, b"x")]))
        database.insert_all(Lines("first", COLUMNS, []), Lines("second", "raw, id", [(b"y", 8)]))
        database.insert_all(Lines("first", COLUMNS, []), Lines("second", "id", []))
        found = database.run("SELECT id, raw, big FROM second ORDER BY id")
    assert [tuple(row) for row in found] == [(7, b"x", None), (8, b"y", None)]
    assert _held(database, "first") == many


def test_a_key_taken_in_one_table_leaves_nothing_in_the_others(database: Database) -> None:
    with database.writing():
        database.insert("second", "id, raw", [(1, b"x")])
    with pytest.raises(RuleBroken), database.writing():
        database.insert_all(Lines("first", "id", [(1,)]), Lines("second", "id, raw", [(2, b"x")]))
    assert (_held(database, "first"), len(_held(database, "second"))) == ([], 1)


def test_what_was_written_is_found_by_the_next_question(database: Database) -> None:
    with database.writing():
        database.insert("first", "id, big", [(1, 5)])
        database.upsert("first", "id, big", "id", [(1, 6), (2, 7), (1, 8)])
        database.upsert("first", "id, big", "id", [(2, 9)])
        database.insert("second", "id", [(4,)])
        assert database.run("SELECT id, big FROM first ORDER BY id") == [(1, 8), (2, 9)]
        database.run("UPDATE second SET id = 5")
        database.insert("second", "id", [(4,)])
    assert [row[0] for row in _held(database, "second")] == [4, 5]


def test_after_transactions_that_were_refused_every_statement_works(database: Database) -> None:
    for n in range(3):
        with database.writing():
            database.insert("second", "id, raw", [(n, bytes((n,)))])
        for big in range(6):
            with pytest.raises(RuleBroken):
                _write_what_is_taken(database, n, big)
            _write_and_change(database, n, big)
    assert _held(database, "first") == []


def _write_what_is_taken(database: Database, n: int, big: int) -> None:
    """The database skips what comes after the fault, and the driver may take it for done."""
    with database.writing():
        database.insert("second", "id, raw", [(n, b"x")])
        database.ask(Question("SELECT 1"), Question("SELECT id FROM first WHERE big", [big], keyed=True))


def _write_and_change(database: Database, n: int, big: int) -> None:
    with database.writing():
        database.insert("first", "id, big", [(n, big)])
        assert database.ask(Question("SELECT id FROM first WHERE big", [big], keyed=True)) == [[(n,)]]
        database.run("DELETE FROM first")


def test_what_was_written_before_a_rollback_is_gone(database: Database) -> None:
    with pytest.raises(KeyError):
        _write_and_stumble(database)
    with database.writing():
        database.insert("second", "id", [(1,)])
    assert (len(_held(database, "first")), len(_held(database, "second"))) == (0, 1)


def test_a_row_replaced_keeps_what_others_have(database: Database) -> None:
    rows: list[Row] = [(n, 1, 2, 3, None, "a") for n in range(SHARED_FROM)]
    with database.writing():
        database.upsert("first", COLUMNS, "id", rows)
        database.upsert("first", "id, big", "id", [(n, 9) for n in range(SHARED_FROM)])
    assert _held(database, "first") == [(n, 9, 2, 3, None, "a") for n in range(SHARED_FROM)]


def test_of_each_range_the_last_rows_are_found(database: Database) -> None:
    """As many as are asked for, of both ends too; a range that is asked for twice is found twice."""
    ranges = [(b"a", b"a\xff"), (b"b\x02", b"b\x03"), (b"c", b"d"), (b"b\x02", b"b\x03")]
    with database.writing():
        rows = [(100 * first + second, bytes((first, second))) for first in b"ab" for second in range(9)]
        database.insert("second", "id, raw", rows)
        found, none, counted = database.ask(
            Newest("SELECT raw, id FROM second WHERE raw", ranges, 3),
            Newest("SELECT raw, id FROM second WHERE raw", [], 3),
            Question("SELECT COUNT(*) FROM second"),
        )
    of_b = [b"b\x03", b"b\x02"]
    assert [bytes(raw) for raw, _ in found] == [b"a\x08", b"a\x07", b"a\x06", *of_b, *of_b]
    assert (none, counted) == ([], [(18,)])
