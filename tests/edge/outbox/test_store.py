"""The outbox over a real file: numbers, forks, settling, retention, recovery, and every flipped byte named."""

import random
import sqlite3
from dataclasses import replace

import pytest

from edge.box.values.effects import (
    KeepAddress,
    KeepBackupMark,
    KeepEpoch,
    Kept,
    Put,
    Refused,
    Settle,
    Trouble,
    Unsettle,
)
from edge.box.values.streams import ref_of, stream_of
from edge.outbox.crc import is_pair, is_range, is_sound, pair_crc, range_crc, record_crc
from edge.outbox.scan import Damage
from edge.outbox.store import (
    DAY_MS,
    INSERT_ROWS,
    OTHERS_MAX,
    OutboxStore,
    StoreRefusal,
    connect,
    connect_to_check,
    refusals,
)
from edge.settings import OutboxSetting
from shared.errors import RuleBroken
from shared.facts.boxes import OutboxKept, OutboxRowDamaged
from shared.ids import LedgerId
from shared.records import digest
from shared.wire.messages import SignedAck
from tests.edge.rig import STORAGE, device, psam, purchase

LEDGER = LedgerId(b"LEDGER-1")
LIMITS = OutboxSetting(1000, 1000, 0)
ACK = SignedAck(b"body", b"s" * 64)


def put(seq, amount=100, number=1, at_ms=5, seen=False):
    stored = stream_of(device(number), 1) + psam(number) + purchase(seq, amount)
    return Put(stored, digest(stored), at_ms, seen)


def settle(store, *rows, marks=(), ack=ACK, floor=1):
    store.begin()
    store.settle(Settle(rows, (), marks, ack, LEDGER, floor))
    store.commit()


def keep(store, *puts):
    store.begin()
    outcomes = store.put(puts)
    store.commit()
    return outcomes


class Shelf:
    """An outbox file that can be closed, opened again and looked into."""

    def __init__(self, path):
        self.path = path
        self.open_stores = []

    def open(self, limits=LIMITS):
        store = OutboxStore(connect(self.path), limits, b"STORE-00")
        self.open_stores.append(store)
        return store

    def close(self):
        for store in self.open_stores:
            store.close()
        self.open_stores.clear()

    def again(self, limits=LIMITS):
        self.close()
        return self.open(limits)

    def alter(self, sql, *values):
        """Change the closed file by SQL, as no code of ours would."""
        self.close()
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute(sql, values)
        db.close()
        return self.open()


def each(store, shelf):
    """The store as it is, then as it is after a restart."""
    yield store
    yield shelf.again()


@pytest.fixture
def shelf(tmp_path):
    shelf = Shelf(tmp_path / "outbox.db")
    yield shelf
    shelf.close()


@pytest.fixture
def store(shelf):
    return shelf.open()


def test_pragmas_are_those_of_a_durable_store(shelf, store):
    db = store._db
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("FULL", "full"), ("IOERR", "io"), ("IOERR_FSYNC", "io"), ("IOERR_WRITE", "io"), ("READONLY", "read-only"),
        ("READONLY_DBMOVED", "read-only"), ("CORRUPT", "damaged"), ("CORRUPT_INDEX", "damaged"), ("NOTADB", "damaged"),
        ("IOERR_SHORT_READ", "damaged"), ("BUSY", "other"), ("BUSY_SNAPSHOT", "other"),
    ],
)  # fmt: skip
def test_sqlites_codes_and_their_extended_ones_as_reasons(name, reason):
    fault = sqlite3.OperationalError("planted")
    fault.sqlite_errorcode = getattr(sqlite3, f"SQLITE_{name}")
    with pytest.raises(StoreRefusal) as refusal, refusals():
        raise fault
    assert refusal.value.reason == reason


def test_rows_are_contiguous_and_in_order(store):
    outcomes = keep(store, put(1), put(2), put(3))
    assert outcomes == [Kept(put(n), n, True, False, False) for n in (1, 2, 3)]
    rows, damage = store.rows(0, 10)
    assert [(row.row, row.at_ms, row.stored) for row in rows] == [(n, 5, put(n).stored) for n in (1, 2, 3)]
    assert damage is None
    assert [row.row for row in store.rows(1, 1)[0]] == [2]


def test_store_id_stays(shelf, store):
    assert store.store == b"STORE-00"
    store._db.execute("SELECT 1")
    shelf.close()
    again = OutboxStore(connect(shelf.path), LIMITS, b"OTHER-00")
    shelf.open_stores.append(again)
    assert again.store == b"STORE-00"


def test_identical_again_is_the_same_row(store):
    keep(store, put(1))
    assert keep(store, put(1, seen=True)) == [Kept(put(1, seen=True), 1, False, False, False)]
    settle(store, (1, 1))
    assert keep(store, put(1, seen=True))[0].settled


def test_other_bytes_are_a_fork_with_a_row_of_its_own(store):
    keep(store, put(1))
    [fork] = keep(store, put(1, 999, seen=True))
    assert (fork.row, fork.fresh, fork.fork) == (2, True, True)


def test_put_that_wrongly_says_unseen_is_looked_at(store):
    keep(store, put(1), put(2))
    outcomes = keep(store, put(3), put(1), put(2, 999), put(4))
    assert [(one.row, one.fresh, one.fork) for one in outcomes] == [
        (3, True, False), (1, False, False), (4, True, True), (5, True, False),
    ]  # fmt: skip
    assert store.check() == []


@pytest.mark.parametrize("count", [INSERT_ROWS, INSERT_ROWS + 1, 2 * INSERT_ROWS + 1])
def test_many_puts_of_which_the_last_wrongly_says_unseen(store, count):
    keep(store, put(count))
    outcomes = keep(store, *[put(seq) for seq in range(1, count + 1)])
    assert [one.row for one in outcomes] == [*range(2, count + 1), 1]
    assert [one.fresh for one in outcomes] == [True] * (count - 1) + [False]
    assert [row.row for row in store.rows(0, 1000)[0]] == list(range(1, count + 1))
    assert store.check() == []


def test_same_record_twice_in_one_group(store):
    outcomes = keep(store, put(1), put(1, seen=True), put(1, 999, seen=True))
    shapes = [(one.row, one.fresh, one.fork) for one in outcomes]
    assert shapes == [(1, True, False), (1, False, False), (2, True, True)]


def steps_of(store, one):
    """How many instructions SQLite runs to store it."""
    steps = []
    store._db.set_progress_handler(lambda: steps.append(1), 1)
    keep(store, one)
    store._db.set_progress_handler(None, 0)
    return len(steps)


@pytest.mark.parametrize("known", [True, False])
def test_another_record_under_a_seq_costs_the_same_however_many_there_are(store, known):
    many = replace(LIMITS, unsettled_max=5000)
    store._limits = many
    for amount in range(1, 11):
        keep(store, put(1, amount, seen=True))
    few = steps_of(store, put(1, 5 if known else 2001, seen=True))
    for amount in range(11, 1501):
        keep(store, put(1, amount, seen=True))
    assert steps_of(store, put(1, 5 if known else 2002, seen=True)) < 1.5 * few


def test_damaged_records_of_a_seq_are_no_fork_and_set_aside(store):
    for amount in range(1, 4):
        keep(store, put(1, amount, seen=True))
    store._db.execute("UPDATE record SET crc = crc + 1")
    assert [(one.fresh, one.fork) for one in keep(store, put(1, 9, seen=True))] == [(True, False)]
    assert [(one.fresh, one.fork) for one in keep(store, put(1, 3, seen=True))] == [(True, True)]
    assert [row.row for row in store.rows(0, 10)[0]] == [4, 5]
    assert [damage.row for damage in store.check()] == [1, 2, 3]


def test_digest_collision_is_refused(store):
    keep(store, put(1))
    other = put(1, 999)._replace(digest=put(1).digest, seen=True)
    assert keep(store, other) == [Refused(other, "collision")]


def test_cap_refuses_new_rows_and_no_old_ones(shelf):
    store = shelf.open(replace(LIMITS, unsettled_max=2))
    outcomes = keep(store, put(1), put(2), put(3), put(1, seen=True))
    assert [type(one) for one in outcomes] == [Kept, Kept, Refused, Kept]
    settle(store, (1, 1))
    assert [type(one) for one in keep(store, put(3), put(4))] == [Kept, Refused]


def test_rollback_leaves_nothing_and_numbers_go_on(store):
    keep(store, put(1))
    store.begin()
    store.put([put(2), put(3)])
    store.settle(Settle(((1, 2),), (), (), ACK, LEDGER, 7))
    store.rollback()
    assert (store.depth().last_row, store.depth().unsettled, store.depth().kept) == (1, 1, 0)
    assert keep(store, put(2))[0].row == 2
    assert store.snapshot().floor == 0
    store.rollback()


# ---- settling


def test_settle_exactly_the_named_rows(shelf, store):
    keep(store, *(put(n) for n in range(1, 7)))
    settle(store, (2, 3), (5, 5), marks=((stream_of(device(1), 1), 0),), floor=9)
    for one in each(store, shelf):
        assert [row.row for row in one.rows(0, 10)[0]] == [1, 4, 6]
        depth = one.depth()
        assert (depth.last_row, depth.first_unsettled, depth.unsettled, depth.kept) == (6, 1, 3, 3)
        snapshot = one.snapshot()
        assert (snapshot.ledger, snapshot.floor, snapshot.ack) == (LEDGER, 9, ACK)


def test_settle_keeps_the_ack_there_is_when_it_brings_none(store):
    keep(store, put(1), put(2))
    settle(store, (1, 1))
    settle(store, (2, 2), ack=None)
    assert store.snapshot().ack == ACK


def test_settle_twice_is_the_same(store):
    keep(store, put(1), put(2))
    settle(store, (1, 2))
    settle(store, (1, 2))
    assert (store.depth().unsettled, store.depth().kept) == (0, 2)


def test_settle_of_rows_that_do_not_exist_is_a_defect(store):
    keep(store, put(1))
    store.begin()
    with pytest.raises(RuleBroken):
        store.settle(Settle(((1, 2),), (), (), ACK, LEDGER, 1))
    store.rollback()


def test_oldest_unsettled(store):
    assert store.depth().oldest_ms == 0
    keep(store, put(1, at_ms=10), put(2, at_ms=20))
    assert store.depth().oldest_ms == 10
    settle(store, (1, 1))
    assert store.depth().oldest_ms == 20


def test_holdings_after_a_restart(shelf, store):
    stream = stream_of(device(1), 1)
    keep(store, *(put(n) for n in (1, 2, 3, 5)), put(2, 999, seen=True))
    settle(store, (1, 2), (4, 4), marks=((stream, 1),))
    sequences = shelf.again().snapshot().sequences
    assert sequences.mark(stream) == 1, "seq 2 has a second row that is not settled"
    assert sequences.held_upto(stream, 5).run(0) == 3
    assert sequences.holds(stream, 5)
    refs = [ref_of(put(2, 999).stored), ref_of(put(3).stored)]
    assert sequences.settle(refs) == {stream: 3}


def test_addresses_are_kept_one_of_each_bus(shelf, store):
    one, other = KeepAddress(device(1), "can0", 4), KeepAddress(device(1), "二楼", 9)
    store.begin()
    for kept in (replace(one, address=3), other, one):
        store.keep_address(kept)
    store.commit()
    store.begin()
    store.keep_address(KeepAddress(device(2), "can0", 5))
    store.rollback()
    assert set(shelf.again().snapshot().addresses) == {one, other}


def test_epochs_are_kept(shelf, store):
    kept = KeepEpoch(device(1), STORAGE, psam(1), 4)
    store.begin()
    store.keep_epoch(kept)
    store.keep_epoch(replace(kept, epoch=5))
    store.commit()
    assert shelf.again().snapshot().epochs == (replace(kept, epoch=5),)


# ---- recovery


def test_unsettle_takes_back_all_above(shelf, store):
    stream, other = stream_of(device(1), 1), stream_of(device(2), 1)
    keep(store, *(put(n) for n in range(1, 5)), *(put(n, number=2) for n in range(1, 3)))
    settle(store, (1, 6), marks=((stream, 4), (other, 2)))
    store.begin()
    assert store.unsettle(Unsettle(2, LEDGER, 8)) == 0
    store.commit()
    for one in each(store, shelf):
        assert [row.row for row in one.rows(0, 10)[0]] == [3, 4, 5, 6]
        snapshot = one.snapshot()
        assert (snapshot.sequences.mark(stream), snapshot.sequences.mark(other)) == (2, 0)
        assert (snapshot.floor, snapshot.ack, snapshot.depth.kept) == (8, ACK, 2)
        marks = dict(one._db.execute("SELECT stream, seq FROM mark").fetchall())
        assert marks == {stream: 2, other: 0}, "the durable marks say so too"
    assert shelf.open_stores[-1].check() == []


def test_unsettle_of_rows_that_are_gone(store):
    keep(store, *(put(n) for n in range(1, 5)))
    settle(store, (1, 4))
    store._limits = replace(LIMITS, settled_max=0)
    store.begin()
    assert store.drop_settled(0).rows == 4
    store.commit()
    keep(store, put(5))
    store.begin()
    assert store.unsettle(Unsettle(1, LEDGER, 8)) == 3
    store.commit()
    assert [row.row for row in store.rows(0, 10)[0]] == [5]
    assert store.check() == []


# ---- retention


def drop(store, unix_ms):
    store.begin()
    dropped = store.drop_settled(unix_ms)
    store.commit()
    return dropped


def test_settled_rows_are_kept_35_days_and_until_a_backup(store):
    keep(store, put(1, at_ms=1000), put(2, at_ms=2000))
    settle(store, (1, 2))
    late = 35 * DAY_MS + 10_000
    assert drop(store, late).rows == 0
    store.begin()
    store.keep_backup_mark(KeepBackupMark(2))
    store.commit()
    assert drop(store, 35 * DAY_MS).rows == 0
    dropped = drop(store, late)
    assert (dropped.rows, dropped.trouble) == (2, None)
    assert store.check() == []


def marked(store, row):
    store.begin()
    store.keep_backup_mark(KeepBackupMark(row))
    store.commit()


def test_of_old_rows_only_those_that_a_backup_covers_are_dropped(store):
    keep(store, *(put(n, at_ms=n) for n in range(1, 6)))
    settle(store, (1, 5))
    marked(store, 3)
    assert drop(store, 36 * DAY_MS).rows == 3
    assert drop(store, 36 * DAY_MS).rows == 0
    assert store.depth().kept == 2


def test_a_covered_row_stays_until_it_is_old_itself(store):
    keep(store, put(1, at_ms=0), put(2, at_ms=DAY_MS), put(3, at_ms=0))
    settle(store, (1, 3))
    marked(store, 3)
    assert [drop(store, 35 * DAY_MS + hours).rows for hours in (1, 2, DAY_MS + 1)] == [1, 0, 2]


def test_a_later_mark_counts_though_it_covers_less(store):
    keep(store, *(put(n, at_ms=n) for n in range(1, 4)))
    settle(store, (1, 3))
    for row in (3, 1):
        marked(store, row)
    assert drop(store, 36 * DAY_MS).rows == 1


def test_a_recovery_takes_the_mark_back_with_it(shelf):
    store = shelf.open()
    keep(store, *(put(n, at_ms=n) for n in range(1, 4)))
    settle(store, (1, 3))
    marked(store, 3)
    store.begin()
    store.unsettle(Unsettle(1, LEDGER, 8))
    store.commit()
    settle(store, (2, 3))
    assert drop(store, 36 * DAY_MS).rows == 1


def test_ring_over_its_budget_drops_the_oldest_and_says_so(shelf):
    store = shelf.open(replace(LIMITS, settled_max=2))
    keep(store, *(put(n, at_ms=n * DAY_MS) for n in range(1, 5)))
    settle(store, (1, 2), (4, 4))
    dropped = drop(store, 4 * DAY_MS)
    assert dropped.trouble == Trouble(OutboxKept(3))
    assert dropped.rows == 2
    assert (store.depth().kept, store.depth().unsettled) == (1, 1)
    assert store.check() == []


# ---- rows that the ledger has answered without their device


def settle_apart(store, low, high, *refs):
    store.begin()
    store.settle(Settle(((low, high),), (), (), ACK, LEDGER, 1, ((low, high),), refs))
    store.commit()


def test_a_row_apart_is_settled_and_its_record_goes_to_the_ledger_again(shelf, store):
    keep(store, put(1), put(2))
    settle_apart(store, 2, 2)
    assert [row.row for row in store.rows(0, 9)[0]] == [1]
    store = shelf.again()
    (again,) = keep(store, put(2, seen=True))
    assert (again.row, again.fresh, again.settled) == (3, True, False)
    assert [row.row for row in store.rows(0, 9)[0]] == [1, 3]
    assert store.depth().kept == 0
    assert store.check() == []


def test_a_row_apart_whose_record_says_unseen_is_found_as_well(store):
    keep(store, put(1))
    settle_apart(store, 1, 1)
    assert keep(store, put(1)) == [Kept(put(1, seen=True), 2, True, False, False)]


def test_a_group_of_seen_and_unseen_records_finds_every_row_apart(shelf, store):
    keep(store, put(1), put(2), put(3))
    settle_apart(store, 1, 2)
    outcomes = keep(store, put(1, seen=True), put(2))
    assert [(kept.row, kept.fresh, kept.settled) for kept in outcomes] == [(4, True, False), (5, True, False)]
    for now in each(store, shelf):
        assert [row.row for row in now.rows(0, 9)[0]] == [3, 4, 5]
        assert (now.depth().kept, now.check()) == (0, [])


def test_a_row_apart_makes_no_fork_of_the_record_that_its_device_has_under_that_seq(shelf, store):
    keep(store, put(1, 999))
    settle_apart(store, 1, 1)
    for now in each(store, shelf):
        assert [one.fork for one in keep(now, put(1, 3, seen=True))] == [False]
    assert [one.fork for one in keep(shelf.again(), put(1, 4, seen=True))] == [True], "two that are not apart"


def test_behind_more_rows_apart_than_are_looked_at_it_is_a_fork(store):
    for amount in range(1, OTHERS_MAX + 1):
        keep(store, put(1, amount, seen=True))
    settle_apart(store, 1, OTHERS_MAX)
    assert keep(store, put(1, 99, seen=True))[0].fork


def test_a_row_apart_stays_when_there_is_no_room_for_its_record(shelf):
    store = shelf.open(OutboxSetting(1, 1000, 0))
    keep(store, put(1))
    settle_apart(store, 1, 1)
    keep(store, put(2))
    assert keep(store, put(1, seen=True)) == [Refused(put(1, seen=True), "cap")]
    assert store.depth().kept == 1


def test_a_restart_tells_no_terminal_of_a_row_apart(shelf, store):
    keep(store, put(1), put(2), put(3))
    settle_apart(store, 2, 2)
    settle(store, (3, 3))
    sequences = shelf.again().snapshot().sequences
    stream = stream_of(device(1), 1)
    assert [sequences.holds(stream, seq) for seq in (1, 2, 3)] == [True, False, True]
    assert sequences.mark(stream) == 0


def test_a_recovery_and_a_drop_forget_that_a_row_was_apart(shelf, store):
    keep(store, put(1), put(2))
    settle_apart(store, 1, 2)
    store.begin()
    store.unsettle(Unsettle(1, LEDGER, 2))
    store.commit()
    settle(store, (2, 2))
    (again,) = keep(store, put(2, seen=True))
    assert again.settled
    shelf.alter("UPDATE record SET at_ms = 0")
    store = shelf.open(OutboxSetting(1000, 0, 0))
    store.begin()
    assert store.drop_settled(DAY_MS).rows == 2
    store.commit()
    assert keep(store, put(1, seen=True))[0].row == 3


def test_numbers_never_repeat_when_all_rows_are_dropped(shelf):
    store = shelf.open(replace(LIMITS, settled_max=0))
    keep(store, put(1), put(2))
    settle(store, (1, 2))
    drop(store, 0)
    assert keep(shelf.again(), put(3))[0].row == 3


def test_dropped_record_that_comes_again_is_stored_again(shelf):
    store = shelf.open(replace(LIMITS, settled_max=0))
    keep(store, put(1))
    settle(store, (1, 1))
    drop(store, 0)
    [again] = keep(store, put(1, seen=True))
    assert (again.row, again.fresh, again.fork) == (2, True, False)


# ---- damage


def flip(path, offset, mask):
    with path.open("r+b") as file:
        file.seek(offset)
        old = file.read(1)[0]
        file.seek(offset)
        file.write(bytes((old ^ mask,)))


def test_one_byte_of_a_record_is_named(shelf, store):
    keep(store, *(put(n) for n in range(1, 20)))
    settle(store, (1, 9))
    shelf.close()
    raw = shelf.path.read_bytes()
    flip(shelf.path, raw.index(put(7).stored[14:]) + 3, 0x10)
    flip(shelf.path, raw.index(put(12).stored[14:]) + 20, 0x01)
    assert shelf.open().check() == [Damage(7, "crc"), Damage(12, "crc")]


def test_any_byte_of_the_file(tmp_path):
    """A flipped byte is named, or harmless: what is read is what was written. Never an exception of another kind."""
    path = tmp_path / "whole.db"
    shelf = Shelf(path)
    store = shelf.open()
    keep(store, *(put(n) for n in range(1, 40)))
    settle(store, (1, 5), marks=((stream_of(device(1), 1), 5),))
    shelf.close()
    whole = path.read_bytes()
    chance = random.Random(7)
    named = 0
    for _ in range(120):
        altered = bytearray(whole)
        altered[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(altered)
        try:
            once = shelf.open()
            named += bool(once.check())
            rows, damage = once.rows(0, 100)
            assert damage or all(row.stored == put(row.row).stored for row in rows)
            once.snapshot()
        except StoreRefusal as refusal:
            named += refusal.reason in ("damaged", "other")
        shelf.close()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    assert named >= 20, "half of a small file is free space"


def test_damaged_row_is_set_aside_and_never_sent(shelf, store):
    keep(store, *(put(n) for n in range(1, 5)))
    shelf.close()
    flip(shelf.path, shelf.path.read_bytes().index(put(2).stored[14:]) + 9, 0x40)
    store = shelf.open()
    rows, damage = store.rows(0, 10)
    assert ([row.row for row in rows], damage) == ([1], Damage(2, "crc"))
    snapshot = store.snapshot()
    assert snapshot.troubles == (Trouble(OutboxRowDamaged(2, "crc")),)
    assert snapshot.sequences.held_upto(stream_of(device(1), 1), 4).run(0) == 1, "WELCOME asks for it again"
    assert [row.row for row in store.rows(0, 10)[0]] == [1, 3, 4]
    [again] = keep(store, put(2, seen=True))
    assert (again.row, again.fresh, again.fork) == (5, True, False)
    assert store.check() == [Damage(2, "set aside: crc")]
    assert shelf.again().snapshot().troubles == ()


def test_damaged_row_whose_record_comes_again_first(shelf, store):
    keep(store, put(1), put(2))
    store = shelf.alter("UPDATE record SET crc = crc + 1 WHERE row = 1")
    [again] = keep(store, put(1, seen=True))
    assert (again.row, again.fresh) == (3, True)
    assert store.take_troubles() == [Trouble(OutboxRowDamaged(1, "crc"))]
    assert store.take_troubles() == []


def test_missing_row_is_named(shelf, store):
    keep(store, *(put(n) for n in range(1, 5)))
    store = shelf.alter("DELETE FROM record WHERE row IN (2, 4)")
    assert Damage(2, "missing") in store.check()
    store = shelf.alter("INSERT INTO settled VALUES (4, 4, ?)", range_crc(4, 4))
    snapshot = store.snapshot()
    assert [row.row for row in store.rows(0, 10)[0]] == [1, 3]
    assert len(snapshot.troubles) == 1


def test_row_whose_key_was_edited_with_a_fitting_crc(shelf, store):
    keep(store, put(1))
    [row] = store.rows(0, 1)[0]
    key = put(1).key[:11] + b"\x09" + put(1).digest
    crc = record_crc(1, key, row.stored[8:], 5)
    store = shelf.alter("UPDATE record SET key = ?, crc = ? WHERE row = 1", key, crc)
    assert store.check() == [Damage(1, "digest")]


@pytest.mark.parametrize(
    ("sql", "owed", "troubles"),
    [
        ("UPDATE settled SET high = 4", 4, 0),
        ("UPDATE settled SET high = 'x'", 4, 0),
        ("UPDATE mark SET seq = 4", 1, 1),
        ("UPDATE epoch SET epoch = 9", 1, 1),
        ("UPDATE about SET value = x'ff' WHERE name = 'ack'", 1, 0),
        ("UPDATE about SET value = x'ff' WHERE name = 'floor'", 1, 0),
    ],
)
def test_edited_state_is_not_believed(shelf, store, sql, owed, troubles):
    stream = stream_of(device(1), 1)
    keep(store, *(put(n) for n in range(1, 5)))
    settle(store, (1, 3), marks=((stream, 3),), floor=7)
    store.begin()
    store.keep_epoch(KeepEpoch(device(1), STORAGE, psam(1), 4))
    store.commit()
    store = shelf.alter(sql)
    snapshot = store.snapshot()
    assert (snapshot.depth.unsettled, len(snapshot.troubles)) == (owed, troubles)
    assert snapshot.floor in (0, 7)
    assert snapshot.ack in (None, ACK)
    assert snapshot.sequences.mark(stream) in (0, 3)


def test_store_without_its_id_is_beyond_repair(shelf, store):
    with pytest.raises(StoreRefusal) as refusal:
        shelf.alter("UPDATE about SET value = x'0000000000000001' WHERE name = 'store'")
    assert refusal.value.reason == "damaged"


def test_file_that_is_no_database(tmp_path):
    (tmp_path / "outbox.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreRefusal) as refusal:
        connect(tmp_path / "outbox.db")
    assert refusal.value.reason == "damaged"


@pytest.mark.parametrize(("least", "opens"), [(3, True), (2, True), (4, False)])
def test_an_outbox_of_a_newer_release_is_opened_where_that_says_so(shelf, store, least, opens):
    """A box goes back by itself, and by then the newer release has brought its outbox up."""
    keep(store, put(1))
    shelf.close()
    with sqlite3.connect(shelf.path) as db:
        value = bytes((least,))
        db.execute("INSERT OR REPLACE INTO about VALUES ('least', ?, ?)", (value, pair_crc(b"least", value)))
        db.execute("PRAGMA user_version = 4")
    db.close()
    if opens:
        assert shelf.open().depth().unsettled == 1
        return
    with pytest.raises(StoreRefusal, match=r"docs/upgrade\.md") as refused:
        shelf.open()
    assert refused.value.reason != "damaged", "it is never put aside"


def test_schema_of_the_future(shelf, store):
    shelf.close()
    db = sqlite3.connect(shelf.path, isolation_level=None)
    db.execute("DELETE FROM about WHERE name = 'least'")
    db.execute("PRAGMA user_version = 4")
    db.close()
    with pytest.raises(StoreRefusal, match="第 4 版"):
        OutboxStore(connect(shelf.path), LIMITS, b"STORE-00")


def test_check_beside_a_running_box(shelf, store):
    keep(store, put(1))
    reader = OutboxStore(connect_to_check(shelf.path), LIMITS, bytes(8))
    assert reader.check() == []
    keep(store, put(2))
    assert reader.check() == []
    assert reader.depth().last_row == 2
    reader.begin()
    with pytest.raises(StoreRefusal, match="read-only"):
        reader.put([put(3)])
    reader.rollback()
    reader.close()


def test_check_of_nothing_makes_no_file(tmp_path):
    with pytest.raises(StoreRefusal):
        connect_to_check(tmp_path / "outbox.db")
    assert list(tmp_path.iterdir()) == []


# ---- checksums


def test_checksum_covers_every_bit():
    row, key, body, at_ms = 77, b"k" * 20, b"b" * 63, 1_764_000_000_123
    good = record_crc(row, key, body, at_ms)
    for bit in range(41):
        assert record_crc(row, key, body, at_ms ^ 1 << bit) != good
    for bit in range(32):
        assert record_crc(row ^ 1 << bit, key, body, at_ms) != good
    assert record_crc(row, b"K" + key[1:], body, at_ms) != good
    assert record_crc(row, key, body[:-1] + b"B", at_ms) != good


def test_checksums_are_frozen():
    assert record_crc(1, b"k" * 20, b"b" * 63, 5) == 3651697290
    assert pair_crc(b"name", b"value") == 132444760
    assert pair_crc(b"name", 5) == 1768656677
    assert range_crc(1, 9) == 2182932402


@pytest.mark.parametrize("wrong", [None, "text", 1.5, -1])
def test_wrong_types_are_damage_not_exceptions(wrong):
    assert not is_sound(wrong, b"k", b"b", 5, 0)
    assert not is_sound(1, wrong, b"b", 5, 0)
    assert not is_sound(1, b"k", b"b", wrong, 0)
    assert not is_pair(wrong, wrong, 0)
    assert not is_range(wrong, 5, 0)
