"""`verify` names a limit that one person tightened, a document that nobody pushed, and an end that is not as signed."""

import pytest

from cloud.fleet.making import Maker
from cloud.fleet.pushing import Pusher
from cloud.ledger.checks.check import Check
from cloud.ledger.checks.verify import verify
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import PushKind
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import CampusFile, read_file
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.parameters import ParameterBody
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, POS, POS2

LATER = Now(NOW.unix_ms + 40 * 86_400_000, NOW.campus_s + 40 * 86_400)


def campus_file(single: str) -> CampusFile:
    return read_file(f'format = 1\n[[limit]]\nsingle = "{single}"\n')


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def pushed(opened: OpenedLedger, signer: Signer) -> Ledger:
    """Two pushes, a trial and its end."""
    pusher = Pusher(opened, signer)
    for single in ("40.00", "50.00"):
        pusher.push(campus_file(single), PushKind.PUSH, "王芳", pusher.targets(campus_file(single)), NOW)
    held = HeldLedger(opened)
    number = held.propose_tighter(campus_file("30.00"), (POS, POS2), 30, (0, 0), "王芳", "控费", NOW).number
    pusher.confirm(number, "李明", NOW)
    assert ParameterLedger(opened).end_due(LATER) == 2
    return Ledger(opened)


def checked(ledger: Ledger) -> Check:
    (found,) = (one for one in verify(ledger, c.check_tac).checks if one.name == "parameters")
    return found


def test_what_persons_pushed_is_whole(pushed: Ledger) -> None:
    found = checked(pushed)
    assert (found.broken, found.checked) == ("", 4 + 3 + 2 + 2), "a load machine has no limits"


def test_a_limit_that_one_person_tightened_is_named(pushed: Ledger) -> None:
    """By a program that does not ask."""

    class Careless(Pusher):
        def push(self, file, kind, who, targets, now, canary=()):
            return self._parameters.push(file, kind, who, [POS], self._made(targets, now)[:1], now)

    pusher = Careless(pushed.opened, Signer())
    file = campus_file("20.00")
    pusher.push(file, PushKind.PUSH, "王芳", pusher.targets(file, [POS]), LATER)
    assert checked(pushed).broken.endswith("refuses more, and two persons did not say so")


def test_a_document_that_nobody_pushed_is_named(pushed: Ledger, signer: Signer) -> None:
    which = DocumentKind.PARAMETERS, device_scope(POS)
    assert Maker(DocumentLedger(pushed.opened), signer).make(which, ParameterBody().encode(), "x", LATER) is not None
    assert checked(pushed).broken.endswith("generation 5 was made by no push")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE parameter_file SET text = 'format = 1' WHERE id = 1", "another text than was pushed"),
        ("DELETE FROM parameter_file WHERE id = 1", "is gone"),
        ("UPDATE parameter_push SET file = 1 WHERE kind = 5", "not what two persons confirmed"),
        ("DELETE FROM parameter_push WHERE kind = 5", "nothing was pushed"),
        ("DELETE FROM parameter_push WHERE id = 2", "was made by no push"),
        ("UPDATE parameter_made SET generation = 9 WHERE push = 1", "was made by no push"),
        ("UPDATE parameter_push SET kind = 6 WHERE id = 2", "does not bring back what was before"),
        ("UPDATE parameter_push SET kind = 1 WHERE id = 3", "nothing was pushed"),
    ],
)
def test_what_was_edited_is_named(pushed: Ledger, sql: str, said: str) -> None:
    _edit(pushed, sql)
    assert said in checked(pushed).broken


def _edit(ledger: Ledger, sql: str) -> None:
    """Past every trigger, as whoever has the file may."""
    db = ledger.database
    with db.writing():
        for table in ("parameter_file", "parameter_push", "parameter_made"):
            if db.dialect == "sqlite":
                db.run(f"DROP TRIGGER {table}_no_update")
                db.run(f"DROP TRIGGER {table}_no_delete")
            else:
                db.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        db.run(sql)
