"""A card torn several times in a row: its first whole purchase settles the grey ones before it, one by one."""

from itertools import permutations

from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh
from tests.cloud.ledger.campus import Box

CARD = c.card(1)
FIRST = c.purchase(1, CARD, 7, 300, c.OPENING, ttn=1, kind=Kind.UNPROVEN)
SECOND = c.purchase(2, CARD, 8, 300, c.OPENING - 300, ttn=2, kind=Kind.UNPROVEN)
THIRD = c.purchase(3, CARD, 9, 200, c.OPENING - 600, ttn=3, kind=Kind.UNPROVEN)
WHOLE = c.purchase(4, CARD, 10, 50, c.OPENING - 800, ttn=4)


def test_in_every_order_of_arrival() -> None:
    for order in permutations((FIRST, SECOND, THIRD, WHOLE)):
        ledger = fresh.in_memory()
        box = Box(ledger)
        for record in order:
            box.send(c.stored(record))
        assert (c.purse(ledger, CARD), c.merchant(ledger)) == (c.OPENING - 850, 850)
        assert Reader(ledger.database).suspense() == []
        ledger.close()


def test_without_the_whole_one_nothing_is_decided(ledger: Ledger, box: Box) -> None:
    box.send(*map(c.stored, (FIRST, SECOND, THIRD)))
    assert len(Reader(ledger.database).suspense()) == 3
    assert c.purse(ledger, CARD) == c.OPENING


def test_a_proof_that_contradicts_the_middle_reopens_what_rested_on_it(ledger: Ledger, box: Box) -> None:
    box.send(*map(c.stored, (FIRST, SECOND, THIRD, WHOLE)))
    box.send(c.stored(c.purchase(5, CARD, 8, 100, c.OPENING - 100, ttn=5)))
    assert len(Reader(ledger.database).suspense()) == 1, "the first one fits the balance of no next purchase now"
    assert c.purse(ledger, CARD) == c.OPENING - 100 - 200 - 50
