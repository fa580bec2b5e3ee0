"""How far a backup reaches, in both stores, and what a box brought again after one was put back."""

from contextlib import closing

from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.put_backs import BoxAgain
from cloud.ledger.read.reader import Reader
from cloud.ledger.receive.backup_marks import BackupMarks, Covered
from shared.facts.boxes import RecoveryGone
from shared.wire.messages import FORM_2, NONCE_SIZE, Fact, Hello, Recover, SignedAck
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box


def sale(seq: int) -> bytes:
    return c.stored(c.purchase(seq, c.card(1), seq, 10, c.OPENING - 10 * seq + 10))


def test_rows_are_covered_by_the_newest_backup_alone(ledger: Ledger, box: Box) -> None:
    marks = BackupMarks(ledger.opened)
    assert (marks.rows_held(), marks.covered()) == ({}, {})
    box.send(sale(1), sale(2))
    held = marks.rows_held()
    assert held == {(c.BOX, c.STORE): 2}
    box.send(sale(3))
    marks.cover(held, 77, c.NOW)
    assert marks.covered() == {(c.BOX, c.STORE): Covered(2, 77)}
    marks.cover({}, 78, c.NOW)
    assert marks.covered() == {}


def test_a_row_out_of_its_turn_is_not_covered(ledger: Ledger, box: Box) -> None:
    """Row 2 is here and row 1 is not: nothing is covered."""
    box.row = 1
    box.send(sale(2))
    assert BackupMarks(ledger.opened).rows_held() == {}


def test_what_a_box_brought_again_and_no_longer_keeps(ledger: Ledger, box: Box) -> None:
    """The copy that is put back has one sale; the ledger that is gone had three."""
    box.form = FORM_2
    box.send(sale(1))
    with closing(open_ledger(":memory:", c.LEDGER_ID)) as newest:
        newest.import_inventory(c.inventory(), c.NOW)
        gone = Box(newest, form=FORM_2)
        for seq in (1, 2, 3):
            gone.send(sale(seq))
        shown = newest.ack_for(c.BOX, c.STORE, FORM_2)
    said = Hello(c.STORE, 3, 3, SignedAck(b"", bytes(64)), bytes(NONCE_SIZE))
    assert isinstance(ledger.hello(c.BOX, c.PARTITION, said, lambda _: shown, c.NOW), Recover)
    box.send(sale(2), sale(3))
    told = RecoveryGone(4)
    ledger.fact(c.BOX, Fact(told.code, told.level, 1, b"", told.params()), 1)
    assert [*Reader(ledger.database).again_by_box()] == [BoxAgain(c.BOX, 1, 2, 20, 0, 4)]
