"""`verify` names a document whose bytes, head or hotlist is not what the books say."""

import pytest

from cloud.fleet.making import Maker
from cloud.ledger.checks.check import Check
from cloud.ledger.checks.verify import verify
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
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
