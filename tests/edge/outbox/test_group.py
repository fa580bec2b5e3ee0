"""One group, one transaction: order, refusals on a full disk, what the ballast is for, and damage met on the way."""

import sqlite3

import pytest

from edge.box.values.effects import (
    DocumentKept,
    DocumentNotKept,
    EpochKept,
    KeepAddress,
    KeepDocument,
    KeepEpoch,
    Kept,
    NotRead,
    NotSettled,
    NotUnsettled,
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
from tests.edge.fleet_rig import Centre
from tests.edge.outbox.test_store import put
from tests.edge.rig import STORAGE, device, psam

LEDGER = LedgerId(b"LEDGER-1")
ADDRESS = KeepAddress(device(1), "can0", 4)
EPOCH = KeepEpoch(device(1), STORAGE, psam(1), 4)
FILLS_MAX = 40
"""Groups; some ten of them fill the room."""


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
    for seq in range(1050, 1050 + 50 * FILLS_MAX, 50):
        outcomes = commit_group(store, [put(seq + n) for n in range(50)], no_room)
        if isinstance(outcomes[0], Refused):
            return outcomes
    raise AssertionError(f"{FILLS_MAX} groups of 50 records fitted into 20 pages: not all of them are written")


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


class Commits:
    """A connection whose COMMITs fail so often, as SQLite's do: the transaction stays open, or is gone already."""

    def __init__(self, connection):
        self._connection = connection
        self.failures, self.code, self.rolls_back = 0, sqlite3.SQLITE_FULL, False

    def fail(self, times, code, rolls_back):
        self.failures, self.code, self.rolls_back = times, code, rolls_back

    def execute(self, sql, values=()):
        if sql != "COMMIT" or not self.failures:
            return self._connection.execute(sql, values)
        self.failures -= 1
        if self.rolls_back:
            self._connection.execute("ROLLBACK")
        fault = sqlite3.OperationalError("planted")
        fault.sqlite_errorcode = self.code
        raise fault

    def executemany(self, sql, values):
        return self._connection.executemany(sql, values)

    def close(self):
        self._connection.close()


@pytest.fixture
def commits(tmp_path):
    return Commits(connect(tmp_path / "outbox.db"))


@pytest.fixture
def failing(commits):
    store = OutboxStore(commits, OutboxSetting(1000, 1000, 0), b"STORE-00")
    yield store
    store.close()


CODES = [(sqlite3.SQLITE_FULL, "full"), (sqlite3.SQLITE_IOERR_FSYNC, "io"), (sqlite3.SQLITE_IOERR_WRITE, "io")]
failing_commits = pytest.mark.parametrize(("code", "reason"), CODES)
either_way = pytest.mark.parametrize("rolls_back", [False, True])


def held(store):
    return [row.stored for row in store.rows(0, 100)[0]]


@failing_commits
@either_way
def test_a_record_whose_commit_fails_is_refused_and_can_come_again(commits, failing, code, reason, rolls_back):
    commit_group(failing, [put(1)], no_room)
    commits.fail(1, code, rolls_back)
    assert commit_group(failing, [put(2), put(3)], no_room) == [Refused(put(2), reason), Refused(put(3), reason)]
    assert held(failing) == [put(1).stored]
    again = commit_group(failing, [put(3), put(2)], no_room)
    assert [(one.row, one.fresh) for one in again] == [(2, True), (3, True)]


@failing_commits
@either_way
def test_a_settle_whose_commit_fails_twice_is_not_done(commits, failing, code, reason, rolls_back):
    commit_group(failing, [put(1), put(2)], no_room)
    commits.fail(2, code, rolls_back)
    command = settle((1, 2))
    assert commit_group(failing, [put(3), command], no_room) == [Refused(put(3), reason), NotSettled(command, reason)]
    assert failing.depth().unsettled == 2
    [settled] = commit_group(failing, [command], no_room)
    assert settled == Settled(command, 3)


@failing_commits
def test_a_settle_whose_commit_fails_once_is_done_and_the_records_beside_it_are_refused(commits, failing, code, reason):
    commit_group(failing, [put(1)], no_room)
    commits.fail(1, code, rolls_back=False)
    command = settle((1, 1))
    outcomes = commit_group(failing, [command, put(2)], no_room)
    assert outcomes == [Refused(put(2), reason), Settled(command, 2)]
    assert held(failing) == []


@failing_commits
@either_way
def test_an_unsettle_whose_commit_fails_twice_is_not_done(commits, failing, code, reason, rolls_back):
    commit_group(failing, [put(1), settle((1, 1))], no_room)
    commits.fail(2, code, rolls_back)
    command = Unsettle(0, LEDGER, 5)
    assert commit_group(failing, [command], no_room) == [NotUnsettled(command, reason)]
    assert failing.depth().unsettled == 0
    [done] = commit_group(failing, [command], no_room)
    assert (done.snapshot.depth.unsettled, done.snapshot.floor) == (1, 5)


@pytest.mark.parametrize("small", [EPOCH, ADDRESS])
def test_an_epoch_or_address_whose_commit_fails_is_told_and_not_kept(commits, failing, small):
    commits.fail(2, sqlite3.SQLITE_FULL, rolls_back=False)
    assert [one.told.code for one in commit_group(failing, [small], no_room)] == ["outbox-settle-failed"]
    assert failing.snapshot().epochs == failing.snapshot().addresses == ()


def test_damage_that_cannot_be_set_aside_is_told_and_met_again(commits, failing):
    commit_group(failing, [put(1), put(2)], no_room)
    failing._db.execute("UPDATE record SET crc = crc + 1 WHERE row = 1")
    commits.fail(1, sqlite3.SQLITE_IOERR_FSYNC, rolls_back=False)
    read = Read(0, 10, 7)
    not_read, trouble = commit_group(failing, [read], no_room)
    assert (not_read, trouble.told.code) == (NotRead(read), "outbox-damaged")
    [reloaded] = commit_group(failing, [read], no_room)
    assert [trouble.told.code for trouble in reloaded.snapshot.troubles] == ["outbox-damaged"]


def test_full_disk_unsettles_with_the_room_of_the_ballast(commits, failing):
    commit_group(failing, [put(1), settle((1, 1))], no_room)
    commits.fail(10, sqlite3.SQLITE_FULL, rolls_back=False)
    used = []

    def ballast():
        used.append(True)
        commits.failures = 0
        return True

    [done] = commit_group(failing, [Unsettle(0, LEDGER, 5)], ballast)
    assert (used, done.snapshot.depth.unsettled) == ([True], 1)


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


# ---- documents


def document(size=40_000):
    made = Centre().make(bytes(size))
    return KeepDocument(made.signed, Centre().key(made.head.kind), made.body)


def test_a_document_is_written_by_itself_after_all_else(store):
    commits = []
    real = store.commit
    store.commit = lambda: (commits.append(1), real())
    outcomes = commit_group(store, [document(), put(1), Read(0, 10, 7), EPOCH], no_room)
    assert [type(one) for one in outcomes] == [Kept, EpochKept, DocumentKept, Rows]
    assert (outcomes[2], len(commits)) == (DocumentKept(document()), 2)
    assert store.snapshot().documents == (document(),)


def test_a_full_disk_refuses_the_document_and_no_record_and_leaves_the_ballast_alone(store):
    ballast = Ballast(store)
    fill(store)
    store._db.execute("DELETE FROM record WHERE row <= 60")  # room for another record
    outcomes = commit_group(store, [document(), put(1)], ballast.free)
    assert [type(one) for one in outcomes] == [Kept, DocumentNotKept]
    assert (outcomes[1].reason, ballast.used) == ("full", 0)
    assert store.snapshot().documents == ()


def test_while_the_ballast_is_given_up_no_document_is_written(store):
    store.accepting = False
    assert commit_group(store, [document()], no_room) == [DocumentNotKept(document(), "full")]
    store.accepting = True
    assert commit_group(store, [document()], no_room) == [DocumentKept(document())]


@failing_commits
@either_way
def test_a_document_whose_commit_fails_is_not_kept_and_the_one_before_is(commits, failing, code, reason, rolls_back):
    commit_group(failing, [document(1)], no_room)
    commits.fail(1, code, rolls_back)
    assert commit_group(failing, [document()], no_room) == [DocumentNotKept(document(), reason)]
    assert failing.snapshot().documents == (document(1),)
    assert commit_group(failing, [document(), put(1)], no_room)[1] == DocumentKept(document())
