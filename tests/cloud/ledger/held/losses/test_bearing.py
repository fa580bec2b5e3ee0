"""What a lost card spends after its report goes to 挂失后损失, by sequence: its purse is made whole, once."""

import pytest

from cloud.ledger.checks.losses import check_losses
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.held.losses.bearing import losses
from cloud.ledger.held.losses.reports import Report
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from shared.facts.catalogue import words
from shared.ids import PsamId, StorageId
from shared.records import Flags, parse_flags
from shared.wire.messages import DeviceStatus, EpochRequest, EpochStatus
from shared.words.voice import Text
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, NOW, OPENING, POS, Box

CARD = c.card(1)
LATER = Now(NOW.unix_ms + 1000, NOW.campus_s + 1)


@pytest.fixture
def desk(opened: OpenedLedger, ledger: Ledger) -> DeskLedger:
    ledger.assign_epoch(BOX, EpochRequest(1, POS, StorageId(b"T" * 8), PsamId(c.psam(1)), 0), NOW)
    return DeskLedger(opened)


def wish(n: int, label: str = "0001") -> Wish:
    return Wish(n.to_bytes(16, "big"), "王芳", label, "丢失")


def status(ledger: Ledger, last: int, at_ms: int = NOW.unix_ms) -> None:
    rows = (EpochStatus(1, c.psam(1), 1, last, 0, 0),)
    ledger.store_status(BOX, DeviceStatus(POS, rows, 1, 1, 100, True, 9_700, 1), at_ms)


def sale(seq: int, counter: int, fen: int, balance: int, **how: int) -> bytes:
    return c.stored(c.purchase(seq, CARD, counter, fen, balance, **how))


def unset_clock(seq: int, counter: int, fen: int, balance: int, time: int) -> bytes:
    made = c.purchase(seq, CARD, counter, fen, balance, time=time)
    flags = parse_flags(made.flags)._replace(clock_set=False)
    assert isinstance(flags, Flags)
    return c.stored(made._replace(flags=flags.to_int()))


def since_ms(ledger: Ledger) -> int:
    with ledger.database.reading():
        ((since,),) = ledger.database.run("SELECT since_ms FROM card_life")
    return int(since)


def booked(ledger: Ledger) -> tuple[int, int]:
    """After a look: what stands as losses, and the card's purse."""
    while ledger.find_differences(LATER):
        pass
    with ledger.database.reading():
        fen = sum(one.fen for one in losses(ledger.database) if one.undone is None)
    assert fen == c.balances(ledger).get("loss-after-report", 0)
    return fen, c.purse(ledger, CARD)


def test_what_lies_above_the_last_number_told_is_after_the_report_whatever_time_it_says(
    ledger: Ledger, desk: DeskLedger, box: Box
) -> None:
    """The terminal had told seq 2 when the card was reported: 2 comes late and is the holder's, 3 is not."""
    box.send(sale(1, 0, 100, OPENING))
    status(ledger, last=2)
    desk.report_lost(wish(1), NOW)
    box.send(sale(2, 1, 200, OPENING - 100, time=NOW.campus_s + 600), sale(3, 2, 300, OPENING - 300, time=c.T0 - 600))
    assert booked(ledger) == (300, OPENING - 300)
    assert booked(ledger) == (300, OPENING - 300), "once"
    report = verify(ledger, c.check_tac)
    assert "spent 300 fen since it was reported lost" in report.first_broken
    ledger.explain_difference(1, "李明", "已报案", LATER)
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken
    assert report.warns
    (check,) = [one for one in report.checks if one.name == "losses"]
    assert "borne by the school: ¥3.00" in check.note.en


def test_the_urgent_fact_names_card_and_terminal(ledger: Ledger, desk: DeskLedger, box: Box) -> None:
    status(ledger, last=0)
    desk.report_lost(wish(1), NOW)
    box.send(sale(1, 0, 300, OPENING))
    booked(ledger)
    (fact,) = [fact for fact in Reader(ledger.database).facts(9) if fact.level == "urgent"]
    assert fact.device == POS
    said = "lost card 0001, main purse, paid ¥3.00 at pos-01 1号窗口; ¥3.00 since it was reported"
    assert words(fact.code, fact.told)[1] == said


def test_of_a_silent_terminal_the_time_decides_and_without_a_clock_the_school_bears_it(
    ledger: Ledger, desk: DeskLedger, box: Box
) -> None:
    status(ledger, last=1, at_ms=NOW.unix_ms - 61_000)
    desk.report_lost(wish(1), NOW)
    box.send(
        sale(1, 0, 1, OPENING, time=NOW.campus_s + 600), sale(2, 1, 20, OPENING - 1, time=NOW.campus_s - 60),
        sale(3, 2, 300, OPENING - 21, time=NOW.campus_s + 60), unset_clock(4, 3, 4_000, OPENING - 321, c.T0 - 7200),
    )  # fmt: skip
    assert booked(ledger) == (4_300, OPENING - 21)


def test_a_terminal_that_was_never_heard_is_silent_and_another_epoch_of_a_heard_one_is_after(
    ledger: Ledger, desk: DeskLedger, box: Box
) -> None:
    status(ledger, last=5)
    desk.report_lost(wish(1), NOW)
    at_other = c.purchase(1, CARD, 0, 10, OPENING, at=c.POS2, time=NOW.campus_s - 60)
    new_epoch = c.stored(c.purchase(1, CARD, 1, 200, OPENING - 10, time=NOW.campus_s - 60), epoch=2)
    box.send(c.stored(at_other, c.POS2), new_epoch)
    assert booked(ledger) == (200, OPENING - 10)


def test_a_report_of_before_has_only_the_times() -> None:
    report = Report(1, NOW.campus_s, {})
    after, before = (c.purchase(1, CARD, 0, 20, OPENING, time=NOW.campus_s + late) for late in (60, -60))
    assert (report.is_after(POS, 1, after), report.is_after(POS, 1, before)) == (True, False)


def test_both_purses_are_made_whole(ledger: Ledger, desk: DeskLedger, box: Box) -> None:
    status(ledger, last=0)
    desk.report_lost(wish(1), NOW)
    box.send(sale(1, 0, 300, 0, purse=c.SUBSIDY), sale(2, 0, 100, OPENING))
    assert booked(ledger) == (400, OPENING)
    assert c.balances(ledger).get(f"subsidy:{CARD.hex()}", 0) == 0
    reader = Reader(ledger.database)
    assert (reader.loss_sums().purses_fen, reader.loss_sums().subsidy_fen) == (400, 300)
    assert reader.subsidy_sums().spent_fen == 300, "the loss gives the purse back what it spent, and unspends nothing"


def test_a_purchase_that_is_given_back_is_no_loss(ledger: Ledger, desk: DeskLedger, box: Box) -> None:
    status(ledger, last=0)
    desk.report_lost(wish(1), NOW)
    made = c.purchase(1, CARD, 0, 300, OPENING)
    box.send(c.stored(made), sale(2, 1, 50, OPENING - 300))
    assert booked(ledger) == (350, OPENING)
    box.send(c.void(3, made))
    assert booked(ledger) == (50, OPENING - 300), "it lies in the pending load now"
    assert c.balances(ledger)[f"pending:{CARD.hex()}"] == -300
    with ledger.database.reading():
        assert not check_losses(ledger.database).broken


def test_a_card_that_is_found_again_has_what_was_borne_in_its_online_account(
    ledger: Ledger, desk: DeskLedger, box: Box
) -> None:
    """The card itself says 97.00: so do the books, and the school has borne the 3.00."""
    status(ledger, last=0)
    desk.report_lost(wish(1), NOW)
    box.send(sale(1, 0, 300, OPENING))
    desk.cancel_lost(wish(2), LATER)
    assert booked(ledger) == (300, OPENING - 300)
    assert c.balances(ledger)[f"online:{CARD.hex()}"] == -300
    box.send(sale(2, 1, 100, OPENING - 300))
    assert booked(ledger) == (300, OPENING - 400), "what is spent after that is the holder's"
    assert verify(ledger, c.check_tac).ok


def test_a_second_report_moves_nothing(ledger: Ledger, desk: DeskLedger, box: Box) -> None:
    """What was spent between the two is after the first, and stays to be explained."""
    status(ledger, last=0)
    desk.report_lost(wish(1), NOW)
    box.send(sale(1, 0, 300, OPENING))
    assert booked(ledger) == (300, OPENING)
    desk.report_lost(wish(2), LATER)
    box.send(sale(2, 1, 50, OPENING - 300))
    assert booked(ledger) == (350, OPENING)
    assert since_ms(ledger) == NOW.unix_ms
    assert "spent 350 fen since it was reported lost" in verify(ledger, c.check_tac).first_broken


def test_another_class_does_not_move_a_report(ledger: Ledger, desk: DeskLedger) -> None:
    desk.report_lost(wish(1), NOW)
    desk.change_class(wish(2), CARD, 3, LATER)
    assert since_ms(ledger) == NOW.unix_ms


def test_a_loss_that_is_not_booked_is_found(ledger: Ledger, desk: DeskLedger, box: Box) -> None:
    status(ledger, last=0)
    desk.report_lost(wish(1), NOW)
    box.send(sale(1, 0, 300, OPENING))
    with ledger.database.reading():
        check = check_losses(ledger.database)
    assert (check.broken, check.note) == ("", Text("待入账：1", "to be booked: 1"))
    with ledger.database.writing():
        ledger.database.run("UPDATE watermark SET value = 999 WHERE name = 'findings'")
    with ledger.database.reading():
        assert "is not booked as a loss" in check_losses(ledger.database).broken
