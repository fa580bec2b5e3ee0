"""A ledger that cannot be read: what was read from it is unknown meanwhile, raises nothing and ends nothing."""

from contextlib import closing
from pathlib import Path

from cloud.__main__ import main
from cloud.process.settings import FOLDER, load_settings
from cloud.watch.app import Watch
from cloud.watch.docking.keeping.store import open_docking
from cloud.watch.docking.signals import DockedSignals
from cloud.watch.metrics.heard.hearing import Hearing
from cloud.watch.metrics.keeping import Keeping
from cloud.watch.samples import samples
from cloud.watch.services.probes import Looked
from cloud.watch.store import WatchStore, open_watch
from shared.clocks.campus_clock import WALL
from tests.cloud.campus import Campus


def last(store: WatchStore, signal: str) -> float | None:
    with store.db.reading():
        return samples(store.db, signal, 0)[-1].value


def test_what_cannot_be_read_is_unknown_and_not_calm(provisioned: Campus, tmp_path: Path) -> None:
    campus = provisioned.copy_to(tmp_path / "data")
    assert main(["import", "--data", str(campus.data)]) == 0
    settings, ledger = load_settings(campus.data), campus.data / FOLDER / "ledger.db"
    folder = campus.data / FOLDER
    with closing(open_watch(folder)) as store, closing(open_docking(folder)) as docking:
        looked, docked = Looked((), tmp_path, ()), DockedSignals(lambda: docking.db)
        kept, heard = Keeping(None, store.db), Hearing(None, [])
        watch = Watch(settings, settings.dsn(None), looked, store, WALL, kept, docked, heard)
        watch.turn()
        assert (last(store, "trial-balance"), last(store, "ledger-away")) == (0, 0)
        whole = ledger.read_bytes()
        ledger.write_bytes(b"nothing of a ledger" * 1000)
        watch.turn()
        assert (last(store, "trial-balance"), last(store, "ledger-away")) == (None, 1)
        ledger.write_bytes(whole)
        watch._next_look = 0.0
        watch.turn()
        assert (last(store, "trial-balance"), last(store, "ledger-away")) == (0, 0)
        watch._let_go()
