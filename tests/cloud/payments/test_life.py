"""An order's life: idempotent, bounded, never given up silently; and what a bill shows that nothing else did."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.emulators.providers.mood import Mood
from cloud.ledger.checks.money.deposits import check_deposits
from cloud.ledger.funds.providers.items import ItemKind
from cloud.ledger.funds.providers.orders import OPEN_MAX
from cloud.ledger.funds.providers.terms import OrderState
from cloud.ledger.records.values import DepositRefused
from cloud.payments.deposits.judging import WAITS_S
from cloud.payments.deposits.wakes import Wakes
from tests.cloud.ledger import campus as c
from tests.cloud.payments.rig import Rig, in_memory

CARD = c.card(1)


@pytest.fixture
def rig(campus_file: Path, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(in_memory(campus_file), "wechat", Mood(), tmp_path)
    yield made
    made.opened.close()


def broken(rig: Rig) -> str:
    with rig.opened.database.reading():
        return check_deposits(rig.opened.database).broken


def test_the_same_key_is_the_same_order_and_another_sum_is_refused(rig: Rig) -> None:
    one = rig.deposits.order("k", CARD, 50_00, "wechat")
    assert rig.deposits.order("k", CARD, 50_00, "wechat") == one
    with pytest.raises(DepositRefused):
        rig.deposits.order("k", CARD, 51_00, "wechat")
    with pytest.raises(DepositRefused):
        rig.deposits.order("other", CARD, 50_00, "paypal")
    with pytest.raises(DepositRefused):
        rig.deposits.order("more", CARD, 5_000_01, "wechat")


def test_orders_of_a_card_are_bounded(rig: Rig) -> None:
    for n in range(OPEN_MAX):
        rig.deposits.order(f"k{n}", CARD, 1, "wechat")
    with pytest.raises(DepositRefused):
        rig.deposits.order("more", CARD, 1, "wechat")


def test_who_never_pays_is_closed_and_a_closed_order_cannot_be_paid(rig: Rig) -> None:
    number = rig.deposits.order("k", CARD, 50_00, "wechat").number
    rig.pass_time(2_400, 60)
    assert rig.deposits.state("k").state == OrderState.CLOSED
    assert not rig.trades.pay(number, rig.now_s)


def test_a_provider_that_never_answers_leaves_it_unknown_for_a_person(rig: Rig) -> None:
    rig.deposits.order("k", CARD, 50_00, "wechat")
    rig.trades.take_mood(Mood(fail=100))
    rig.pass_time(sum(WAITS_S) + 3_600, 600)
    order = rig.deposits.state("k")
    assert order.state == OrderState.PERSON
    assert "deposit-unknown" in rig.facts()
    assert sum(WAITS_S) >= 86_400
    rig.trades.take_mood(Mood())
    assert rig.deposits.ask_again(order.number)
    rig.deposits.turn()
    assert broken(rig) == ""


def test_a_time_of_payment_that_cannot_be_takes_nothing_from_the_payment(rig: Rig) -> None:
    number = rig.deposits.order("k", CARD, 50_00, "wechat").number
    rig.pass_time(30)
    rig.trades.pay(number, 0)
    rig.pass_time(120, 10)
    assert rig.deposits.state("k").state == OrderState.PAID
    assert broken(rig) == ""


def test_paid_after_closing_is_posted_by_the_bill_and_told(rig: Rig) -> None:
    number = rig.deposits.order("k", CARD, 50_00, "wechat").number
    rig.pass_time(30)
    rig.pass_time(2_400, 60)
    rig.trades.all[number].is_closed = False
    rig.trades.all[number].expires_s += 86_400
    rig.trades.pay(number, rig.now_s)
    rig.trades.owed.clear()
    rig.take_bill(rig.day)
    assert rig.online_fen(CARD) == 50_00
    assert "deposit-late" in rig.facts()
    assert broken(rig) == ""


def test_the_bill_names_long_short_and_unknown(rig: Rig) -> None:
    numbers = [rig.deposits.order(f"k{n}", c.card(n), 50_00, "wechat").number for n in (1, 2, 3)]
    rig.pass_time(30)
    for number in numbers:
        rig.trades.pay(number, rig.now_s)
    rig.pass_time(60)
    rig.trades.all[numbers[0]].paid_fen += 10
    rig.trades.all[numbers[1]].paid_fen -= 10
    del rig.trades.all[numbers[2]]
    rig.trades.take_mood(Mood(stray=True))
    rig.take_bill(rig.day)
    found = {one.kind: (one.bill_fen, one.books_fen) for one in rig.deposits.open_items() if one.bill_fen}
    assert found == {
        ItemKind.LONG: (50_10, 50_00), ItemKind.SHORT: (49_90, 50_00), ItemKind.UNKNOWN: (777, 0),
    }  # fmt: skip
    assert [one.kind for one in rig.deposits.open_items() if not one.bill_fen] == [ItemKind.SHORT]
    before = rig.balances()
    rig.take_bill(rig.day)
    assert rig.balances() == before
    assert rig.facts().count("deposit-item") == 1, "four of one transaction are told in one row"
    assert broken(rig) == ""


def test_what_the_next_bill_brings_is_short_no_longer(rig: Rig) -> None:
    number = rig.deposits.order("k", CARD, 50_00, "wechat").number
    rig.pass_time(30)
    rig.trades.pay(number, rig.now_s)
    rig.pass_time(60)
    trade = rig.trades.all.pop(number)
    rig.take_bill(rig.day)
    assert [one.kind for one in rig.deposits.open_items()] == [ItemKind.SHORT]
    rig.now_s += 86_400
    rig.trades.all[number] = trade
    trade.paid_s += 86_400
    rig.take_bill(rig.day)
    assert rig.deposits.open_items() == []


def test_a_bill_that_is_corrected_again_and_again_is_named_and_stops_nothing(rig: Rig) -> None:
    number = rig.deposits.order("k", CARD, 50_00, "wechat").number
    rig.pass_time(30)
    rig.trades.pay(number, rig.now_s)
    rig.pass_time(60)
    rig.trades.take_mood(Mood(stray=True))
    for more in (0, 5, 9):
        rig.trades.all[number].paid_fen = 50_00 + more
        rig.take_bill(rig.day)
        rig.trades.strays[0].paid_fen += 100 + more
    found = {one.kind for one in rig.deposits.open_items()}
    assert found == {ItemKind.LONG, ItemKind.UNKNOWN}
    whole = rig.trades.all[number].paid_fen + rig.trades.strays[0].paid_fen - 109
    assert rig.provider_fen() == whole
    assert broken(rig) == ""


def test_wakes_are_durable_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloud.payments.deposits.wakes.KEPT_MAX", 4)
    wakes = Wakes(tmp_path)
    assert wakes.wake("wechat", {"Wechatpay-Nonce": "n", "Cookie": "secret"}, b"{}")
    (one,) = Wakes(tmp_path).waiting()
    assert one.headers == {"wechatpay-nonce": "n"}
    assert not wakes.wake("wechat", {}, bytes(17 * 1024))
    for _ in range(3):
        assert wakes.wake("wechat", {}, b"x")
    assert not wakes.wake("wechat", {}, b"x")
    wakes.done([one.number])
    assert wakes.wake("wechat", {}, b"x")
