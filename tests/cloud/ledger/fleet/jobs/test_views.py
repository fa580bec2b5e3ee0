"""What pages of one terminal, and of one canteen, ask of jobs, records and bodies; in both databases."""

import pytest

from cloud.ledger.fleet.jobs import views
from cloud.ledger.fleet.jobs.state import RowState
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from shared.fleet.order import Locate, Lock, Unlock
from shared.wire.fleet_lane import Verdict
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import FAR, NOW, POS, POS2
from tests.cloud.ledger.fleet.jobs.test_jobs import Fleet, later


@pytest.fixture
def fleet(opened: OpenedLedger) -> Fleet:
    return Fleet(opened)


@pytest.fixture
def reader(opened: OpenedLedger) -> Reader:
    return Reader(opened.database)


def test_what_a_terminal_was_ordered_is_told_newest_first_and_as_of_now(fleet: Fleet, reader: Reader) -> None:
    fleet.give(Locate(30), POS)
    fleet.give(Lock("盘点"), POS, POS2)
    fleet.says(POS, Verdict.IN_USE, generation=1)
    found = reader.fleet.orders_of(POS, NOW)
    assert [(job.number, row.state) for job, row in found] == [(2, RowState.OFFERED), (1, RowState.OK)]
    late = reader.fleet.orders_of(POS, later(3_600_000), 1)
    assert [(job.number, row.state) for job, row in late] == [(2, RowState.EXPIRED)], "as of then"
    assert reader.fleet.orders_of(FAR, NOW) == []


def test_jobs_of_some_terminals_count_their_rows_alone(fleet: Fleet, reader: Reader) -> None:
    fleet.give(Locate(30), POS, POS2, FAR)
    fleet.give(Locate(30), POS)
    assert [(one.job.number, one.total) for one in reader.fleet.jobs_of([POS2, FAR])] == [(1, 2)]
    assert [(one.job.number, one.total) for one in reader.fleet.jobs_of([POS])] == [(1, 1), (2, 1)]
    assert reader.fleet.jobs_of([]) == []


def test_locked_is_whoever_was_ordered_so_last_and_has_not_refused(
    fleet: Fleet, reader: Reader, opened: OpenedLedger
) -> None:
    fleet.give(Lock("盘点"), POS, POS2)
    fleet.give(Locate(30), POS)
    assert reader.fleet.locked() == {POS, POS2}
    fleet.says(POS, Verdict.IN_USE, generation=1)
    fleet.says(POS2, Verdict.REFUSED)
    assert reader.fleet.locked() == {POS}
    fleet.says(POS, Verdict.IN_USE, generation=2)
    fleet.give(Unlock(), POS)
    with opened.database.reading():
        assert views.locked(opened.database) == set()


def test_the_last_records_of_one_terminal_are_by_its_own_numbers(ledger: Ledger, reader: Reader) -> None:
    box = c.Box(ledger)
    box.send(c.stored(c.purchase(2, c.card(1), 1, 500, 9_500)))
    box.send(
        c.stored(c.purchase(1, c.card(2), 1, 300, 9_700)),
        c.stored(c.purchase(1, c.card(3), 1, 200, 9_800, at=POS2), POS2),
    )
    assert [(one.device, one.seq) for one in reader.last_records_of(POS)] == [(POS, 2), (POS, 1)]
    assert [one.seq for one in reader.last_records_of(POS, 1)] == [2]
    assert reader.last_records_of(FAR) == []


def test_a_body_that_never_sent_a_status_has_no_figures(ledger: Ledger, reader: Reader) -> None:
    assert reader.body_of(c.device(77)) is None
    body = reader.body_of(POS)
    assert body is not None
    assert (body.kind, body.psams, body.slots_left, body.is_clock_set) == ("pos", (c.psam(1),), None, None)
    status = DeviceStatus(POS, (EpochStatus(1, c.psam(1), 1, 40, 4, 2),), 3, 1, 900, False, 9700, 11)
    ledger.store_status(c.BOX, status, NOW.unix_ms)
    body = reader.body_of(POS)
    assert body is not None
    assert (body.hotlist, body.slots_left, body.is_clock_set) == (3, 900, False)
