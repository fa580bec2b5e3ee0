"""A ledger that was put back has lost a request, and with it the reversal of an earlier one with the same counter."""

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

CARD = c.card(1)
LOST = c.load(1, CARD, 0, 10_000, c.OPENING, request=2)
NEXT = c.load(2, CARD, 1, 2_000, c.OPENING + 10_000, request=3)


def pending(ledger: Ledger) -> None:
    """Request 1 was granted and came to nothing; the card asked again (request 2), and that is lost."""
    ledger.deposit(CARD, 50_000, "cash-1", c.NOW)
    request, load = c.load_request(CARD, 0, 5_000, c.OPENING, request=1)
    ledger.load_authorise(c.BOX, request, load, True, c.NOW)


@pytest.mark.parametrize("order", [(LOST, NEXT), (NEXT, LOST)])
def test_the_proven_load_takes_the_place_of_what_the_counter_had_confirmed(
    ledger: Ledger, box: Box, order: tuple
) -> None:
    pending(ledger)
    for record in order:
        box.send(c.stored(record))
    assert c.purse(ledger, CARD) == c.OPENING + 12_000
    assert c.balances(ledger)[f"online:{CARD.hex()}"] == -(50_000 - 12_000)
    assert f"transit:{CARD.hex()}" not in c.balances(ledger)
    assert verify(Reader(ledger.database), c.check_tac).ok


def test_what_was_confirmed_by_the_counter_is_withdrawn_in_the_open(ledger: Ledger, box: Box) -> None:
    pending(ledger)
    box.send(c.stored(NEXT))
    assert c.purse(ledger, CARD) == c.OPENING + 5_000 + 2_000
    box.send(c.stored(LOST))
    kinds = c.entry_kinds(ledger)
    assert kinds[-3:] == [EntryKind.EVIDENCE_WITHDRAWN, EntryKind.LOAD_REVERSED, EntryKind.LOAD_ALONE]
    assert c.codes(ledger)["evidence-withdrawn"]
    box.again()
    assert c.entry_kinds(ledger) == kinds
