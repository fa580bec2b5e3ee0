"""The split of an account: rules and orders that are refused with the reason, what is loaded by itself and why not."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.ledger.cards.refusals import DeskRefused
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.desk.split import SplitLedger
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.loads.split.moving import LEAST_FEN, Holding, Movable, Quota, Why, onto_card, orderable
from cloud.ledger.loads.split.orders import ORDER_S, OrderRefused
from cloud.ledger.loads.split.rules import DAY_MAX_FEN, OFF, TARGET_MAX_FEN, RuleRefused
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.shown.split import SplitView
from cloud.ledger.records.values import LoadDecision, Now
from shared.online import LoadResult, Purpose
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, OPENING, Box

CARD, CLASS, LABEL = c.card(1), 1, "0001"
FLOOR, FUNDS = 20_00, 200_00
QUOTA = Quota(50_00, 120_00, 150_00)
"""A purse of 100 yuan is not below it."""
LOW = 30_00
AUTO = Purpose.AUTO


@pytest.fixture
def doors(opened: OpenedLedger, ledger: Ledger) -> SplitLedger:
    ledger.deposit(CARD, FUNDS, "d", NOW)
    BankLedger(opened).set_floor(CLASS, FLOOR, "王芳", "押金", NOW)
    return SplitLedger(opened)


def at(seconds: int) -> Now:
    return Now(NOW.unix_ms + seconds * 1000, NOW.campus_s + seconds)


def ask(ledger: Ledger, fen: int, request: int, *, purse: int = LOW, counter: int = 0, now: Now = NOW) -> LoadDecision:
    online, load = c.load_request(CARD, counter, fen, purse, request=request, at=c.POS, purpose=AUTO)
    return ledger.load_authorise(c.BOX, online, load, True, now)


def seen(ledger: Ledger, now: Now = NOW) -> SplitView:
    found = Reader(ledger.database).split(LABEL, now)
    assert found is not None
    return found


def online(ledger: Ledger) -> int:
    return -c.balances(ledger).get(f"online:{CARD.hex()}", 0)


# --- rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quota", "why"),
    [
        (Quota(60_00, 50_00, 50_00), "阈值 ¥60.00 高于目标 ¥50.00"),
        (Quota(5_00, 14_99, 50_00), "目标低于一餐"),
        (Quota(0, 50_00, 50_00), "阈值须大于零"),
        (Quota(-1, 50_00, 50_00), "阈值须大于零"),
        (Quota(50_00, TARGET_MAX_FEN + 1, 50_00), "高于卡内余额上限"),
        (Quota(20_00, 50_00, 14_99), "每日上限"),
        (Quota(20_00, 50_00, DAY_MAX_FEN + 1), "每日上限"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused_and_changes_nothing(
    doors: SplitLedger, ledger: Ledger, quota: Quota, why: str
) -> None:
    before = c.balances(ledger)
    with pytest.raises(RuleRefused, match=why):
        doors.set_of_class(CLASS, quota, "王芳", "", NOW)
    with pytest.raises(RuleRefused, match=why):
        doors.set_of_card(LABEL, quota, "王芳", "", NOW)
    assert (Reader(ledger.database).split_rules(), c.balances(ledger)) == ([], before)


@pytest.mark.parametrize("card_class", [-1, 256])
def test_a_class_that_is_none_is_refused(doors: SplitLedger, card_class: int) -> None:
    with pytest.raises(RuleRefused):
        doors.set_of_class(card_class, QUOTA, "王芳", "", NOW)


def test_a_holder_s_own_rule_stays_within_his_class_s_and_may_be_switched_off(
    doors: SplitLedger, ledger: Ledger
) -> None:
    doors.set_of_class(CLASS, QUOTA, "王芳", "住校生", NOW)
    with pytest.raises(RuleRefused, match=r"至多补到 ¥120\.00"):
        doors.set_of_card(LABEL, Quota(50_00, 130_00, 130_00), "本人", "", NOW)
    doors.set_of_card(LABEL, Quota(40_00, 110_00, 110_00), "本人", "", NOW)
    assert seen(ledger).quota == Quota(40_00, 110_00, 110_00)
    doors.set_of_class(CLASS, Quota(20_00, 60_00, 60_00), "王芳", "控费", NOW)
    assert seen(ledger).quota == Quota(40_00, 60_00, 60_00), "the class' new bound holds for him at once"
    doors.set_of_card(LABEL, OFF, "本人", "", NOW)
    assert (seen(ledger).quota, seen(ledger).due) == (None, Movable(0, Why.NO_RULE))
    assert verify(ledger, c.check_tac).first_broken == ""


def test_there_is_no_rule_and_no_order_for_a_card_that_is_none(doors: SplitLedger) -> None:
    with pytest.raises(DeskRefused):
        doors.set_of_card("9999", QUOTA, "王芳", "", NOW)
    with pytest.raises(DeskRefused):
        doors.order("k", "9999", 5_00, "本人", NOW)


# --- loaded by itself ---------------------------------------------------------------------------------------------


def test_from_the_question_to_the_card(doors: SplitLedger, ledger: Ledger, box: Box) -> None:
    assert ask(ledger, 0, 1).result is LoadResult.NOTHING, "without a rule nothing is due"
    doors.set_of_class(CLASS, QUOTA, "王芳", "", NOW)
    due = QUOTA.target_fen - LOW
    box.send(c.stored(c.purchase(1, CARD, 1, OPENING - LOW, OPENING)))
    assert ask(ledger, 0, 2) == LoadDecision(LoadResult.AUTO, due, 0, again=False)
    assert ask(ledger, 0, 2) == LoadDecision(LoadResult.AUTO, due, 0, again=True)
    assert ask(ledger, due + 1, 3).result is LoadResult.NOTHING, "more than is due is not granted"
    assert ask(ledger, due, 4).result is LoadResult.GRANTED
    assert online(ledger) == FUNDS - due
    box.send(c.stored(c.load(2, CARD, 0, due, LOW, request=4, at=c.POS), at=c.POS))
    assert online(ledger) == FUNDS - due
    assert ask(ledger, 0, 5, purse=LOW + due, counter=1).result is LoadResult.NOTHING
    assert verify(ledger, c.check_tac).first_broken == ""


def test_what_is_above_the_threshold_is_not_loaded(doors: SplitLedger, ledger: Ledger) -> None:
    doors.set_of_class(CLASS, QUOTA, "王芳", "", NOW)
    assert ask(ledger, 0, 1, purse=QUOTA.below_fen).result is LoadResult.NOTHING
    assert ask(ledger, 0, 2, purse=QUOTA.below_fen - 1).result is LoadResult.AUTO


def test_it_never_goes_below_the_floor_nor_above_a_day_s_bound(doors: SplitLedger, ledger: Ledger) -> None:
    doors.set_of_class(CLASS, QUOTA, "王芳", "", NOW)
    assert ask(ledger, 90_00, 1).result is LoadResult.GRANTED
    assert ask(ledger, 0, 2, counter=1) == LoadDecision(LoadResult.AUTO, 60_00, 0, again=False), "150 a day"
    assert ask(ledger, 60_00, 3, counter=1).result is LoadResult.GRANTED
    assert ask(ledger, 0, 4, counter=2).result is LoadResult.NOTHING
    tomorrow = at(c.DAY_S)
    free_fen = FUNDS - FLOOR - 150_00
    assert ask(ledger, 0, 5, counter=2, now=tomorrow) == LoadDecision(LoadResult.AUTO, free_fen, 0, again=False)
    assert ask(ledger, free_fen, 6, counter=2, now=tomorrow).result is LoadResult.GRANTED
    assert ask(ledger, 0, 7, counter=3, now=tomorrow).result is LoadResult.NOTHING
    assert online(ledger) == FLOOR


def test_one_that_came_back_counts_for_no_day(doors: SplitLedger, ledger: Ledger) -> None:
    doors.set_of_class(CLASS, QUOTA, "王芳", "", NOW)
    assert ask(ledger, 90_00, 1).result is LoadResult.GRANTED
    assert ask(ledger, 0, 2).amount_fen == 90_00, "the same counter: the card never got it"
    assert online(ledger) == FUNDS


def test_a_card_on_the_hotlist_gets_nothing(doors: SplitLedger, ledger: Ledger) -> None:
    doors.set_of_class(CLASS, QUOTA, "王芳", "", NOW)
    ledger.set_hotlisted(CARD, True, NOW, "王芳", "x")
    assert ask(ledger, 0, 1).result is LoadResult.HOTLISTED
    assert {seen(ledger).due.why, seen(ledger).orderable.why, seen(ledger).back.why} == {Why.BARRED}


# --- ordered ------------------------------------------------------------------------------------------------------


def test_an_order_is_loaded_once_and_the_same_key_is_the_same_order(doors: SplitLedger, ledger: Ledger) -> None:
    made = doors.order("w-1", LABEL, 25_00, "本人", NOW)
    assert doors.order("w-1", LABEL, 25_00, "本人", at(5)) == made
    with pytest.raises(OrderRefused, match="另一笔"):
        doors.order("w-1", LABEL, 26_00, "本人", at(5))
    assert seen(ledger).due == Movable(25_00)
    assert ask(ledger, 0, 1, purse=OPENING, now=at(6)) == LoadDecision(LoadResult.AUTO, 25_00, 0, again=False)
    assert ask(ledger, 25_00, 2, purse=OPENING, now=at(7)).result is LoadResult.GRANTED
    assert ask(ledger, 0, 3, purse=OPENING + 25_00, counter=1, now=at(8)).result is LoadResult.NOTHING
    assert (seen(ledger, at(9)).order, online(ledger)) == (None, FUNDS - 25_00)
    assert verify(ledger, c.check_tac).first_broken == ""


def test_an_order_may_be_called_off_and_ends_by_itself(doors: SplitLedger, ledger: Ledger) -> None:
    doors.order("w-1", LABEL, 25_00, "本人", NOW)
    assert seen(ledger, at(ORDER_S)).order is None
    doors.order("w-2", LABEL, 0, "本人", at(1))
    assert (seen(ledger, at(2)).order, ask(ledger, 0, 1, now=at(2)).result) == (None, LoadResult.NOTHING)


@pytest.mark.parametrize("fen", [-1, 1, LEAST_FEN - 1, FUNDS - FLOOR + 1])
def test_what_may_not_be_moved_now_is_refused(doors: SplitLedger, ledger: Ledger, fen: int) -> None:
    with pytest.raises(OrderRefused, match=r"现可转 ¥1\.00\.\.180\.00") as refused:
        doors.order("w-1", LABEL, fen, "本人", NOW)
    assert (refused.value.why, seen(ledger).order) == (Why.FLOOR, None)


def test_what_is_due_is_awaited_at_every_terminal(doors: SplitLedger, ledger: Ledger, box: Box) -> None:
    awaited = Reader(ledger.database).fleet.awaited
    assert awaited(NOW).cards == ()
    doors.set_of_class(CLASS, QUOTA, "王芳", "", NOW)
    assert awaited(NOW).cards == (), "nobody is below it"
    box.send(c.stored(c.purchase(1, CARD, 1, OPENING - LOW, OPENING)))
    assert awaited(NOW).cards == (CARD,)
    assert ask(ledger, 90_00, 1, counter=0).result is LoadResult.GRANTED
    box.send(c.stored(c.load(2, CARD, 0, 90_00, LOW, request=1, at=c.POS), at=c.POS))
    assert awaited(NOW).cards == ()
    doors.order("w-1", LABEL, 5_00, "本人", at(1))
    assert awaited(at(1)).cards == (CARD,)


# --- pure ---------------------------------------------------------------------------------------------------------

sums = st.integers(0, 500_00)
holdings = st.builds(
    Holding, purse_fen=sums, online_fen=st.integers(-100_00, 500_00), floor_fen=st.integers(0, 50_00),
    ceiling_fen=st.sampled_from([0, 300_00]), today_fen=sums, ordered_fen=st.sampled_from([0, 0, 40_00]),
    is_barred=st.booleans(),
)  # fmt: skip
quotas = st.builds(lambda a, b, day: Quota(min(a, b), max(a, b), day), sums, sums, sums)


@settings(max_examples=200, deadline=None)
@given(holdings, st.none() | quotas)
def test_nothing_moves_without_a_ground_and_nothing_stays_without_a_reason(has: Holding, quota: Quota | None) -> None:
    due = onto_card(has, quota)
    assert due.fen == 0 or LEAST_FEN <= due.fen <= min(has.free_fen, has.room_fen)
    assert due.fen or due.why, "nothing is due, and nobody is told why"
    if due.fen > has.ordered_fen:
        assert quota is not None
        assert has.purse_fen < quota.below_fen
        assert has.purse_fen + due.fen <= quota.target_fen
        assert has.today_fen + due.fen <= quota.day_fen
    assert orderable(has).fen <= has.free_fen
    assert not (has.is_barred and (due.fen or orderable(has).fen))


def test_each_reason_is_told() -> None:
    has, quota = Holding(10_00, 100_00, 20_00), Quota(20_00, 50_00, 60_00)
    cases: list[tuple[Holding, Callable[[Holding], Movable], Movable]] = [
        (has, lambda one: onto_card(one, None), Movable(0, Why.NO_RULE)),
        (has, lambda one: onto_card(one, quota), Movable(40_00)),
        (has._replace(purse_fen=20_00), lambda one: onto_card(one, quota), Movable(0, Why.ENOUGH)),
        (has._replace(online_fen=30_00), lambda one: onto_card(one, quota), Movable(10_00, Why.FLOOR)),
        (has._replace(online_fen=20_00), lambda one: onto_card(one, quota), Movable(0, Why.FLOOR)),
        (has._replace(ceiling_fen=15_00), lambda one: onto_card(one, quota), Movable(5_00, Why.FULL)),
        (has._replace(today_fen=30_00), lambda one: onto_card(one, quota), Movable(30_00, Why.DAY)),
        (has._replace(today_fen=60_00), lambda one: onto_card(one, quota), Movable(0, Why.DAY)),
        (has._replace(ordered_fen=45_00), lambda one: onto_card(one, quota), Movable(45_00)),
        (has._replace(ordered_fen=90_00), lambda one: onto_card(one, quota), Movable(80_00, Why.FLOOR)),
    ]
    for holding, ask_for, expected in cases:
        assert ask_for(holding) == expected, holding


def test_a_load_that_came_by_itself_is_a_plain_load_in_the_books(doors: SplitLedger, ledger: Ledger, box: Box) -> None:
    doors.set_of_class(CLASS, QUOTA, "王芳", "", NOW)
    ask(ledger, 90_00, 1)
    box.send(c.stored(c.load(1, CARD, 0, 90_00, LOW, request=1, at=c.POS, kind=Kind.NOT_CREDITED), at=c.POS))
    assert ask(ledger, 0, 2).result is LoadResult.AUTO
    assert online(ledger) == FUNDS, "the same counter gave it back"
    assert verify(ledger, c.check_tac).first_broken == ""
