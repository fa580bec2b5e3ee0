"""Stolen devices on their way down: as a document; by messages, until it is held, to a box that takes none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.fleet.centre import Centre
from cloud.ingest.clerk import Clerk
from cloud.ingest.seal import AckSeal
from cloud.ingest.tally import Tally
from cloud.ingest.ticket import Arrival, Letter, States, Ticket
from cloud.ledger.held.thefts import Report
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.online.load import LoadAnswers, LoadCounts
from shared.fleet.document import DocumentKind, decode_head
from shared.wire.fleet_lane import Held, OfferedHead, decode_fleet_down
from shared.wire.messages import (
    REVOCATIONS_CONTEXT,
    BoxState,
    Hello,
    Revocations,
    SignedRevocations,
    decode_now_down,
    decode_revocations,
    revocations_mark,
)
from shared.wire.topics import DOWN_BULK, DOWN_NOW, STATE, UP_NOW, Address
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
REPORT = Report(c.psam(1), body=True, since_s=c.T0, who="王五", reason="窗口被撬")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = fresh.in_file(tmp_path / "ledger.db")
    yield opened
    opened.close()


@pytest.fixture
def clerk(ledger: Ledger) -> Clerk:
    loads = LoadAnswers(None, ledger, LoadCounts())  # type: ignore[arg-type]  # nobody loads here
    return Clerk(ledger, c.check_tac, loads, AckSeal(KEY), lambda: c.NOW, Tally())


def told(clerk: Clerk, *states: BoxState) -> list[Letter]:
    return clerk.states(States(tuple((Address(c.PARTITION, state.box, STATE), state) for state in states)))


def state(box: str, mark: tuple[int, int] = (0, 0), *, online: bool = True) -> BoxState:
    return BoxState(box, c.STORE, 77, online, 0, 1000, 0, 0, 0, (), mark)  # type: ignore[arg-type]


def lists(letters: list[Letter]) -> list[Revocations]:
    """The lists among them, each with a right signature."""
    found = []
    for letter in letters:
        message = decode_now_down(letter.payload) if letter.lane == DOWN_NOW else None
        if isinstance(message, SignedRevocations):
            KEY.public_key().verify(message.signature, REVOCATIONS_CONTEXT + message.body)
            found.append(decode_revocations(message.body))
    return found


def hello(clerk: Clerk) -> list[Letter]:
    arrival = Arrival("now", 1, "", b"")
    address = Address(c.PARTITION, c.BOX, UP_NOW)
    return clerk.now(Ticket(arrival, address, Hello(c.STORE, 0, 0, None), lambda: None))


def test_nothing_is_sent_while_nothing_was_ever_stolen(clerk: Clerk) -> None:
    assert told(clerk, state(c.BOX)) == []
    assert lists(hello(clerk)) == []


def test_every_state_of_a_box_that_is_behind_gets_the_list_until_it_holds_it(clerk: Clerk, ledger: Ledger) -> None:
    ledger.psam_stolen(REPORT, c.NOW)
    wanted = Revocations(1, (c.psam(1),), (c.POS,))
    for _ in range(2):
        (letter,) = told(clerk, state(c.BOX))
        assert (lists([letter]), letter.topic) == ([wanted], f"oykt/v1/p05/{c.BOX}/down/now")
    assert told(clerk, state(c.BOX, revocations_mark(wanted))) == []


def test_boxes_are_told_one_by_one_and_one_that_is_away_is_not(clerk: Clerk, ledger: Ledger) -> None:
    ledger.psam_stolen(REPORT, c.NOW)
    assert len(told(clerk, state(c.BOX), state(c.OTHER_BOX))) == 2
    assert told(clerk, state(c.BOX, online=False)) == []


def test_a_box_that_is_ahead_gets_nothing_for_it_would_not_take_it(clerk: Clerk, ledger: Ledger) -> None:
    ledger.psam_stolen(REPORT, c.NOW)
    assert told(clerk, state(c.BOX, (2, 1))) == []


def test_hello_is_answered_with_the_list_whatever_the_box_holds(clerk: Clerk, ledger: Ledger) -> None:
    ledger.psam_stolen(REPORT, c.NOW)
    letters = hello(clerk)
    assert [found.version for found in lists(letters)] == [1]
    assert letters[-1].lane != DOWN_NOW, "the ack that lets the money go comes last"


@pytest.fixture
def with_documents(ledger: Ledger) -> Clerk:
    loads = LoadAnswers(None, ledger, LoadCounts())  # type: ignore[arg-type]  # nobody loads here
    centre = Centre(ledger.opened, Signer())
    return Clerk(ledger, c.check_tac, loads, AckSeal(KEY), lambda: c.NOW, Tally(), centre=centre)


def says_what_it_holds(clerk: Clerk) -> list[Letter]:
    return clerk.now(Ticket(Arrival("now", 1, "", b""), Address(c.PARTITION, c.BOX, UP_NOW), Held(()), lambda: None))


def kinds(letters: list[Letter]) -> list[DocumentKind]:
    """Of the documents that are offered by them."""
    found = [decode_fleet_down(letter.payload) for letter in letters if letter.lane == DOWN_BULK]
    return [decode_head(one.head.raw).kind for one in found if isinstance(one, OfferedHead)]


def test_a_box_that_takes_documents_gets_it_as_one_and_no_message_beside(
    with_documents: Clerk, ledger: Ledger
) -> None:  # fmt: skip
    hello(with_documents)
    assert says_what_it_holds(with_documents) == []
    ledger.psam_stolen(REPORT, c.NOW)
    assert sorted(kinds(with_documents.looked())) == [DocumentKind.HOTLIST, DocumentKind.REVOCATIONS]
    assert told(with_documents, state(c.BOX)) == []
    assert lists(hello(with_documents)) == []


def test_a_box_that_greets_and_says_nothing_of_documents_is_one_of_before_again(
    with_documents: Clerk, ledger: Ledger
) -> None:  # fmt: skip
    """Its program was put back to release 0.1."""
    ledger.psam_stolen(REPORT, c.NOW)
    hello(with_documents)
    says_what_it_holds(with_documents)
    assert told(with_documents, state(c.BOX)) == []
    hello(with_documents)
    assert [found.version for found in lists(told(with_documents, state(c.BOX)))] == [1]
    assert [found.version for found in lists(hello(with_documents))] == [1]


def test_the_list_follows_a_theft_that_another_process_has_written(
    clerk: Clerk, ledger: Ledger, tmp_path: Path
) -> None:
    other = open_ledger(str(tmp_path / "ledger.db"))
    other.psam_stolen(REPORT, c.NOW)
    other.close()
    assert [found.version for found in lists(told(clerk, state(c.BOX)))] == [1]
