"""Records into the books: verdicts, keys, marks, acks, on both databases."""

import pytest

from cloud.ledger.judge import Reason
from cloud.ledger.ledger import Ledger
from cloud.ledger.values import Now, Received, Verdict
from shared.errors import KeyFault
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box


def test_a_purchase_posts_and_is_acknowledged_by_name(ledger: Ledger, box: Box) -> None:
    ack = box.send(c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING)))
    assert c.purse(ledger, c.card(1)) == c.OPENING - 1250
    assert c.merchant(ledger) == 1250
    assert (ack.ledger, ack.partition, ack.number, ack.box, ack.store) == (c.LEDGER_ID, 5, 1, c.BOX, c.STORE)
    assert (ack.row_cumulative, ack.row_ranges) == (1, ())
    assert [(d.device, d.epoch, d.cumulative, d.ranges) for d in ack.devices] == [(c.POS, 1, 1, ())]
    assert ledger.ack_for(c.BOX, c.STORE) == ack


def test_identical_bytes_again_are_success_counted_and_silent(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING)))
    books, facts = c.balances(ledger), c.codes(ledger)
    (ack,) = box.again()
    assert ack.row_cumulative == 1
    assert c.balances(ledger) == books
    assert c.codes(ledger) == facts
    with ledger.database.reading():
        assert ledger.database.run("SELECT posted, duplicates FROM device_mark") == [(1, 1)]


def test_a_batch_may_repeat_itself(ledger: Ledger, box: Box) -> None:
    raw = c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING))
    ack = box.send(raw, raw)
    assert c.merchant(ledger) == 1250
    assert ack.row_cumulative == 2
