"""The door to PostgreSQL: a statement of any size arrives, and no wait is without an end."""

import time
from collections.abc import Iterator

import pytest

from cloud.store.db import Lines, PostgresDatabase, Question
from shared.errors import StoreFault
from tests.halted import halted
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.postgres
MEGABYTE = 1_000_000
WAIT_S = 0.5
"""Of who is impatient."""


@pytest.fixture
def database(postgres: str) -> Iterator[PostgresDatabase]:
    opened = PostgresDatabase(postgres)
    with opened.writing():
        opened.run("CREATE TABLE IF NOT EXISTS heap (id bigint PRIMARY KEY, raw bytea)")
        opened.run("DELETE FROM heap")
    yield opened
    opened.close()


def _lengths(database: PostgresDatabase) -> list[int]:
    with database.reading():
        return [length for (length,) in database.run("SELECT length(raw) FROM heap ORDER BY id")]


def _at_last(impatient: PostgresDatabase) -> list[int]:
    """A busy machine may take longer than it waits, and it asks again."""
    last_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _lengths(impatient)
        except StoreFault:
            assert time.monotonic() < last_s


@pytest.mark.parametrize("size", [MEGABYTE, 16 * MEGABYTE])
def test_one_value_of_any_size_arrives(database: PostgresDatabase, size: int) -> None:
    with database.reading():
        assert database.run("SELECT length(?)", (b"x" * size,)) == [(size,)]


def test_many_rows_of_one_insert_arrive(database: PostgresDatabase) -> None:
    with database.writing():
        database.insert("heap", "id, raw", [(n, b"x" * 1000) for n in range(4000)])
    assert _lengths(database) == [1000] * 4000


def test_large_rows_of_many_inserts_arrive_while_the_server_is_busy(database: PostgresDatabase) -> None:
    with database.writing():
        database.insert_all(Lines("heap", "id, raw", [(n, b"x" * 9000) for n in range(100)]))
        for n in range(100, 400, 100):
            database.insert("heap", "id, raw", [(n + m, b"x" * 9000) for m in range(100)])
    assert _lengths(database) == [9000] * 400


def test_many_keys_of_one_question_are_found(database: PostgresDatabase) -> None:
    keys = [n.to_bytes(100, "big") for n in range(20_000)]
    with database.writing():
        database.insert("heap", "id, raw", [*enumerate(keys)])
        found, first = database.ask(
            Question("SELECT id FROM heap WHERE raw", [*keys, keys[0]], keyed=True),
            Question("SELECT MIN(id) FROM heap"),
        )
    assert sorted(found) == [(n,) for n in range(20_000)]
    assert first == [(0,)]


@pytest.fixture
def impatient(database: PostgresDatabase, postgres: str) -> Iterator[PostgresDatabase]:
    """Connected to the same database."""
    opened = PostgresDatabase(postgres, WAIT_S)
    _at_last(opened)
    yield opened
    opened.close()


def test_a_server_that_falls_silent_is_a_store_fault_and_the_next_transaction_works(
    impatient: PostgresDatabase,
) -> None:
    with halted(impatient.connection.info.backend_pid):
        began_s = time.monotonic()
        with pytest.raises(StoreFault, match="no answer"):
            _lengths(impatient)
        assert WAIT_S <= time.monotonic() - began_s < PATIENCE_S
        assert _at_last(impatient) == []  # on a new connection


def test_a_commit_that_is_not_answered_is_in_doubt(impatient: PostgresDatabase) -> None:
    with (
        halted(impatient.connection.info.backend_pid),
        pytest.raises(StoreFault, match="no answer"),
        impatient.writing(),
    ):
        impatient.insert("heap", "id, raw", [(n, b"x" * 9000) for n in range(100)])


def test_a_statement_that_takes_too_long_is_given_up_by_the_server_too(impatient: PostgresDatabase) -> None:
    with pytest.raises(StoreFault, match=r"no answer|statement timeout"), impatient.writing():
        impatient.run("SELECT pg_sleep(50)")
    assert _at_last(impatient) == []
