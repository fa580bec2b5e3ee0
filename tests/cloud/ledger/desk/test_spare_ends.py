"""Spare cards 备用卡 that never come back into the stock: lost for good, or back with a chip that nobody reads."""

from dataclasses import replace

import pytest

from cloud.ledger.cards.refusals import NOT_LENT, NOT_REPLACED, NOT_SPARE, SECOND
from cloud.ledger.checks.money.spares import check_spares
from cloud.store.db import SqliteDatabase
from shared.online import PaymentResult
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.desk.test_lending import (
    NEXT_DAY,
    OWN,
    SPARE,
    WANG,
    books,
    desk,
    lending,
    loan,
    proof,
    refused,
    spares,
    wish,
)

__all__ = ["desk", "lending", "spares"]
NAMES = (f"online:{OWN.hex()}", "spare-deposit", "spare-kept")


def loaded(ledger, box, fen=5_00):
    """So much out of the holder's account onto the spare's purse."""
    online, asked = c.load_request(SPARE, 0, fen, 0, request=5)
    ledger.load_authorise(c.BOX, online, asked, True, c.NOW)
    box.send(c.stored(c.load(1, SPARE, 0, fen, 0, request=5), at=c.LOADER))


def test_one_that_is_lost_for_good_leaves_its_deposit_to_the_school_until_it_comes_back(spares, desk, ledger, opened):
    spares.lend(wish(1), loan(), c.NOW)
    ledger.end_spares(NEXT_DAY)
    for _ in range(2):  # the same again is the same
        spares.write_off(wish(2), NEXT_DAY)
    assert books(ledger, *NAMES) == (50_00, 0, 10_00)
    assert "spare-back" in c.codes(ledger)
    assert c.pay(ledger, 7, of=SPARE, now=NEXT_DAY).result is PaymentResult.HOTLISTED
    desk.cancel_lost(wish(3), NEXT_DAY)  # it never pays again, found or not
    assert refused(desk.release, wish(9), NEXT_DAY) is NOT_REPLACED
    assert c.pay(ledger, 8, of=SPARE, now=NEXT_DAY).result is PaymentResult.HOTLISTED
    spares.lend(wish(4, "0010"), loan(until_day=loan().until_day + 1), NEXT_DAY)  # he may have another one
    assert refused(spares.take_back, wish(5), proof(), NEXT_DAY) is NOT_LENT
    for again in (False, True):
        said = spares.take_in(wish(6), "李四", NEXT_DAY)
        assert (said.fen, said.again) == (10_00, again)
    assert books(ledger, *NAMES, f"cash:{WANG}") == (50_00, 10_00, 0, -10_00)  # the deposit of the other one
    assert sorted(one.act for one in spares.listed(NEXT_DAY)) == ["lent", "taken-in"]
    assert refused(spares.take_in, wish(7), "李四", NEXT_DAY) is NOT_LENT
    other = loan(holder_label="0002", until_day=loan().until_day + 1)
    assert refused(spares.lend, wish(8), other, NEXT_DAY) is NOT_SPARE  # void for ever


def test_one_that_cannot_be_read_comes_back_by_its_number_and_two_persons(spares, desk, ledger, box):
    spares.lend(wish(1), loan(in_cash=False), c.NOW)
    loaded(ledger, box)
    assert books(ledger, *NAMES) == (35_00, 10_00, 0)
    assert refused(spares.take_in, wish(2), "", c.NOW) is SECOND
    assert refused(spares.take_in, wish(2), f" {WANG} ", c.NOW) is SECOND
    assert refused(desk.release, wish(3), c.NOW) is NOT_REPLACED
    said = spares.take_in(wish(2), "李四", c.NOW)
    assert said.fen == 10_00
    purse_fen = books(ledger, f"purse:{SPARE.hex()}")[0]
    assert books(ledger, *NAMES) == (50_00 - purse_fen, 0, 0)
    told = desk.release(wish(4), c.NOW)  # as far as terminals prove it, and to whose it was
    assert (told.left_fen, bool(told.owing)) == (purse_fen, bool(purse_fen))
    assert spares.listed(c.NOW)[0].holder == "0001"
    assert c.pay(ledger, 7, of=SPARE).result is PaymentResult.HOTLISTED


def test_a_visitors_that_cannot_be_read_gives_back_in_cash(spares, desk, ledger):
    spares.lend(wish(1), loan(holder_label="", person="访客"), c.NOW)
    desk.cash_in((2).to_bytes(16, "big"), WANG, SPARE, 20_00, c.NOW)
    assert spares.take_in(wish(3), "李四", c.NOW).fen == 30_00
    assert books(ledger, f"cash:{WANG}", "spare-deposit", f"online:{SPARE.hex()}") == (0, 0, 0)


def test_verify_sees_a_deposit_that_was_kept_of_none(lending, ledger, opened):
    lending.lend(wish(1), loan(), c.NOW)
    lending.write_off(replace(wish(2), reason="丢"), c.NOW)
    db = opened.database
    with db.writing():
        off = "DROP TRIGGER spare_card_no_delete"
        db.run(off if isinstance(db, SqliteDatabase) else "ALTER TABLE spare_card DISABLE TRIGGER USER")
        db.run("DELETE FROM spare_card WHERE act = 7")
        assert "neither lent nor returned" in check_spares(db).broken


@pytest.mark.parametrize("label", ["0002", "0010"])
def test_what_is_not_out_is_not_written_off(lending, label):
    assert refused(lending.write_off, wish(1, label), c.NOW) is NOT_LENT
