"""Card against ledger: agrees, late and who owes, in doubt, unexplained."""

import pytest

from edge.desk.reading.agreement import Match, agree
from edge.desk.reading.words import agreement_lines, subsidy_line
from shared.purse.crypto import TYPE_CAPP_PURCHASE, TYPE_EP_LOAD
from shared.purse.files import LogRecord
from shared.purse.profiles import CAMPUS
from shared.wire.desk.calls import CardBooks, CardState, OpenMatter
from shared.words.voice import Text

POS, FAR = b"\x50\x00\x00\x00\x00\x01", b"\x50\x00\x00\x00\x00\x02"
WHEN = bytes.fromhex("20260915120000")


def books(purse_fen=10_000, *, offline=(), online=(), matters=(), grey=0):
    places = ((POS, "pos-01", "1号窗口"),)
    sums = (purse_fen, 0, 0, 0, 0)
    return CardBooks("0001", 1, 1, CardState.NORMAL, "", False, *sums, grey, offline, online, matters, places)


def bought(counter, fen, at=POS):
    return LogRecord(counter + 1, fen, TYPE_CAPP_PURCHASE, at, WHEN)


def loaded(counter, fen):
    return LogRecord(counter + 1, fen, TYPE_EP_LOAD, FAR, WHEN)


def test_equal_sums_and_nothing_missing_agree():
    found = agree(CAMPUS, 10_000, (bought(3, 500),), books())
    assert (found.match, found.difference_fen, found.owed) == (Match.AGREES, 0, ())


def test_equal_sums_with_a_missing_record_do_not_agree():
    """A purchase and a load of the same sum are both still owed."""
    found = agree(CAMPUS, 10_000, (bought(3, 500), loaded(1, 500)), books(offline=(3,), online=(1,)))
    assert found.match is Match.LATE
    assert found.proven


def test_a_missing_record_is_named_with_its_terminal():
    found = agree(CAMPUS, 9_500, (bought(3, 500),), books(offline=(3,)))
    assert found.match is Match.LATE
    assert found.proven
    (owed,) = found.owed
    assert (owed.counter, owed.place) == (3, "pos-01 1号窗口")
    assert any("pos-01 1号窗口" in line.zh and "¥5.00" in line.zh for line in agreement_lines(found))


def test_what_the_log_has_lost_is_late_and_not_proven():
    found = agree(CAMPUS, 9_000, (bought(4, 500),), books(offline=(4, 3)))
    assert found.match is Match.LATE
    assert not found.proven
    assert any(
        "卡内明细已无此笔" in line.zh and "no longer in the card's log" in line.en for line in agreement_lines(found)
    )


def test_an_online_and_an_offline_number_are_told_apart():
    found = agree(CAMPUS, 10_300, (bought(1, 700), loaded(1, 300)), books(online=(1,)))
    assert found.proven
    assert found.owed[0].is_online
    assert found.owed[0].log.kind == TYPE_EP_LOAD


@pytest.mark.parametrize(("balance", "log", "missing"), [(9_999, (), ()), (9_000, (bought(3, 500),), (3,))])
def test_a_difference_that_nothing_explains(balance, log, missing):
    assert agree(CAMPUS, balance, log, books(offline=missing)).match is Match.UNEXPLAINED


def test_what_is_undecided_is_in_doubt():
    matter = OpenMatter("load", 2, 3_000, 0)
    assert agree(CAMPUS, 13_000, (), books(matters=(matter,))).match is Match.IN_DOUBT
    assert agree(CAMPUS, 9_500, (), books(grey=1)).match is Match.IN_DOUBT


def test_a_subsidy_balance_is_held_against_its_own_account():
    assert subsidy_line(800, 800) == Text("核对：补助余额相符", "check: the subsidy balance agrees")
    apart = subsidy_line(650, 800)
    for half in (apart.zh, apart.en):
        assert "¥-1.50" in half
    assert "agrees" not in apart.en
