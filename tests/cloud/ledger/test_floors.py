"""Floors of online accounts: whoever moves money, and however many at a time, nobody goes below his class' floor."""

import threading
from collections.abc import Callable
from contextlib import closing
from random import Random

import pytest

from cloud.ledger.cards.refusals import DeskRefused
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.split import SplitLedger
from cloud.ledger.funds.floors import FLOOR_MAX_FEN, FloorRefused
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.ledger import Ledger
from cloud.ledger.loads.split.moving import Quota
from cloud.ledger.loads.split.rules import DAY_MAX_FEN
from cloud.ledger.read.reader import Reader
from shared.online import LoadResult, PaymentResult, Purpose
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, OPENING

CARD, CLASS = c.card(1), 1
FLOOR, FUNDS = 20_00, 100_00
THREADS, EACH = 4, 50
"""200 movements of one account, by four processes' worth of connections."""


def online(ledger: Ledger) -> int:
    return -c.balances(ledger).get(f"online:{CARD.hex()}", 0)


def asked(ledger: Ledger, request: int, fen: int) -> bool:
    online_request, load = c.load_request(CARD, 0, fen, OPENING, request=request)
    return ledger.load_authorise(c.BOX, online_request, load, True, NOW).result is LoadResult.GRANTED


@pytest.fixture
def floored(opened: OpenedLedger, ledger: Ledger) -> Ledger:
    ledger.deposit(CARD, FUNDS, "d", NOW)
    BankLedger(opened).set_floor(CLASS, FLOOR, "王芳", "押金", NOW)
    return ledger


def test_a_payment_a_load_and_cash_leave_the_floor(opened: OpenedLedger, floored: Ledger) -> None:
    desk = DeskLedger(opened)
    desk.cash_float(b"f" * 16, "李明", 500_00, NOW)
    too_much = FUNDS - FLOOR + 1
    assert c.pay(floored, 1, too_much).result is PaymentResult.NO_FUNDS
    assert not asked(floored, 2, too_much)
    with pytest.raises(DeskRefused):
        desk.cash_out(b"o" * 16, "李明", CARD, too_much, NOW)
    assert online(floored) == FUNDS
    assert c.pay(floored, 3, FUNDS - FLOOR).result is PaymentResult.APPROVED
    assert online(floored) == FLOOR
    assert verify(floored, c.check_tac).ok


def test_a_claim_knows_no_floor_and_another_class_has_none(opened: OpenedLedger, ledger: Ledger) -> None:
    BankLedger(opened).set_floor(7, FLOOR, "王芳", "", NOW)
    ledger.deposit(CARD, FUNDS, "d", NOW)
    assert c.pay(ledger, 1, FUNDS).result is PaymentResult.APPROVED


def test_the_last_word_counts_and_lowers_again(opened: OpenedLedger, floored: Ledger) -> None:
    assert c.pay(floored, 1, FUNDS).result is PaymentResult.NO_FUNDS
    BankLedger(opened).set_floor(CLASS, 0, "李明", "放假", NOW)
    assert c.pay(floored, 2, FUNDS).result is PaymentResult.APPROVED
    assert [(one.card_class, one.fen, one.who) for one in Reader(floored.database).floors()] == [(CLASS, 0, "李明")]


@pytest.mark.parametrize(("card_class", "fen"), [(-1, 5), (256, 5), (1, -1), (1, FLOOR_MAX_FEN + 1)])
def test_what_is_no_floor_changes_nothing(opened: OpenedLedger, ledger: Ledger, card_class: int, fen: int) -> None:
    with pytest.raises(FloorRefused):
        BankLedger(opened).set_floor(card_class, fen, "王芳", "", NOW)
    assert Reader(ledger.database).floors() == []


def test_two_hundred_movements_at_once_never_go_below_it(
    opened: OpenedLedger, campus_dsn: str, floored: Ledger
) -> None:
    """Payments, loads by rule and deposits of one account from four connections; every yes together fits above the
    floor."""
    SplitLedger(opened).set_of_class(CLASS, Quota(50_00, 100_00, DAY_MAX_FEN), "王芳", "", NOW)
    yes: list[int] = []
    faults: list[BaseException] = []
    gate = threading.Barrier(THREADS)

    def run(n: int) -> None:
        chance = Random(n)
        with closing(open_prepared(campus_dsn)) as mine:
            ledger = Ledger(mine)
            gate.wait()
            for i in range(EACH):
                yes.append(moved(ledger, 1000 * (n + 1) + i, chance))

    workers = [threading.Thread(target=noting(faults, run), args=(n,)) for n in range(THREADS)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(timeout=120)
    assert (faults, len(yes)) == ([], THREADS * EACH)
    assert online(floored) == FUNDS + sum(yes) >= FLOOR
    assert min(yes) < 0 < max(yes)
    assert min(standings(floored)) >= FLOOR, "at every commit"
    assert by_rule(floored), "nothing was loaded by rule"
    report = verify(floored, c.check_tac)
    assert [one.broken for one in report.checks if one.name != "cards" and one.broken] == [], "no card made these up"


def by_rule(ledger: Ledger) -> int:
    with ledger.database.reading():
        rows = ledger.database.run("SELECT payload FROM load_case WHERE debited = 1")
    return sum(bytes(payload)[0] == Purpose.AUTO for (payload,) in rows)


def standings(ledger: Ledger) -> list[int]:
    """The account behind each of its entries, in their order, from the first deposit on."""
    with ledger.database.reading():
        ((account,),) = ledger.database.run("SELECT online_account FROM card WHERE card = ?", (CARD,))
        signed = "CASE WHEN credit = ? THEN fen ELSE -fen END"
        sql = f"SELECT {signed} FROM posting WHERE debit = ? OR credit = ? ORDER BY entry"  # noqa: S608  # ours
        moves = [fen for (fen,) in ledger.database.run(sql, (account, account, account))]
    return [sum(moves[: n + 1]) for n in range(len(moves))]


def moved(ledger: Ledger, request: int, chance: Random) -> int:
    """What it did to the online account."""
    fen = chance.randint(1, 30_00)
    if chance.random() < 0.2:
        ledger.deposit(CARD, fen, f"d{request}", NOW)
        return fen
    if chance.random() < 0.3:
        asked, load = c.load_request(CARD, request, fen, 10_00, request=request, at=c.POS2, purpose=Purpose.AUTO)
        return -fen if ledger.load_authorise(c.BOX, asked, load, True, NOW).result is LoadResult.GRANTED else 0
    return -fen if c.pay(ledger, request, fen).result is PaymentResult.APPROVED else 0


def noting(faults: list[BaseException], run: Callable[[int], None]) -> Callable[[int], None]:
    def noted(n: int) -> None:
        try:
            run(n)
        except BaseException as fault:
            faults.append(fault)
            raise

    return noted
