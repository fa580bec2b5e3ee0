"""日结: receipts without a gap, cash and cards counted against the books, the difference named, a day closed once."""

from dataclasses import replace

import pytest

from cloud.ledger.cards.refusals import DAY_CLOSED, NEW_CARD_USED, NOT_DRAWN, RANGE, DeskRefused
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.journal.facts import from_json
from cloud.ledger.read.desk import OpenPeriod, cashiers, open_periods
from cloud.ledger.records.values import Now
from shared.clocks.clock import day_number
from shared.facts.desks import CashOver, CashShort
from shared.wire.desk.calls import SheetRow, parse_day_sheet
from tests.cloud.ledger.campus import NOW, balances, card, check_tac, codes, inventory

ONE, WANG, LI = card(1), "王芳", "li"
DAY = day_number(NOW.campus_s)


def at(days, seconds=0):
    s = days * 86_400 + seconds
    return Now(NOW.unix_ms + s * 1000, NOW.campus_s + s)


@pytest.fixture
def desk(opened, ledger):
    fresh = tuple(replace(row, opening_fen=0) for row in inventory(20).cards if row.label >= "0009")
    ledger.import_inventory(replace(inventory(number=2), cards=(*inventory().cards, *fresh)), NOW)
    yield DeskLedger(opened)
    report = verify(ledger, check_tac)
    assert report.ok, report.first_broken


def key(n):
    return n.to_bytes(16, "big")


def wish(n, label, reason=""):
    return Wish(key(n), WANG, label, reason)


def refused(no, act):
    with pytest.raises(DeskRefused) as fault:
        act()
    assert fault.value.no is no


def busy(desk, now=NOW):
    desk.cash_float(key(1), WANG, 10_000, now)
    desk.cash_in(key(2), WANG, ONE, 5_000, now)
    desk.cash_in(key(3), WANG, ONE, 3_000, now)
    desk.cash_out(key(4), WANG, ONE, 1_000, now)


def test_a_day_with_the_right_sum(desk):
    busy(desk)
    said = desk.close_day(key(9), WANG, 17_000, 0, at(0, 60))
    assert parse_day_sheet(said.to_list()) == said
    assert (said.first_receipt, said.last_receipt) == (1, 4)
    rows = (("cash_in", 2, 8_000), ("cash_out", 1, 1_000), ("cash_float", 1, 10_000))
    assert said.rows == tuple(SheetRow(*row) for row in rows)
    assert (said.expected_fen, said.difference_fen, said.cards_difference) == (17_000, 0, 0)
    assert f"cash:{WANG}" not in balances(desk)
    assert "cash-difference" not in codes(desk)


@pytest.mark.parametrize(
    ("counted", "over_short"), [(17_300, -300), (17_001, -1), (16_999, 1), (16_500, 500), (0, 17_000)]
)
def test_a_difference_is_booked_and_told(desk, counted, over_short):
    busy(desk)
    before = balances(desk)["bank"]
    said = desk.close_day(key(9), WANG, counted, 0, at(0, 60))
    assert said.difference_fen == -over_short
    held = balances(desk)
    assert (held["over-short"], held["bank"] - before, held.get(f"cash:{WANG}", 0)) == (over_short, counted, 0)
    assert codes(desk)["cash-difference"] == "important"
    with desk.database.reading():
        ((params,),) = desk.database.run("SELECT params FROM fact WHERE code = 'cash-difference'")
    told = CashOver if over_short < 0 else CashShort
    assert from_json(params) == told(WANG, abs(over_short), 0).params()


def test_a_day_is_closed_once_and_takes_no_more_cash(desk):
    busy(desk)
    first = desk.close_day(key(9), WANG, 17_000, 0, at(0, 60))
    assert desk.close_day(key(9), WANG, 17_000, 0, at(0, 61)) == first
    refused(DAY_CLOSED, lambda: desk.close_day(key(10), WANG, 17_000, 0, at(0, 62)))
    refused(DAY_CLOSED, lambda: desk.cash_in(key(11), WANG, ONE, 100, at(0, 63)))
    assert desk.cash_in(key(12), LI, ONE, 100, at(0, 64)).number == 1
    assert desk.cash_in(key(2), WANG, ONE, 5_000, at(0, 65)).again
    assert desk.sheet(WANG, DAY) == first


def test_the_next_sheet_goes_on_where_the_last_one_ended(desk):
    busy(desk)
    desk.close_day(key(9), WANG, 17_000, 0, at(0, 60))
    assert desk.cash_in(key(20), WANG, ONE, 700, at(1)).number == 5
    open_ = desk.sheet(WANG, DAY + 1)
    assert (open_.first_receipt, open_.last_receipt, open_.expected_fen, open_.counted_fen) == (5, 5, 700, None)
    said = desk.close_day(key(21), WANG, 700, 0, at(1, 60))
    assert (said.first_receipt, said.last_receipt, said.rows) == (5, 5, (SheetRow("cash_in", 1, 700),))


def test_a_day_without_any_business_is_closed_once_too(desk):
    first = desk.close_day(key(9), WANG, 0, 0, NOW)
    assert (first.first_receipt, first.last_receipt, first.rows) == (1, 0, ())
    assert desk.close_day(key(9), WANG, 0, 0, at(0, 1)) == first
    refused(DAY_CLOSED, lambda: desk.close_day(key(10), WANG, 5, 0, at(0, 2)))


def test_cards_drawn_are_used_spoiled_or_left(desk):
    desk.draw(key(1), WANG, "0009", "0014", NOW)
    desk.draw(key(1), WANG, "0009", "0014", NOW)
    desk.spoil(wish(2, "0010", "写卡失败"), NOW)
    desk.spoil(wish(2, "0010", "写卡失败"), NOW)
    desk.replace_broken(wish(3, "0001"), "0009", None, NOW)
    desk.replace_broken(wish(4, "0002"), "0020", None, NOW)
    said = desk.close_day(key(5), WANG, 0, 4, at(0, 60))
    assert (said.opened, said.drawn, said.used, said.spoiled, said.expected_left) == (0, 7, 2, 1, 4)
    assert (said.left, said.cards_difference) == (4, 0)
    desk.replace_broken(wish(6, "0003"), "0011", None, at(1))
    said = desk.close_day(key(7), WANG, 0, 2, at(1, 60))
    assert (said.opened, said.drawn, said.used, said.expected_left, said.cards_difference) == (4, 0, 1, 3, -1)
    assert codes(desk)["cash-difference"] == "important"


def test_what_may_not_be_drawn_or_spoiled_or_given_out(desk):
    refused(RANGE, lambda: desk.draw(key(1), WANG, "0014", "0009", NOW))
    refused(RANGE, lambda: desk.draw(key(1), WANG, "9", "0014", NOW))
    refused(RANGE, lambda: desk.draw(key(1), WANG, "A1", "A9", NOW))
    refused(NEW_CARD_USED, lambda: desk.draw(key(1), WANG, "0008", "0009", NOW))
    refused(NEW_CARD_USED, lambda: desk.draw(key(1), WANG, "0019", "0021", NOW))
    desk.draw(key(1), WANG, "0009", "0010", NOW)
    refused(NEW_CARD_USED, lambda: desk.draw(key(2), LI, "0010", "0011", NOW))
    refused(NOT_DRAWN, lambda: desk.spoil(Wish(key(3), LI, "0009", ""), NOW))
    refused(NEW_CARD_USED, lambda: desk.replace_broken(Wish(key(4), LI, "0001", ""), "0009", None, NOW))
    desk.spoil(wish(5, "0009"), NOW)
    refused(NEW_CARD_USED, lambda: desk.replace_broken(wish(6, "0001"), "0009", None, NOW))
    refused(NOT_DRAWN, lambda: desk.spoil(wish(7, "0009"), NOW))


def test_a_period_is_open_from_its_first_receipt_until_its_close(desk):
    def open_now():
        with desk.database.reading():
            return cashiers(desk.database), open_periods(desk.database)

    assert open_now() == ([], [])
    busy(desk)
    assert open_now() == ([WANG], [OpenPeriod(WANG, DAY)])
    desk.close_day(key(9), WANG, 17_000, 0, at(0, 60))
    assert open_now() == ([WANG], [])
    desk.cash_float(key(20), WANG, 10_000, at(1, 0))
    desk.cash_in(key(21), LI, ONE, 100, at(2, 0))
    assert open_now() == (sorted((LI, WANG)), [OpenPeriod(one, DAY + n) for one, n in sorted(((LI, 2), (WANG, 1)))])
