"""Grey records in the books: opened, recovered, refused, proven by evidence, decided anew; in any order."""

from itertools import permutations

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Verdict
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh
from tests.cloud.ledger.campus import Box

CARD = c.card(1)
GREY = c.purchase(1, CARD, 7, 300, c.OPENING, kind=Kind.UNPROVEN)
NEXT = c.purchase(2, CARD, 8, 50, c.OPENING - 300)


def test_an_unproven_purchase_waits_and_posts_nothing(ledger: Ledger, box: Box) -> None:
    ack = box.send(c.stored(GREY))
    assert (ack.row_cumulative, ack.devices[0].cumulative) == (1, 1)
    assert c.purse(ledger, CARD) == c.OPENING
    (case,) = Reader(ledger.database).suspense()
    assert (case.record.kind, case.record.amount_fen, case.record.verdict) == ("unproven", 300, "suspense")


def test_recovery_by_a_linked_record_posts_once(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(GREY))
    box.send(c.stored(c.purchase(3, CARD, 7, 300, c.OPENING, ttn=1, kind=Kind.RECOVERED, linked=2)))
    assert (c.purse(ledger, CARD), c.merchant(ledger)) == (c.OPENING - 300, 300)
    assert Reader(ledger.database).suspense() == []
    overview = Reader(ledger.database).overview()
    assert (overview.posted, overview.suspense, overview.no_entry, overview.records) == (1, 0, 1, 2)


def test_not_debited_closes_it_without_an_entry(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(GREY))
    box.send(c.stored(c.purchase(2, CARD, 7, 300, c.OPENING, kind=Kind.NOT_DEBITED, linked=1)))
    assert c.purse(ledger, CARD) == c.OPENING
    assert Reader(ledger.database).suspense() == []
    assert c.verdicts(ledger)[1][0] == Verdict.NO_ENTRY


def test_a_claim_about_another_card_closes_nothing(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(GREY))
    box.send(c.stored(c.purchase(2, c.card(2), 7, 300, c.OPENING, kind=Kind.NOT_DEBITED, linked=1)))
    box.send(c.stored(c.purchase(3, CARD, 8, 50, c.OPENING - 1)))  # decides nothing, but has the case looked at again
    assert len(Reader(ledger.database).suspense()) == 1


def test_it_shares_its_counter_with_the_next_purchase_and_was_not_debited(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(GREY), c.stored(c.purchase(2, CARD, 7, 800, c.OPENING)))
    assert (c.purse(ledger, CARD), c.merchant(ledger)) == (c.OPENING - 800, 800)
    assert Reader(ledger.database).suspense() == []
    assert Reader(ledger.database).quarantine() == []


def test_the_next_counter_and_balance_prove_it(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(GREY), c.stored(NEXT))
    assert (c.purse(ledger, CARD), c.merchant(ledger)) == (c.OPENING - 350, 350)
    assert EntryKind.EVIDENCE in c.entry_kinds(ledger)
    assert Reader(ledger.database).overview().posted == 2
    views = Reader(ledger.database).entries(CARD, 7)
    assert [view.kind for view in views] == ["evidence"]


def test_the_next_balance_may_have_a_load_in_between(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(GREY), c.stored(c.purchase(2, CARD, 8, 50, c.OPENING - 300 + 500)))
    assert len(Reader(ledger.database).suspense()) == 1
    box.send(c.stored(c.load(1, CARD, 3, 500, c.OPENING - 300, request=1)))
    assert Reader(ledger.database).suspense() == []
    assert c.purse(ledger, CARD) == c.OPENING - 300 + 500 - 50


def test_a_card_that_was_torn_twice_is_settled_backwards(ledger: Ledger, box: Box) -> None:
    again = c.purchase(2, CARD, 8, 120, c.OPENING - 300, kind=Kind.UNPROVEN)
    box.send(c.stored(GREY), c.stored(again))
    assert len(Reader(ledger.database).suspense()) == 2
    box.send(c.stored(c.purchase(3, CARD, 9, 50, c.OPENING - 420)))
    assert Reader(ledger.database).suspense() == []
    assert c.purse(ledger, CARD) == c.OPENING - 470


def test_a_contradicting_balance_decides_nothing(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(GREY), c.stored(c.purchase(2, CARD, 8, 50, c.OPENING - 299)))
    assert len(Reader(ledger.database).suspense()) == 1
    assert c.purse(ledger, CARD) == c.OPENING - 50


def test_a_late_proof_withdraws_the_evidence(ledger: Ledger, box: Box) -> None:
    """The balance fitted because another window took the same sum, and its record was late."""
    far = Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE)
    box.send(c.stored(GREY), c.stored(NEXT))
    assert c.merchant(ledger) == 350
    far.send(c.stored(c.purchase(1, CARD, 7, 300, c.OPENING, at=c.FAR), c.FAR))
    assert (c.merchant(ledger), c.merchant(ledger, "面点")) == (50, 300)
    assert c.purse(ledger, CARD) == c.OPENING - 350
    assert c.codes(ledger)["evidence-withdrawn"] == "general"
    assert EntryKind.EVIDENCE_WITHDRAWN in c.entry_kinds(ledger)


def test_a_late_recovery_takes_over_from_the_evidence(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(GREY), c.stored(NEXT))
    box.send(c.stored(c.purchase(3, CARD, 7, 300, c.OPENING, ttn=1, kind=Kind.RECOVERED, linked=2)))
    assert (c.purse(ledger, CARD), c.merchant(ledger)) == (c.OPENING - 350, 350)


def test_evidence_of_an_unregistered_place_is_held(ledger: Ledger, box: Box) -> None:
    grey = c.purchase(1, CARD, 7, 300, c.OPENING, at=c.FAR, kind=Kind.UNPROVEN)
    box.send(c.stored(grey, c.FAR), c.stored(NEXT))
    assert (c.held(ledger, "面点"), c.merchant(ledger)) == (300, 50)


STORIES = {
    "recovered": [GREY, c.purchase(3, CARD, 7, 300, c.OPENING, ttn=1, kind=Kind.RECOVERED, linked=2), NEXT],
    "not debited": [
        GREY,
        c.purchase(2, CARD, 7, 300, c.OPENING, kind=Kind.NOT_DEBITED, linked=1),
        c.purchase(3, CARD, 7, 300, c.OPENING),
        c.purchase(4, CARD, 8, 50, c.OPENING - 300),
    ],
    "evidence": [GREY, NEXT, c.purchase(3, CARD, 9, 10, c.OPENING - 350)],
    "same sum elsewhere": [GREY, NEXT, c.purchase(3, CARD, 7, 300, c.OPENING)],
    "two grey of one counter": [
        GREY,
        c.purchase(3, CARD, 7, 450, c.OPENING, kind=Kind.UNPROVEN),
        c.purchase(4, CARD, 8, 50, c.OPENING - 450),
    ],
    "two grey of one sum": [GREY, c.purchase(3, CARD, 7, 300, c.OPENING, kind=Kind.UNPROVEN), NEXT],
    "torn twice": [
        GREY,
        c.purchase(2, CARD, 8, 120, c.OPENING - 300, kind=Kind.UNPROVEN),
        c.purchase(3, CARD, 9, 50, c.OPENING - 420),
        c.purchase(4, CARD, 8, 120, c.OPENING - 300, ttn=2, kind=Kind.RECOVERED, linked=2),
    ],
    "with loads": [
        GREY,
        c.load(1, CARD, 3, 500, c.OPENING - 300, request=1),
        NEXT._replace(balance_fen=c.OPENING + 200),
    ],
}


@pytest.mark.parametrize("name", STORIES)
def test_any_order_gives_the_same_books(name: str) -> None:
    """SQLite in memory: the rule is the same code on both servers."""
    story, books = [c.stored(record) for record in STORIES[name]], []
    for order in permutations(story):
        ledger = fresh.in_memory()
        box = Box(ledger)
        for raw in order:
            box.send(raw)
        box.again()
        books.append((c.balances(ledger), len(Reader(ledger.database).suspense())))
        ledger.close()
    assert all(book == books[0] for book in books)


def test_the_last_counter_of_a_card_has_none_after_it(ledger: Ledger, box: Box) -> None:
    """It waits for its own proof: no next balance will ever tell of it."""
    last = c.purchase(1, CARD, 0xFFFF, 300, c.OPENING, kind=Kind.UNPROVEN)
    box.send(c.stored(last))
    assert [case.record.verdict for case in Reader(ledger.database).suspense()] == ["suspense"]
    box.send(c.stored(c.purchase(2, CARD, 0, 50, c.OPENING - 300)))
    assert c.purse(ledger, CARD) == c.OPENING - 50
    box.send(c.stored(c.purchase(3, CARD, 0xFFFF, 300, c.OPENING, ttn=1, kind=Kind.RECOVERED, linked=2)))
    assert c.purse(ledger, CARD) == c.OPENING - 350
