"""One group, one transaction: order, refusals on a full disk, what the ballast is for, and damage met on the way."""

import pytest

from edge.box.values.effects import (
    EpochKept,
    KeepEpoch,
    Kept,
    NotSettled,
    Read,
    Refused,
    Reloaded,
    Rows,
    Settle,
    Settled,
    Trouble,
    Unsettle,
    Unsettled,
)
from edge.box.values.streams import stream_of
from edge.outbox.group import commit_group
from edge.outbox.store import OutboxStore, connect
from edge.settings import OutboxSetting
from shared.ids import LedgerId
from tests.edge.outbox.test_store import put
from tests.edge.rig import STORAGE, device, psam

LEDGER = LedgerId(b"LEDGER-1")
EPOCH = KeepEpoch(device(1), STORAGE, psam(1), 4)


@pytest.fixture
def store(tmp_path):
    store = OutboxStore(connect(tmp_path / "outbox.db"), OutboxSetting(1000, 1000, 0), b"STORE-00")
    yield store
    store.close()


class Ballast:
    """Room that is given up once: pages that the database may not use before."""

    def __init__(self, store, there=True):
        self.store = store
        self.there = there
        self.used = 0

    def free(self):
        self.used += 1
        if self.there:
            self.store._db.execute("PRAGMA max_page_count = 100000")
        return self.there


def no_room():
    return False


def settle(*rows, floor=1):
    return Settle(rows, (), ((stream_of(device(1), 1), rows[0][1]),), None, LEDGER, floor)


def fill(store):
    """As full as a disk gets: the file may not grow any more."""
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages + 20}")
    seq = 1000
    while True:
        seq += 50
        outcomes = commit_group(store, [put(seq + n) for n in range(50)], no_room)
        if isinstance(outcomes[0], Refused):
            return outcomes


def test_writes_of_all_kinds_share_one_transaction(store):
    commit_group(store, [put(1), put(2)], no_room)
    commits = []
    real = store.commit
    store.commit = lambda: (commits.append(1), real())
    group = [put(3), Read(0, 10, 7), settle((1, 2)), put(4), EPOCH]
    outcomes = commit_group(store, group, no_room)
    assert [type(one) for one in outcomes] == [Kept, Kept, EpochKept, Settled, Rows]
    assert outcomes[3].first_unsettled == 3
    assert [row.row for row in outcomes[4].rows] == [3, 4], "reads come after the writes of their group"
    assert len(commits) == 1


def test_nothing_is_reported_before_the_commit(store):
    def cut():
        raise KeyboardInterrupt

    store.commit = cut
    with pytest.raises(KeyboardInterrupt):
        commit_group(store, [put(1)], no_room)
    store.rollback()
    assert store.depth().last_row == 0


def test_unsettle_stands_alone_and_brings_a_snapshot(store):
    commit_group(store, [put(1), put(2), settle((1, 2))], no_room)
    outcomes = commit_group(store, [put(3), Unsettle(0, LEDGER, 5), put(4)], no_room)
    assert [type(one) for one in outcomes] == [Kept, Unsettled, Kept]
    assert outcomes[1].snapshot.depth.unsettled == 3
    assert (outcomes[1].gone, outcomes[1].snapshot.floor) == (0, 5)


def test_full_disk_refuses_records_and_leaves_the_ballast_alone(store):
    ballast = Ballast(store)
    refused = fill(store)
    assert {one.reason for one in refused} == {"full"}
    before = store.depth()
    outcomes = commit_group(store, [put(1)] * 1 + [put(n + 5000) for n in range(200)], ballast.free)
    assert {type(one) for one in outcomes} == {Refused}
    assert (ballast.used, store.depth()) == (0, before)


def test_full_disk_settles_with_the_room_of_the_ballast(store):
    fill(store)
    ballast = Ballast(store)
    last = store.depth().last_row
    puts = [put(n + 5000) for n in range(200)]
    outcomes = commit_group(store, [*puts, settle((1, last))], ballast.free)
    assert [type(one) for one in outcomes] == [Refused] * 200 + [Trouble, Settled]
    assert outcomes[200].told.code == "ballast-used"
    assert store.depth().unsettled == 0


def test_settle_that_finds_no_room_at_all_is_named(store):
    fill(store)
    store._db.execute("CREATE TEMP TABLE t(x)")
    real = store.settle

    def too_big(command):
        real(command)
        store._db.execute("INSERT INTO about VALUES ('x', zeroblob(4000000), 0)")

    store.settle = lambda command: _refusing(store, too_big, command)
    command = settle((1, 2))
    outcomes = commit_group(store, [command, EPOCH], Ballast(store, there=False).free)
    assert outcomes[0] == NotSettled(command, "full")
    assert isinstance(outcomes[1], Trouble)
    assert store.depth().first_unsettled == 1


def _refusing(store, act, command):
    from edge.outbox.store import refusals

    with refusals():
        act(command)


def test_damaged_row_met_by_a_read_reloads_everything(store):
    commit_group(store, [put(1), put(2), put(3)], no_room)
    store._db.execute("UPDATE record SET crc = crc + 1 WHERE row = 2")
    [reloaded] = commit_group(store, [Read(0, 10, 7)], no_room)
    assert isinstance(reloaded, Reloaded)
    assert [trouble.told.code for trouble in reloaded.snapshot.troubles] == ["outbox-damaged"]
    assert reloaded.snapshot.depth.unsettled == 2
    assert [row.row for row in commit_group(store, [Read(0, 10, 8)], no_room)[0].rows] == [1, 3]


def test_damaged_row_met_by_a_put_is_told(store):
    commit_group(store, [put(1)], no_room)
    store._db.execute("UPDATE record SET crc = crc + 1 WHERE row = 1")
    kept, trouble = commit_group(store, [put(1, seen=True)], no_room)
    assert (kept.row, kept.fresh, trouble.told.code) == (2, True, "outbox-damaged")
