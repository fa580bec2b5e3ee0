"""A terminal moves to another box by the word of two persons; its former box stays its own up to what it had made."""

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.orders import RING_MAX
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Verdict
from shared.ids import BoxId, StorageId
from shared.records import Kind
from shared.wire.messages import EPOCH_MAX, FORM_2, AckBody, DeviceStatus, EpochRequest, EpochStatus
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

ANN, BOB = "张三", "李四"
WHY = "一食堂装修，窗口并到二食堂"


@pytest.fixture
def orders(opened: OpenedLedger) -> HeldLedger:
    return HeldLedger(opened)


@pytest.fixture
def new(ledger: Ledger) -> Box:
    """The box that POS moves to."""
    return Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE)


def moved(orders: HeldLedger, to: BoxId = c.OTHER_BOX) -> None:
    made = orders.propose_move(c.POS, to, ANN, WHY, c.NOW)
    orders.confirm_order(made.number, BOB, c.NOW)


def sale(seq: int, kind: Kind = Kind.PURCHASE) -> bytes:
    return c.stored(c.purchase(seq, c.card(1), seq, 100, c.OPENING - 100 * (seq - 1), kind=kind))


def forged(seq: int) -> bytes:
    return c.stored(c.purchase(seq, c.card(2), seq, 100, c.OPENING, tac_of=b"\1\2\3\4"))


def send(box: Box, *records: bytes) -> AckBody:
    (ack,) = box.ledger.receive([box.batch(*records)._replace(form=FORM_2)], c.check_tac, c.NOW)
    return ack


def told(ledger: Ledger, last: int, box: BoxId = c.BOX) -> None:
    """A STATUS: `last` was given in epoch 1."""
    status = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 1, last, 0, 0),), 1, 1, 100, True, 9700, 1)
    ledger.store_status(box, status, 1)


def sound(ledger: Ledger) -> bool:
    return verify(ledger, c.check_tac).first_broken == ""


def test_it_sells_as_registered_where_it_stands_now(ledger: Ledger, orders: HeldLedger, new: Box) -> None:
    moved(orders)
    send(new, sale(1))
    assert c.verdicts(ledger) == [(Verdict.POSTED, Reason.NONE)]
    assert ledger.assign_epoch(c.OTHER_BOX, EpochRequest(1, c.POS, StorageId(b"storage1"), c.psam(1), 0), c.NOW).epoch
    told(ledger, 1, c.OTHER_BOX)
    assert {row.box for row in Reader(ledger.database).terminals() if row.device == c.POS} == {c.OTHER_BOX}
    assert "spoken-for" not in c.codes(ledger)
    assert sound(ledger)


def test_its_former_box_stays_its_own_up_to_what_it_had_made(
    ledger: Ledger, orders: HeldLedger, box: Box, new: Box
) -> None:
    send(box, sale(1))
    told(ledger, 3)
    moved(orders)
    ack = send(box, sale(2), sale(3, Kind.UNPROVEN))
    assert c.verdicts(ledger)[1:] == [(Verdict.POSTED, Reason.NONE), (Verdict.SUSPENSE, Reason.UNPROVEN)]
    assert (ack.devices[0].cumulative, ack.apart) == (3, ())
    ack = send(box, sale(4), forged(5))
    assert c.verdicts(ledger)[3:] == [(Verdict.HELD, Reason.OTHER_BOX), (Verdict.QUARANTINED, Reason.WRONG_TAC)]
    assert ack.apart == ((5, 5),)
    send(new, sale(5))
    assert c.verdicts(ledger)[5] == (Verdict.POSTED, Reason.NONE)
    assert sound(ledger)


def test_the_new_box_may_bring_what_the_former_one_never_sent(ledger: Ledger, orders: HeldLedger, new: Box) -> None:
    told(ledger, 2)
    moved(orders)
    send(new, sale(1), sale(2))
    assert c.merchant(ledger) == 200
    assert c.held(ledger) == 0


def test_a_status_counts_no_further_than_a_ring_holds(ledger: Ledger, orders: HeldLedger, box: Box) -> None:
    send(box, sale(1))
    told(ledger, 0xFFFF_FFFF)
    moved(orders)
    send(box, forged(RING_MAX + 1), forged(RING_MAX + 2))
    with ledger.database.reading():
        rows = ledger.database.run("SELECT last_seq FROM device_mark WHERE device = ?", (c.POS,))
    assert rows == [(RING_MAX + 1,)]


def test_it_may_come_back(ledger: Ledger, orders: HeldLedger, box: Box, new: Box) -> None:
    send(box, sale(1))
    moved(orders)
    send(new, sale(2))
    moved(orders, c.BOX)
    send(box, sale(3))
    assert [reason for _, reason in c.verdicts(ledger)] == [Reason.NONE] * 3
    ack = send(new, forged(3))
    assert ack.apart == ((2, 2),)
    assert sound(ledger)


def test_the_same_inventory_again_changes_nothing(ledger: Ledger, orders: HeldLedger, new: Box) -> None:
    moved(orders)
    assert ledger.import_inventory(c.inventory(), c.NOW).devices == 0
    send(new, sale(1))
    assert c.verdicts(ledger) == [(Verdict.POSTED, Reason.NONE)]


def test_it_takes_two_persons_and_is_done_once(ledger: Ledger, orders: HeldLedger, box: Box) -> None:
    made = orders.propose_move(c.POS, c.OTHER_BOX, ANN, WHY, c.NOW)
    with pytest.raises(ProposalRefused, match="须另一人"):
        orders.confirm_order(made.number, ANN, c.NOW)
    send(box, sale(1))
    assert c.verdicts(ledger) == [(Verdict.POSTED, Reason.NONE)], "nothing has moved"
    assert not orders.confirm_order(made.number, BOB, c.NOW).again
    assert orders.confirm_order(made.number, BOB, c.NOW).again
    assert c.codes(ledger) == {"device-move-proposed": "notice", "device-moved": "important"}
    with ledger.database.reading():
        assert ledger.database.run("SELECT former, box, proposal FROM device_move") == [(c.BOX, c.OTHER_BOX, 1)]


@pytest.mark.parametrize(
    ("device", "box", "why"),
    [
        (c.device(77), c.OTHER_BOX, "没有终端"),
        (c.POS, BoxId("nowhere-1"), "没有网关"),
        (c.POS, c.BOX, "已在"),
    ],
)
def test_what_cannot_move_is_refused(orders: HeldLedger, device, box, why) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ProposalRefused, match=why):
        orders.propose_move(device, box, ANN, WHY, c.NOW)


def test_what_has_moved_meanwhile_is_refused(orders: HeldLedger) -> None:
    first, second = (orders.propose_move(c.POS, c.OTHER_BOX, ANN, WHY, c.NOW) for _ in "12")
    orders.confirm_order(first.number, BOB, c.NOW)
    with pytest.raises(ProposalRefused, match="不在"):
        orders.confirm_order(second.number, BOB, c.NOW)
    orders.reject_order(second.number, BOB, "重复", c.NOW)


def test_an_order_is_no_release_and_a_release_no_order(orders: HeldLedger) -> None:
    made = orders.propose_move(c.POS, c.OTHER_BOX, ANN, WHY, c.NOW)
    with pytest.raises(ProposalRefused, match="不是"):
        orders.confirm_release(made.number, BOB, c.NOW)


def test_two_persons_let_a_high_epoch_through(ledger: Ledger, orders: HeldLedger, box: Box) -> None:
    request = EpochRequest(1, c.POS, StorageId(b"storage1"), c.psam(1), 40)
    assert ledger.assign_epoch(c.BOX, request, c.NOW).reason == "epoch-ahead"
    made = orders.propose_epoch(c.POS, 40, ANN, "账本是旧副本", c.NOW)
    orders.confirm_order(made.number, BOB, c.NOW)
    assert ledger.assign_epoch(c.BOX, request, c.NOW).epoch == 41
    send(box, c.stored(c.purchase(1, c.card(1), 1, 100, c.OPENING), epoch=40))
    assert c.verdicts(ledger) == [(Verdict.POSTED, Reason.NONE)]
    assert sound(ledger)


@pytest.mark.parametrize("epoch", [0, 16, EPOCH_MAX])
def test_an_epoch_that_needs_no_order_or_leaves_no_number_is_refused(orders: HeldLedger, epoch: int) -> None:
    with pytest.raises(ProposalRefused, match="存储代"):
        orders.propose_epoch(c.POS, epoch, ANN, WHY, c.NOW)


def test_verify_names_a_move_that_nobody_confirmed(ledger: Ledger, orders: HeldLedger) -> None:
    orders.propose_move(c.POS, c.OTHER_BOX, ANN, WHY, c.NOW)
    with ledger.database.writing():
        row = (1, c.POS, str(c.BOX), str(c.OTHER_BOX), 1, 0)
        ledger.database.insert("device_move", "id, device, former, box, proposal, at_ms", [row])
    assert "device-orders: proposal 1" in verify(ledger, c.check_tac).first_broken


def test_verify_names_a_move_to_elsewhere(ledger: Ledger, orders: HeldLedger) -> None:
    moved(orders)
    with ledger.database.writing():
        row = (2, c.POS2, str(c.BOX), str(c.OTHER_BOX), 1, 0)
        ledger.database.insert("device_move", "id, device, former, box, proposal, at_ms", [row])
    assert "device-orders: proposal 1" in verify(ledger, c.check_tac).first_broken
