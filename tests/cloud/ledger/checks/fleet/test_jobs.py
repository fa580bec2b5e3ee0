"""The books of jobs: what was sent is what was signed, and only what is out is sent."""

import pytest

from cloud.fleet.ordering import Orders
from cloud.ledger.checks.fleet.jobs import check_jobs
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.jobs.door import JobLedger
from cloud.ledger.fleet.jobs.state import Job
from cloud.ledger.journal.opened import OpenedLedger
from shared.clocks.campus_clock import WALL
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.order import Cancel, Lock, Order, Unlock
from shared.wire.fleet_lane import Reported, Verdict
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger.campus import BOX, FAR, NOW, POS, POS2


@pytest.fixture
def books(opened: OpenedLedger) -> OpenedLedger:
    """One order is done, one out, one queued behind it, one cancelled while it is out."""
    orders = Orders(JobLedger(opened), Signer(), WALL)
    job = Job(0, 0, b"", "王芳", "盘点", 0, NOW.unix_ms + 600_000, 0)
    orders.give(Lock("x"), (POS, POS2), job, NOW)
    orders.give(Unlock(), (POS2,), job, NOW)
    number = orders.give(Lock("x"), (FAR,), job, NOW)
    assert orders.cancel(number, "王芳", "看错", NOW)
    done = Reported(POS, DocumentKind.ORDER, device_scope(POS), 1, b"d" * 32, 0, 0, 0, 1, Verdict.IN_USE)
    DocumentLedger(opened).reported(BOX, done, NOW)
    return opened


def broken(books: OpenedLedger, *changes: tuple[str, object]) -> str:
    with books.database.writing():
        for sql, value in changes:
            books.database.run(sql, (value,))
    with books.database.reading():
        return check_jobs(books.database).broken


def test_what_is_true_is_not_broken(books: OpenedLedger) -> None:
    with books.database.reading():
        found = check_jobs(books.database)
    assert (found.checked, found.broken) == (5, "")


@pytest.mark.parametrize(
    ("sql", "value", "told"),
    [
        ("UPDATE job_row SET body = ? WHERE job = 2", Order(Lock("y")).encode(), "of another order"),
        ("UPDATE job_row SET generation = 9 WHERE job = ?", 2, "of another order"),
        ("UPDATE job_row SET head = ? WHERE job = 2", b"x", "of another order"),
        ("UPDATE job_row SET sent_ms = ? WHERE job = 2", 5, "without its document"),
        ("UPDATE job_row SET sent_ms = ? WHERE job = 1", 0, "the other way round"),
        ("DELETE FROM document_head WHERE kind = ?", int(DocumentKind.ORDER), "nobody is sent it"),
        ("UPDATE job_row SET state = 2, over_ms = ? WHERE job = 1", 0, "nobody is sent it"),
        ("UPDATE job_row SET state = 10 WHERE job = ?", 4, "boxes are sent it"),
        ("UPDATE job_row SET over_ms = ? WHERE state = 10", 0, "not over"),
    ],
)
def test_what_was_changed_in_the_books_is_found(books: OpenedLedger, sql: str, value: object, told: str) -> None:
    assert told in broken(books, (sql, value))
    assert Cancel(1) != Cancel(2)
