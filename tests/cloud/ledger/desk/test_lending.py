"""Spare cards 备用卡: they carry their holder's account at once, and are empty, settled and of the stock when back."""

from dataclasses import replace
from functools import partial

import pytest

from cloud.ledger.cards.listing import Why, list_card, reasons_of, unlist_card
from cloud.ledger.cards.refusals import (
    HAS_SPARE,
    HOTLISTED,
    IS_SPARE,
    KEY_USED,
    NOT_LENT,
    NOT_SPARE,
    SPARE_DAYS,
    SPARE_NOT_EMPTY,
    WRONG_PROOF,
    DeskRefused,
)
from cloud.ledger.checks.money.spares import check_spares
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.lending import Loan
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.desk.spare_door import SpareLedger
from cloud.ledger.funds.bounds import set_bound
from cloud.ledger.records.values import Now
from cloud.store.db import SqliteDatabase
from shared.clocks.clock import day_number
from shared.online import LoadResult, PaymentResult, Purpose
from shared.purse.crypto import TYPE_EP_LOAD, TYPE_UNLOAD
from shared.purse.load_auth import LoadAuth
from shared.records import Kind
from tests.cloud.ledger import campus as c

OWN, SPARE, WANG = c.card(1), c.card(9), "王芳"
TODAY = day_number(c.NOW.campus_s)
NEXT_DAY = Now(c.NOW.unix_ms + 86_400_000, c.NOW.campus_s + 86_400)


@pytest.fixture
def lending(opened, ledger):
    rows = tuple(replace(row, opening_fen=0) for row in c.inventory(11).cards if row.label in ("0009", "0010", "0011"))
    ledger.import_inventory(replace(c.inventory(8, number=2), cards=(*c.inventory().cards, *rows)), c.NOW)
    ledger.deposit(OWN, 50_00, "receipt-1", c.NOW)
    return SpareLedger(opened)


@pytest.fixture
def spares(lending, ledger):
    yield lending
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken


@pytest.fixture
def desk(opened):
    return DeskLedger(opened)


def wish(n, label="0009"):
    return Wish(n.to_bytes(16, "big"), WANG, label, "忘带")


def loan(**changed):
    return replace(Loan("0001", "林一", 10_00, True, 30_00, TODAY), **changed)


def proof(fen=0, of=SPARE, counter=0):
    return LoadAuth(of, 1, 0, b"rnd!", counter, fen, 0, TYPE_EP_LOAD, bytes(6), b"mac1")


def books(ledger, *names):
    found = c.balances(ledger)
    return tuple(-found.get(name, 0) for name in names)


def refused(act, *given):
    with pytest.raises(DeskRefused) as fault:
        act(*given)
    return fault.value.no


def test_a_spare_pays_out_of_its_holders_account_while_his_own_card_stays_lost(spares, desk, ledger, box):
    desk.report_lost(wish(1, "0001"), c.NOW)
    said = spares.lend(wish(2), loan(), c.NOW)
    assert (said.fen, said.again) == (10_00, False)
    assert spares.lend(wish(2), loan(), c.NOW).again
    assert c.pay(ledger, 7, of=SPARE).result is PaymentResult.APPROVED
    assert c.pay(ledger, 8, of=OWN).result is PaymentResult.HOTLISTED
    assert desk.cash_in((3).to_bytes(16, "big"), WANG, SPARE, 5_00, c.NOW).online_fen == 42_50  # his, too
    assert books(ledger, f"online:{OWN.hex()}", f"online:{SPARE.hex()}", "spare-deposit") == (42_50, 0, 10_00)
    box.send(c.payment(1, 7, Kind.ONLINE, of=SPARE))
    assert c.pay(ledger, 9, 20_00, of=SPARE).result is PaymentResult.OVER_LIMIT  # 12.50 of 30.00 are spent
    assert c.pay(ledger, 9, 17_50, of=SPARE).result is PaymentResult.NOT_NOW  # the number was refused already
    assert c.pay(ledger, 10, 17_50, of=SPARE).result is PaymentResult.APPROVED


def test_what_a_terminal_takes_back_goes_to_the_holder_after_the_spare_is_back(spares, ledger, box):
    spares.lend(wish(1), loan(), c.NOW)
    assert c.pay(ledger, 7, of=SPARE).result is PaymentResult.APPROVED
    said = spares.take_back(wish(2), proof(), c.NOW)
    assert (said.fen, said.number) == (10_00, 2)
    box.send(c.payment(1, 7, Kind.REVERSAL, of=SPARE))
    assert books(ledger, f"online:{OWN.hex()}", "spare-deposit", f"cash:{WANG}") == (50_00, 0, 0)
    assert c.pay(ledger, 8, of=SPARE).result is PaymentResult.NO_FUNDS  # it is nobody's now
    assert [one.act for one in spares.listed(c.NOW)] == ["returned"]


def test_it_loads_and_claims_what_is_the_holders_onto_its_own_purse(spares, ledger, box):
    ledger.grant(OWN, 5_00, "bank", "补助", "grant-1", c.NOW)
    spares.lend(wish(1), loan(deposit_fen=0), c.NOW)
    online, asked = c.load_request(SPARE, 0, 5_00, 0, request=5, at=c.POS, purpose=Purpose.CLAIM)
    assert ledger.load_authorise(c.BOX, online, asked, True, c.NOW).result is LoadResult.GRANTED
    box.send(c.stored(c.load(1, SPARE, 0, 5_00, 0, request=5, at=c.POS, claim=True), at=c.POS))
    online, asked = c.load_request(SPARE, 1, 20_00, 5_00, request=6)
    assert ledger.load_authorise(c.BOX, online, asked, True, c.NOW).result is LoadResult.GRANTED
    names = ("purse", "transit", "online", "pending")
    assert books(ledger, *(f"{name}:{SPARE.hex()}" for name in names)) == (5_00, 20_00, 0, 0)
    assert books(ledger, f"online:{OWN.hex()}", f"pending:{OWN.hex()}") == (30_00, 0)
    more = c.load_request(SPARE, 2, 5_01, 25_00, request=7)  # its counter: the 20 are on it
    assert ledger.load_authorise(c.BOX, *more, True, c.NOW).result is LoadResult.OVER_LIMIT
    assert c.pay(ledger, 9, 5_01, of=SPARE).result is PaymentResult.OVER_LIMIT  # one sum with what was loaded
    with ledger.opened.writing(c.NOW) as writing:
        set_bound(writing, "b", OWN, 29_00, "holder")
    assert c.pay(ledger, 10, 4_01, of=OWN).result is PaymentResult.OVER_LIMIT  # and in the holder's own bound
    assert c.pay(ledger, 11, 4_00, of=OWN).result is PaymentResult.APPROVED
    assert ledger.load_authorise(c.BOX, *c.load_request(SPARE, 2, 1, 25_00, request=8), True, c.NOW).result is (
        LoadResult.OVER_LIMIT
    )
    assert refused(spares.take_back, wish(2), proof(5_00, counter=1), c.NOW) is SPARE_NOT_EMPTY


def test_a_load_that_never_reached_the_spare_is_the_holders_again(spares, ledger):
    spares.lend(wish(1), loan(deposit_fen=0), c.NOW)
    online, asked = c.load_request(SPARE, 0, 20_00, 0, request=6)
    ledger.load_authorise(c.BOX, online, asked, True, c.NOW)
    said = spares.take_back(wish(2), proof(), c.NOW)  # its counter proves that nothing came
    assert (said.fen, said.number) == (0, 2)
    assert books(ledger, f"online:{OWN.hex()}", f"transit:{SPARE.hex()}") == (50_00, 0)


def test_a_load_that_never_reached_it_is_tried_again_for_nobody_who_borrows_it_next(spares, ledger):
    ledger.deposit(c.card(2), 50_00, "receipt-2", c.NOW)
    spares.lend(wish(1), loan(deposit_fen=0), c.NOW)
    ledger.load_authorise(c.BOX, *c.load_request(SPARE, 0, 20_00, 0, request=6), True, c.NOW)
    spares.take_back(wish(2), proof(), c.NOW)
    spares.lend(wish(3), loan(holder_label="0002", deposit_fen=0), c.NOW)
    asked = c.load_request(SPARE, 0, 0, 0, request=7, at=c.POS, purpose=Purpose.RETRY)
    assert ledger.load_authorise(c.BOX, *asked, True, c.NOW).result is LoadResult.NOTHING
    assert books(ledger, f"online:{OWN.hex()}", f"online:{c.card(2).hex()}") == (50_00, 50_00)


def test_a_visitors_card_is_prepaid_in_cash_and_gives_all_of_it_back(spares, desk, ledger):
    spares.lend(wish(1), loan(holder_label="", person="访客"), c.NOW)
    desk.cash_in((2).to_bytes(16, "big"), WANG, SPARE, 20_00, c.NOW)
    assert c.pay(ledger, 7, of=SPARE).result is PaymentResult.APPROVED
    said = spares.take_back(wish(3), proof(), c.NOW)
    assert said.fen == 17_50  # 10 of deposit, 20 less 12.50
    assert books(ledger, f"cash:{WANG}", "spare-deposit", f"online:{SPARE.hex()}") == (-12_50, 0, 0)


def test_one_that_is_not_back_by_its_day_is_refused_everywhere_and_listed_until_it_is(spares, ledger, opened):
    spares.lend(wish(1), loan(), c.NOW)
    assert not ledger.end_spares(c.NOW)
    assert c.pay(ledger, 6, of=SPARE, now=NEXT_DAY).result is PaymentResult.OVER_LIMIT  # before anybody has looked
    assert not ledger.end_spares(NEXT_DAY)
    with opened.database.reading():
        assert [one.why for one in reasons_of(opened.database, [SPARE])] == [Why.SPARE]
        assert check_spares(opened.database).note is not None
    assert c.pay(ledger, 7, of=SPARE, now=NEXT_DAY).result is PaymentResult.HOTLISTED
    assert c.codes(ledger)["spare-overdue"] == "important"
    assert "spare-back" not in c.codes(ledger)
    spares.take_back(wish(2), proof(), NEXT_DAY)
    assert "spare-back" in c.codes(ledger)  # which ends the alarm
    assert c.pay(ledger, 8, of=SPARE, now=NEXT_DAY).result is PaymentResult.NO_FUNDS


def test_an_overdue_spare_with_money_on_it_is_unloaded_and_comes_back(spares, desk, ledger, box):
    spares.lend(wish(1), loan(), c.NOW)
    online, asked = c.load_request(SPARE, 0, 5_00, 0, request=6)
    ledger.load_authorise(c.BOX, online, asked, True, c.NOW)
    box.send(c.stored(c.load(1, SPARE, 0, 5_00, 0, request=6), at=c.LOADER))
    ledger.end_spares(NEXT_DAY)
    given = (wish(2).key, WANG, LoadAuth(SPARE, 1, 0, b"rnd!", 1, 5_00, 5_00, TYPE_UNLOAD, bytes(6), b"mac1"))
    with ledger.opened.writing(NEXT_DAY) as writing:
        list_card(writing, SPARE, Why.COMMAND)
    assert refused(partial(desk.unload_authorise, mac1_ok=True), *given, NEXT_DAY) is HOTLISTED
    with ledger.opened.writing(NEXT_DAY) as writing:
        unlist_card(writing, SPARE, Why.COMMAND)
    desk.unload_authorise(*given, NEXT_DAY, mac1_ok=True)
    desk.unload_proven(wish(2).key, WANG, b"mac3", NEXT_DAY)
    assert spares.take_back(wish(3), proof(counter=2), NEXT_DAY).fen == 15_00
    assert books(ledger, f"online:{OWN.hex()}", f"purse:{SPARE.hex()}", "spare-deposit") == (50_00, 0, 0)


def test_a_class_teacher_lends_without_paper_and_collects(spares, ledger):
    spares.hand_to_class(wish(1), "初一1班", c.NOW)
    spares.hand_to_class(wish(2, "0010"), "初一2班", c.NOW)
    of_class = loan(deposit_fen=0, place="初一1班")
    assert refused(spares.lend_by_class, wish(3, "0010"), of_class, c.NOW) is NOT_SPARE
    assert refused(spares.lend_by_class, wish(4, "0011"), of_class, c.NOW) is NOT_SPARE
    spares.lend_by_class(wish(5), of_class, c.NOW)
    assert refused(spares.lend, wish(6, "0011"), loan(), c.NOW) is HAS_SPARE
    assert [(one.label, one.act, one.holder) for one in spares.listed(c.NOW, "初一1班")] == [("0009", "lent", "0001")]
    assert refused(spares.collect, wish(7), "初一2班", c.NOW) is NOT_LENT
    assert c.pay(ledger, 7, of=SPARE).result is PaymentResult.APPROVED
    assert spares.collect(wish(8), "初一1班", c.NOW) == "handed"  # nothing was ever on it
    spares.lend_by_class(wish(9), of_class, c.NOW)
    online, asked = c.load_request(SPARE, 0, 2_00, 0, request=6)
    ledger.load_authorise(c.BOX, online, asked, True, c.NOW)
    assert spares.collect(wish(10), "初一1班", c.NOW) == "collected"  # something may be on it: the desk looks
    assert refused(spares.lend_by_class, wish(11), replace(of_class, holder_label="0002"), c.NOW) is NOT_SPARE
    spares.take_back(wish(12), proof(), c.NOW)


def test_what_is_refused_changes_nothing(spares, ledger):
    assert refused(spares.lend, wish(1), loan(until_day=TODAY + 61), c.NOW) is SPARE_DAYS
    assert refused(spares.lend, wish(1), loan(until_day=TODAY - 1), c.NOW) is SPARE_DAYS
    spares.lend(wish(1), loan(in_cash=False), c.NOW)
    assert books(ledger, f"online:{OWN.hex()}", "spare-deposit") == (40_00, 10_00)
    assert refused(spares.lend, wish(1, "0010"), loan(), c.NOW) is KEY_USED
    assert refused(spares.lend, wish(2), loan(holder_label="0002"), c.NOW) is NOT_SPARE
    assert refused(spares.take_back, wish(3), proof(of=OWN), c.NOW) is WRONG_PROOF
    assert refused(spares.take_back, wish(3, "0010"), proof(of=c.card(10)), c.NOW) is NOT_LENT
    assert spares.take_back(wish(3), proof(), c.NOW).fen == 10_00
    assert books(ledger, f"online:{OWN.hex()}", "spare-deposit") == (50_00, 0)


def test_a_card_that_takes_the_lost_ones_place_pays_for_the_spare_on(spares, desk, ledger, box):
    desk.report_lost(wish(1, "0001"), c.NOW)
    spares.lend(wish(2), loan(), c.NOW)
    assert c.pay(ledger, 6, of=SPARE).result is PaymentResult.APPROVED
    desk.replace_lost(wish(3, "0001"), "0010", c.NOW)
    assert c.pay(ledger, 7, of=SPARE).result is PaymentResult.APPROVED
    assert books(ledger, f"online:{c.card(10).hex()}") == (25_00,)
    assert c.pay(ledger, 8, 5_01, of=SPARE).result is PaymentResult.OVER_LIMIT  # 25.00 of 30.00 are spent today
    box.send(c.payment(1, 6, Kind.REVERSAL, of=SPARE))
    assert books(ledger, f"online:{c.card(10).hex()}", f"online:{OWN.hex()}") == (37_50, 0)


def test_no_card_takes_a_spares_own_place(spares, desk, ledger):
    spares.lend(wish(1), loan(), c.NOW)
    assert refused(desk.replace_broken, wish(2), "0010", None, c.NOW) is IS_SPARE
    desk.report_lost(wish(3), c.NOW)
    assert c.pay(ledger, 7, of=SPARE).result is PaymentResult.HOTLISTED
    assert refused(desk.replace_lost, wish(4), "0010", c.NOW) is IS_SPARE
    desk.cancel_lost(wish(5), c.NOW)
    assert spares.take_back(wish(6), proof(), c.NOW).fen == 10_00


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("UPDATE payment_case SET card = {other}", "that was not shown"),
        ("DELETE FROM spare_card WHERE act = 3", "neither lent nor returned"),
        ("DELETE FROM spare_card WHERE act = 1", "does not follow"),
    ],
)
def test_verify_sees_rows_that_say_something_else_than_the_money(lending, ledger, opened, edit, said):
    lending.lend(wish(1), loan(), c.NOW)
    c.pay(ledger, 7, of=SPARE)
    db = opened.database
    with db.writing():
        if isinstance(db, SqliteDatabase):
            db.run("DROP TRIGGER spare_card_no_delete")
            other = f"x'{c.card(2).hex()}'"
        else:
            db.run("ALTER TABLE spare_card DISABLE TRIGGER USER")
            other = f"decode('{c.card(2).hex()}', 'hex')"
        db.run(edit.format(other=other))
        assert said in check_spares(db).broken
