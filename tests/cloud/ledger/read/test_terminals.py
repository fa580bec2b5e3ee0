"""The rows of the terminals add up to the sums of the ledger, whatever was posted after its first verdict."""

from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

GREY = c.purchase(1, c.card(1), 7, 300, c.OPENING, kind=Kind.UNPROVEN)
NEXT = c.purchase(2, c.card(1), 8, 50, c.OPENING - 300)
SALE = c.purchase(3, c.card(2), 0, 450, c.OPENING)


def adds_up(ledger: Ledger) -> tuple[int, int, int]:
    """Posted, spent and suspense of the one terminal, which must be those of the whole ledger."""
    (row,), whole = Reader(ledger.database).by_terminal(), Reader(ledger.database).overview()
    rows = (row.posted, row.spent_fen, row.suspense, row.loads, row.loaded_fen, row.voids, row.voided_fen)
    assert rows == (
        whole.posted, whole.spent_fen, whole.suspense, whole.loads, whole.loads_fen, whole.voids, whole.voided_fen
    )  # fmt: skip
    return row.posted, row.spent_fen, row.suspense


def test_an_unproven_purchase_counts_for_its_terminal_once_evidence_has_posted_it(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(GREY))
    assert adds_up(ledger) == (0, 0, 1)
    box.send(c.stored(NEXT))
    assert adds_up(ledger) == (2, 350, 0)


def test_a_void_counts_for_the_terminal_that_made_it(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(SALE), c.void(4, SALE))
    assert adds_up(ledger) == (2, 450, 0)


def test_a_released_record_leaves_the_quarantine_of_its_terminal(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(20), 7, 900, c.OPENING)))
    assert [row.quarantined for row in Reader(ledger.database).by_terminal()] == [1]
    ledger.import_inventory(c.inventory(cards=20, number=2), c.NOW)
    ledger.rejudge(c.check_tac, c.NOW)
    assert adds_up(ledger) == (1, 900, 0)
    assert [row.quarantined for row in Reader(ledger.database).by_terminal()] == [0]
