"""Older programs may come back until something is written that they have never heard of; then they are refused."""

from enum import IntEnum

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.journal.book_chain import BookLinkKind
from cloud.ledger.journal.readers import DOCUMENTS, ENTRIES, LINKS, MEALS, RECORDS
from cloud.ledger.ledger import Ledger
from cloud.ledger.schema import migrate
from shared.fleet.document import DocumentKind
from shared.records import Kind
from tests.cloud.ledger import campus as c

KNOWN: dict[type[IntEnum], set[int]] = {
    Kind: {*range(1, 18)} - {Kind.CODE},
    EntryKind: {*range(1, 13), *range(20, 28), *range(30, 34), 40, 41, *range(50, 54), 60, 61, 70, 71},
    BookLinkKind: {*range(1, 15), 20, 21, 22, 30, 31},
    DocumentKind: set(range(1, 10)),
}
"""What programs of LEAST know: release 0.2, which is kept."""


def least(ledger: Ledger) -> str:
    with ledger.database.reading():
        return str(ledger.database.run("SELECT MAX(least) FROM schema_reader")[0][0])


@pytest.mark.parametrize(
    ("kinds", "since"), [(Kind, RECORDS), (EntryKind, ENTRIES), (BookLinkKind, LINKS), (DocumentKind, DOCUMENTS)]
)
def test_each_new_kind_says_which_programs_know_it(kinds, since) -> None:
    assert {int(one) for one in since} == {int(one) for one in kinds} - KNOWN[kinds]
    assert all(migrate.LEAST < one <= migrate.HEAD for one in since.values())


def test_a_sale_closes_the_books_to_nobody_and_a_meal_by_number_does(ledger: Ledger) -> None:
    box = c.Box(ledger)
    box.send(c.stored(c.purchase(1, c.card(1), 1, 500, c.OPENING)))
    assert least(ledger) == migrate.LEAST
    box.send(c.meal(2, "20260001"))
    assert least(ledger) == MEALS
