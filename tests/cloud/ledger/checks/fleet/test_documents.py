"""`verify` names a document whose bytes, head or hotlist is not what the books say."""

import pytest

from cloud.fleet.making import Maker
from cloud.ledger.checks.check import Check
from cloud.ledger.checks.verify import verify
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.documents.lists import AWAITED, OPERATORS, REVOCATIONS
from cloud.ledger.fleet.documents.rows import Which
from cloud.ledger.held.thefts import Report
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from shared.fleet.revocations import Revocations, revocations_body
from shared.words.voice import Text
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW


@pytest.fixture
def made(opened: OpenedLedger) -> Ledger:
    ledger, documents = Ledger(opened), DocumentLedger(opened)
    maker = Maker(documents, Signer())
    for n in (1, 2):
        ledger.set_hotlisted(c.card(n), True, NOW)
        maker.look(documents.versions()[0], NOW)
    return ledger


def checked(ledger: Ledger) -> Check:
    (found,) = (one for one in verify(ledger, c.check_tac).checks if one.name == "documents")
    return found


def test_what_was_made_is_whole(made: Ledger) -> None:
    found = checked(made)
    assert (found.checked, found.broken, found.note) == (2, "", None)


def test_what_was_listed_since_is_told(made: Ledger) -> None:
    made.set_hotlisted(c.card(3), True, NOW)
    made.set_hotlisted(c.card(1), False, NOW)
    assert (checked(made).broken, checked(made).note) == ("", Text("待入黑名单 2", "to be put into the hotlist: 2"))


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE document_head SET generation = 1", "its head says something else"),
        ("DELETE FROM hotlist_named WHERE since = 2", "names other cards"),
        ("UPDATE card SET hotlisted = 1 WHERE label = '0005'", "card 0005"),
        ("DELETE FROM hotlisted", "card 0001"),
        ("DELETE FROM document_head", "has no head"),
    ],
)
def test_an_edit_is_named(made: Ledger, sql: str, said: str) -> None:
    with made.database.writing():
        made.database.run(sql)
    assert said in checked(made).broken


def stolen(ledger: Ledger) -> None:
    ledger.psam_stolen(Report(c.psam(1), body=True, since_s=c.T0, who="王五", reason="窗口被撬"), NOW)


def test_stolen_devices_that_no_document_names_yet_are_told(made: Ledger) -> None:
    stolen(made)
    assert (checked(made).broken, checked(made).note) == (
        "", Text("失窃设备名单待下发", "stolen devices are not in a document yet"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Revocations(1, (c.psam(2),)), "not what the books say"),
        (Revocations(2, (c.psam(1),), (c.POS,)), "not what the books say"),
        (None, "revocations"),
    ],
)
def test_a_list_of_stolen_devices_that_is_another_one_is_named(
    made: Ledger, wrong: Revocations | None, said: str
) -> None:  # fmt: skip
    """By a program that reads other books, or writes other bytes."""
    stolen(made)
    maker = Maker(DocumentLedger(made.opened), Signer())
    maker.make(REVOCATIONS, revocations_body(wrong) if wrong else b"junk", "x", NOW)
    assert said in checked(made).broken
    maker.make(REVOCATIONS, revocations_body(made.revocations), "x", NOW)
    assert checked(made).broken == ""


@pytest.mark.parametrize("which", [AWAITED, OPERATORS])
def test_a_list_of_cards_that_is_none_is_named(made: Ledger, which: Which) -> None:
    Maker(DocumentLedger(made.opened), Signer()).make(which, b"junk", "x", NOW)
    assert "list of cards" in checked(made).broken
