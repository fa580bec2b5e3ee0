"""For every card always current: expected, last known, late, unexplained; and it closes by itself."""

from cloud.ledger.findings.closing import Apart, apart, counts
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.shown.closing import card_now
from cloud.ledger.records.values import Now
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, OPENING, Box

CARD = c.card(1)
LATER = Now(NOW.unix_ms + 1000, NOW.campus_s + 1)


def sale(seq: int, counter: int, fen: int, balance: int) -> bytes:
    return c.stored(c.purchase(seq, CARD, counter, fen, balance))


def rows(ledger: Ledger) -> list[Apart]:
    while ledger.find_differences(LATER):
        pass
    with ledger.database.reading():
        found = apart(ledger.database)
        assert counts(ledger.database)[0] == len({one.whose[0] for one in found})
    assert all(one.late_fen + one.unexplained_fen == one.difference_fen for one in found)
    return found


def test_a_card_in_order_has_no_row(ledger: Ledger, box: Box) -> None:
    box.send(sale(1, 0, 1_000, OPENING), sale(2, 1, 500, OPENING - 1_000))
    assert rows(ledger) == []


def test_a_purchase_that_is_late_is_late_and_closes_when_it_comes(ledger: Ledger, box: Box) -> None:
    box.send(sale(1, 0, 1_000, OPENING), sale(3, 2, 300, OPENING - 1_500))
    (one,) = rows(ledger)
    assert (one.expected_fen, one.known_fen) == (OPENING - 1_300, OPENING - 1_800)
    assert (one.late_fen, one.unexplained_fen, one.missing) == (-500, 0, 1)
    box.send(sale(2, 1, 500, OPENING - 1_000))
    assert rows(ledger) == []


def test_money_that_the_ledger_never_gave_is_unexplained(ledger: Ledger, box: Box) -> None:
    box.send(sale(1, 0, 1_000, OPENING), sale(2, 1, 500, OPENING + 4_000))
    (one,) = rows(ledger)
    assert (one.difference_fen, one.late_fen, one.unexplained_fen) == (5_000, 0, 5_000)


def test_a_hole_beyond_the_newest_purchases_is_late_still(ledger: Ledger, box: Box) -> None:
    left = OPENING - 2_000
    box.send(sale(1, 0, 1_000, OPENING), *(sale(n + 1, n + 1, 10, left - 10 * (n - 1)) for n in range(1, 31)))
    (one,) = rows(ledger)
    assert (one.late_fen, one.unexplained_fen, one.missing) == (-1_000, 0, 1)
    box.send(sale(99, 1, 1_000, OPENING - 1_000))
    assert rows(ledger) == []


def test_last_known_names_the_terminal_whose_step_it_is(ledger: Ledger, box: Box) -> None:
    """A load behind a purchase: the sum is the load machine's to say, and so are place and time."""
    left = OPENING - 1_000
    box.send(sale(1, 0, 1_000, OPENING), c.stored(c.load(1, CARD, 0, 5_000, left, request=1, time=c.T0 + 60)))
    with ledger.database.reading():
        ((label,),) = ledger.database.run("SELECT label FROM card WHERE card = ?", (CARD,))
        told = card_now(ledger.database, label, LATER)
    assert told is not None
    (one, *_) = told.purses
    assert (one.apart.known_fen, one.terminal, one.at_s) == (left + 5_000, "load-01", c.T0 + 60)
