"""Rides in the books: an entry that takes nothing is a record with a proof and no entry; its exit is a purchase."""

from itertools import permutations

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.rides import LineRides
from cloud.ledger.records.values import Verdict
from shared.records import Kind
from shared.transit.trip import Step, Trip
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh
from tests.cloud.ledger.campus import Box

CARD = c.card(1)
ON, OFF = Trip(2, 1, 0, Step.BOARD).encode(), Trip(2, 3, 0, Step.ALIGHT, 2, 1).encode()
ENTRY = c.purchase(1, CARD, 0, 0, c.OPENING, kind=Kind.COMPOSITE, trip=ON)
EXIT = c.purchase(2, CARD, 1, 200, c.OPENING, kind=Kind.COMPOSITE, trip=OFF)
TORN = c.purchase(1, CARD, 0, 0, c.OPENING, kind=Kind.UNPROVEN, trip=ON)


def require_true(ledger: Ledger) -> None:
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken


def test_an_entry_posts_nothing_and_its_exit_does(ledger: Ledger, box: Box) -> None:
    ack = box.send(c.stored(ENTRY), c.stored(EXIT))
    assert ack.devices[0].cumulative == 2
    assert [verdict for verdict, _ in c.verdicts(ledger)] == [Verdict.NO_ENTRY, Verdict.POSTED]
    assert (c.purse(ledger, CARD), c.merchant(ledger)) == (c.OPENING - 200, 200)
    overview = Reader(ledger.database).overview()
    assert (overview.records, overview.posted, overview.no_entry) == (2, 1, 1)
    require_true(ledger)


def test_an_entry_again_is_a_duplicate(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(ENTRY))
    box.again()
    assert Reader(ledger.database).overview().duplicates == 1


def test_the_counter_of_an_entry_is_taken(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(ENTRY), c.stored(c.purchase(2, CARD, 0, 300, c.OPENING)))
    assert c.verdicts(ledger)[1][0] == Verdict.QUARANTINED


def test_a_torn_entry_is_settled_by_the_next_counter_without_an_entry(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(TORN))
    assert len(Reader(ledger.database).suspense()) == 1
    box.send(c.stored(EXIT))
    assert Reader(ledger.database).suspense() == []
    assert EntryKind.EVIDENCE not in c.entry_kinds(ledger)
    overview = Reader(ledger.database).overview()
    assert (overview.posted, overview.suspense, overview.no_entry) == (1, 0, 1)
    require_true(ledger)


def test_a_torn_entry_that_its_terminal_proves_later_is_recovered(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(TORN), c.stored(EXIT))
    proof = c.purchase(3, CARD, 0, 0, c.OPENING, ttn=1, kind=Kind.RECOVERED, linked=2, trip=ON)
    box.send(c.stored(proof))
    assert c.purse(ledger, CARD) == c.OPENING - 200
    require_true(ledger)


def test_a_grey_purchase_before_a_torn_entry_is_settled_through_it_in_any_order() -> None:
    grey = c.purchase(1, CARD, 0, 300, c.OPENING, kind=Kind.UNPROVEN)
    entry = c.purchase(2, CARD, 1, 0, c.OPENING - 300, kind=Kind.UNPROVEN, trip=ON)
    leaving = c.purchase(3, CARD, 2, 200, c.OPENING - 300, kind=Kind.COMPOSITE, trip=OFF)
    for order in permutations((grey, entry, leaving)):
        ledger = fresh.in_memory()
        box = Box(ledger)
        for record in order:
            box.send(c.stored(record))
        assert Reader(ledger.database).suspense() == []
        assert (c.purse(ledger, CARD), c.merchant(ledger)) == (c.OPENING - 500, 500)
        require_true(ledger)
        ledger.close()


def test_an_exit_may_be_free(ledger: Ledger, box: Box) -> None:
    free = c.purchase(2, CARD, 1, 0, c.OPENING, kind=Kind.COMPOSITE, trip=OFF)
    box.send(c.stored(ENTRY), c.stored(free), c.stored(c.purchase(3, CARD, 2, 10, c.OPENING)))
    assert c.purse(ledger, CARD) == c.OPENING - 10
    require_true(ledger)


def test_the_last_records_tell_their_trips_and_the_lines_their_sums(ledger: Ledger, box: Box) -> None:
    flat = c.purchase(4, CARD, 2, 150, c.OPENING - 200, kind=Kind.COMPOSITE, trip=Trip(1, 0, 0, Step.FLAT).encode())
    sold = c.purchase(5, CARD, 3, 10, c.OPENING - 350)
    box.send(*(c.stored(record) for record in (ENTRY, EXIT, flat, sold)))
    reader = Reader(ledger.database)
    assert [view.trip for view in reader.last_records()] == [b"", flat.trip, OFF, ON]
    assert reader.line_rides() == [LineRides(1, 0, 0, 1, 150), LineRides(2, 1, 1, 0, 200)]
    assert reader.zero_rides() == {bytes(c.POS): 1}


def test_what_is_not_proven_is_no_ride_yet(ledger: Ledger, box: Box) -> None:
    later = c.purchase(9, CARD, 1, 0, c.OPENING, kind=Kind.COMPOSITE, trip=b"\0\2\0\1\0\x0f" + bytes(6))
    box.send(c.stored(TORN), c.stored(later))
    assert Reader(ledger.database).line_rides() == [], "a torn one, and a step of a later version"
