"""A holder's own bound of a day: one rule for tills, codes and orders, in the books' chain, and for the next card."""

import pytest

from cloud.ledger.cards.life import Life, set_life
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.funds.bounds import BoundRefused, bound_of, day_max_of, set_bound
from cloud.ledger.funds.payments.rule import DAY_MAX_FEN, SINGLE_MAX_FEN
from cloud.ledger.funds.payments.school import PayBounds, PayBoundsRefused, pay_bounds
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.payments import calls, doors
from shared.online import PaymentResult
from shared.wire.desk.calls import CardState
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW

CARD, NEXT = c.card(1), c.card(2)


def said(opened: OpenedLedger, key: str, fen: int, card: bytes = CARD) -> None:
    with opened.writing(NOW) as writing:
        set_bound(writing, key, card, fen, "wallet:1")


def test_it_bounds_tills_and_orders_alike_and_the_last_word_counts(opened: OpenedLedger, ledger: Ledger) -> None:
    ledger.deposit(CARD, 100_00, "d", NOW)
    said(opened, "a", 20_00)
    assert c.pay(ledger, 1, 20_01).result is PaymentResult.OVER_LIMIT
    assert c.pay(ledger, 2, 15_00).result is PaymentResult.APPROVED
    token = calls.make_order(doors.orders(opened), "一楼大伙", "o1", 5_01, NOW)["token"]
    assert calls.pay(doors.orders(opened), CARD, "k", token, 5_01, NOW)["result"] == "over-limit"
    said(opened, "b", 20_01)
    assert calls.pay(doors.orders(opened), CARD, "l", token, 5_01, NOW)["result"] == "done"
    assert verify(ledger, c.check_tac).ok


def test_one_key_is_one_word_and_none_is_above_the_schools(opened: OpenedLedger, ledger: Ledger) -> None:
    assert ledger
    said(opened, "a", 5_00)
    said(opened, "a", 5_00)
    for key, fen in (("a", 6_00), ("b", DAY_MAX_FEN + 1), ("c", -1), ("", 1)):
        with pytest.raises(BoundRefused):
            said(opened, key, fen)
    with opened.database.reading():
        assert opened.database.run("SELECT COUNT(*) FROM account_bound") == [(1,)]


def test_what_the_school_sets_counts_at_once_for_tills_orders_and_holders(
    opened: OpenedLedger, ledger: Ledger
) -> None:
    ledger.deposit(CARD, 3_000_00, "d", NOW)
    assert c.pay(ledger, 1, SINGLE_MAX_FEN + 1).result is PaymentResult.OVER_LIMIT
    BankLedger(opened).set_pay_bounds(PayBounds(800_00, 1_500_00), "王芳", "教工餐厅", NOW)
    assert c.pay(ledger, 2, 800_00).result is PaymentResult.APPROVED
    assert c.pay(ledger, 3, 700_01).result is PaymentResult.OVER_LIMIT, "of a day"
    token = calls.make_order(doors.orders(opened), "一楼大伙", "o1", 700_00, NOW)["token"]
    assert calls.pay(doors.orders(opened), CARD, "k", token, 700_00, NOW)["result"] == "done"
    said(opened, "a", 1_500_00)
    BankLedger(opened).set_pay_bounds(PayBounds(50_00, 100_00), "王芳", "", NOW)
    with opened.database.reading():
        assert day_max_of(opened.database, CARD) == 100_00, "a holder's own never goes beyond it"
    for one, day in ((9_99, 100_00), (50_00, 99_99), (200_00, 100_00), (2_000_01, 5_000_00), (10_00, 5_000_01)):
        with pytest.raises(PayBoundsRefused):
            BankLedger(opened).set_pay_bounds(PayBounds(one, day), "王芳", "", NOW)
    with opened.database.reading():
        assert pay_bounds(opened.database) == PayBounds(50_00, 100_00)
    assert verify(ledger, c.check_tac).ok


def test_the_card_that_takes_its_place_has_it_too(opened: OpenedLedger, ledger: Ledger) -> None:
    assert ledger
    said(opened, "a", 5_00)
    with opened.writing(NOW) as writing:
        set_life(writing, CARD, Life(CardState.REPLACED, NEXT))
    with opened.database.reading():
        assert day_max_of(opened.database, NEXT) == 5_00
        assert bound_of(opened.database, c.card(3)) is None


def test_what_was_paid_today_counts_for_the_card_that_takes_its_place(opened: OpenedLedger, ledger: Ledger) -> None:
    for number, card in enumerate((CARD, NEXT)):
        ledger.deposit(card, 100_00, f"d{number}", NOW)
    said(opened, "a", 20_00)
    assert c.pay(ledger, 1, 15_00).result is PaymentResult.APPROVED
    with opened.writing(NOW) as writing:
        set_life(writing, CARD, Life(CardState.REPLACED, NEXT))
    assert c.pay(ledger, 2, 5_01, of=NEXT).result is PaymentResult.OVER_LIMIT
    token = calls.make_order(doors.orders(opened), "一楼大伙", "o1", 5_01, NOW)["token"]
    assert calls.pay(doors.orders(opened), NEXT, "l", token, 5_01, NOW)["result"] == "over-limit"
    assert c.pay(ledger, 3, 5_00, of=NEXT).result is PaymentResult.APPROVED
