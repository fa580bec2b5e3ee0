"""`verify` is silent over true books, and names what was edited, moved or taken away."""

import pytest

from cloud.commands.check import NAMES
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.journal.booking import POSTING_COLUMNS
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.grey import State
from shared.errors import KeyFault, RuleBroken
from shared.records import Kind
from shared.wire import codec
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box
from tests.cloud.ledger.read.test_reader import fill

_LINE = "debit, credit, fen, booked_at_ms, number, book, effective_day, flags, partition"
_ONE_MORE = f"SELECT entry, 1, kind, {_LINE} FROM posting WHERE entry = 10"  # noqa: S608  # our own names
SECOND_LINE = f"INSERT INTO posting (entry, line, kind, {_LINE}) {_ONE_MORE}"


def spoil(ledger: Ledger, *statements: str) -> None:
    """As somebody with all rights on the database would."""
    with ledger.database.writing():
        for table in ("record", "posting", "batch"):
            if ledger.database.dialect == "sqlite":
                ledger.database.run(f"DROP TRIGGER {table}_no_update")
                ledger.database.run(f"DROP TRIGGER {table}_no_delete")
            else:
                ledger.database.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for sql in statements:
            ledger.database.run(sql)


@pytest.fixture(autouse=True)
def _filled(ledger: Ledger, box: Box) -> None:
    fill(ledger, box)


def test_true_books_are_true(ledger: Ledger) -> None:
    for _ in range(2):
        report = verify(ledger, c.check_tac)
        assert report.first_broken == ""
        assert report.ok
        (file,) = [check for check in report.checks if check.name == "file"]
        assert (file.checked > 0) is (ledger.database.dialect == "sqlite")
        assert {check.name: check.checked for check in report.checks if check is not file} == {
            "balances": 13, "entries": 15, "records": 7, "tacs": 4, "keys": 4, "marks": 6, "batch-chain": 10,
            "cards": 8, "thefts": 0, "two-persons": 0, "device-orders": 0, "desk": 0, "open-cases": 4, "voids": 0,
            "gaps": 4, "backup-marks": 0, "payments": 0, "meals": 0, "offline-codes": 0,
            "differences": 16, "book-chain": 2, "put-back": 0,
            "quarantine": 2, "losses": 0, "looks": 0, "findings": 0, "closing": 0, "discounts": 0,
            "documents": 0, "jobs": 0, "parameters": 0, "roll-outs": 0, "days": 0, "bank": 0, "online-payments": 0,
                "deposits": 0, "refunds": 0, "till-orders": 0,
                "spares": 0,
        }  # fmt: skip
        ledger.fold()
    assert verify(Reader(ledger.database), c.check_tac).ok


def test_every_check_has_its_word_for_people_and_says_how_far_it_is(ledger: Ledger) -> None:
    told: list[tuple[int, int]] = []
    report = verify(ledger, c.check_tac, unasked=["canteen-1"], tell=lambda done, total: told.append((done, total)))
    assert {check.name for check in report.checks} == set(NAMES)
    assert told == [(done, len(told)) for done in range(len(told))]


@pytest.mark.parametrize(
    ("statement", "check", "named"),
    [
        ("UPDATE posting SET fen = 101 WHERE entry = 10", "entries",
         "entry 10: posts 101 fen, record 1 (000100000001/1/1) says 100"),
        ("UPDATE posting SET credit = 1 WHERE entry = 10", "entries", "entry 10"),
        ("UPDATE posting SET fen = 5 WHERE entry = 1", "entries", "entry 1: posts 5 fen, its document says 10000"),
        ("UPDATE posting SET fen = 5 WHERE entry = 9", "entries", "entry 9: posts 5 fen, its document says 1000"),
        ("UPDATE posting SET debit = 999999 WHERE entry = 10", "balances", "account 999999 does not exist"),
        ("DELETE FROM posting WHERE entry = 10", "batch-chain", "entries 11–11): rows are missing"),
        ("UPDATE posting SET key = NULL, input_hash = NULL, line = 1 WHERE entry = 10", "entries",
         "entry 10: a line is missing"),
        (SECOND_LINE, "entries", "entry 10: posts 200 fen, record 1 (000100000001/1/1) says 100"),
        (SECOND_LINE.replace("1, kind", "1, 4"), "entries",
         "entry 10: its lines name another kind, day or batch"),
        ("UPDATE posting SET record = 2 WHERE entry = 10", "entries", "entry 10: record 2"),
        ("UPDATE posting SET effective_day = 1 WHERE entry = 10", "batch-chain", "entries 10–11"),
        ("UPDATE record SET verdict = 5 WHERE id = 1", "batch-chain", "records 1–2"),
        ("UPDATE record SET received_ms = 5 WHERE id = 1", "batch-chain", "records 1–2"),
        ("UPDATE record SET digest = (SELECT digest FROM record WHERE id = 2) WHERE id = 1", "records", "record 1"),
        ("UPDATE batch SET records = 9 WHERE partition = 5 AND number = 1", "batch-chain", "rows are missing"),
        ("DELETE FROM batch WHERE partition = 5 AND number = 2", "batch-chain", "batch 2 is missing"),
        ("DELETE FROM batch WHERE partition = 5 AND number = 5", "batch-chain", "batch p05/5 is missing"),
        ("DELETE FROM proof WHERE record = 1", "keys", "record 1 was posted and has no card key"),
        ("UPDATE proof SET slot = NULL WHERE record = 1", "keys", "terminal number"),
        ("UPDATE proof SET record = 2 WHERE record = 1", "keys", "card key"),
        ("UPDATE device_mark SET cumulative = 9", "marks", "acknowledges records that are not held"),
        ("UPDATE device_mark SET cumulative = 0", "marks", "holds records that it does not acknowledge"),
        ("INSERT INTO balance (account, debit_fen, credit_fen) VALUES (1, 5, 0)", "balances", "account 1"),
    ],
)  # fmt: skip
def test_an_edit_is_named(ledger: Ledger, statement: str, check: str, named: str) -> None:
    spoil(ledger, statement)
    report = verify(ledger, c.check_tac)
    assert not report.ok
    broken = {found.name: found.broken for found in report.checks if found.broken}
    assert named in broken[check]


def test_an_entry_taken_away_whole_is_missed_by_its_record_and_its_card(ledger: Ledger) -> None:
    spoil(ledger, "DELETE FROM posting WHERE entry = 10")
    broken = {check.name: check.broken for check in verify(ledger, c.check_tac).checks if check.broken}
    assert broken["records"] == "record 1 (000100000001/1/1): was posted and has no entry"
    assert broken["cards"] == "card 0001: purse account 10400 fen, its records say 10300"


def test_another_document_under_an_entry_is_named(ledger: Ledger) -> None:
    document = codec.dumps([int(EntryKind.DEPOSIT), c.card(1), 1000, "another key"])
    spoil(ledger)
    with ledger.database.writing():
        ledger.database.run("UPDATE posting SET document = ? WHERE entry = 9", (document,))
    assert "entry 9: its document is not the one" in verify(ledger, c.check_tac).first_broken


def test_a_withdrawal_that_is_no_opposite_is_named(ledger: Ledger, box: Box) -> None:
    grey = c.purchase(10, c.card(6), 0, 100, c.OPENING, kind=Kind.UNPROVEN)
    box.send(c.stored(grey), c.stored(c.purchase(11, c.card(6), 1, 50, c.OPENING - 100)))
    box.send(c.stored(c.purchase(12, c.card(6), 0, 100, c.OPENING)))
    spoil(ledger, "UPDATE posting SET fen = 99 WHERE kind = 5")
    assert "is not the opposite of entry" in verify(ledger, c.check_tac).first_broken


def test_one_byte_in_a_record_is_named(ledger: Ledger) -> None:
    with ledger.database.reading():
        ((raw,),) = ledger.database.run("SELECT stored FROM record WHERE id = 2")
    edited = raw[:-1] + bytes((raw[-1] ^ 1,))
    spoil(ledger)
    with ledger.database.writing():
        ledger.database.run("UPDATE record SET stored = ? WHERE id = 2", (edited,))
    broken = {check.name: check.broken for check in verify(ledger, c.check_tac).checks if check.broken}
    assert "record 2 (000100000001/1/2)" in broken["records"]
    assert "record 2" in broken["entries"]


def test_a_wrong_tac_in_the_books_is_named(ledger: Ledger) -> None:
    def doubts(items: bytes) -> bytes:
        return bytes(len(items) // 41 - 1) + b"\1"

    assert "its TAC is wrong" in verify(ledger, doubts).first_broken
    with pytest.raises(KeyFault):
        verify(ledger, lambda items: b"")


def test_a_card_whose_balances_do_not_follow_is_named(ledger: Ledger, box: Box) -> None:
    box.send(
        c.stored(c.purchase(10, c.card(6), 0, 100, c.OPENING)), c.stored(c.purchase(11, c.card(6), 1, 100, c.OPENING))
    )
    assert "card 0006" in verify(ledger, c.check_tac).first_broken


def _load_confirmed_by_counter(ledger: Ledger, counter: int, balance_fen: int, request: int) -> None:
    """Granted, and never told of by a terminal: the card's next counter says that it was taken."""
    for n, after_fen in ((0, 0), (1, 5_000)):
        asked = c.load_request(c.card(6), counter + n, 5_000 * (1 - n), balance_fen + after_fen, request=request + n)
        ledger.load_authorise(c.BOX, *asked, True, c.NOW)


@pytest.mark.parametrize("gap", [False, True])
def test_a_counter_that_was_credited_twice_is_named_and_no_gap(ledger: Ledger, box: Box, gap: bool) -> None:
    ledger.deposit(c.card(6), 20_000, "d6", c.NOW)
    _load_confirmed_by_counter(ledger, 0, c.OPENING, 71)
    _load_confirmed_by_counter(ledger, 2 if gap else 1, c.OPENING + 5_000, 73)
    assert verify(ledger, c.check_tac).ok
    spoil(ledger, "UPDATE load_case SET counter = 0 WHERE amount_fen = 5000")
    broken = {check.name: check.broken for check in verify(ledger, c.check_tac).checks if check.broken}
    assert broken == {"cards": "card 0006: counter 0 of a load was posted twice"}


def test_a_card_with_a_missing_counter_is_not_blamed(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(10, c.card(6), 0, 100, c.OPENING)), c.stored(c.purchase(11, c.card(6), 2, 100, 77)))
    report = verify(ledger, c.check_tac)
    assert report.ok
    assert next(check.note for check in report.checks if check.name == "cards").en.endswith("3")


def test_grey_evidence_and_its_withdrawal_are_true(ledger: Ledger, box: Box) -> None:
    grey = c.purchase(10, c.card(6), 0, 100, c.OPENING, kind=Kind.UNPROVEN)
    box.send(c.stored(grey), c.stored(c.purchase(11, c.card(6), 1, 50, c.OPENING - 100)))
    assert verify(ledger, c.check_tac).first_broken == ""
    box.send(c.stored(c.purchase(12, c.card(6), 0, 100, c.OPENING)))
    assert verify(ledger, c.check_tac).first_broken == ""
    with ledger.database.reading():
        assert ledger.database.run("SELECT state FROM suspense WHERE counter = 0 ORDER BY record") == [(State.NOTHING,)]


@pytest.mark.parametrize("table", ["record", "posting", "batch"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_the_books_refuse_to_be_edited(ledger: Ledger, table: str, sql: str) -> None:
    column = {"posting": "fen", "batch": "kind"}.get(table, "number")
    with pytest.raises(RuleBroken), ledger.database.writing():
        ledger.database.run(sql.format(table, column, column))


def _row(entry: int, line: int, debit: int, credit: int, fen: int, key: bytes | None) -> tuple[object, ...]:
    return entry, line, debit, credit, fen, 1, 3, 9000, 1, 0, 5, 1, key, key, None, None, None


@pytest.mark.parametrize(
    "row",
    [
        _row(9999, 0, 1, 2, 0, b"k"),
        _row(9999, 0, 1, 2, -1, b"k"),
        _row(9999, 0, 1, 1, 5, b"k"),
        _row(9999, 0, 1, 2, 5, None),
        _row(9999, 1, 1, 2, 5, b"k"),
        _row(9999, -1, 1, 2, 5, None),
        _row(10, 0, 1, 2, 5, b"k"),
    ],
)
def test_the_books_refuse_what_is_no_posting(ledger: Ledger, row: tuple[object, ...]) -> None:
    with pytest.raises(RuleBroken), ledger.database.writing():
        ledger.database.insert("posting", POSTING_COLUMNS, [row])


def test_an_entry_may_have_many_lines_and_one_key(ledger: Ledger) -> None:
    rows = [_row(9999, 0, 1, 2, 5, b"k"), _row(9999, 1, 3, 4, 5, None), _row(9999, 2, 3, 4, 6, None)]
    with ledger.database.writing():
        ledger.database.insert("posting", POSTING_COLUMNS, rows)
    with ledger.database.reading():
        assert ledger.database.run("SELECT id, kind, key FROM entry WHERE id = 9999") == [(9999, 3, b"k")]
    with pytest.raises(RuleBroken), ledger.database.writing():
        ledger.database.insert("posting", POSTING_COLUMNS, [_row(10_000, 0, 1, 2, 5, b"k")])
