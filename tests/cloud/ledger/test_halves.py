"""Grey halves of a mixed payment: what evidence says was paid goes to pending load, for nobody was served."""

from itertools import permutations

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from shared.records import Cause, Kind, Pair
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh
from tests.cloud.ledger.campus import Box

HALF = c.purchase(2, c.card(1), 0, 450, c.OPENING, kind=Kind.UNPROVEN, pair=Pair.SECOND)
NEXT = c.purchase(4, c.card(1), 1, 100, c.OPENING - 450, at=c.POS2)
RECOVERED = c.purchase(6, c.card(1), 0, 450, c.OPENING, ttn=2, kind=Kind.RECOVERED, linked=4, pair=Pair.SECOND)
VOID = c.void_by_pin(7, RECOVERED, cause=Cause.TORN_PAIR)


def pending(ledger: Ledger) -> int:
    return -c.balances(ledger).get(f"pending:{c.card(1).hex()}", 0)


def sound(ledger: Ledger) -> bool:
    view = Reader(ledger.database).overview()
    adds_up = view.float_fen == view.opening_fen + view.loads_fen - view.spent_fen
    return adds_up and view.voided_fen == view.pending_fen and not verify(ledger, c.check_tac).first_broken


def test_evidence_of_a_half_gives_it_back_at_once(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(HALF))
    assert pending(ledger) == 0
    box.send(c.stored(NEXT, c.POS2))
    assert (pending(ledger), c.merchant(ledger), c.purse(ledger, c.card(1))) == (450, 0, c.OPENING - 550)
    assert sound(ledger)


def test_evidence_of_a_subsidy_half_stays_a_subsidy(ledger: Ledger, box: Box) -> None:
    half, later = HALF._replace(purse=c.SUBSIDY, balance_fen=450), NEXT._replace(purse=c.SUBSIDY, balance_fen=0)
    box.send(c.stored(half), c.stored(later, c.POS2))
    assert (pending(ledger), c.balances(ledger)[f"pending-subsidy:{c.card(1).hex()}"]) == (0, -450)
    assert "entries" not in [check.name for check in verify(ledger, c.check_tac).checks if check.broken]


def test_evidence_of_a_whole_purchase_stays_with_the_merchant(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(HALF._replace(flags=HALF.flags & ~(3 << 3))), c.stored(NEXT, c.POS2))
    assert (pending(ledger), c.merchant(ledger)) == (0, 450)
    assert sound(ledger)


@pytest.mark.parametrize("fold", [False, True])
def test_recovered_later_it_is_given_back_by_the_terminals_void_and_once(fold: bool) -> None:
    ends = set()
    records = [c.stored(HALF), c.stored(NEXT, c.POS2), c.stored(RECOVERED), VOID]
    for order in permutations(records):
        ledger = fresh.in_memory()
        box = Box(ledger)
        for record in order:
            box.send(record)
            if fold:
                ledger.fold()
        ends.add((pending(ledger), c.merchant(ledger), c.purse(ledger, c.card(1))))
        assert sound(ledger)
        ledger.close()
    assert ends == {(450, 0, c.OPENING - 550)}


def test_a_half_of_an_unregistered_body_waits_for_a_person(ledger: Ledger, box: Box) -> None:
    half = c.purchase(2, c.card(1), 0, 450, c.OPENING, kind=Kind.UNPROVEN, pair=Pair.FIRST, at=c.FAR)
    box.send(c.stored(half, c.FAR), c.stored(NEXT, c.POS2))
    assert (pending(ledger), c.held(ledger, "面点")) == (0, 450)
    assert sound(ledger)
