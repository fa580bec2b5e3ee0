"""An opened ledger that is there for one request reads the registry, which is every card, only to write."""

from pathlib import Path

from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import open_ledger
from cloud.store.db import SqliteDatabase
from tests.cloud.ledger import campus as c


def test_the_registry_is_read_when_something_is_written(tmp_path: Path) -> None:
    dsn = str(tmp_path / "ledger.db")
    ledger = open_ledger(dsn, c.LEDGER_ID)
    ledger.import_inventory(c.inventory(), c.NOW)
    ledger.close()
    opened = open_prepared(dsn, lazily=True)
    assert isinstance(opened.database, SqliteDatabase)
    said: list[str] = []
    opened.database.connection.set_trace_callback(said.append)
    with opened.database.reading():
        assert opened.database.run("SELECT COUNT(*) FROM device") == [(4,)]
    assert not any("FROM card" in one for one in said)
    with opened.writing(c.NOW) as writing:
        assert writing.picture.registry.name == "演示校园"
    assert any("FROM card" in one for one in said)
    assert opened.picture.registry.devices.keys() >= {c.POS, c.FAR}
    opened.close()


def test_it_is_read_outside_of_a_transaction_as_well(tmp_path: Path) -> None:
    opened = open_prepared(str(tmp_path / "ledger.db"), c.LEDGER_ID, lazily=True)
    assert opened.picture.registry.ledger == c.LEDGER_ID
    opened.close()
