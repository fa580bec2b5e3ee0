"""In every mood of every provider, and with every seed, the account ends equal to the provider's bill: what was paid,
what went back, by our asking or not, what the provider keeps, and what it brings to the bank."""

from dataclasses import replace
from pathlib import Path

import pytest

from cloud.emulators.providers.mood import MOODS
from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.checks.books import check_balances, check_entries
from cloud.ledger.checks.money.deposits import check_deposits
from cloud.ledger.checks.money.refunds import check_refunds
from cloud.ledger.funds.providers.paying import OVER_MAX_FEN
from tests.cloud.ledger import campus as c
from tests.cloud.payments.rig import Rig, in_memory

ASKED = (50_00, 20_00, 1, 300_00)
BANK_MOODS = ("honest", "overpaid", "underpaid", "fees", "refuses-refunds")
"""A bank calls nobody and answers by files: most moods are none of its."""
BACK = (20_00, 1_00)
"""What two persons give back of the first order, and of the second, of which the provider gives back by itself."""


def play(rig: Rig) -> dict[str, bytes]:
    """Four orders; three are paid. A refund at the provider, of which nobody tells us. Then the bill."""
    cards = {}
    for n, fen in enumerate(ASKED, 1):
        order = rig.deposits.order(f"k{n}", c.card(n), fen, rig.provider, "家长")
        cards[order.number] = c.card(n)
    numbers = list(cards)
    rig.pass_time(120)
    if rig.bank is None:
        for number in numbers[:3]:
            rig.trades.pay(number, rig.now_s)
        rig.pass_time(60)
        mood = rig.trades.mood
        rig.trades.mood = replace(mood, refuse=False, break_back=False, back_s=0)
        rig.trades.refund(numbers[1], "SHOP-REFUND-1", 5_00, rig.now_s)
        rig.trades.mood = mood
    rig.pass_time(1_500, 30)
    for number, fen in zip(numbers, BACK, strict=False):
        if rig.deposits.state(f"k{numbers.index(number) + 1}").txn:
            rig.refund(number, fen)
    day = rig.day
    rig.pass_time(4_000, 60)
    rig.pass_time(30 * 3600, 1_800)
    rig.ask_for_those_of_a_person()
    for each in (day, rig.day):  # what was asked for late went back a day later
        rig.take_bill(each)
        rig.take_settlement(each)
    return cards


def require_equal(rig: Rig, cards: dict[str, bytes], day: str) -> None:
    """The law: card by card, and the provider's account in all."""
    paid, whole = rig.billed(day, rig.day)
    for number, card in cards.items():
        trade, got = rig.trades.all.get(number), paid.get(number, 0)
        over_fen = trade.paid_fen - trade.fen if trade else 0
        shop_fen = sum(fen for name, (fen, _) in trade.refunds.items() if name.startswith("SHOP")) if trade else 0
        rest = max(0, over_fen - shop_fen) if over_fen > OVER_MAX_FEN else 0
        assert rig.online_fen(card) == got - rest, number
    fee_fen = sum(one.fee_fen for one in (*rig.trades.all.values(), *rig.trades.strays) if one.txn)
    assert rig.fees_fen() == fee_fen
    assert rig.provider_fen() == whole - fee_fen - rig.brought_fen()
    assert rig.brought_fen() >= whole - fee_fen > 0
    assert rig.refunding_fen() == 0
    assert rig.unclear_fen() == whole - sum(rig.online_fen(card) for card in cards.values())
    db = rig.opened.database
    with db.reading():
        for check in (check_balances, check_entries, check_book_chain, check_deposits, check_refunds):
            assert check(db).broken == ""


@pytest.mark.parametrize(("mood", "seed"), [*((mood, 0) for mood in MOODS), ("everything", 1), ("everything", 2)])
@pytest.mark.parametrize("provider", ["wechat", "alipay"])
def test_the_account_ends_equal_to_the_bill(
    provider: str, mood: str, seed: int, tmp_path: Path, campus_file: Path
) -> None:  # fmt: skip
    opened = in_memory(campus_file)
    rig = Rig(opened, provider, replace(MOODS[mood], seed=seed), tmp_path)
    day = rig.day
    require_equal(rig, play(rig), day)
    opened.close()


@pytest.mark.parametrize("mood", BANK_MOODS)
def test_a_banks_files_end_equal_to_its_bill(mood: str, tmp_path: Path, campus_file: Path) -> None:
    opened = in_memory(campus_file)
    rig = Rig(opened, "bank", MOODS[mood], tmp_path / "bank")
    day = rig.day
    require_equal(rig, play(rig), day)
    opened.close()
