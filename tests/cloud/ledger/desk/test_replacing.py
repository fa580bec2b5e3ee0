"""A card takes another one's place: what moves at once, what waits and for whom; the old one is void for ever."""

from dataclasses import replace

import pytest

from cloud.ledger.cards.refusals import (
    CARD_LOST,
    CARD_REPLACED,
    KEY_USED,
    NEW_CARD_USED,
    NOT_LOST,
    NOT_REPLACED,
    UNKNOWN_CARD,
    WRONG_PROOF,
    DeskRefused,
)
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from shared.facts.catalogue import words
from shared.ids import PsamId, StorageId
from shared.online import LoadResult
from shared.purse.crypto import TYPE_EP_LOAD
from shared.purse.load_auth import LoadAuth
from shared.records import Kind
from shared.wire.desk.calls import CardAsk, CardState, parse_replaced
from shared.wire.messages import DeviceStatus, EpochRequest, EpochStatus
from tests.cloud.ledger.campus import (
    BOX,
    ISSUED,
    NOW,
    OPENING,
    POS,
    Box,
    balances,
    card,
    check_tac,
    entry_kinds,
    inventory,
    load_request,
    psam,
    purchase,
    purse,
    stored,
)

OLD, NEW = card(1), card(9)
LATER = Now(NOW.unix_ms + 60_000, NOW.campus_s + 60)


@pytest.fixture
def desk(opened, ledger):
    rows = tuple(replace(row, opening_fen=0) for row in inventory(10).cards if row.label in ("0009", "0010"))
    ledger.import_inventory(replace(inventory(8, number=2), cards=(*inventory().cards, *rows)), NOW)
    assert ledger.assign_epoch(BOX, EpochRequest(1, POS, StorageId(b"T" * 8), PsamId(psam(1)), 0), NOW).epoch == 1
    assert ISSUED
    yield DeskLedger(opened)
    report = verify(ledger, check_tac)
    assert report.ok, report.first_broken


def wish(n=1, label="0001", reason="消磁"):
    return Wish(n.to_bytes(16, "big"), "王芳", label, reason)


def proof(fen, counter=0):
    return LoadAuth(OLD, 1, 0, b"rnd!", counter, fen, 0, TYPE_EP_LOAD, bytes(6), b"mac1")


def heard(ledger, last, now=LATER, open_slots=0):
    rows = (EpochStatus(1, psam(1), 1, last, 0, open_slots),)
    ledger.store_status(BOX, DeviceStatus(POS, rows, 1, 1, 100, True, 9_700, 1), now.unix_ms)


def online(desk, of=NEW):
    return -balances(desk).get(f"online:{of.hex()}", 0)


def refused(no, act):
    with pytest.raises(DeskRefused) as fault:
        act()
    assert fault.value.no is no


def test_a_readable_broken_card_proves_its_balance_at_once(desk, ledger):
    """A purchase of 3.00 is still at its terminal: what the card says moves, what is late stays and finds its money."""
    ledger.deposit(OLD, 500, "k", NOW)
    said = desk.replace_broken(wish(), "0009", proof(OPENING - 300), NOW)
    assert parse_replaced(said.to_list()) == said
    assert (said.purse_fen, said.online_fen, said.left_fen) == (OPENING - 300, 500, 300)
    assert [one[0] for one in said.owing] == ["pos-01"]
    assert online(desk) == OPENING - 300 + 500
    Box(ledger).send(stored(purchase(1, OLD, 0, 300, OPENING)))
    assert purse(desk, OLD) == 0


def test_an_unreadable_card_waits_for_the_terminals_and_says_for_which(desk, ledger):
    said = desk.replace_broken(wish(), "0009", None, NOW)
    assert (said.purse_fen, said.left_fen, said.was_lost) == (0, OPENING, False)
    assert [(name, silent) for name, _, _, _, silent in said.owing] == [("pos-01", True)]
    heard(ledger, last=1)
    said = desk.release(wish(2), LATER)
    assert (said.purse_fen, [(o[0], o[2]) for o in said.owing]) == (0, [("pos-01", 1)])
    Box(ledger).send(stored(purchase(1, OLD, 0, 300, OPENING)))
    said = desk.release(wish(2), LATER)
    assert (said.purse_fen, said.left_fen, said.owing) == (OPENING - 300, 0, ())
    assert online(desk) == OPENING - 300
    assert desk.release(wish(2), LATER).again
    assert desk.release(wish(3), LATER).purse_fen == 0


def test_an_open_slot_is_owed_too(desk, ledger):
    desk.replace_broken(wish(), "0009", None, NOW)
    heard(ledger, last=0, open_slots=1)
    assert desk.release(wish(2), LATER).purse_fen == 0
    heard(ledger, last=0)
    assert desk.release(wish(2), LATER).purse_fen == OPENING


def test_a_grey_purchase_of_the_card_is_not_released_over(desk, ledger):
    Box(ledger).send(stored(purchase(1, OLD, 0, 300, OPENING, kind=Kind.UNPROVEN)))
    desk.replace_broken(wish(), "0009", None, NOW)
    heard(ledger, last=1)
    assert desk.release(wish(2), LATER).purse_fen == 0


def test_what_comes_to_the_old_account_later_is_released_too(desk, ledger):
    """A load stood in transit when the card broke; what comes to the old account since is moved by a release."""
    ledger.deposit(OLD, 5_000, "k", NOW)
    request, asked = load_request(OLD, 0, 2_000, OPENING, request=1)
    ledger.load_authorise(BOX, request, asked, True, NOW)
    said = desk.replace_broken(wish(), "0009", None, NOW)
    assert (said.online_fen, said.transit_fen) == (3_000, 2_000)
    ledger.deposit(OLD, 700, "late", NOW)
    said = desk.release(wish(2), NOW)
    assert (said.online_fen, said.purse_fen, said.left_fen) == (700, 0, OPENING)
    assert online(desk) == 3_700
    assert desk.release(wish(2), NOW).again


def test_a_readable_card_settles_its_loads_in_transit_first(desk, ledger):
    ledger.deposit(OLD, 5_000, "k", NOW)
    request, asked = load_request(OLD, 0, 2_000, OPENING, request=1)
    ledger.load_authorise(BOX, request, asked, True, NOW)
    said = desk.replace_broken(wish(), "0009", proof(OPENING), NOW)
    assert (said.purse_fen, said.online_fen, said.transit_fen) == (OPENING, 5_000, 0)


def test_lost_and_broken_are_two_deeds_with_two_kinds_of_entry(desk, ledger):
    refused(NOT_LOST, lambda: desk.replace_lost(wish(), "0009", NOW))
    desk.report_lost(wish(2, reason="食堂丢失"), NOW)
    refused(CARD_LOST, lambda: desk.replace_broken(wish(3), "0009", proof(OPENING), NOW))
    ledger.deposit(OLD, 500, "k", NOW)
    said = desk.replace_lost(wish(4), "0009", NOW)
    assert (said.purse_fen, said.online_fen, said.left_fen) == (0, 500, OPENING)
    ledger.deposit(OLD, 100, "late", NOW)
    assert desk.release(wish(5), LATER).online_fen == 100
    assert entry_kinds(desk)[-3:] == [26, 2, 26]
    desk.replace_broken(wish(6, "0002"), "0010", LoadAuth(card(2), *proof(OPENING)[1:]), NOW)
    assert entry_kinds(desk)[-1] == 25


def test_what_was_done_to_a_card_is_told_in_both_languages_and_by_its_label(desk):
    desk.report_lost(wish(), NOW)
    desk.change_class(wish(2, label=""), card(2), 2, NOW)
    told = [words(fact.code, fact.told) for fact in Reader(desk.database).facts(2)]
    assert told == [
        ("卡务 0002：更改类别，王芳", "card 0002: class changed, 王芳"),
        ("卡务 0001：挂失，王芳", "card 0001: reported lost, 王芳"),
    ]


def test_nothing_of_a_lost_purse_is_released_while_no_terminal_says_that_it_refuses_the_card(desk, ledger):
    """All terminals are heard and owe nothing: they take the old card all the same, for hotlists do not travel yet."""
    ledger.deposit(OLD, 500, "k", NOW)
    desk.report_lost(wish(), NOW)
    heard(ledger, last=0)
    said = desk.replace_lost(wish(2), "0009", LATER)
    assert parse_replaced(said.to_list()) == said
    assert (said.purse_fen, said.online_fen, said.left_fen, said.was_lost) == (0, 500, OPENING, True)
    said = desk.release(wish(3), LATER)
    assert (said.purse_fen, said.left_fen, said.was_lost, said.waits) == (0, OPENING, True, 3)
    assert said.owing[0] == ("pos-01", "1号窗口", 0, 0, False), "it owes nothing, and takes the card"
    assert purse(desk, OLD) == OPENING


def test_what_a_lost_card_spends_meanwhile_is_no_money_of_its_successor(desk, ledger):
    desk.report_lost(wish(), NOW)
    desk.replace_lost(wish(2), "0009", NOW)
    Box(ledger).send(stored(purchase(1, OLD, 0, 300, OPENING, time=NOW.campus_s + 60)))
    heard(ledger, last=1)
    assert desk.release(wish(3), LATER).left_fen == OPENING - 300
    while ledger.find_differences(LATER):
        pass
    assert "since it was reported lost" in verify(ledger, check_tac).first_broken
    ledger.explain_difference(1, "王芳", "学校承担", LATER)


def test_a_lost_card_is_frozen_and_may_be_found(desk, ledger):
    desk.report_lost(wish(), NOW)
    desk.report_lost(wish(), NOW)
    refused(CARD_LOST, lambda: desk.cash_in(b"c" * 16, "王芳", OLD, 100, NOW))
    books = desk.card_books(CardAsk(OLD, 0, 0))
    assert (books.state, books.hotlisted) == (CardState.LOST, True)
    ledger.deposit(OLD, 5_000, "k", NOW)
    request, asked = load_request(OLD, 0, 1_000, OPENING, request=1)
    assert ledger.load_authorise(BOX, request, asked, True, NOW).result is LoadResult.HOTLISTED
    desk.cancel_lost(wish(2), NOW)
    assert desk.card_books(CardAsk(OLD, 0, 0)).state is CardState.NORMAL
    refused(NOT_LOST, lambda: desk.cancel_lost(wish(3), NOW))
    desk.cash_in(b"c" * 16, "王芳", OLD, 100, NOW)


def test_the_old_card_is_void_for_ever(desk):
    desk.replace_broken(wish(), "0009", proof(OPENING), NOW)
    for act in (
        lambda: desk.cash_in(b"c" * 16, "王芳", OLD, 100, NOW),
        lambda: desk.report_lost(wish(2), NOW),
        lambda: desk.cancel_lost(wish(2), NOW),
        lambda: desk.replace_broken(wish(2), "0010", None, NOW),
        lambda: desk.replace_lost(wish(2), "0010", NOW),
    ):
        refused(CARD_REPLACED, act)
    books = desk.card_books(CardAsk(OLD, 0, 0))
    assert (books.state, books.successor, books.hotlisted) == (CardState.REPLACED, "0009", True)


def test_the_new_card_comes_from_the_stock(desk):
    for label in ("0001", "0002"):
        refused(NEW_CARD_USED, lambda label=label: desk.replace_broken(wish(), label, None, NOW))
    refused(UNKNOWN_CARD, lambda: desk.replace_broken(wish(), "nobody", None, NOW))
    desk.replace_broken(wish(), "0009", None, NOW)
    refused(NEW_CARD_USED, lambda: desk.replace_broken(wish(2, "0003"), "0001", None, NOW))
    refused(NOT_REPLACED, lambda: desk.release(wish(3, "0003"), NOW))


def test_a_deed_is_told_again_and_its_key_serves_no_other(desk):
    first = desk.replace_broken(wish(), "0009", proof(OPENING), NOW)
    again = desk.replace_broken(wish(), "0009", proof(OPENING), NOW)
    assert (again.receipt, again.total_fen, again.again) == (first.receipt, first.total_fen, True)
    refused(KEY_USED, lambda: desk.report_lost(wish(1, "0003"), NOW))
    assert online(desk) == OPENING


def test_another_cards_proof_is_refused_and_more_than_the_books_is_not_paid(desk):
    refused(WRONG_PROOF, lambda: desk.replace_broken(wish(1, "0002"), "0009", proof(OPENING), NOW))
    assert desk.replace_broken(wish(), "0009", proof(OPENING + 5_000), NOW).purse_fen == OPENING
