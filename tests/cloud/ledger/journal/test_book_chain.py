"""What no record can bring again has a link of the book-only chain, and every ack of form 2 says where that stands."""

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.releases import Side
from cloud.ledger.held.thefts import Report
from cloud.ledger.journal.book_chain import NO_HEAD, BookLinkKind, book_hash_at, book_head
from cloud.ledger.journal.booking import head
from cloud.ledger.ledger import Ledger
from shared.ids import PsamId
from shared.wire.messages import FORM_2, Heads
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box


def kinds(ledger: Ledger) -> list[int]:
    with ledger.database.reading():
        return [kind for (kind,) in ledger.database.run("SELECT kind FROM book_chain ORDER BY number")]


def test_an_import_with_its_opening_balances_is_one_link(ledger: Ledger) -> None:
    assert kinds(ledger) == [BookLinkKind.IMPORT]
    ledger.import_inventory(c.inventory(), c.NOW)
    assert kinds(ledger) == [BookLinkKind.IMPORT]


def test_money_from_outside_and_peoples_words_have_links(ledger: Ledger) -> None:
    ledger.deposit(c.card(1), 1000, "d", c.NOW)
    ledger.deposit(c.card(1), 1000, "d", c.NOW)
    ledger.grant(c.card(1), 500, "fund", "help", "g", c.NOW)
    ledger.set_hotlisted(c.card(1), True, c.NOW)
    ledger.psam_stolen(Report(PsamId(c.psam(1)), False, c.T0, "A", "gone"), c.NOW)
    assert kinds(ledger)[1:] == [BookLinkKind.ENTRY, BookLinkKind.ENTRY, BookLinkKind.HOTLIST, BookLinkKind.REVOCATION]


def test_what_records_bring_has_none(ledger: Ledger, box: Box) -> None:
    ledger.deposit(c.card(1), 1000, "d", c.NOW)
    online, load = c.load_request(c.card(1), 3, 400, c.OPENING, request=1)
    ledger.load_authorise(c.BOX, online, load, True, c.NOW)
    box.send(c.stored(c.load(1, c.card(1), 3, 400, c.OPENING, request=1)))
    box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING)))
    assert kinds(ledger) == [BookLinkKind.IMPORT, BookLinkKind.ENTRY]


def test_an_ack_of_form_2_brings_both_heads(ledger: Ledger, box: Box) -> None:
    ledger.deposit(c.card(1), 1000, "d", c.NOW)
    assert box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING))).heads is None
    box.form = FORM_2
    ack = box.send(c.stored(c.purchase(2, c.card(1), 8, 10, c.OPENING - 10)))
    with ledger.database.reading():
        number, chain = head(ledger.database, c.PARTITION)
        book = book_head(ledger.database)
    assert (ack.number, ack.heads) == (number, Heads(chain, *book))
    assert book[0] == 2
    assert ledger.ack_for(c.BOX, c.STORE, FORM_2) == ack
    assert ledger.ack_for(c.BOX, c.STORE).heads is None


def test_a_head_can_be_looked_up_by_its_number(ledger: Ledger) -> None:
    ledger.deposit(c.card(1), 1000, "d", c.NOW)
    with ledger.database.reading():
        newest = book_head(ledger.database)
        assert book_hash_at(ledger.database, newest[0]) == newest[1]
        assert book_hash_at(ledger.database, 0) == NO_HEAD[1]
        assert book_hash_at(ledger.database, newest[0] + 1) is None


EDITS = {
    "a deposit that was changed": ("posting", "UPDATE posting SET fen = fen + 1 WHERE kind = 2"),
    "a link that was changed": ("book_chain", "UPDATE book_chain SET what = what + 1 WHERE number = 2"),
    "a link that is gone": ("book_chain", "DELETE FROM book_chain WHERE number = 2"),
    "a proposal in another person's name": ("proposal", "UPDATE proposal SET maker = 'C'"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_what_is_in_the_books_alone_is_named(ledger: Ledger, box: Box, edit: str) -> None:
    ledger.deposit(c.card(1), 1000, "d", c.NOW)
    held = c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING, at=c.FAR), c.FAR)
    box.send(held)
    with ledger.database.reading():
        ((entry,),) = ledger.database.run("SELECT entry FROM posting WHERE kind = 3")
    HeldLedger(ledger.opened).propose_release(Side.MERCHANT, [entry], "A", "right", c.NOW)
    assert verify(ledger, c.check_tac).first_broken == ""
    table, sql = EDITS[edit]
    database = ledger.database
    with database.writing():
        if database.dialect == "sqlite":
            database.run(f"DROP TRIGGER {table}_no_update")
            database.run(f"DROP TRIGGER {table}_no_delete")
        else:
            database.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        database.run(sql)
    broken = {check.name for check in verify(ledger, c.check_tac).checks if check.broken}
    assert "book-chain" in broken
