"""What persons made and somebody has otherwise: told, and made anew above it when a person says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.fleet.operating import Office, newest_operators
from cloud.fleet.pushing import Pusher
from cloud.ledger.checks.verify import verify
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.documents.lists import OPERATORS
from cloud.ledger.fleet.documents.making import AHEAD_AGAIN_MS
from cloud.ledger.fleet.parameters.rows import PushKind
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import CampusFile, read_file
from shared.fleet.document import DocumentKind, device_scope
from shared.ids import CardId
from shared.wire.fleet_lane import Held, HeldRow
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, NOW, POS, POS2

CARDS = frozenset((CardId(b"operator01"), CardId(b"operator02")))
OF_POS = DocumentKind.PARAMETERS, device_scope(POS)


def later(times: int = 1) -> Now:
    return Now(NOW.unix_ms + times * AHEAD_AGAIN_MS, NOW.campus_s + times * 60)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(str(tmp_path / "ledger.db"), c.LEDGER_ID)
    opened.import_inventory(c.inventory(), NOW)
    yield opened
    opened.close()


@pytest.fixture
def documents(ledger: Ledger) -> DocumentLedger:
    return DocumentLedger(ledger.opened)


@pytest.fixture
def office(ledger: Ledger) -> Office:
    return Office(ledger.opened, Signer())


def broken(ledger: Ledger) -> list[str]:
    return [check.broken for check in verify(ledger, c.check_tac).checks if check.broken]


def limit(single: str) -> CampusFile:
    return read_file(f'format = 1\n[[limit]]\nsingle = "{single}"\n')


def test_operators_are_those_and_no_others(office: Office, documents: DocumentLedger, ledger: Ledger) -> None:
    assert newest_operators(documents) is None
    made = office.let_void(CARDS, "王芳", NOW)
    assert made is not None
    assert newest_operators(documents) == (made, CARDS)
    assert office.let_void(CARDS, "李明", NOW) is None, "nothing has changed"
    assert office.let_void([], "王芳", NOW) is not None
    assert newest_operators(documents)[1] == frozenset()  # type: ignore[index]  # there is one
    assert broken(ledger) == []


@pytest.mark.parametrize("generation", [1, 7])
def test_a_fork_is_told_and_made_anew_above_it(
    office: Office, documents: DocumentLedger, ledger: Ledger, generation: int
) -> None:  # fmt: skip
    """A ledger was put back: a box holds another list under our number, or one above it."""
    office.let_void(CARDS, "王芳", NOW)
    assert office.mend("王芳", later()) == []
    documents.held(BOX, Held((HeldRow(*OPERATORS, generation, b"x" * 32, 0),)), later())
    assert {one.code for one in Reader(ledger.database).facts()} & {"document-fork", "document-ahead"}
    ((made, is_left),) = office.mend("李明", later())
    assert (made.generation, made.who, is_left) == (generation + 1, "李明", False)
    assert newest_operators(documents) == (made, CARDS)
    assert office.mend("李明", later(3)) == []
    assert broken(ledger) == []


def test_a_fork_of_parameters_is_made_anew_by_a_push_of_the_same_file(
    office: Office, documents: DocumentLedger, ledger: Ledger
) -> None:  # fmt: skip
    pusher = Pusher(ledger.opened, Signer())
    pusher.push(limit("40.00"), PushKind.PUSH, "王芳", pusher.targets(limit("40.00"), [POS, POS2]), NOW)
    documents.held(BOX, Held((HeldRow(*OF_POS, 4, b"x" * 32, 0),)), later())
    ((made, is_left),) = office.mend("李明", later())
    assert (made.which, made.generation, is_left) == (OF_POS, 5, False)
    assert pusher.targets(limit("40.00"), [POS])[0].is_new is False, "the same limits"
    assert broken(ledger) == []


def test_limits_on_trial_are_left_to_their_end(office: Office, documents: DocumentLedger, ledger: Ledger) -> None:
    pusher, held = Pusher(ledger.opened, Signer()), HeldLedger(ledger.opened)
    pusher.push(limit("40.00"), PushKind.PUSH, "王芳", pusher.targets(limit("40.00"), [POS]), NOW)
    number = held.propose_tighter(limit("30.00"), (POS,), 30, (0, 0), "王芳", "控费", NOW).number
    pusher.confirm(number, "李明", NOW)
    documents.held(BOX, Held((HeldRow(*OF_POS, 2, b"x" * 32, 0),)), later())
    ((document, is_left),) = office.mend("李明", later())
    assert (document.generation, is_left) == (2, True)
    assert broken(ledger) == []
