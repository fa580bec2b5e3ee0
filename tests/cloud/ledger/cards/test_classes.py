"""Classes of holders: what the newest inventory says, handed on with a card's place, and no part of what a card is."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cloud.ledger.cards.classes import class_of, classes, in_class
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.ledger import Ledger
from shared.inventory import Inventory
from tests.cloud.ledger import campus as c


def moved_up(*groups: str, number: int = 2) -> Inventory:
    """The small campus, its first cards in these classes."""
    made = c.inventory(number=number)
    rows = [replace(row, group=group) for row, group in zip(made.cards, groups, strict=False)]
    return replace(made, cards=(*rows, *made.cards[len(rows) :]))


@pytest.fixture
def opened(campus_dsn: str) -> Iterator[OpenedLedger]:
    found = open_prepared(campus_dsn)
    yield found
    found.database.close()


def test_an_inventory_of_before_names_none(opened: OpenedLedger) -> None:
    with opened.database.reading():
        assert (classes(opened.database), class_of(opened.database, c.card(1))) == ([], "")


def test_who_moves_up_is_of_another_class_and_his_card_is_the_same(opened: OpenedLedger) -> None:
    ledger = Ledger(opened)
    assert ledger.import_inventory(moved_up("高一1班", "高一1班", "高一2班"), c.NOW).cards == 0
    db = opened.database
    with db.reading():
        assert in_class(db, "高一1班", 9) == [c.card(1), c.card(2)]
    ledger.import_inventory(moved_up("高二1班", number=3), c.NOW)
    with db.reading():
        assert (in_class(db, "高一1班", 9), class_of(db, c.card(1))) == ([c.card(2)], "高二1班")
        assert classes(db) == ["高一1班", "高一2班", "高二1班"]


def test_the_card_that_takes_its_place_has_its_class(opened: OpenedLedger) -> None:
    fresh = replace(c.inventory().cards[0], card=c.card(20), label="0020", hotlist_index=20, opening_fen=0)
    known = moved_up("高一1班")
    Ledger(opened).import_inventory(replace(known, cards=(*known.cards, fresh)), c.NOW)
    desk = DeskLedger(opened)
    desk.report_lost(Wish(b"k" * 16, "王芳", "0001", ""), c.NOW)
    desk.replace_lost(Wish(b"r" * 16, "王芳", "0001", ""), "0020", c.NOW)
    with opened.database.reading():
        assert class_of(opened.database, c.card(20)) == "高一1班"
