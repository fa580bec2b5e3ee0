"""The subsidy purse in the books: an account, an opening and a chain of balances of its own."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.entries import all_held
from cloud.ledger.held.releases import Side
from cloud.ledger.held.thefts import Report
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from shared.ids import StorageId
from shared.online import LoadResult, Purpose
from shared.records import Kind
from shared.wire.desk.calls import parse_replaced
from shared.wire.messages import DeviceStatus, EpochRequest, EpochStatus
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

SUBSIDY_FEN = 800


@pytest.fixture
def subsidised(new_dsn: str) -> Iterator[Ledger]:
    """Card 1 has a subsidy purse, card 2 has none."""
    ledger, made = open_ledger(new_dsn, c.LEDGER_ID), c.inventory(cards=2)
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


def given_back(ledger: Ledger, n: int) -> int:
    return -c.balances(ledger).get(f"pending-subsidy:{c.card(n).hex()}", 0)


def pending(ledger: Ledger, n: int) -> int:
    return -c.balances(ledger).get(f"pending:{c.card(n).hex()}", 0)


def test_a_subsidy_that_is_given_back_stays_a_subsidy(subsidised: Ledger) -> None:
    sale = c.purchase(1, c.card(1), 0, 777, 800, purse=c.SUBSIDY)
    Box(subsidised).send(c.stored(sale), c.void(2, sale))
    assert (given_back(subsidised, 1), pending(subsidised, 1), subsidy(subsidised, 1)) == (777, 0, 23)
    view = Reader(subsidised.database).overview()
    assert (view.pending_fen, view.pending_subsidy_fen, view.voided_fen) == (0, 777, 777)
    assert verify(subsidised, c.check_tac).first_broken == ""


def test_what_a_subsidy_gave_back_is_in_no_claim(subsidised: Ledger) -> None:
    sale = c.purchase(1, c.card(1), 0, 777, 800, purse=c.SUBSIDY)
    Box(subsidised).send(c.stored(sale), c.void(2, sale))
    asked = c.load_request(c.card(1), 0, 777, c.OPENING, request=1, purpose=Purpose.CLAIM)
    assert subsidised.load_authorise(c.BOX, *asked, True, c.NOW).result is LoadResult.NO_FUNDS


def test_a_void_of_a_subsidy_that_names_the_main_pending_load_is_named(subsidised: Ledger) -> None:
    sale = c.purchase(1, c.card(1), 0, 777, 800, purse=c.SUBSIDY)
    Box(subsidised).send(c.stored(sale), c.void(2, sale))
    _book_as_before(subsidised)
    assert "gives back what no purchase" in verify(subsidised, c.check_tac).first_broken


def test_what_an_older_program_gave_back_to_the_pending_load_stays_true(subsidised: Ledger) -> None:
    sale = c.purchase(1, c.card(1), 0, 777, 800, purse=c.SUBSIDY)
    Box(subsidised).send(c.stored(sale), c.void(2, sale))
    _book_as_before(subsidised)
    with subsidised.database.writing():
        subsidised.database.run("UPDATE watermark SET value = 1000 WHERE name = 'pending_subsidy'")
    broken = [check.name for check in verify(subsidised, c.check_tac).checks if check.broken]
    assert "entries" not in broken


def _book_as_before(ledger: Ledger) -> None:
    """The void's sum in the pending load of the main purse, as the programs before booked it."""
    database = ledger.database
    with database.writing():
        if database.dialect == "sqlite":
            database.run("DROP TRIGGER posting_no_update")
        else:
            database.run("ALTER TABLE posting DISABLE TRIGGER USER")
        database.run(
            "UPDATE posting SET credit = (SELECT id FROM account WHERE code = ?) WHERE kind = ?",
            (f"pending:{c.card(1).hex()}", int(EntryKind.VOID)),
        )


def test_a_held_subsidy_that_is_returned_stays_a_subsidy(subsidised: Ledger, new_dsn: str) -> None:
    subsidised.psam_stolen(Report(c.psam(1), body=False, since_s=c.T0 - 3600, who="王五", reason="窗口被撬"), c.NOW)
    Box(subsidised).send(by_subsidy(1, 0, 300, 800))
    with closing(open_prepared(new_dsn)) as opened:
        held = HeldLedger(opened)
        (one,) = all_held_of(held)
        made = held.propose_release(Side.HOLDER, [one], "张三", "窗口被撬", c.NOW)
        held.confirm_release(made.number, "李四", c.NOW)
    assert (given_back(subsidised, 1), pending(subsidised, 1)) == (300, 0)
    assert verify(subsidised, c.check_tac).first_broken == ""


def test_a_replaced_cards_subsidy_waits_as_the_new_cards(subsidised: Ledger, new_dsn: str) -> None:
    made, fresh = c.inventory(cards=2, number=2), c.inventory(cards=3).cards[2]
    subsidised.import_inventory(replace(made, cards=(replace(fresh, opening_fen=0),)), c.NOW)
    sale = c.purchase(1, c.card(1), 0, 300, 800, purse=c.SUBSIDY)
    Box(subsidised).send(c.stored(sale), c.void(2, sale))
    all_here = (EpochStatus(1, c.psam(1), 1, 2, 0, 0),)
    subsidised.store_status(c.BOX, DeviceStatus(c.POS, all_here, 1, 1, 100, True, 9_700, 1), c.NOW.unix_ms)
    with closing(open_prepared(new_dsn)) as opened:
        desk = DeskLedger(opened)
        said = desk.replace_broken(Wish(bytes(16), "王芳", "0001", "消磁"), "0003", None, c.NOW)
    assert parse_replaced(said.to_list()) == said
    assert (said.subsidy_fen, said.subsidy_left_fen, said.owing) == (800, 0, ())
    assert (given_back(subsidised, 1), given_back(subsidised, 3), subsidy(subsidised, 1)) == (0, 800, 0)
    assert (pending(subsidised, 3), pending(subsidised, 1)) == (0, 0)
    sums = Reader(subsidised.database).subsidy_sums()
    assert (sums.spent_fen, sums.replaced_fen) == (300, 500)
    assert verify(subsidised, c.check_tac).first_broken == ""


def test_a_lost_cards_subsidy_stays_where_late_records_find_it(subsidised: Ledger, new_dsn: str) -> None:
    made, fresh = c.inventory(cards=2, number=2), c.inventory(cards=3).cards[2]
    subsidised.import_inventory(replace(made, cards=(replace(fresh, opening_fen=0),)), c.NOW)
    asked = EpochRequest(1, c.POS, StorageId(b"T" * 8), c.psam(1), 0)
    assert subsidised.assign_epoch(c.BOX, asked, c.NOW).epoch == 1
    with closing(open_prepared(new_dsn)) as opened:
        desk = DeskLedger(opened)
        desk.report_lost(Wish(b"1" * 16, "王芳", "0001", "丢失"), c.NOW)
        said = desk.replace_lost(Wish(bytes(16), "王芳", "0001", "丢失"), "0003", c.NOW)
    assert (said.subsidy_fen, said.subsidy_left_fen) == (0, SUBSIDY_FEN)
    assert (given_back(subsidised, 3), subsidy(subsidised, 1)) == (0, SUBSIDY_FEN)


def all_held_of(held: HeldLedger) -> list[int]:
    with held.database.reading():
        return [one.entry for one in all_held(held.database)]


def test_what_is_open_in_the_main_purse_excuses_nothing_in_the_subsidy_purse(subsidised: Ledger) -> None:
    """Nobody has looked yet: verify finds by itself what a look would."""
    unproven = c.stored(c.purchase(1, c.card(1), 0, 100, c.OPENING, kind=Kind.UNPROVEN))
    Box(subsidised).send(unproven, by_subsidy(2, 0, 100, 800), by_subsidy(3, 1, 100, 800))
    said = "cards: card 0001: counter 1 read 800 fen, 700 is what the one before left"
    assert verify(subsidised, c.check_tac).first_broken == said
    while subsidised.find_differences(c.NOW):
        pass
    (found,) = Reader(subsidised.database).differences()
    assert found.found[4:6] == (700, 800)


def test_what_is_open_in_the_subsidy_purse_waits(subsidised: Ledger) -> None:
    Box(subsidised).send(
        by_subsidy(1, 0, 100, 800, Kind.UNPROVEN), by_subsidy(2, 1, 100, 800), by_subsidy(3, 2, 100, 300)
    )
    assert "cards" not in verify(subsidised, c.check_tac).first_broken
