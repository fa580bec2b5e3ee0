"""Documents in an outbox: in their place, as they were written or not there, and in a file of release 0.1 as well."""

import sqlite3
from importlib import resources

import pytest

from edge.box.values.effects import KeepDocument
from edge.outbox.crc import pair_crc
from edge.outbox.documents import read_documents, write_document
from edge.outbox.store import OutboxStore, StoreRefusal, connect, connect_to_check
from edge.outbox.tables import write_about
from shared.fleet.document import DocumentKind, device_scope
from tests.edge.fleet_rig import Centre, Made
from tests.edge.outbox.test_store import LIMITS, keep, put, settle
from tests.edge.rig import device

BODY = bytes(range(256)) * 132


def wanted(made: Made, centre: Centre | None = None) -> KeepDocument:
    return KeepDocument(made.signed, (centre or Centre()).key(made.head.kind), made.body)


def hold(store: OutboxStore, *documents: KeepDocument) -> None:
    store.begin()
    for one in documents:
        store.keep_document(one)
    store.commit()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "outbox.db"


@pytest.fixture
def store(path):
    store = OutboxStore(connect(path), LIMITS, b"STORE-00")
    yield store
    store.close()


def of_release_0_1(path) -> None:
    """An empty file as release 0.1 makes it."""
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(resources.files("edge").joinpath("schema/0001.sql").read_text(encoding="utf-8"))
    write_about(db, store=b"STORE-01")
    db.close()


def test_one_of_each_kind_and_scope_and_the_newest(store):
    centre = Centre()
    first, second = centre.make(BODY), centre.make(BODY[1:])
    order = centre.make(b"lock", DocumentKind.ORDER, device_scope(device(1)))
    hold(store, *map(wanted, (first, order)))
    hold(store, wanted(second))
    assert store.snapshot().documents == (wanted(second), wanted(order))


def test_a_transaction_that_is_taken_back_leaves_the_one_before(store):
    centre = Centre()
    first, second = centre.make(BODY), centre.make(BODY[1:])
    hold(store, wanted(first))
    store.begin()
    store.keep_document(wanted(second))
    store.rollback()
    assert store.snapshot().documents == (wanted(first),)


def test_a_small_change_of_a_large_document_writes_little(store, path):
    centre = Centre()
    hold(store, wanted(centre.make(BODY)))
    wal = path.with_name(path.name + "-wal")
    before = wal.stat().st_size
    hold(store, wanted(centre.make(BODY[:20_000] + b"\xff" + BODY[20_001:])))
    assert wal.stat().st_size - before < len(BODY) / 2


@pytest.mark.parametrize("column", ["name", "head", "body", "crc"])
def test_a_damaged_one_is_as_good_as_not_there(store, column):
    order = Centre().make(b"lock", DocumentKind.ORDER, device_scope(device(1)))
    hold(store, wanted(Centre().make(BODY)), wanted(order))
    for wrong in (b"other", "text", 7, b"\1" * 8, -1, 2.5):
        sql = f"UPDATE document SET {column} = ? WHERE body = ?"  # noqa: S608  # words of ours
        store._db.execute(sql, (wrong, BODY))
        assert store.snapshot().documents == (wanted(order),)
        store._db.execute("DELETE FROM document WHERE body IS NOT ?", (b"lock",))
        hold(store, wanted(Centre().make(BODY)))


def test_a_head_that_is_none_is_not_read_whatever_its_checksum():
    db = sqlite3.connect(":memory:", isolation_level=None)
    for number in (1, 2):
        db.executescript(resources.files("edge").joinpath(f"schema/{number:04}.sql").read_text(encoding="utf-8"))
    write_document(db, wanted(Centre().make(BODY)))
    assert len(read_documents(db)) == 1
    (size,) = db.execute("SELECT length(head) FROM document").fetchone()
    for raw in (b"", bytes(size - 1), bytes(size), b"\1" + bytes(size - 1)):
        crc = pair_crc(b"\1" + bytes(7), raw + BODY).to_bytes(4, "big")
        db.execute("UPDATE document SET head = ?, crc = ?", (raw, crc))
        assert read_documents(db) == ()
    db.close()


def test_a_store_of_release_0_1_opens_and_keeps_documents_and_what_it_held(path):
    of_release_0_1(path)
    store = OutboxStore(connect(path), LIMITS, b"OTHER-00")
    assert (store.store, store.snapshot().documents) == (b"STORE-01", ())
    keep(store, put(1), put(2))
    settle(store, (1, 1))
    hold(store, wanted(Centre().make(BODY)))
    store.close()
    store = OutboxStore(connect(path), LIMITS, b"OTHER-00")
    assert store.snapshot().documents == (wanted(Centre().make(BODY)),)
    assert [row.row for row in store.rows(0, 10)[0]] == [2]
    store.close()


def test_a_step_to_the_new_schema_that_fails_leaves_the_old_one(path):
    of_release_0_1(path)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("CREATE TABLE document (other INTEGER)")
    db.close()
    with pytest.raises(StoreRefusal):
        OutboxStore(connect(path), LIMITS, b"OTHER-00")
    db = sqlite3.connect(path, isolation_level=None)
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    db.close()


def test_who_only_looks_at_a_store_of_release_0_1_changes_nothing(path):
    of_release_0_1(path)
    reader = OutboxStore(connect_to_check(path), LIMITS, bytes(8))
    assert reader.check() == []
    assert reader.depth().last_row == 0
    reader.close()
    db = sqlite3.connect(path, isolation_level=None)
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    db.close()
