"""A ledger of an older schema is carried over: its books verify against the old batch hashes, and an edit is named.

tests/vectors/ledger_v0001.json holds every row of a ledger that the program of schema 0001 wrote: opening balances, a
deposit, purchases, a held and a grey one, evidence and its withdrawal, loads, a fold in between.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.ledger.cards.listing import Why, all_reasons
from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.checks.verify import verify
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.orders import Move
from cloud.ledger.held.two_persons import ProposalKind
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.schema import migrate
from cloud.store.db import Database, open_database
from shared.errors import ConfigFault, RuleBroken
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

FROZEN = Path(__file__).parents[3] / "vectors" / "ledger_v0001.json"


def _value(told: object) -> object:
    return bytes.fromhex(told[4:]) if isinstance(told, str) and told.startswith("hex:") else told


@pytest.fixture
def old(dsn: str) -> Iterator[Database]:
    """A database as the first program left it."""
    database = open_database(dsn)
    migrate._upgrade(database, "0001")
    with database.writing():
        for table, kept in json.loads(FROZEN.read_text(encoding="utf-8")).items():
            marks = "?, " * kept["columns"].count(",") + "?"
            for row in kept["rows"]:
                sql = f"INSERT INTO {table} ({kept['columns']}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
                database.run(sql, [_value(told) for told in row])
    yield database
    database.close()


@pytest.fixture
def carried(old: Database, dsn: str) -> Iterator[Ledger]:
    ledger = open_ledger(dsn)
    yield ledger
    ledger.close()


def test_an_older_ledger_verifies_after_the_migration(carried: Ledger) -> None:
    report = verify(carried, c.check_tac)
    assert report.first_broken == ""
    found = {check.name: check.checked for check in report.checks}
    assert (found["entries"], found["records"], found["batch-chain"]) == (19, 10, 14)
    assert sum(c.balances(carried).values()) == 0
    assert c.entry_kinds(carried) == [2, 3, 3, 3, 6, 7, 6, 3, 4, 3, 5]


def test_it_keeps_the_name_that_it_was_given(carried: Ledger) -> None:
    """演练 was the word for a demonstration; the campus is the same, and takes its next inventory as 演示."""
    fresh = c.inventory(cards=9, number=2)
    assert (carried.name, fresh.name) == ("演练校园", "演示校园")
    carried.import_inventory(fresh, c.NOW)
    assert verify(carried, c.check_tac).first_broken == ""


def test_it_goes_on_selling_and_knows_what_it_had(carried: Ledger) -> None:
    box, purse = Box(carried), c.purse(carried, c.card(1))
    first = c.stored(c.purchase(1, c.card(1), 7, 100, c.OPENING))
    box.send(first, c.stored(c.purchase(20, c.card(7), 1, 30, c.OPENING)))
    assert c.purse(carried, c.card(1)) == purse
    assert c.purse(carried, c.card(7)) == c.OPENING - 30
    assert carried.deposit(c.card(1), 1000, "d", c.NOW).again
    assert verify(carried, c.check_tac).first_broken == ""


def test_every_card_gets_the_accounts_that_came_later(carried: Ledger) -> None:
    fresh = c.inventory(cards=9, number=2)
    carried.import_inventory(fresh, c.NOW)
    with carried.database.reading():
        rows = carried.database.run(
            "SELECT c.card, p.code, s.code, g.code, c.subsidy_fen FROM card c "
            "JOIN account p ON p.id = c.pending_account JOIN account s ON s.id = c.subsidy_account "
            "JOIN account g ON g.id = c.pending_subsidy_account ORDER BY c.card"
        )
    assert rows == [
        (card.card, *(f"{kind}:{card.card.hex()}" for kind in ("pending", "subsidy", "pending-subsidy")), 0)
        for card in fresh.cards
    ]


def test_what_was_told_of_a_card_is_told_still(carried: Ledger) -> None:
    (entry,) = Reader(carried.database).entries(c.card(2), 1)
    assert (entry.kind, [line[2] for line in entry.postings]) == ("purchase", [250])


def test_an_amount_that_was_edited_before_is_named_after(old: Database, dsn: str) -> None:
    _edit(old, "UPDATE posting SET fen = 101 WHERE entry = 10")
    ledger = open_ledger(dsn)
    broken = {check.name: check.broken for check in verify(ledger, c.check_tac).checks if check.broken}
    ledger.close()
    assert broken["entries"] == "entry 10: posts 101 fen, record 1 (000100000001/1/1) says 100"
    assert "entries 10–11): a row was edited" in broken["batch-chain"]


@pytest.mark.parametrize("sql", ["DELETE FROM posting WHERE entry = 10", "DELETE FROM entry WHERE id = 10"])
def test_books_that_are_not_whole_are_not_carried_over(old: Database, dsn: str, sql: str) -> None:
    _edit(old, sql)
    with pytest.raises(RuleBroken, match="entry 10 is not whole"):
        open_ledger(dsn)
    with old.reading():
        assert old.run("SELECT version_num FROM alembic_version") == [("0001",)]
        assert old.run("SELECT fen FROM posting WHERE entry = 9") == [(1000,)]


MOVE = Move(c.POS, c.BOX, c.OTHER_BOX).to_bytes()


@pytest.fixture
def with_words(old: Database) -> Database:
    """Schema 0012: what no record can bring again of every kind, none of it numbered as time goes."""
    migrate._upgrade(old, "0012")
    with old.writing():
        proposal = "id, kind, document, maker, reason, at_ms, until_ms"
        kind = int(ProposalKind.MOVE)
        old.insert("proposal", proposal, [(n, kind, MOVE, "A", "why", n, c.NOW.unix_ms + 1) for n in (1, 2, 3, 4)])
        old.insert("decision", "proposal, outcome, checker, reason, at_ms", [(4, 2, "B", "no", 9), (1, 2, "C", "", 8)])
        old.insert("desk_close", "cashier, day, at_ms, document", [("A", 9000, 9, b"sheet")])
        old.insert("explanation", "difference, who, reason, at_ms", [(7, "A", "late", 9)])
        deed = "id, key, card, other, kind, cashier, text, at_ms, at_s"
        old.insert("card_deed", deed, [(1, b"k", c.card(1), None, 1, "A", "", 9, 9)])
    return old


def _chain_fault(ledger: Ledger) -> str:
    with ledger.database.reading():
        return check_book_chain(ledger.database).broken


def test_peoples_words_of_before_have_links_after(with_words: Database, dsn: str) -> None:
    with closing(open_ledger(dsn)) as ledger:
        with ledger.database.reading():
            kinds = [kind for (kind,) in ledger.database.run("SELECT kind FROM book_chain ORDER BY number")]
        assert kinds == [3, 3, 3, 3, 4, 2, 4, 5, 8], "in the order of their times"
        assert _chain_fault(ledger) == ""
        HeldLedger(ledger.opened).reject_order(3, "B", "no", c.NOW)
        assert _chain_fault(ledger) == "", "proposal 4 was decided before 3"
        row = ("B", 9000, 10, b"sheet")
        with ledger.database.writing():
            ledger.database.insert("desk_close", "cashier, day, at_ms, document", [row])
        assert _chain_fault(ledger) == "close 9000: has no link, or was edited"


def test_an_edit_of_what_stood_before_is_named(with_words: Database, dsn: str) -> None:
    with closing(open_ledger(dsn)) as ledger:
        with ledger.database.writing():
            ledger.database.insert("decision", "proposal, outcome, checker, reason, at_ms", [(2, 2, "B", "", 1)])
        assert _chain_fault(ledger) == "decision 2: has no link, or was edited"


def _edit(database: Database, sql: str) -> None:
    """As somebody with all rights on the database would."""
    with database.writing():
        for table in ("posting", "entry"):
            for verb in ("update", "delete") if database.dialect == "sqlite" else ():
                database.run(f"DROP TRIGGER {table}_no_{verb}")
            if database.dialect == "postgresql":
                database.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        database.run(sql)


def test_why_a_card_was_on_the_hotlist_is_told_as_far_as_anybody_knows(old: Database, dsn: str) -> None:
    """By its life, or a desk's stock; of one that a command had listed nobody knows more."""
    migrate._upgrade(old, "0015")
    with old.writing():
        (lost, replaced, spoiled, listed), labels = _cards(old, 4)
        old.run("UPDATE card SET hotlisted = 1 WHERE card IN (?, ?, ?, ?)", (lost, replaced, spoiled, listed))
        old.insert("card_life", "card, state, since_ms", [(lost, 1, 5), (replaced, 2, 6)])
        old.insert("desk_card", "label, cashier, state, day, reason, changed_ms", [(labels[2], "w", 3, 1, "", 7)])
    with closing(open_ledger(dsn)) as ledger, ledger.database.reading():
        found = {one.card: (one.why, one.since_ms) for one in all_reasons(ledger.database)}
    expected = {lost: (Why.LOST, 5), replaced: (Why.REPLACED, 6), spoiled: (Why.SPOILED, 7), listed: (Why.COMMAND, 0)}
    assert found == expected


def _cards(database: Database, most: int) -> tuple[list[bytes], list[str]]:
    rows = database.run("SELECT card, label FROM card ORDER BY card LIMIT ?", (most,))
    return [bytes(card) for card, _ in rows], [label for _, label in rows]


# --- books of a newer program -----------------------------------------------------------------------------------------


def _newer(dsn: str, least: str | None) -> None:
    """As a program that is not written yet leaves them."""
    open_ledger(dsn).close()
    with closing(open_database(dsn)) as database, database.writing():
        database.run("UPDATE alembic_version SET version_num = '9999'")
        if least is None:
            database.run("DROP TABLE schema_reader")
        else:
            database.run("UPDATE schema_reader SET least = ?", (least,))


def test_books_of_a_newer_program_are_opened_where_they_say_so(dsn: str) -> None:
    _newer(dsn, migrate.HEAD)
    with closing(open_ledger(dsn)) as ledger:
        ledger.import_inventory(c.inventory(cards=1), c.NOW)
        assert verify(ledger, c.check_tac).first_broken == ""
    with closing(open_database(dsn)) as database:
        migrate.require_head(database)
        with database.reading():
            assert database.run("SELECT version_num FROM alembic_version") == [("9999",)], "nothing of it is undone"


def test_who_asks_alone_hears_which_schema_it_is_and_changes_nothing(dsn: str) -> None:
    with closing(open_database(dsn)) as database:
        assert migrate.require_openable(database) is None
        assert migrate.require_openable(database) is None
    _newer(dsn, migrate.HEAD)
    with closing(open_database(dsn)) as database:
        assert migrate.require_openable(database) == "9999"


@pytest.mark.parametrize("least", ["9998", "9999", None])
def test_else_they_are_refused_with_the_ways_out(dsn: str, least: str | None) -> None:
    _newer(dsn, least)
    for refuses in (migrate.migrate, migrate.require_head, migrate.require_openable):
        with closing(open_database(dsn)) as database, pytest.raises(ConfigFault) as fault:
            refuses(database)
        assert {"9999", migrate.HEAD, "docs/upgrade.md", "backup restore"} <= set(_words(fault.value.args[0].en))


def _words(text: str) -> list[str]:
    return [one for one in ("9999", migrate.HEAD, "docs/upgrade.md", "backup restore") if one in text]


def test_a_ledger_that_was_carried_over_says_who_may_open_it(old: Database) -> None:
    migrate.migrate(old)
    with old.reading():
        assert old.run("SELECT least FROM schema_reader") == [(migrate.LEAST,)]


def test_a_fresh_ledger_says_who_may_open_it(dsn: str) -> None:
    with closing(open_ledger(dsn)) as ledger, ledger.database.reading():
        assert ledger.database.run("SELECT least FROM schema_reader") == [(migrate.LEAST,)]
