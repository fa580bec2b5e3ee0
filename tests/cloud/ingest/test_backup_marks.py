"""What a verified backup covers is told to the boxes that take it, with the answer to a Hello."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ingest.clerk import Clerk
from cloud.ingest.seal import AckSeal
from cloud.ingest.tally import Tally
from cloud.ingest.ticket import Arrival, Letter, Ticket
from cloud.ingest.witnesses import ASK_S, SPREAD_S
from cloud.ledger.checks.gaps import check_backup_marks
from cloud.ledger.ledger import Ledger
from cloud.ledger.receive.backup_marks import BackupMarks, Covered
from cloud.ledger.records.values import Now
from shared.wire.messages import (
    FORM_2,
    FORM_3,
    NONCE_SIZE,
    BackupMark,
    Batch,
    Hello,
    HelloWanted,
    SignedAnswer,
    decode_bound,
    decode_now_down,
)
from shared.wire.topics import DOWN_NOW, UP_MONEY, UP_NOW, Address
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh


class Centre:
    """A clerk over a ledger, and one box that speaks to it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.second = ledger, 0
        self.marks = BackupMarks(ledger.opened)
        self.begin()

    def begin(self) -> None:
        seal = AckSeal(Ed25519PrivateKey.generate())
        self.clerk = Clerk(self.ledger, c.check_tac, Any, seal, self.now, Tally())  # type: ignore[arg-type]

    def now(self) -> Now:
        return c.NOW._replace(unix_ms=c.NOW.unix_ms + self.second * 1000)

    def batch(self, seq: int, form: int = FORM_3) -> None:
        record = c.stored(c.purchase(seq, c.card(1), seq, 10, c.OPENING - 10 * seq + 10))
        self.clerk.money([_ticket(Batch(c.STORE, seq, (record,), form))])

    def greeted(self) -> BackupMark | None:
        """What a Hello is answered with."""
        return _mark(self.clerk.now(_ticket(Hello(c.STORE, 0, 0, None, bytes(NONCE_SIZE)))))

    def settle_down(self) -> None:
        """All questions about the heads of the chain are asked."""
        for _ in range(6):
            self.asked()

    def asked(self, after_s: int = ASK_S) -> bool:
        """Is the box asked for a Hello by then?"""
        self.second += after_s
        said = [decode_now_down(one.payload) for one in self.clerk.witnessed() if one.lane == DOWN_NOW]
        return HelloWanted(c.STORE) in said


def _ticket(body: Batch | Hello) -> Ticket:
    lane = UP_MONEY if isinstance(body, Batch) else UP_NOW
    return Ticket(Arrival(lane, 1, "", b""), Address(c.PARTITION, c.BOX, lane), body, lambda: None)


def _mark(letters: list[Letter]) -> BackupMark | None:
    for letter in letters:
        signed = decode_now_down(letter.payload) if letter.lane == DOWN_NOW else None
        answer = decode_bound(signed.body) if isinstance(signed, SignedAnswer) else None
        if isinstance(answer, BackupMark):
            return answer
    return None


@pytest.fixture
def centre() -> Iterator[Centre]:
    with closing(fresh.in_memory()) as ledger:
        yield Centre(ledger)


def test_a_box_hears_how_far_a_backup_reaches(centre: Centre) -> None:
    centre.batch(1)
    assert centre.marks.rows_held() == {(c.BOX, c.STORE): 1}
    centre.marks.cover({(c.BOX, c.STORE): 1}, 77, c.NOW)
    assert centre.greeted() == BackupMark(c.LEDGER_ID, c.STORE, 1, 77)


def test_without_a_backup_nothing_is_said_and_nobody_asked(centre: Centre) -> None:
    centre.batch(1)
    assert centre.greeted() is None
    centre.settle_down()
    centre.batch(2)
    assert not centre.asked()


def test_a_box_that_has_not_said_that_it_takes_marks_gets_none(centre: Centre) -> None:
    centre.batch(1, FORM_2)
    centre.marks.cover({(c.BOX, c.STORE): 1}, 77, c.NOW)
    assert centre.greeted() is None


def test_a_newer_backup_asks_the_box_until_it_has_heard(centre: Centre) -> None:
    centre.batch(1)
    centre.greeted()
    centre.settle_down()
    centre.marks.cover({(c.BOX, c.STORE): 1}, 77, c.NOW)
    assert [centre.asked(), centre.asked()] == [True, True], "a question may be lost"
    assert centre.greeted() is not None
    assert not centre.asked()


def test_a_newer_backup_is_asked_for_within_seconds(centre: Centre) -> None:
    centre.batch(1)
    centre.settle_down()
    centre.marks.cover({(c.BOX, c.STORE): 1}, 77, c.NOW)
    assert [centre.asked(SPREAD_S), centre.asked(SPREAD_S)] == [True, False]
    centre.marks.cover({(c.BOX, c.STORE): 1}, 78, c.NOW)
    assert centre.asked(SPREAD_S)


def test_a_new_process_learns_it_from_the_next_batch(centre: Centre) -> None:
    centre.batch(1)
    centre.marks.cover({(c.BOX, c.STORE): 1}, 77, c.NOW)
    centre.begin()
    assert centre.greeted() is None
    centre.batch(2)
    assert centre.asked()
    assert centre.greeted() == BackupMark(c.LEDGER_ID, c.STORE, 1, 77)


def test_the_newest_backup_counts_alone(centre: Centre) -> None:
    centre.batch(1)
    centre.marks.cover({(c.BOX, c.STORE): 1, (c.BOX, c.OTHER_STORE): 9}, 77, c.NOW)
    centre.marks.cover({(c.BOX, c.STORE): 1}, 78, c.NOW)
    assert centre.marks.covered() == {(c.BOX, c.STORE): Covered(1, 78)}


def test_a_mark_above_what_is_held_is_named(centre: Centre) -> None:
    centre.batch(1)
    for row, broken in ((1, False), (2, True)):
        centre.marks.cover({(c.BOX, c.STORE): row}, 77, c.NOW)
        with centre.ledger.database.reading():
            assert bool(check_backup_marks(centre.ledger.database).broken) is broken
