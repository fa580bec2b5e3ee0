"""What the ledger tells a card desk: balances, and exactly the counters that no record has brought."""

import pytest

from cloud.ledger.desk.door import DeskLedger
from shared.records import Kind
from shared.wire.desk.calls import CardAsk, parse_card_books
from tests.cloud.ledger.campus import (
    NOW,
    OPENING,
    POS,
    Box,
    card,
    load,
    load_request,
    psam,
    purchase,
    stored,
)

ONE = card(1)


@pytest.fixture
def desk(opened):
    return DeskLedger(opened)


def books(desk, offline=0, online=0, *terminals):
    found = desk.card_books(CardAsk(ONE, offline, online, terminals))
    assert parse_card_books(found.to_list()) == found
    return found


def test_a_card_that_was_never_used(desk):
    found = books(desk)
    assert (found.label, found.purse_fen, found.missing_offline, found.missing_online) == ("0001", OPENING, (), ())


def test_an_unknown_card_has_no_books(desk):
    assert desk.card_books(CardAsk(card(99), 0, 0)) is None


def test_missing_counters_are_named_newest_first(desk, ledger):
    Box(ledger).send(
        stored(purchase(1, ONE, 0, 300, OPENING)), stored(purchase(2, ONE, 2, 100, OPENING - 500))
    )
    found = books(desk, offline=5)
    assert (found.purse_fen, found.missing_offline) == (OPENING - 400, (4, 3, 1))


def test_a_card_that_begins_to_count_at_one_misses_nothing(desk, ledger):
    Box(ledger).send(stored(purchase(1, ONE, 1, 300, OPENING)))
    assert books(desk, offline=2).missing_offline == ()
    assert books(desk, offline=3).missing_offline == (2,)


def test_a_first_record_that_did_not_read_the_opening_balance_has_some_before_it(desk, ledger):
    Box(ledger).send(stored(purchase(1, ONE, 1, 300, OPENING - 50)))
    assert books(desk, offline=2).missing_offline == (0,)


def test_a_grey_purchase_is_open_and_then_known_by_evidence(desk, ledger):
    box = Box(ledger)
    box.send(stored(purchase(1, ONE, 0, 300, OPENING, kind=Kind.UNPROVEN)))
    assert (books(desk, offline=1).grey, books(desk, offline=1).missing_offline) == (1, (0,))
    box.send(stored(purchase(2, ONE, 1, 100, OPENING - 300)))
    assert (books(desk, offline=2).grey, books(desk, offline=2).missing_offline) == (0, ())


def test_a_pending_load_is_an_open_matter_until_its_record_comes(desk, ledger):
    ledger.deposit(ONE, 5_000, "k", NOW)
    request, asked = load_request(ONE, 0, 3_000, OPENING, request=1)
    ledger.load_authorise("canteen-1", request, asked, True, NOW)
    found = books(desk, online=1)
    assert [(m.kind, m.fen) for m in found.open] == [("load", 3_000)]
    assert (found.transit_fen, found.missing_online) == (3_000, (0,))
    Box(ledger).send(stored(load(1, ONE, 0, 3_000, OPENING, request=1)))
    found = books(desk, online=1)
    assert (found.open, found.missing_online, found.purse_fen) == ((), (), OPENING + 3_000)


def test_terminals_are_named_by_their_psam_or_their_own_number(desk):
    found = books(desk, 0, 0, psam(1), POS, b"nobody")
    assert {t: name for t, name, _ in found.places} == {psam(1): "pos-01", POS: "pos-01"}
