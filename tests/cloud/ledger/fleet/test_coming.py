"""Lost is only what nobody can bring any more: neither the terminal's ring nor its box."""

from cloud.ledger.fleet.coming import coming
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from shared.ids import BoxId, StoreId
from shared.wire.messages import BoxState, DeviceStatus, EpochStatus
from tests.cloud.ledger.campus import BOX, NOW, OPENING, OTHER_BOX, POS, Box, card, psam, purchase, stored

LATER_MS = NOW.unix_ms + 1000


def may_come(ledger: Ledger, *seqs: int, epoch: int = 1) -> list[bool]:
    with ledger.database.reading():
        found = coming(ledger.database)
    return [found.may_come("pos-01", epoch, seq) for seq in seqs]


def status(ledger: Ledger, *epochs: EpochStatus, at_ms: int = NOW.unix_ms, box: BoxId = BOX) -> None:
    ledger.store_status(box, DeviceStatus(POS, epochs, 1, 1, 100, True, 9_700, 1), at_ms)


def box_says(ledger: Ledger, unsettled: int, *, online: bool = True, box: BoxId = BOX) -> None:
    state = BoxState(box, StoreId(b"store--1"), 9, online, unsettled, 0, 0, 0, 0)
    ledger.store_state(box, state, NOW.unix_ms)


def move(opened: OpenedLedger) -> None:
    orders = HeldLedger(opened)
    orders.confirm_order(orders.propose_move(POS, OTHER_BOX, "张三", "并到二食堂", NOW).number, "李四", NOW)


def test_a_terminal_that_was_never_heard_may_hold_everything(ledger: Ledger) -> None:
    assert may_come(ledger, 1, 99) == [True, True]
    with ledger.database.reading():
        assert not coming(ledger.database).may_come("nobody", 1, 1)


def test_what_is_held_or_settled_does_not_come_and_what_is_in_the_ring_does(ledger: Ledger, box: Box) -> None:
    box.send(*(stored(purchase(seq, card(1), seq, 1, OPENING - seq)) for seq in (1, 4)))
    status(ledger, EpochStatus(1, psam(1), 3, 4, 2, 0))
    box_says(ledger, 0)
    assert may_come(ledger, 1, 2, 3, 4, 5) == [False, False, True, False, True]


def test_its_box_may_hold_what_the_terminal_was_told_settled(ledger: Ledger) -> None:
    status(ledger, EpochStatus(1, psam(1), 3, 2, 2, 0))
    assert may_come(ledger, 2) == [True], "the box was never heard of"
    box_says(ledger, 1)
    assert may_come(ledger, 2) == [True]
    box_says(ledger, 0, online=False)
    assert may_come(ledger, 2) == [True]
    box_says(ledger, 0)
    assert may_come(ledger, 2) == [False]


def test_an_epoch_that_the_terminal_lists_no_longer_is_not_in_it(ledger: Ledger) -> None:
    box_says(ledger, 0)
    status(ledger, EpochStatus(1, psam(1), 1, 4, 0, 0))
    assert may_come(ledger, 3) == [True]
    status(ledger, EpochStatus(2, psam(1), 1, 0, 0, 0), at_ms=LATER_MS)
    assert may_come(ledger, 3) == [False]
    assert may_come(ledger, 1, epoch=2) == [True]


def test_a_terminal_that_has_moved_is_judged_at_the_box_where_it_stands(opened: OpenedLedger, ledger: Ledger) -> None:
    box_says(ledger, 0)
    move(opened)
    status(ledger, EpochStatus(1, psam(1), 3, 2, 2, 0), box=OTHER_BOX)
    box_says(ledger, 1, box=OTHER_BOX)
    assert may_come(ledger, 2) == [True]
    box_says(ledger, 0, box=OTHER_BOX)
    assert may_come(ledger, 2) == [False]


def test_the_box_that_it_has_left_may_hold_what_it_had_made_there(opened: OpenedLedger, ledger: Ledger) -> None:
    status(ledger, EpochStatus(1, psam(1), 3, 2, 2, 0))
    move(opened)
    status(ledger, EpochStatus(1, psam(1), 4, 3, 3, 0), box=OTHER_BOX)
    box_says(ledger, 0, box=OTHER_BOX)
    assert may_come(ledger, 2, 3) == [True, False], "the box that it has left was never heard of"
    box_says(ledger, 1)
    assert may_come(ledger, 2, 3) == [True, False]
    box_says(ledger, 0)
    assert may_come(ledger, 2, 3) == [False, False]
