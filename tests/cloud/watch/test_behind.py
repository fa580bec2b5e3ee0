"""A watch that was away for long, over a real ledger: it takes up what waits in turns that are bounded, and says how
much it still is; a ledger that was put back is read from where it is new."""

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from cloud.commands.watch import alarms
from cloud.ledger.fleet.views import FactView
from cloud.ledger.journal.facts import FactRow, append
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.process.settings import FOLDER, load_settings
from cloud.watch.app import Watch
from cloud.watch.docking.keeping.store import DockingStore, open_docking
from cloud.watch.docking.signals import DockedSignals
from cloud.watch.metrics.heard.hearing import Hearing
from cloud.watch.metrics.keeping import Keeping
from cloud.watch.readings import put_back_to
from cloud.watch.services.probes import Looked
from cloud.watch.store import WatchStore, open_watch
from cloud.watch.turn import BEHIND, FACTS_MAX
from shared.clocks.campus_clock import parse_clock
from tests.cloud.campus import Campus
from tests.cloud.ledger import campus as c

SOURCES = 300


class Stand:
    """A watch in this process, and the ledger that it reads."""

    def __init__(self, data: Path, ledger: Ledger, store: WatchStore, docking: DockingStore, dsn: str) -> None:
        self.data, self.ledger, self.store, self._docking, self._dsn = data, ledger, store, docking, dsn
        self.watch = self.made()

    def made(self) -> Watch:
        settings = load_settings(self.data)
        looked, keeping = Looked((), self.data, ()), Keeping(None, self.store.db)
        docked = DockedSignals(lambda: self._docking.db)
        clock, hearing = parse_clock(None), Hearing(None, [])
        return Watch(settings, self._dsn, looked, self.store, clock, keeping, docked, hearing)

    def tell(self, rows: list[FactRow]) -> None:
        with self.ledger.database.writing():
            append(self.ledger.database, rows)

    def behind(self) -> int:
        with self.store.db.reading():
            return self.store.mark(BEHIND)

    def counted(self) -> int:
        return sum(one.alarm.count for one in self.store.alarms() if one.key.rule == "unknown-terminal")


@pytest.fixture
def stand(provisioned: Campus, tmp_path: Path) -> Iterator[Stand]:
    copy = provisioned.copy_to(tmp_path / "data")
    dsn = str(tmp_path / "ledger.db")
    with ExitStack() as stack:
        ledger = stack.enter_context(closing(open_ledger(dsn, c.LEDGER_ID)))
        ledger.import_inventory(c.inventory(), c.NOW)
        store = stack.enter_context(closing(open_watch(copy.data / FOLDER)))
        docking = stack.enter_context(closing(open_docking(copy.data / FOLDER)))
        stand = Stand(copy.data, ledger, store, docking, dsn)
        stack.callback(stand.watch._let_go)
        yield stand


def told(number: int, at_ms: int | None = None) -> FactRow:
    device = (number % SOURCES).to_bytes(2, "big")
    return at_ms or int(time.time() * 1000), "important", "terminal-unknown", "b1", device, "", '{"device":"x"}'


def test_what_waited_is_taken_up_in_bounded_turns_and_the_list_says_how_much_waits(
    stand: Stand, whole: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    count = 100_000 if whole else 5_000
    stand.tell([told(number) for number in range(count)])
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for turn in range(1, count // FACTS_MAX + 1):
        stand.watch.turn()
        assert stand.counted() == turn * FACTS_MAX
        assert stand.behind() == count - turn * FACTS_MAX
        if turn == 1:
            alarms.listing(stand.data, None, as_json=False)
            assert f"还有 {stand.behind():,} 条事件未读" in capsys.readouterr().out
    assert not stand.watch.turn()
    alarms.listing(stand.data, None, as_json=False)
    assert "未读" not in capsys.readouterr().out
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 64 * 1024


def test_a_ledger_that_was_put_back_is_read_from_where_it_is_new(stand: Stand) -> None:
    long_ago = int(time.time() * 1000) - 60_000
    stand.tell([told(number, long_ago) for number in range(20)])
    stand.watch.turn()
    assert stand.counted() == 20
    with stand.ledger.database.writing():
        stand.ledger.database.run("DROP TRIGGER IF EXISTS fact_kept")
        stand.ledger.database.run("DELETE FROM fact WHERE id > 10")
    stand.tell([told(250)])
    stand.watch.turn()
    assert stand.counted() == 21, "what came after the older copy is heard, and nothing is heard twice"


def test_how_far_an_older_copy_was_read() -> None:
    facts = [(number, FactView(number * 1000, "urgent", "c", "b1", b"", ())) for number in range(5, 10)]
    assert put_back_to(facts, 7000) == 7
    assert put_back_to(facts, 99_000) == 9
    assert put_back_to([], 5) == 0
    assert put_back_to([(5, facts[4][1]), *facts[1:]], 7000) == 4, "by a clock that is ahead: again, not never"
