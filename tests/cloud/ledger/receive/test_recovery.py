"""A ledger put back from an older copy notices it from the boxes' signed acks, says so, and is filled again."""

import shutil
from pathlib import Path

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger, open_ledger
from shared.ids import LedgerId, StoreId
from shared.wire.messages import AckBody, Hello, Recover, SignedAck
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

UNKNOWN = "put-back: a box of 0.1 does not say what is gone; two persons have not closed the list: cloud put-back"
"""All records are here again; what was in the books alone is another matter (test_put_back)."""


def hello(ledger: Ledger, ack: AckBody | None, box: Box, store: StoreId = c.STORE) -> AckBody | Recover:
    """The signature is the ingest's matter: here it is right."""
    signed = SignedAck(b"body", bytes(64)) if ack else None
    said = Hello(store, ack.row_cumulative if ack else 0, box.row, signed)
    return ledger.hello(box.box, box.partition, said, lambda _: ack, c.NOW)


def test_a_hello_hears_what_is_held(ledger: Ledger, box: Box) -> None:
    empty = hello(ledger, None, box)
    assert isinstance(empty, AckBody)
    assert (empty.number, empty.row_cumulative, empty.devices) == (0, 0, ())
    ack = box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING)))
    assert hello(ledger, ack, box) == ack
    assert hello(ledger, None, box) == ack
    assert c.codes(ledger) == {}


def test_an_older_copy_recovers_and_numbers_on_from_above(tmp_path: Path) -> None:
    live, copy = tmp_path / "ledger.db", tmp_path / "old.db"
    ledger = open_ledger(str(live), c.LEDGER_ID)
    ledger.import_inventory(c.inventory(), c.NOW)
    ledger.deposit(c.card(1), 1000, "d", c.NOW)
    box = Box(ledger)
    box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING)))
    ledger.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]  # SQLite's has one
    shutil.copy(live, copy)
    online, load = c.load_request(c.card(1), 3, 400, c.OPENING - 10, request=1)
    ledger.load_authorise(c.BOX, online, load, True, c.NOW)
    box.send(c.stored(c.load(1, c.card(1), 3, 400, c.OPENING - 10, request=1)))
    newest = box.send(c.stored(c.purchase(2, c.card(1), 8, 20, c.OPENING + 390)))
    before = c.balances(ledger)
    ledger.close()

    box.ledger = old = open_ledger(str(copy))
    answer = hello(old, newest, box)
    assert answer == Recover(c.LEDGER_ID, c.STORE, 1)
    assert c.codes(old) == {"ledger-recovery": "urgent", "put-back": "urgent"}
    acks = box.again()
    assert acks[0].number == newest.number + 2
    assert acks[0].row_cumulative == 3
    assert hello(old, newest, box) == acks[0]
    assert c.balances(old) == before
    assert c.codes(old)["load-without-debit"] == "important"
    assert verify(old, c.check_tac).first_broken == UNKNOWN
    old.close()


def test_an_ack_after_a_recovery_is_above_the_one_that_was_shown_though_no_batch_follows(tmp_path: Path) -> None:
    """The rows come again before the box says Hello: after it nothing is left to send, and the box waits for an ack."""
    live, copy = tmp_path / "ledger.db", tmp_path / "old.db"
    ledger = open_ledger(str(live), c.LEDGER_ID)
    ledger.import_inventory(c.inventory(), c.NOW)
    ledger.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]  # as above
    shutil.copy(live, copy)
    box = Box(ledger)
    for seq in (1, 2, 3):
        newest = box.send(c.stored(c.purchase(seq, c.card(1), 6 + seq, 10, c.OPENING - 10 * (seq - 1))))
    ledger.close()
    box.ledger = old = open_ledger(str(copy))
    assert box.again()[0].number < newest.number
    assert hello(old, newest, box) == Recover(c.LEDGER_ID, c.STORE, 3)
    after = hello(old, newest, box)
    assert isinstance(after, AckBody)
    assert (after.row_cumulative, after.number) == (3, newest.number + 1)
    assert verify(old, c.check_tac).first_broken == UNKNOWN
    old.close()


def test_rows_that_are_missing_are_asked_for_even_if_the_number_has_gone_on(ledger: Ledger, box: Box) -> None:
    ack = box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING)))
    claimed = ack._replace(row_cumulative=4)
    assert hello(ledger, claimed, box) == Recover(c.LEDGER_ID, c.STORE, 1)
    marks = (ack.devices[0]._replace(cumulative=9),)
    assert hello(ledger, ack._replace(devices=marks), box) == Recover(c.LEDGER_ID, c.STORE, 1)


def test_a_forged_ack_is_not_believed(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING)))
    said = Hello(c.STORE, 0, 1, SignedAck(b"forged", bytes(64)))
    answer = ledger.hello(c.BOX, c.PARTITION, said, lambda _: None, c.NOW)
    assert isinstance(answer, AckBody)
    assert c.codes(ledger) == {"ack-forged": "urgent"}


def test_an_ack_of_another_box_is_not_believed(ledger: Ledger, box: Box) -> None:
    ack = box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING)))
    far = Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE)
    answer = hello(ledger, ack, far)
    assert isinstance(answer, AckBody)
    assert answer.row_cumulative == 0
    assert c.codes(ledger) == {"ack-forged": "urgent"}


@pytest.mark.parametrize("number", [1, 500])
def test_another_ledger_starts_above_the_lost_one_and_is_filled_from_the_boxes(
    ledger: Ledger, box: Box, number: int
) -> None:
    lost = AckBody(LedgerId(b"lost-one"), c.PARTITION, number, c.BOX, c.STORE, 3, (), (), 0)
    box.row = 3
    assert hello(ledger, lost, box) == Recover(c.LEDGER_ID, c.STORE, 0)
    assert set(c.codes(ledger)) == {"ack-foreign", "ledger-recovery", "put-back"}
    assert box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING))).number == number + 2
    assert verify(ledger, c.check_tac).first_broken == UNKNOWN
