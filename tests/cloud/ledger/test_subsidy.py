"""The subsidy purse in the books: an account, an opening and a chain of balances of its own."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

SUBSIDY_FEN = 800


@pytest.fixture
def subsidised(dsn: str) -> Iterator[Ledger]:
    """Card 1 has a subsidy purse, card 2 has none."""
    ledger, made = open_ledger(dsn, c.LEDGER_ID), c.inventory(cards=2)
    first = replace(made.cards[0], subsidy_fen=SUBSIDY_FEN)
    ledger.import_inventory(replace(made, cards=(first, made.cards[1])), c.NOW)
    yield ledger
    ledger.close()


def subsidy(ledger: Ledger, n: int) -> int:
    return -c.balances(ledger).get(f"subsidy:{c.card(n).hex()}", 0)


def by_subsidy(seq: int, counter: int, fen: int, balance: int, kind: Kind = Kind.PURCHASE) -> bytes:
    return c.stored(c.purchase(seq, c.card(1), counter, fen, balance, purse=c.SUBSIDY, kind=kind))


def test_what_a_card_opens_with_is_in_the_purse_that_holds_it(subsidised: Ledger) -> None:
    assert (subsidy(subsidised, 1), subsidy(subsidised, 2)) == (SUBSIDY_FEN, 0)
    assert c.purse(subsidised, c.card(1)) == c.OPENING
    assert c.balances(subsidised)["bank"] == 2 * c.OPENING + SUBSIDY_FEN
    assert verify(subsidised, c.check_tac).first_broken == ""


def test_a_mixed_payment_is_two_purchases_of_two_purses_with_counters_of_their_own(subsidised: Ledger) -> None:
    box = Box(subsidised)
    box.send(by_subsidy(1, 0, 800, 800), c.stored(c.purchase(2, c.card(1), 0, 450, c.OPENING)))
    assert (subsidy(subsidised, 1), c.purse(subsidised, c.card(1))) == (0, c.OPENING - 450)
    assert c.merchant(subsidised) == 1250
    assert verify(subsidised, c.check_tac).first_broken == ""
    view = Reader(subsidised.database).overview()
    assert (view.opening_fen, view.spent_fen, view.float_fen) == (20_800, 1250, 20_800 - 1250)
    assert (view.subsidy_fen, view.pending_fen) == (0, 0)
    of_card = {card.label: card for card in Reader(subsidised.database).cards()}["0001"]
    assert (of_card.purse_fen, of_card.subsidy_fen, of_card.pending_fen) == (c.OPENING - 450, 0, 0)


def test_a_grey_subsidy_purchase_is_decided_by_its_own_purse(subsidised: Ledger) -> None:
    box = Box(subsidised)
    box.send(by_subsidy(1, 0, 300, 800, Kind.UNPROVEN))
    box.send(c.stored(c.purchase(2, c.card(1), 0, 450, c.OPENING)))
    assert subsidy(subsidised, 1) == SUBSIDY_FEN
    box.send(by_subsidy(3, 1, 100, 500))
    assert subsidy(subsidised, 1) == 400
    assert verify(subsidised, c.check_tac).first_broken == ""


def test_a_balance_that_the_subsidy_purse_cannot_have_read_is_named(subsidised: Ledger) -> None:
    Box(subsidised).send(by_subsidy(1, 0, 300, 800), by_subsidy(2, 1, 100, 600))
    assert "card 0001" in verify(subsidised, c.check_tac).first_broken


def test_a_statement_shows_both_purses(subsidised: Ledger) -> None:
    Box(subsidised).send(by_subsidy(1, 0, 300, 800))
    kinds = [entry.kind for entry in Reader(subsidised.database).statement(c.card(1))]
    assert kinds == ["purchase", "opening_subsidy", "opening"]
