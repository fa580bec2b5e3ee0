"""Receipts of parts: when a message has arrived, and that it is told once."""

from cloud.watch.notify.channels.door import Arrived
from cloud.watch.notify.channels.receipts import PARTS_KEPT, Receipts


def test_a_message_has_arrived_with_its_last_part() -> None:
    receipts: Receipts[int] = Receipts()
    assert receipts.sent([7, 8, 9]) == ("7+8+9", [])
    assert receipts.came(8, is_there=True) == []
    assert receipts.came(7, is_there=True) == []
    assert receipts.came(9, is_there=True) == [Arrived("7+8+9", is_there=True)]


def test_one_part_that_is_lost_ends_it_once() -> None:
    receipts: Receipts[int] = Receipts()
    receipts.sent([7, 8])
    assert receipts.came(7, is_there=False) == [Arrived("7+8", is_there=False)]
    assert receipts.came(8, is_there=True) == []


def test_a_receipt_may_be_earlier_than_its_message() -> None:
    receipts: Receipts[str] = Receipts()
    assert receipts.came("A", is_there=True) == []
    assert receipts.sent(["A"]) == ("A", [Arrived("A", is_there=True)])
    receipts.came("B", is_there=True)
    receipts.forget_early()
    assert receipts.sent(["B"]) == ("B", [])


def test_the_oldest_are_given_up() -> None:
    receipts: Receipts[int] = Receipts()
    for number in range(PARTS_KEPT + 1):
        receipts.sent([number])
    assert receipts.came(0, is_there=True) == []
    assert receipts.came(1, is_there=True) == [Arrived("1", is_there=True)]
