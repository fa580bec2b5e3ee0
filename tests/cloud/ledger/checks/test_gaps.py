"""What a terminal was told SETTLED and the ledger lacks is a loss: named when no box has anything left to send."""

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from shared.ids import BoxId
from shared.wire.messages import BoxState, DeviceStatus, EpochStatus
from shared.words.voice import Text
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box


def gaps(ledger: Ledger) -> tuple[str, Text | None]:
    """What is broken, and the note."""
    report = verify(ledger, c.check_tac)
    (found,) = [check for check in report.checks if check.name == "gaps"]
    assert report.ok is not bool(found.broken)
    return found.broken, found.note


def tell(ledger: Ledger, settled: int, last: int, box: BoxId = c.BOX) -> None:
    epochs = (EpochStatus(1, c.psam(1), settled + 1, last, settled, 0),)
    ledger.store_status(box, DeviceStatus(c.POS, epochs, 1, 1, 100, True, 9700, 1), 5)


def say(ledger: Ledger, unsettled: int, *, online: bool = True, box: BoxId = c.BOX) -> None:
    ledger.store_state(box, BoxState(box, c.STORE, 77, online, unsettled, 1000, 99, 0, 0, ()), 80)


def test_settled_numbers_that_the_books_lack_are_named(ledger: Ledger, box: Box) -> None:
    box.send(*(c.stored(c.purchase(seq, c.card(1), seq, 10, c.OPENING - 10 * seq)) for seq in (1, 5)))
    tell(ledger, 0, 9)
    say(ledger, 0)
    assert gaps(ledger) == ("", None), "late is no loss: the terminal still holds them"
    tell(ledger, 7, 9)
    assert gaps(ledger) == ("terminal pos-01 epoch 1: 2-4, 6-7 are lost", None)
    say(ledger, 0, online=False)
    assert gaps(ledger)[0].endswith("(its box is off line, and may still hold them)")


@pytest.mark.parametrize("told", [False, True])
def test_what_a_box_may_still_send_is_waited_for(ledger: Ledger, box: Box, told: bool) -> None:
    """A ledger that was put back: its box sends again what it has settled."""
    tell(ledger, 2, 2)
    if told:
        say(ledger, 2)
    broken, note = gaps(ledger)
    assert (broken, note and note.en[-3:]) == ("", ": 1")
    box.send(*(c.stored(c.purchase(seq, c.card(1), seq, 10, c.OPENING - 10 * (seq - 1))) for seq in (1, 2)))
    assert gaps(ledger) == ("", None)


def test_a_box_that_a_terminal_has_left_may_still_send_what_it_had_made_there(
    opened: OpenedLedger, ledger: Ledger
) -> None:
    orders = HeldLedger(opened)
    tell(ledger, 2, 2)
    orders.confirm_order(orders.propose_move(c.POS, c.OTHER_BOX, "张三", "并到二食堂", c.NOW).number, "李四", c.NOW)
    say(ledger, 0, box=c.OTHER_BOX)
    assert gaps(ledger)[1] is not None, "it was never heard of"
    say(ledger, 2)
    assert gaps(ledger)[1] is not None
    tell(ledger, 3, 3, c.OTHER_BOX)
    assert gaps(ledger) == ("terminal pos-01 epoch 1: 3-3 are lost", None), "this one was not made there"
    say(ledger, 0, online=False)
    assert gaps(ledger)[0].endswith("1-3 are lost (its box is off line, and may still hold them)")
    say(ledger, 0)
    assert gaps(ledger) == ("terminal pos-01 epoch 1: 1-3 are lost", None)
