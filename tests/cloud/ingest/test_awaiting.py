"""The list of awaited cards on its way down: at Hello, with a box's state when it has changed, and again when old."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ingest.awaiting import AGAIN_MS
from cloud.ingest.clerk import Clerk
from cloud.ingest.seal import AckSeal
from cloud.ingest.tally import Tally
from cloud.ingest.ticket import Arrival, Letter, States, Ticket
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from cloud.online.load import LoadAnswers, LoadCounts
from shared.ids import CardId
from shared.online import LoadResult, Purpose
from shared.records import Kind
from shared.wire.messages import Awaited, BoxState, Hello, decode_now_down
from shared.wire.topics import DOWN_NOW, STATE, UP_NOW, Address
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh

CARD = c.card(1)


@dataclass
class Clock:
    """A clock that is moved by hand."""

    ms: int = 0

    def __call__(self) -> Now:
        return Now(c.NOW.unix_ms + self.ms, c.NOW.campus_s + self.ms // 1000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = fresh.in_file(tmp_path / "ledger.db")
    opened.deposit(CARD, 5000, "receipt", c.NOW)
    yield opened
    opened.close()


@pytest.fixture
def clerk(ledger: Ledger, clock: Clock) -> Clerk:
    return made(ledger, clock)


def made(ledger: Ledger, clock: Clock) -> Clerk:
    loads = LoadAnswers(None, ledger, LoadCounts())  # type: ignore[arg-type]  # nobody loads here
    return Clerk(ledger, c.check_tac, loads, AckSeal(Ed25519PrivateKey.generate()), clock, Tally())


def half_done(ledger: Ledger) -> None:
    online, load = c.load_request(CARD, 3, 2000, c.OPENING, request=1)
    assert ledger.load_authorise(c.BOX, online, load, True, c.NOW).result is LoadResult.GRANTED
    record = c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.NOT_CREDITED))
    ledger.receive_copy(c.BOX, c.PARTITION, record, c.check_tac, c.NOW)


def settled(ledger: Ledger) -> None:
    online, load = c.load_request(CARD, 4, 0, c.OPENING + 2000, request=2, at=c.POS, purpose=Purpose.RETRY)
    ledger.load_authorise(c.BOX, online, load, True, c.NOW)


def told(clerk: Clerk, *boxes: str, online: bool = True) -> list[tuple[str, tuple[CardId, ...]]]:
    """Box and list of every letter that a state of these brings."""
    states = (BoxState(box, c.STORE, 77, online, 0, 1000, 0, 0, 0) for box in boxes or (c.BOX,))  # type: ignore[arg-type]
    return lists(clerk.states(States(tuple((Address(c.PARTITION, s.box, STATE), s) for s in states))))


def lists(letters: list[Letter]) -> list[tuple[str, tuple[CardId, ...]]]:
    found = []
    for letter in letters:
        message = decode_now_down(letter.payload) if letter.lane == DOWN_NOW else None
        if isinstance(message, Awaited):
            found.append((letter.topic.split("/")[3], message.cards))
    return found


def hello(clerk: Clerk) -> list[Letter]:
    address = Address(c.PARTITION, c.BOX, UP_NOW)
    return clerk.now(Ticket(Arrival("now", 1, "", b""), address, Hello(c.STORE, 0, 0, None), lambda: None))


def test_while_nobody_is_awaited_nothing_is_sent(clerk: Clerk) -> None:
    assert told(clerk) == lists(hello(clerk)) == []


def test_every_box_hears_of_a_change_once_and_of_its_end(clerk: Clerk, ledger: Ledger, clock: Clock) -> None:
    told(clerk, c.BOX, c.OTHER_BOX)
    half_done(ledger)
    clock.ms = 2_000
    assert told(clerk, c.BOX, c.OTHER_BOX) == [(c.BOX, (CARD,)), (c.OTHER_BOX, (CARD,))]
    clock.ms = 4_000
    assert told(clerk, c.BOX, c.OTHER_BOX) == []
    settled(ledger)
    clock.ms = 6_000
    assert told(clerk, c.BOX, c.OTHER_BOX) == [(c.BOX, ()), (c.OTHER_BOX, ())]
    clock.ms = 6_000 + 2 * AGAIN_MS
    assert told(clerk, c.BOX, c.OTHER_BOX) == []


def test_a_box_that_connects_hears_it_at_once_and_before_its_money_goes(clerk: Clerk, ledger: Ledger) -> None:
    half_done(ledger)
    for _ in range(2):  # it holds nothing after each connect
        letters = hello(clerk)
        assert lists(letters) == [(c.BOX, (CARD,))]
        assert letters[-1].lane != DOWN_NOW
    assert told(clerk) == []


def test_it_is_said_again_in_case_it_was_lost(clerk: Clerk, ledger: Ledger, clock: Clock) -> None:
    half_done(ledger)
    assert told(clerk) == [(c.BOX, (CARD,))]
    clock.ms = AGAIN_MS - 1
    assert told(clerk) == []
    clock.ms = AGAIN_MS
    assert told(clerk) == [(c.BOX, (CARD,))]
    clock.ms = 0  # set back
    assert told(clerk) == [(c.BOX, (CARD,))]


def test_a_box_that_is_away_is_not_told(clerk: Clerk, ledger: Ledger) -> None:
    half_done(ledger)
    assert told(clerk, online=False) == []
    assert told(clerk) == [(c.BOX, (CARD,))]


def test_a_new_process_tells_everybody(clerk: Clerk, ledger: Ledger, clock: Clock) -> None:
    half_done(ledger)
    told(clerk)
    assert told(made(ledger, clock)) == [(c.BOX, (CARD,))]
