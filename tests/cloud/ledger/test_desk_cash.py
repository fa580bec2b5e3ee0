"""Cash at the desk: per cashier, once per key, receipts without a gap."""

from contextlib import closing

import pytest

from cloud.ledger.cards.refusals import AMOUNT, DRAWER, KEY_USED, NO_FUNDS, UNKNOWN_CARD, DeskRefused
from cloud.ledger.checks.money.desk import check_desk
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.journal.opened import open_prepared
from tests.cloud.ledger.campus import NOW, balances, card, check_tac

ONE, TWO = card(1), card(2)
WANG, LI = "王芳", "li"


@pytest.fixture
def desk(opened, ledger):
    yield DeskLedger(opened)
    report = verify(ledger, check_tac)
    assert report.ok, report.first_broken


def key(n):
    return n.to_bytes(16, "big")


def test_cash_in_is_in_the_drawer_and_in_the_account(desk):
    said = desk.cash_in(key(1), WANG, ONE, 5_000, NOW)
    assert (said.number, said.fen, said.online_fen, said.again) == (1, 5_000, 5_000, False)
    held = balances(desk)
    assert (held[f"cash:{WANG}"], held[f"online:{ONE.hex()}"]) == (5_000, -5_000)


def test_the_same_deed_again_is_the_same_receipt(desk):
    desk.cash_in(key(1), WANG, ONE, 5_000, NOW)
    again = desk.cash_in(key(1), WANG, ONE, 5_000, NOW)
    assert (again.number, again.again) == (1, True)
    assert balances(desk)[f"cash:{WANG}"] == 5_000
    for other in ((key(1), WANG, ONE, 6_000), (key(1), WANG, TWO, 5_000), (key(1), LI, ONE, 5_000)):
        with pytest.raises(DeskRefused) as fault:
            desk.cash_in(*other, NOW)
        assert fault.value.no is KEY_USED


def test_numbers_go_on_per_cashier_and_a_refusal_takes_none(desk):
    numbers = [desk.cash_in(key(n), WANG, ONE, 100, NOW).number for n in (1, 2)]
    with pytest.raises(DeskRefused):
        desk.cash_out(key(3), WANG, TWO, 100, NOW)
    numbers.append(desk.cash_out(key(4), WANG, ONE, 50, NOW).number)
    assert numbers == [1, 2, 3]
    assert desk.cash_in(key(5), LI, ONE, 100, NOW).number == 1


def test_cash_goes_out_of_what_is_there(desk):
    desk.cash_in(key(1), WANG, ONE, 1_000, NOW)
    for no, cashier, of, fen in ((NO_FUNDS, WANG, ONE, 1_001), (DRAWER, LI, ONE, 500), (AMOUNT, WANG, ONE, 0),
                                 (UNKNOWN_CARD, WANG, card(99), 1)):  # fmt: skip
        with pytest.raises(DeskRefused) as fault:
            desk.cash_out(key(2), cashier, of, fen, NOW)
        assert fault.value.no is no
    desk.cash_float(key(3), LI, 2_000, NOW)
    assert desk.cash_out(key(2), LI, ONE, 500, NOW).online_fen == 500
    assert balances(desk)[f"cash:{LI}"] == 1_500


def test_verify_names_a_receipt_that_is_missing_or_says_another_sum(desk):
    for n in (1, 2, 3):
        desk.cash_in(key(n), WANG, ONE, 100 * n, NOW)
    for sql, told in (
        ("UPDATE receipt SET fen = 999 WHERE number = 2", "receipt 王芳-2 says 999 fen"),
        ("DELETE FROM receipt WHERE number = 2", "receipt 王芳-3: receipt 2 is missing"),
        ("DELETE FROM receipt WHERE number = 3", "cash moved without a receipt"),
    ):
        assert told in _forged(desk.database, sql)


class _Undone(Exception):
    """Rolls back what the test forged."""


def _forged(db, sql):
    """What the check says of forged rows, which are gone again afterwards."""
    try:
        with db.writing():
            _unguard(db)
            db.run(sql)
            raise _Undone(check_desk(db).broken)
    except _Undone as told:
        return str(told)


def _unguard(db):
    if db.dialect == "sqlite":
        for verb in ("update", "delete"):
            db.run(f"DROP TRIGGER receipt_no_{verb}")
    else:
        db.run("DROP TRIGGER receipt_no_change ON receipt")


def test_another_process_knows_the_drawer(desk, campus_dsn):
    """The account was made by one writer; a second one, opened before, finds it."""
    with closing(open_prepared(campus_dsn)) as opened:
        other = DeskLedger(opened)
        desk.cash_in(key(1), WANG, ONE, 100, NOW)
        other.cash_in(key(2), WANG, ONE, 100, NOW)
        assert balances(other)[f"cash:{WANG}"] == 200
