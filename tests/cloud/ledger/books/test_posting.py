"""Snapshot of every posting of the chart: a change here is a change of the books."""

import pytest

from cloud.ledger.books import posting
from cloud.ledger.books.entry import Entry, EntryKind, Posting
from cloud.ledger.books.posting import CardAccounts, Moved
from cloud.ledger.records.values import EntryUnbalanced
from shared.records import purse_byte

BANK, MERCHANT = 1, 50
CARD = CardAccounts(purse=10, online=11, transit=12, pending=13, subsidy=14, pending_subsidy=15)
OTHER = CardAccounts(purse=20, online=21, transit=22, pending=23, subsidy=24, pending_subsidy=25)
MAIN, SUBSIDY = purse_byte(0, 2, 1), purse_byte(1, 2, 1)


def test_every_event_moves_the_accounts_of_the_chart() -> None:
    lines = {
        "opening": posting.opening_balance(BANK, CARD, 7),
        "deposit": posting.deposit(BANK, CARD, 7),
        "opening subsidy": posting.opening_subsidy(BANK, CARD, 7),
        "purchase": posting.purchase(CARD, MAIN, MERCHANT, 7),
        "purchase by subsidy": posting.purchase(CARD, SUBSIDY, MERCHANT, 7),
        "released": posting.released(60, MERCHANT, 7),
        "returned": posting.returned(CARD, MAIN, 60, 7),
        "returned subsidy": posting.returned(CARD, SUBSIDY, 60, 7),
        "void": posting.voided(CARD, MAIN, MERCHANT, 7),
        "void of a subsidy": posting.voided(CARD, SUBSIDY, MERCHANT, 7),
        "load authorised": posting.load_authorised(CARD, 7),
        "load confirmed": posting.load_confirmed(CARD, 7),
        "load reversed": posting.load_reversed(CARD, 7),
        "load alone": posting.load_alone(CARD, 7),
        "claim authorised": posting.claim_authorised(CARD, 7),
        "claim reversed": posting.claim_reversed(CARD, 7),
        "claim alone": posting.claim_alone(CARD, 7),
        "grant": posting.grant(4, CARD, 7),
        "cash in": posting.cash_in(2, CARD, 7),
        "cash out": posting.cash_out(2, CARD, 7),
        "cash float": posting.cash_float(BANK, 2, 7),
        "unloaded": posting.unloaded(CARD, 7),
        "moved": posting.moved_to(CARD, OTHER, Moved(7, 0, 9)),
        "moved subsidies": posting.moved_to(CARD, OTHER, Moved(subsidy=7, pending_subsidy=9)),
        "closed over": posting.cash_closed(BANK, 2, 3, 7, 9),
        "closed short": posting.cash_closed(BANK, 2, 3, 9, 7),
        "closed empty": posting.cash_closed(BANK, 2, 3, 0, 0),
        "withdrawn": posting.withdrawn(posting.purchase(CARD, MAIN, MERCHANT, 7)),
    }
    assert {name: [(p.debit, p.credit, p.fen) for p in made] for name, made in lines.items()} == {
        "opening": [(1, 10, 7)],
        "deposit": [(1, 11, 7)],
        "opening subsidy": [(1, 14, 7)],
        "purchase": [(10, 50, 7)],
        "purchase by subsidy": [(14, 50, 7)],
        "released": [(60, 50, 7)],
        "returned": [(60, 13, 7)],
        "returned subsidy": [(60, 15, 7)],
        "void": [(50, 13, 7)],
        "void of a subsidy": [(50, 15, 7)],
        "load authorised": [(11, 12, 7)],
        "load confirmed": [(12, 10, 7)],
        "load reversed": [(12, 11, 7)],
        "load alone": [(11, 10, 7)],
        "claim authorised": [(13, 12, 7)],
        "claim reversed": [(12, 13, 7)],
        "claim alone": [(13, 10, 7)],
        "grant": [(4, 13, 7)],
        "cash in": [(2, 11, 7)],
        "cash out": [(11, 2, 7)],
        "cash float": [(2, 1, 7)],
        "unloaded": [(10, 11, 7)],
        "moved": [(10, 21, 7), (13, 23, 9)],
        "moved subsidies": [(14, 25, 7), (15, 25, 9)],
        "closed over": [(2, 3, 2), (1, 2, 9)],
        "closed short": [(3, 2, 2), (1, 2, 7)],
        "closed empty": [],
        "withdrawn": [(50, 10, 7)],
    }


@pytest.mark.parametrize(("debit", "credit", "fen"), [(1, 2, 0), (1, 2, -5), (1, 1, 5), (1, 2, 5.0), (1, 2, True)])
def test_what_moves_no_money_cannot_be_built(debit: int, credit: int, fen: int) -> None:
    with pytest.raises(EntryUnbalanced):
        Posting(debit, credit, fen)


def test_an_entry_needs_postings_and_a_source() -> None:
    line = (Posting(1, 2, 3),)
    with pytest.raises(EntryUnbalanced):
        Entry(EntryKind.DEPOSIT, 1, b"k", b"h", (), document=b"d")
    with pytest.raises(EntryUnbalanced):
        Entry(EntryKind.DEPOSIT, 1, b"k", b"h", line)
    assert Entry(EntryKind.DEPOSIT, 1, b"k", b"h", line, record=1).postings == line
