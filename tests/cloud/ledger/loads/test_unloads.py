"""Unloads in the books: nothing is booked at the grant; MAC3 or the card's next counter moves the money, once."""

import pytest

from cloud.ledger.cards.refusals import COUNTER_USED, HOTLISTED, KEY_USED, MORE_THAN_BOOKS, WRONG_MAC1, DeskRefused
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.loads.unloads import UnloadState
from shared.purse.crypto import TYPE_UNLOAD
from shared.purse.load_auth import LoadAuth
from shared.records import Kind
from shared.wire.desk.calls import CardAsk
from tests.cloud.ledger.campus import (
    NOW,
    OPENING,
    Box,
    balances,
    card,
    check_tac,
    codes,
    load,
    load_request,
    purchase,
    purse,
    stored,
)  # fmt: skip

ONE, DESK, MAC3 = card(1), b"\x00\x01\x00\x00\x00\x63", b"mac3"
WANG = "王芳"


@pytest.fixture
def desk(opened, ledger):
    yield DeskLedger(opened)
    report = verify(ledger, check_tac)
    assert report.ok, report.first_broken


def auth(counter=0, fen=3_000, balance=OPENING, salt=0):
    return LoadAuth(ONE, 1, 0, salt.to_bytes(4, "big"), counter, balance, fen, TYPE_UNLOAD, DESK, b"mac1")


def key(n=1):
    return n.to_bytes(16, "big")


def ask(desk, n=1, mac1_ok=True, **of):
    return desk.unload_authorise(key(n), WANG, auth(**of), NOW, mac1_ok=mac1_ok)


def online(desk):
    return -balances(desk).get(f"online:{ONE.hex()}", 0)


def state(desk, n=1):
    return UnloadState(desk.unload_case(key(n)).state)


def refused(no, desk, **of):
    with pytest.raises(DeskRefused) as fault:
        ask(desk, **of)
    assert fault.value.no is no


def test_a_grant_moves_nothing_and_a_proof_moves_it_once(desk):
    case = ask(desk)
    assert (purse(desk, ONE), online(desk)) == (OPENING, 0)
    assert ask(desk) == case
    first = desk.unload_proven(key(), WANG, MAC3, NOW)
    again = desk.unload_proven(key(), WANG, MAC3, NOW)
    assert (purse(desk, ONE), online(desk)) == (OPENING - 3_000, 3_000)
    assert (first.number, first.again, again.number, again.again) == (1, False, 1, True)
    assert first.online_fen == 3_000


def test_the_same_key_for_another_unload_is_refused(desk):
    ask(desk)
    refused(KEY_USED, desk, fen=2_000)


def test_what_may_not_be_unloaded(desk, ledger):
    refused(WRONG_MAC1, desk, mac1_ok=False)
    refused(MORE_THAN_BOOKS, desk, fen=OPENING + 1, balance=OPENING + 1)
    ledger.set_hotlisted(ONE, True, NOW)
    refused(HOTLISTED, desk)


def test_the_next_counter_proves_an_unload_without_mac3(desk):
    ask(desk)
    ask(desk, 2, counter=1, balance=OPENING - 3_000, fen=1_000)
    assert (state(desk), state(desk, 2)) == (UnloadState.CONFIRMED_BY_COUNTER, UnloadState.PENDING)
    assert (purse(desk, ONE), online(desk)) == (OPENING - 3_000, 3_000)
    desk.unload_proven(key(), WANG, MAC3, NOW)
    assert online(desk) == 3_000


def test_the_same_counter_proves_that_nothing_was_taken(desk):
    ask(desk)
    ask(desk, 2, salt=2)
    assert (state(desk), state(desk, 2)) == (UnloadState.NOT_TAKEN, UnloadState.PENDING)
    assert purse(desk, ONE) == OPENING


def test_a_proof_after_all_is_posted_and_told(desk):
    ask(desk)
    ask(desk, 2, salt=2)
    desk.unload_proven(key(), WANG, MAC3, NOW)
    assert online(desk) == 3_000
    assert codes(desk)["unload-contradiction"] == "urgent"
    ask(desk, 2, salt=2)


def test_a_load_request_settles_an_unload_and_the_other_way_round(desk, ledger):
    ledger.deposit(ONE, 5_000, "k", NOW)
    ask(desk)
    request, asked = load_request(ONE, 1, 2_000, OPENING - 3_000, request=1)
    ledger.load_authorise("canteen-1", request, asked, True, NOW)
    assert state(desk) is UnloadState.CONFIRMED_BY_COUNTER
    ask(desk, 2, counter=2, balance=OPENING - 1_000, fen=500)
    assert purse(desk, ONE) == OPENING - 1_000
    assert not desk.card_books(CardAsk(ONE, 0, 2)).missing_online


def test_a_load_of_the_counter_that_an_unload_took_is_given_back(desk, ledger):
    """The load was granted, never credited, and the unload got the same counter."""
    ledger.deposit(ONE, 5_000, "k", NOW)
    request, asked = load_request(ONE, 0, 2_000, OPENING, request=1)
    ledger.load_authorise("canteen-1", request, asked, True, NOW)
    ask(desk)
    desk.unload_proven(key(), WANG, MAC3, NOW)
    assert (purse(desk, ONE), online(desk)) == (OPENING - 3_000, 8_000)


def test_a_counter_that_was_proven_before_is_suspicious(desk, ledger):
    ledger.deposit(ONE, 5_000, "k", NOW)
    request, asked = load_request(ONE, 0, 2_000, OPENING, request=1)
    ledger.load_authorise("canteen-1", request, asked, True, NOW)
    Box(ledger).send(stored(load(1, ONE, 0, 2_000, OPENING, request=1)))
    refused(COUNTER_USED, desk, balance=OPENING + 2_000)


def test_a_grey_purchase_is_settled_across_an_unload(desk, ledger):
    box = Box(ledger)
    box.send(stored(purchase(1, ONE, 0, 300, OPENING, kind=Kind.UNPROVEN)))
    ask(desk, balance=OPENING - 300)
    desk.unload_proven(key(), WANG, MAC3, NOW)
    box.send(stored(purchase(2, ONE, 1, 100, OPENING - 3_300)))
    assert purse(desk, ONE) == OPENING - 3_400


def test_a_desks_word_that_nothing_was_debited_is_no_proof(desk):
    ask(desk)
    desk.unload_nothing(key(), NOW)
    assert state(desk) is UnloadState.PENDING
    assert "not debited, says the desk" in desk.unload_case(key()).evidence
    assert [m.kind for m in desk.card_books(CardAsk(ONE, 0, 0)).open] == ["unload"]
