"""`verify` names what cards have and the books never gave by its own sums, until somebody has explained it."""

import pytest

from cloud.ledger.checks.check import Check
from cloud.ledger.checks.differences import LOOK_LATE_MS
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from shared.words.voice import Text
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, OPENING, Box
from tests.cloud.ledger.findings.test_look import CARD, LATER, looked, raw_keys, sale


def checked(ledger: Ledger) -> dict[str, Check]:
    report = verify(ledger, c.check_tac)
    return {check.name: check for check in report.checks if check.name in ("cards", "differences")}


@pytest.mark.parametrize("found", [False, True], ids=["nobody-looked", "found"])
def test_a_purse_below_zero_is_broken_and_named(ledger: Ledger, box: Box, found: bool) -> None:
    raw_keys(box)
    if found:
        looked(ledger)
    checks = checked(ledger)
    assert checks["differences"].broken.startswith("card 0001: main purse account at -50 fen")
    assert checks["cards"].broken == "card 0001: counter 1 read 10900 fen, 900 is what the one before left"


def test_one_that_began_with_another_counter_is_below_zero_all_the_same(ledger: Ledger, box: Box) -> None:
    """Its first records may be late, so that its chain cannot be judged; its account can."""
    box.send(sale(1, 7, 10_050, 12_000))
    checks = checked(ledger)
    assert checks["cards"].broken == ""
    assert "-50 fen" in checks["differences"].broken


def test_what_is_explained_is_true_and_told_and_no_more_than_that(ledger: Ledger, box: Box) -> None:
    raw_keys(box)
    looked(ledger)
    ledger.explain_difference(1, "王芳", "密钥外泄", LATER)
    assert "card 0001" in checked(ledger)["cards"].broken
    ledger.explain_difference(2, "王芳", "密钥外泄", LATER)
    assert verify(ledger, c.check_tac).first_broken == ""
    assert checked(ledger)["differences"].note == Text("已说明的差异：2", "explained: 2")
    box.send(sale(3, 2, 50, 9_950))
    assert "-100 fen" in checked(ledger)["differences"].broken


def test_a_load_in_transit_is_no_fault_of_the_card(ledger: Ledger, box: Box) -> None:
    ledger.deposit(CARD, 5_000, "k", NOW)
    request, asked = c.load_request(CARD, 0, 5_000, OPENING, request=1)
    ledger.load_authorise(c.BOX, request, asked, True, NOW)
    box.send(sale(1, 0, 12_000, OPENING + 5_000))
    assert verify(ledger, c.check_tac).first_broken == ""


def test_a_difference_that_was_found_stays_broken_when_the_purse_was_filled_since(ledger: Ledger, box: Box) -> None:
    box.send(sale(1, 7, 10_050, 12_000))
    looked(ledger)
    ledger.deposit(CARD, 5_000, "k", NOW)
    request, asked = c.load_request(CARD, 0, 5_000, 1_950, request=1)
    ledger.load_authorise(c.BOX, request, asked, True, NOW)
    box.send(c.stored(c.load(1, CARD, 0, 5_000, 1_950, request=1)))
    assert "difference 1, card 0001" in checked(ledger)["differences"].broken


def test_what_a_lost_card_spent_since_is_broken_until_it_is_explained(
    opened: OpenedLedger, ledger: Ledger, box: Box
) -> None:
    DeskLedger(opened).report_lost(Wish(b"w" * 16, "王芳", "0001", ""), NOW)
    box.send(sale(1, 0, 100, OPENING, time=NOW.campus_s - 60))
    assert verify(ledger, c.check_tac).first_broken == ""
    box.send(sale(2, 1, 250, OPENING - 100, time=NOW.campus_s + 60))
    assert checked(ledger)["differences"].broken == "card 0001: spent 250 fen since it was reported lost, unexplained"
    looked(ledger)
    ledger.explain_difference(1, "王芳", "学校承担", LATER)
    assert verify(ledger, c.check_tac).first_broken == ""


def test_entries_that_nobody_has_looked_at_are_told_and_warn_when_they_are_old(ledger: Ledger, box: Box) -> None:
    def looks() -> Check:
        (check,) = [one for one in verify(ledger, c.check_tac).checks if one.name == "looks"]
        return check

    looked(ledger)
    assert looks() == Check("looks", looks().checked)
    whole = looks().checked
    box.send(sale(1, 0, 100, OPENING))
    assert looks() == Check("looks", whole, "", Text("尚未查看的分录：1", "entries not looked at yet: 1"))
    box.send(sale(2, 1, 100, OPENING - 100), now=Now(NOW.unix_ms + LOOK_LATE_MS, NOW.campus_s + 600))
    assert not looks().warns
    box.send(sale(3, 2, 100, OPENING - 200), now=Now(NOW.unix_ms + LOOK_LATE_MS + 1, NOW.campus_s + 601))
    assert looks() == Check("looks", whole, "", Text("尚未查看的分录：3", "entries not looked at yet: 3"), warns=True)
    looked(ledger)
    assert looks() == Check("looks", whole + 3)
    with ledger.database.writing():
        ledger.database.run("UPDATE watermark SET value = 999 WHERE name = 'findings'")
    assert looks().broken.startswith("entry 999 is said to be looked at, the last one is ")
