"""What goes back: two persons, taken aside before the provider hears, known in the end, and never twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.emulators.providers.mood import MOODS, Mood
from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.checks.money.deposits import check_deposits
from cloud.ledger.checks.money.refunds import check_refunds
from cloud.ledger.funds.providers.invoices import MonthFees, invoiced, month_fees, take_invoice
from cloud.ledger.funds.providers.items import ItemKind
from cloud.ledger.funds.providers.terms import OrderState, RefundState
from cloud.ledger.held.deposits.items import DepositItemsLedger
from cloud.ledger.held.deposits.refunds import RefundLedger
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.ledger.records.values import DepositRefused
from cloud.payments.deposits.judging import WAITS_S
from shared.clocks.clock import day_number
from tests.cloud.ledger import campus as c
from tests.cloud.payments.rig import Killed, Rig, crash_points, in_memory

CARD = c.card(1)
FEN = 50_00


@pytest.fixture
def rig(campus_file: Path, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(in_memory(campus_file), "wechat", Mood(), tmp_path)
    yield made
    made.opened.close()


def paid(rig: Rig, key: str = "k", card: bytes = CARD, fen: int = FEN) -> str:
    number = rig.deposits.order(key, card, fen, rig.provider, "家长").number
    rig.pass_time(30)
    if rig.bank is None:
        assert rig.trades.pay(number, rig.now_s)
    rig.pass_time(60)
    assert rig.deposits.state(key).txn
    return number


def require_sound(rig: Rig) -> None:
    with rig.opened.database.reading():
        for check in (check_deposits, check_refunds):
            assert check(rig.opened.database).broken == ""


def test_a_part_then_the_rest_and_never_more(rig: Rig) -> None:
    number = paid(rig)
    rig.refund(number, 20_00)
    assert (rig.online_fen(CARD), rig.refunding_fen()) == (30_00, 20_00), "taken aside before its provider hears"
    assert not rig.trades.all[number].refunds
    rig.pass_time(60)
    assert (rig.provider_fen(), rig.refunding_fen(), rig.refunds()[number]) == (30_00, 0, RefundState.DONE)
    with pytest.raises(ProposalRefused):
        rig.refund(number, 30_01)
    rig.refund(number, 30_00)
    rig.pass_time(60)
    assert rig.deposits.state("k").state == OrderState.REFUNDED
    before = rig.balances()
    rig.take_bill(rig.day)
    assert rig.balances() == before
    assert rig.deposits.open_items() == []
    require_sound(rig)


def test_one_person_is_not_two_and_one_word_at_a_time(rig: Rig) -> None:
    number, ledger = paid(rig), RefundLedger(rig.opened)
    made = ledger.propose(number, FEN, "王芳", "家长申请", rig.now())
    with pytest.raises(ProposalRefused):
        ledger.confirm(made.number, " 王芳 ", rig.now())
    with pytest.raises(ProposalRefused):
        ledger.propose(number, FEN, "李明", "家长申请", rig.now())
    assert ledger.propose(number, FEN, "王芳", "家长申请", rig.now()).number == made.number
    ledger.confirm(made.number, "李明", rig.now())
    assert ledger.confirm(made.number, "赵强", rig.now()).again
    assert rig.refunding_fen() == FEN


def test_what_was_spent_meanwhile_does_not_go_back(rig: Rig) -> None:
    number, ledger = paid(rig), RefundLedger(rig.opened)
    one = ledger.propose(number, FEN, "王芳", "家长申请", rig.now())
    rig.trades.refund(number, "SHOP", 10_00, rig.now_s)
    rig.take_bill(rig.day)
    with pytest.raises(ProposalRefused):
        ledger.confirm(one.number, "李明", rig.now())
    assert (rig.online_fen(CARD), rig.refunding_fen()) == (40_00, 0)
    require_sound(rig)


def test_refused_it_is_back_and_somebody_is_told(rig: Rig) -> None:
    number = paid(rig)
    rig.trades.take_mood(Mood(refuse=True))
    rig.refund(number, FEN)
    rig.pass_time(60)
    assert (rig.online_fen(CARD), rig.refunds()[number]) == (FEN, RefundState.REFUSED)
    assert "refund-refused" in rig.facts()
    rig.trades.take_mood(Mood())
    rig.refund(number, FEN)
    rig.pass_time(60)
    assert rig.online_fen(CARD) == 0, "and may be asked for anew"
    require_sound(rig)


def test_a_provider_without_money_is_asked_again(rig: Rig) -> None:
    number = paid(rig)
    rig.trades.take_mood(Mood(poor=True))
    rig.refund(number, FEN)
    rig.pass_time(120)
    assert (rig.online_fen(CARD), rig.refunding_fen()) == (0, FEN)
    rig.trades.take_mood(Mood())
    rig.pass_time(600)
    assert (rig.refunds()[number], rig.provider_fen()) == (RefundState.DONE, 0)
    require_sound(rig)


def test_silence_for_a_day_is_a_persons_and_stays_unknown(rig: Rig) -> None:
    number = paid(rig)
    rig.trades.take_mood(Mood(fail=100))
    rig.refund(number, FEN)
    rig.pass_time(sum(WAITS_S) + 3_600, 600)
    assert (rig.refunds()[number], rig.refunding_fen()) == (RefundState.PERSON, FEN)
    assert "refund-unknown" in rig.facts()
    rig.trades.take_mood(Mood())
    with rig.opened.database.reading():
        ((name,),) = rig.opened.database.run("SELECT number FROM deposit_refund")
    assert rig.deposits.ask_again(name)
    rig.pass_time(60)
    assert rig.refunds()[number] == RefundState.DONE
    require_sound(rig)


def test_a_bill_ends_what_no_query_did_and_misses_what_one_said(rig: Rig) -> None:
    first, second = paid(rig), paid(rig, "l", c.card(2))
    rig.refund(first, FEN)
    rig.pass_time(30)
    gone = rig.trades.all[first].refunds.copy()
    rig.trades.all[first].refunds.clear()
    rig.trades.take_mood(Mood(back_s=300))
    rig.refund(second, FEN)
    rig.deposits.turn()
    rig.take_bill(rig.day)
    assert rig.refunds()[second] == RefundState.DONE
    assert [one.kind for one in rig.deposits.open_items()] == [ItemKind.REFUND_SHORT]
    rig.trades.all[first].refunds.update({name: (fen, at_s + 86_400) for name, (fen, at_s) in gone.items()})
    rig.now_s += 86_400
    rig.take_bill(rig.day)
    assert rig.deposits.open_items() == [], "a later bill brings it"
    require_sound(rig)


def test_what_a_bank_took_and_no_card_can_have_goes_back_by_itself(campus_file: Path, tmp_path: Path) -> None:
    rig = Rig(in_memory(campus_file), "bank", Mood(), tmp_path / "bank")
    number = paid(rig)
    trade = rig.trades.all[number]
    first = trade.txn
    trade.txn = "DEBITED-TWICE"
    rig.bank._bill[rig.day.replace("-", "")].append(f"O|{number}|{trade.txn}|{FEN}|{rig.now_s}|")
    rig.bank.serve(rig.folder, rig.day.replace("-", ""), rig.now_s)
    rig.take_bill(rig.day)
    assert (rig.unclear_fen(), [one.kind for one in rig.deposits.open_items()]) == (FEN, [ItemKind.UNCLEAR])
    rig.pass_time(120)
    assert (rig.unclear_fen(), rig.refunding_fen(), rig.online_fen(CARD)) == (0, 0, FEN)
    assert (rig.bank.reversed, rig.deposits.open_items()) == ({"DEBITED-TWICE": FEN}, [])
    assert rig.deposits.state("k").txn == first
    require_sound(rig)
    rig.opened.close()


def test_what_a_bank_takes_back_by_itself_leaves_the_account(campus_file: Path, tmp_path: Path) -> None:
    rig = Rig(in_memory(campus_file), "bank", Mood(takes_back=True), tmp_path / "bank")
    paid(rig)
    rig.now_s += 86_400
    rig.pass_time(30)
    rig.take_bill(rig.day)
    assert (rig.online_fen(CARD), rig.provider_fen()) == (0, 0)
    assert "deposit-refunded" in rig.facts()
    require_sound(rig)
    rig.opened.close()


def test_fees_and_what_was_brought_are_booked_once_and_differences_named(rig: Rig) -> None:
    rig.trades.take_mood(MOODS["fees"])
    paid(rig)
    for _ in range(2):
        rig.take_bill(rig.day)
        rig.take_settlement(rig.day)
    assert (rig.fees_fen(), rig.brought_fen(), rig.provider_fen()) == (30, FEN - 30, 0)
    assert rig.deposits.open_items() == []
    rig.trades.of_txn(rig.deposits.state("k").txn).fee_fen = 31
    rig.take_settlement(rig.day)
    assert {one.kind for one in rig.deposits.open_items()} == {ItemKind.FEE, ItemKind.RESETTLED}
    require_sound(rig)


def test_a_line_twice_in_a_bill_is_one_and_named(rig: Rig) -> None:
    rig.trades.take_mood(Mood(twice=True))
    paid(rig)
    rig.take_bill(rig.day)
    assert [one.kind for one in rig.deposits.open_items()] == [ItemKind.TWICE]
    assert rig.provider_fen() == FEN
    require_sound(rig)


def played(campus_file: Path, folder: Path, crash_at: int) -> Rig:
    """Paid, then given back by two persons; dies once, in whatever of it."""
    rig = Rig(in_memory(campus_file), "alipay", Mood(back_s=20), folder)
    number = paid(rig)
    rig.begun = rig.points
    rig.crash_at = rig.begun + crash_at if crash_at else 0
    with crash_points(rig.opened, rig):
        for _ in range(2):
            try:
                rig.refund(number, FEN)
                break
            except (Killed, ProposalRefused):
                rig.born()
        rig.pass_time(90, 15)
        rig.take_bill(rig.day)
    return rig


def test_killed_at_any_point_it_goes_back_once(campus_file: Path, tmp_path: Path) -> None:
    whole = played(campus_file, tmp_path, 0)
    points = whole.points - whole.begun
    whole.opened.close()
    assert points > 24
    for at in range(1, points, max(1, points // 12)):
        rig = played(campus_file, tmp_path, at)
        gone = sum(fen for one in rig.trades.all.values() for fen, _ in one.refunds.values())
        assert (rig.online_fen(CARD), rig.provider_fen(), gone) in ((0, 0, FEN), (FEN, FEN, 0)), at
        require_sound(rig)
        rig.opened.close()


def test_what_was_far_too_much_goes_back_first_and_the_card_pays_only_beyond_it(rig: Rig) -> None:
    rig.trades.take_mood(MOODS["far-overpaid"])
    number = paid(rig)
    assert (rig.online_fen(CARD), rig.unclear_fen()) == (FEN, 500_00)
    items = DepositItemsLedger(rig.opened)
    ident = rig.deposits.open_items()[0].ident
    offered = items.propose(ident, CARD, "王芳", "付款人来电", rig.now()).number
    rig.trades.refund(number, "SHOP-1", 300_00, rig.now_s)
    for _ in range(2):
        rig.take_bill(rig.day)
    assert (rig.online_fen(CARD), rig.unclear_fen()) == (FEN, 200_00)
    assert [(one.ident, one.unclear_fen) for one in rig.deposits.open_items()] == [(ident, 200_00)]
    with pytest.raises(ProposalRefused):
        items.confirm(offered, "李明", rig.now())
    rig.trades.refund(number, "SHOP-2", 210_00, rig.now_s)
    for _ in range(2):
        rig.take_bill(rig.day)
    assert (rig.online_fen(CARD), rig.unclear_fen(), rig.provider_fen()) == (40_00, 0, 40_00)
    assert rig.deposits.open_items() == []
    require_sound(rig)


def test_a_payment_of_nobody_that_goes_back_leaves_nothing_to_give_away(rig: Rig) -> None:
    rig.trades.take_mood(Mood(stray=True))
    rig.take_bill(rig.day)
    rig.trades.strays[0].refunds["SHOP-9"] = (rig.trades.strays[0].paid_fen, rig.now_s)
    rig.take_bill(rig.day)
    assert (rig.unclear_fen(), [one.kind for one in rig.deposits.open_items()]) == (0, [ItemKind.UNKNOWN_REFUND])
    require_sound(rig)


def test_a_months_invoice_is_held_against_what_was_kept(rig: Rig) -> None:
    rig.trades.take_mood(MOODS["fees"])
    paid(rig)
    rig.take_bill(rig.day)
    month, today = rig.day[:7], day_number(rig.now().campus_s)

    def invoice(fen: int) -> MonthFees:
        with rig.opened.writing(rig.now()) as writing:
            return take_invoice(writing, "wechat", month, fen, "发票 1", "王芳")

    assert (invoice(30).apart_fen, rig.facts().count("fee-invoice-apart")) == (0, 0)
    assert (invoice(31).apart_fen, invoice(31).apart_fen, rig.facts().count("fee-invoice-apart")) == (1, 1, 1)
    with rig.opened.database.reading():
        (found,) = invoiced(rig.opened.database, today)
        assert check_book_chain(rig.opened.database).broken == ""
    assert (found.fees_fen, found.invoice_fen, found.missing) == (30, 31, 26), "the days before have no file"
    with pytest.raises(DepositRefused):
        month_fees(rig.opened.database, "wechat", "2026-13", today)
