"""A card's entries are found by its accounts: all of them, newest first, and without a look at anybody else's."""

from random import Random

from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.card_entries import OF_CREDIT, OF_DEBIT, card_entries
from cloud.ledger.records.values import Received
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.test_order import History, ask

PAGE = 3


def _play(ledger: Ledger) -> None:
    history = History(Random(3))
    history.run(30)
    for n in (1, 2, 3):
        ledger.deposit(c.card(n), 100_000, f"d{n}", c.NOW)
    ask(ledger, history)
    ledger.receive([Received(c.BOX, c.PARTITION, c.STORE, 1, tuple(history.records))], c.check_tac, c.NOW)


def test_all_that_moved_a_card_page_by_page(ledger: Ledger) -> None:
    """As a look at every posting finds them: the index leaves purchases' merchants out, and no card's entry."""
    _play(ledger)
    db = ledger.database
    with db.reading():
        for n in (1, 2, 3):
            (accounts,) = db.run(f"SELECT {CARD_ACCOUNTS} FROM card WHERE card = ?", (c.card(n),))  # noqa: S608  # ours
            whole = sorted(
                {entry for entry, debit, credit in db.run("SELECT entry, debit, credit FROM posting")
                 if debit in accounts or credit in accounts}, reverse=True,
            )  # fmt: skip
            found, before = [], 2**53
            while page := card_entries(db, accounts, before, PAGE):
                found += page
                before = page[-1]
            assert found == whole
            assert len(whole) > PAGE


def test_nobody_elses_postings_are_read(ledger: Ledger) -> None:
    """On both servers each question goes to its index, by account and entry, and stops at the page's end."""
    _play(ledger)
    db = ledger.database
    explain = "EXPLAIN QUERY PLAN " if db.dialect == "sqlite" else "EXPLAIN "
    with db.reading():
        if db.dialect == "postgresql":
            db.run("SET LOCAL enable_seqscan = off")  # it prefers to read all of so few
            db.run("SET LOCAL enable_bitmapscan = off")
        for sql, name in ((OF_DEBIT, "ix_posting_debit"), (OF_CREDIT, "ix_posting_credit")):
            plan = " ".join(str(row[-1]) for row in db.run(explain + sql, (1, 2**53, PAGE)))
            assert name in plan, plan
            assert not [word for word in ("SCAN posting", "Seq Scan", "TEMP B-TREE", "Sort") if word in plan], plan
