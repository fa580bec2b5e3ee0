"""A spare in a broken body's place: students' money posts, the merchant's waits, and two persons decide."""

from dataclasses import replace

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.fleet.epochs import EPOCHS_AHEAD
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.releases import Side
from cloud.ledger.held.thefts import Report
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.receive.voids import VoidState
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import InventoryRefused, Verdict
from shared.ids import BoxId, DeviceId, StorageId
from shared.inventory import DeviceKind, SpareRow
from shared.wire.messages import EPOCH_MAX, FORM_2, DeviceStatus, EpochRequest, EpochStatus, Swap
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

SPARE, SPARE2 = DeviceId(b"\0\1\x40\0\0\1"), DeviceId(b"\0\1\x40\0\0\2")
FLASH = StorageId(b"flash-s1")
SPARES = (
    SpareRow(SPARE, DeviceKind.POS, c.BOX, "spare-01"),
    SpareRow(SPARE2, DeviceKind.POS, c.BOX, "spare-02"),
    SpareRow(DeviceId(b"\0\1\x40\0\0\3"), DeviceKind.VALIDATOR, c.BOX, "spare-03"),
)
SWAP = Swap(SPARE, c.POS, FLASH, c.psam(1), 1, c.T0, "张三")


@pytest.fixture
def ledger(ledger: Ledger) -> Ledger:
    ledger.import_inventory(c.inventory(number=2, spares=SPARES), c.NOW)
    return ledger


@pytest.fixture
def held(ledger: Ledger) -> HeldLedger:
    return HeldLedger(ledger.opened)


def sale(seq: int, card: int = 1, fen: int = 10, spare: DeviceId = SPARE) -> bytes:
    """A purchase of the spare, with the broken body's PSAM."""
    return c.stored(c.purchase(seq, c.card(card), 6 + seq, fen, c.OPENING), spare, 1, c.psam(1))


def test_swap_is_told_once_and_the_spare_is_a_body_of_the_campus(ledger: Ledger) -> None:
    for _ in range(3):
        ledger.swap_told(c.BOX, SWAP, c.NOW)
    (fact,) = c.facts(ledger, "swap-told")
    assert fact["broken"] == c.POS
    assert (fact["box"], fact["device"], fact["who"]) == (c.BOX, SPARE, "张三")
    (view,) = Reader(ledger.database).fleet.swaps(c.NOW.unix_ms)
    assert (view.spare, view.broken, view.place, view.row.state.value) == ("spare-01", "pos-01", "1号窗口", "told")
    terminals = {(one.name, one.place) for one in Reader(ledger.database).terminals()}
    assert {("spare-01", "1号窗口"), ("pos-01", "1号窗口")} <= terminals


def test_card_side_posts_and_the_merchant_side_waits_until_two_persons_confirm(
    ledger: Ledger, held: HeldLedger, box: Box
) -> None:
    ledger.swap_told(c.BOX, SWAP, c.NOW)
    box.send(sale(1))
    assert c.verdicts(ledger)[-1] == (Verdict.HELD, Reason.SWAPPED)
    assert (c.held(ledger), c.merchant(ledger)) == (10, 0)
    made = held.propose_swap(1, "李四", "见过坏机", c.NOW)
    with pytest.raises(ProposalRefused):
        held.confirm_swap(made.number, "李四", c.NOW)
    held.confirm_swap(made.number, "王五", c.NOW)
    assert held.confirm_swap(made.number, "王五", c.NOW).again
    box.send(sale(2, 2))
    assert c.verdicts(ledger)[-1] == (Verdict.POSTED, Reason.NONE)
    assert (c.held(ledger), c.merchant(ledger)) == (10, 10)
    assert verify(held, c.check_tac).first_broken == ""
    assert c.codes(ledger)["swap-confirmed"] == "notice"


def test_its_sales_are_told_as_held_and_its_voids_move_nothing(ledger: Ledger, box: Box) -> None:
    ledger.swap_told(c.BOX, SWAP, c.NOW)
    sold = c.purchase(1, c.card(1), 7, 10, c.OPENING)
    box.send(c.stored(sold, SPARE, 1, c.psam(1)), c.void(2, sold, at=SPARE))
    assert c.held(ledger) == 10
    with ledger.database.reading():
        rows = ledger.database.run("SELECT state, reason FROM void_case")
    assert [tuple(row) for row in rows] == [(VoidState.HELD, Reason.SWAPPED)]
    assert [fact["reason"] for fact in c.facts(ledger, "record-held")] == ["swapped"]


def test_what_was_held_is_released_as_all_that_is_held(ledger: Ledger, held: HeldLedger, box: Box) -> None:
    ledger.swap_told(c.BOX, SWAP, c.NOW)
    box.send(sale(1))
    (view,) = Reader(ledger.database).held(c.psam(1), c.NOW.unix_ms)
    assert (view.terminal, view.merchant, view.reason) == ("spare-01", "一楼大伙", Reason.SWAPPED)
    assert Reader(ledger.database).fleet.swaps(c.NOW.unix_ms)[0].fen == 10
    made = held.propose_release(Side.MERCHANT, [view.entry], "李四", "已核", c.NOW)
    held.confirm_release(made.number, "王五", c.NOW)
    assert (c.held(ledger), c.merchant(ledger)) == (0, 10)


def test_rejected_it_stays_held(ledger: Ledger, held: HeldLedger, box: Box) -> None:
    ledger.swap_told(c.BOX, SWAP, c.NOW)
    made = held.propose_swap(1, "李四", "疑", c.NOW)
    held.reject_swap(made.number, "王五", "没有此事", c.NOW)
    box.send(sale(1))
    assert c.verdicts(ledger)[-1] == (Verdict.HELD, Reason.PSAM_MOVED)
    assert c.codes(ledger)["swap-rejected"] == "important"
    with pytest.raises(ProposalRefused, match="已否决"):
        held.propose_swap(1, "李四", "再", c.NOW)


def test_records_that_overtake_the_swap_are_held_too(ledger: Ledger, box: Box) -> None:
    box.send(sale(1))
    assert c.verdicts(ledger)[-1] == (Verdict.HELD, Reason.DEVICE_UNKNOWN)


def test_late_records_of_the_broken_body_stay_its_merchants(ledger: Ledger, box: Box) -> None:
    ledger.swap_told(c.BOX, SWAP, c.NOW)
    box.send(c.stored(c.purchase(1, c.card(3), 7, 10, c.OPENING)))
    assert c.verdicts(ledger)[-1] == (Verdict.POSTED, Reason.NONE)


def test_spare_is_heard_and_gets_further_epochs(ledger: Ledger) -> None:
    ledger.swap_told(c.BOX, SWAP, c.NOW)
    status = DeviceStatus(SPARE, (EpochStatus(1, c.psam(1), 1, 5, 0, 0),), 1, 1, 9, True, 9700, 1)
    ledger.store_status(c.BOX, status, 5)
    assert [one.last for one in Reader(ledger.database).terminals() if one.device == SPARE] == [5]
    ask = EpochRequest(1, SPARE, StorageId(b"flash-s2"), c.psam(1), 0)
    assert ledger.assign_epoch(c.BOX, ask, c.NOW).epoch == 2


def changed(**values: object) -> Swap:
    return replace(SWAP, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("box", "swap", "why"),
    [
        (c.OTHER_BOX, SWAP, "spare-unknown"),
        (c.BOX, changed(spare=DeviceId(b"\0\1\x40\0\0\x09")), "spare-unknown"),
        (c.BOX, changed(broken=c.FAR), "broken-unknown"),
        (c.BOX, changed(broken=c.LOADER), "broken-unknown"),
        (c.BOX, changed(spare=SPARES[2].device), "broken-unknown"),
        (c.BOX, changed(psam=c.psam(2)), "psam-moved"),
        (c.BOX, changed(psam=c.psam(66)), "psam-moved"),
    ],
)
def test_what_cannot_be_is_not_taken_and_told_once(ledger: Ledger, box: BoxId, swap: Swap, why: str) -> None:
    for _ in range(2):
        ledger.swap_told(box, swap, c.NOW)
    assert Reader(ledger.database).fleet.swaps(c.NOW.unix_ms) == []
    assert [fact["reason"] for fact in c.facts(ledger, "swap-refused")] == [why]
    assert c.codes(ledger)["swap-refused"] == "urgent"


def test_one_life_for_a_spare_and_one_spare_for_a_psam(ledger: Ledger) -> None:
    ledger.swap_told(c.BOX, SWAP, c.NOW)
    ledger.swap_told(c.BOX, changed(broken=c.POS2, psam=c.psam(2), storage=StorageId(b"flash-s9"), epoch=2), c.NOW)
    ledger.swap_told(c.BOX, changed(spare=SPARE2), c.NOW)
    assert [fact["reason"] for fact in c.facts(ledger, "swap-refused")] == ["spare-used", "psam-swapped"]


def test_stolen_psam_is_swapped_nowhere(ledger: Ledger) -> None:
    ledger.psam_stolen(Report(c.psam(1), body=False, since_s=c.T0, who="王五", reason="x"), c.NOW)
    ledger.swap_told(c.BOX, SWAP, c.NOW)
    assert [fact["reason"] for fact in c.facts(ledger, "swap-refused")] == ["stolen"]


def test_terminal_that_moved_and_broke_has_its_spare_at_the_box_of_now(ledger: Ledger, held: HeldLedger) -> None:
    far = Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE, form=FORM_2)
    here = SpareRow(DeviceId(b"\0\1\x40\0\0\4"), DeviceKind.POS, c.OTHER_BOX, "spare-04")
    ledger.import_inventory(c.inventory(number=3, spares=(here,)), c.NOW)
    made = held.propose_move(c.POS, c.OTHER_BOX, "李四", "并窗口", c.NOW)
    held.confirm_order(made.number, "王五", c.NOW)
    ledger.swap_told(c.OTHER_BOX, changed(spare=here.device), c.NOW)
    ack = far.send(sale(1, spare=here.device))
    assert c.verdicts(ledger)[-1] == (Verdict.HELD, Reason.SWAPPED)
    assert (ack.apart, [one.device for one in ack.devices]) == ((), [here.device])


@pytest.mark.parametrize("epoch", [EPOCHS_AHEAD + 1, EPOCH_MAX])
def test_epoch_far_above_the_ledgers_locks_no_spare_out(ledger: Ledger, epoch: int) -> None:
    ledger.swap_told(c.BOX, changed(epoch=epoch), c.NOW)
    assert [fact["reason"] for fact in c.facts(ledger, "swap-refused")] == ["epoch-ahead"]
    assert Reader(ledger.database).fleet.swaps(c.NOW.unix_ms) == []
    ledger.swap_told(c.BOX, changed(epoch=EPOCHS_AHEAD), c.NOW)
    ask = EpochRequest(1, SPARE, StorageId(b"flash-s2"), c.psam(1), 0)
    assert ledger.assign_epoch(c.BOX, ask, c.NOW).epoch == EPOCHS_AHEAD + 1


def test_epoch_of_another_flash_is_not_taken_over(ledger: Ledger) -> None:
    ledger.swap_told(c.BOX, SWAP, c.NOW)
    ledger.swap_told(c.BOX, changed(storage=StorageId(b"flash-s2")), c.NOW)
    assert [fact["reason"] for fact in c.facts(ledger, "swap-refused")] == ["epoch-taken"]


@pytest.mark.parametrize(
    "spare",
    [
        SpareRow(c.POS, DeviceKind.POS, c.BOX, "x"),
        SpareRow(DeviceId(bytes(c.psam(1))), DeviceKind.POS, c.BOX, "x"),
        SpareRow(DeviceId(b"\0\1\x40\0\0\7"), DeviceKind.POS, BoxId("nowhere"), "x"),
        SpareRow(SPARE, DeviceKind.POS, c.OTHER_BOX, "spare-01"),
    ],
    ids=["a body", "a PSAM", "no box", "known with other data"],
)
def test_inventory_with_a_spare_that_cannot_be_is_refused(ledger: Ledger, spare: SpareRow) -> None:
    with pytest.raises(InventoryRefused):
        ledger.import_inventory(c.inventory(number=3, spares=(spare,)), c.NOW)


def test_spare_that_stands_in_for_nobody_holds_up_nothing(ledger: Ledger) -> None:
    assert {one.name for one in Reader(ledger.database).terminals()} == {"pos-01", "pos-02", "pos-03", "load-01"}
