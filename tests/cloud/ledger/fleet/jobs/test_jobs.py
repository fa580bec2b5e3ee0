"""A job over the real ledger: orders are signed, sent in turn, and move by what boxes and terminals say."""

import pytest

from cloud.fleet.ordering import CANCEL_MS, Orders
from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.checks.fleet.documents import check_documents
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.documents.rows import Wanted, newest
from cloud.ledger.fleet.jobs.door import JobLedger
from cloud.ledger.fleet.jobs.state import GRACE_MS, Job, RowState
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from shared.clocks.campus_clock import WALL
from shared.errors import ConfigFault, KeyFault
from shared.fleet.document import DocumentKind, Head, device_scope
from shared.fleet.order import Cancel, Deed, Lock, Order, Reread, Unlock, decode_order, too_late
from shared.ids import BoxId, DeviceId
from shared.wire.fleet_lane import Held, HeldRow, Reported, Verdict
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, FAR, NOW, OTHER_BOX, POS, POS2, later

LOCK = Lock("盘点")


class Fleet:
    """The centre's side, and what is said to it."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.documents, self.jobs = DocumentLedger(opened), JobLedger(opened)
        self.signer = Signer()
        self.orders = Orders(self.jobs, self.signer, WALL)

    def give(self, deed: Deed, *devices: DeviceId, now: Now = NOW, **other: int) -> int:
        job = Job(0, 0, b"", "王芳", "盘点", 0, NOW.unix_ms + 600_000, 0)._replace(**other)
        return self.orders.give(deed, devices, job, now)

    def states(self, number: int) -> dict[bytes, RowState]:
        found = self.jobs.job(number)
        assert found is not None
        return {row.device: row.state for row in found[1]}

    def sent(self, device: DeviceId) -> Wanted | None:
        rows = [
            one for one in self.documents.wanted() if one.document.which == (DocumentKind.ORDER, device_scope(device))
        ]
        return rows[0] if rows else None

    def head(self, device: DeviceId) -> Head:
        """Of the newest order that was ever made for it; it is proven as long as it is sent."""
        sent, database = self.sent(device), self.jobs.database
        if sent is not None:
            return self.signer.opened(sent.signed)
        with database.reading():
            made = newest(database, DocumentKind.ORDER, device_scope(device))
        assert made is not None
        return Head(1, *made.which, made.generation, made.made_s, made.length, made.digest)

    def body(self, device: DeviceId) -> Order:
        one = self.sent(device)
        assert one is not None
        return decode_order(self.documents.body(one.document))

    def at_box(self, device: DeviceId, box: BoxId = BOX, now: Now = NOW) -> None:
        head = self.head(device)
        row = HeldRow(head.kind, head.scope, head.generation, head.digest, head.as_of)
        self.documents.held(box, Held((row,)), now)

    def says(
        self, device: DeviceId, verdict: Verdict, detail: bytes = b"", now: Now = NOW, box: BoxId = BOX,
        generation: int = 0,
    ) -> None:  # fmt: skip
        head = self.head(device)
        number = generation or head.generation
        said = Reported(
            device, head.kind, head.scope, number, head.digest, 0, 0, head.as_of, number, verdict, detail
        )  # fmt: skip
        self.documents.reported(box, said, now)


@pytest.fixture
def fleet(opened: OpenedLedger) -> Fleet:
    return Fleet(opened)


def test_a_job_is_signed_sent_and_answered_hop_by_hop(fleet: Fleet, opened: OpenedLedger) -> None:
    number = fleet.give(LOCK, POS, FAR)
    assert fleet.states(number) == {POS: RowState.OFFERED, FAR: RowState.OFFERED}
    assert (fleet.body(POS).deed, fleet.head(POS).generation, fleet.head(FAR).generation) == (LOCK, 1, 1)
    assert fleet.body(POS).expires == int(WALL.at(NOW.unix_ms / 1000 + 600))
    fleet.at_box(POS)
    assert fleet.states(number) == {POS: RowState.AT_BOX, FAR: RowState.OFFERED}, "never of one that has not answered"
    fleet.says(POS, Verdict.STORED)
    fleet.says(FAR, Verdict.IN_USE, b"ok", box=OTHER_BOX)
    assert fleet.states(number) == {POS: RowState.STORED, FAR: RowState.OK}
    fleet.says(POS, Verdict.UNSUPPORTED, b"no")
    found = fleet.jobs.job(number)
    assert found is not None
    assert (found[0].is_over, found[0].failed) == (True, 1)
    row = next(row for row in found[1] if row.device == POS)
    assert (row.box, row.verdict, row.detail) == (BOX, Verdict.UNSUPPORTED, b"no")
    with opened.database.reading():
        assert check_book_chain(opened.database).broken == ""
        codes = [code for (code,) in opened.database.run("SELECT code FROM fact ORDER BY id")]
    assert [code for code in codes if code.startswith("job")] == ["job-made", "job-over"]
    assert "document-made" not in codes


def test_a_box_does_not_speak_for_anothers_terminal(fleet: Fleet) -> None:
    number = fleet.give(LOCK, POS)
    fleet.says(POS, Verdict.IN_USE, box=OTHER_BOX)
    assert fleet.states(number) == {POS: RowState.OFFERED}


def test_orders_to_one_terminal_go_out_one_after_the_other(fleet: Fleet) -> None:
    first, second = fleet.give(LOCK, POS, POS2), fleet.give(Unlock(), POS)
    assert fleet.states(second) == {POS: RowState.QUEUED}
    assert (fleet.body(POS).deed, fleet.states(first)[POS]) == (LOCK, RowState.OFFERED)
    signed = fleet.signer.signed
    fleet.says(POS, Verdict.IN_USE)
    assert (fleet.states(second), fleet.body(POS).deed) == ({POS: RowState.OFFERED}, Unlock())
    assert (fleet.head(POS).generation, fleet.signer.signed) == (2, signed), "nobody is asked to sign it any more"


def test_silence_runs_out_and_the_next_order_follows(fleet: Fleet) -> None:
    first, second = fleet.give(LOCK, POS, POS2), fleet.give(Unlock(), POS, now=NOW, expires_ms=NOW.unix_ms + 10**9)
    fleet.at_box(POS)
    fleet.says(POS2, Verdict.STORED, now=later(1000))
    assert fleet.jobs.move_on(later(58_000))
    assert fleet.states(first) == {POS: RowState.AT_BOX, POS2: RowState.STORED}
    fleet.jobs.move_on(later(61_000))
    assert fleet.states(first)[POS2] is RowState.TIMED_OUT
    fleet.jobs.move_on(later(600_000 + GRACE_MS))
    assert fleet.states(first) == {POS: RowState.EXPIRED, POS2: RowState.TIMED_OUT}
    assert (fleet.states(second), fleet.body(POS).deed) == ({POS: RowState.OFFERED}, Unlock())
    fleet.says(POS2, Verdict.IN_USE, now=later(700_000))
    assert fleet.states(first)[POS2] is RowState.OK, "an answer counts, however late"
    fleet.says(POS, Verdict.IN_USE, now=later(700_000))
    assert not fleet.jobs.move_on(later(900_000)), "nothing is open"


def test_a_job_that_fails_too_often_is_stopped(fleet: Fleet) -> None:
    number = fleet.give(LOCK, POS, POS2, FAR, width=1, stop_percent=30, stop_min=1)
    assert fleet.states(number) == {POS: RowState.OFFERED, POS2: RowState.QUEUED, FAR: RowState.QUEUED}
    fleet.says(POS, Verdict.REFUSED)
    fleet.jobs.move_on(NOW)
    assert fleet.states(number) == {POS: RowState.REFUSED, POS2: RowState.STOPPED, FAR: RowState.STOPPED}
    again = fleet.orders.retry(number, "李四", "再试", NOW.unix_ms + 600_000, later(5))
    assert set(fleet.states(again)) == {POS, POS2, FAR}
    found = fleet.jobs.job(again)
    assert found is not None
    assert (found[0].job.retries, found[0].job.who, found[0].job.width) == (number, "李四", 1)


def test_only_what_failed_is_tried_again(fleet: Fleet) -> None:
    number = fleet.give(LOCK, POS, POS2)
    fleet.says(POS, Verdict.IN_USE)
    fleet.says(POS2, Verdict.REFUSED)
    again = fleet.orders.retry(number, "李四", "再试", NOW.unix_ms + 900_000, later(5))
    assert fleet.states(again) == {POS2: RowState.OFFERED}
    fleet.says(POS2, Verdict.IN_USE)
    assert fleet.orders.retry(again, "李四", "再试", NOW.unix_ms + 900_000, later(9)) == 0


def test_a_cancel_is_done_asked_or_too_late(fleet: Fleet) -> None:
    first = fleet.give(LOCK, POS)
    queued, out = fleet.give(Unlock(), POS), fleet.give(LOCK, POS2, FAR)
    assert fleet.orders.cancel(queued, "李四", "看错", later(1)) == 0
    assert fleet.states(queued) == {POS: RowState.CANCELLED}, "it had not left"
    cancel = fleet.orders.cancel(out, "李四", "看错", later(2))
    assert fleet.states(cancel) == {POS2: RowState.OFFERED, FAR: RowState.OFFERED}
    assert fleet.body(POS2).deed == Cancel(1)
    fleet.says(POS2, Verdict.IN_USE, b"never begun")
    fleet.says(FAR, Verdict.REFUSED, too_late("in_use"), box=OTHER_BOX)
    assert fleet.states(out) == {POS2: RowState.CANCELLED, FAR: RowState.OK}
    assert fleet.states(cancel) == {POS2: RowState.OK, FAR: RowState.REFUSED}
    fleet.says(POS, Verdict.IN_USE)
    assert fleet.orders.cancel(first, "李四", "看错", later(3)) == 0, "too late"
    assert fleet.states(first) == {POS: RowState.OK}
    with pytest.raises(ConfigFault):
        fleet.orders.cancel(99, "李四", "", NOW)


def test_without_the_key_process_nothing_is_ordered(fleet: Fleet) -> None:
    fleet.signer.is_away = True
    with pytest.raises(KeyFault):
        fleet.give(LOCK, POS)
    fleet.signer = Signer(kinds=(DocumentKind.HOTLIST,))
    fleet.orders = Orders(fleet.jobs, fleet.signer, WALL)
    with pytest.raises(ConfigFault):
        fleet.give(LOCK, POS)
    assert (fleet.jobs.jobs(), fleet.documents.wanted()) == ([], [])


def test_numbers_go_on_above_what_is_out_there(fleet: Fleet) -> None:
    """A ledger that was put back: the box holds an order of which it knows nothing."""
    row = HeldRow(DocumentKind.ORDER, device_scope(POS), 57, b"x" * 32, 0)
    fleet.documents.held(BOX, Held((row,)), NOW)
    fleet.give(LOCK, POS)
    assert fleet.head(POS).generation == 58


def test_an_order_is_not_shown_among_documents(fleet: Fleet) -> None:
    fleet.give(LOCK, POS)
    fleet.says(POS, Verdict.REFUSED)
    view = fleet.documents.standing()
    assert (view.documents, view.is_red) == ((), False)


def test_a_long_order_has_a_longer_clock(fleet: Fleet) -> None:
    found = fleet.jobs.job(fleet.give(Reread(1, 1, 400), POS))
    assert found is not None
    assert found[0].job.run_ms == 160_000
    assert c.device(1) == POS


def test_a_job_that_counts_its_rows_goes_on_with_each_answer(fleet: Fleet) -> None:
    number = fleet.give(LOCK, POS, POS2, FAR, width=2)
    assert fleet.states(number) == {POS: RowState.OFFERED, POS2: RowState.OFFERED, FAR: RowState.QUEUED}
    fleet.jobs.move_on(NOW)
    fleet.says(POS, Verdict.IN_USE)
    fleet.jobs.move_on(later(1))
    assert fleet.states(number)[FAR] is RowState.OFFERED
    second = fleet.give(Unlock(), POS2, width=1)
    third = fleet.give(LOCK, POS2)
    fleet.says(POS2, Verdict.IN_USE)
    assert (fleet.states(second), fleet.states(third)) == ({POS2: RowState.QUEUED}, {POS2: RowState.QUEUED})
    fleet.jobs.move_on(later(2))
    assert (fleet.states(second), fleet.states(third)) == ({POS2: RowState.OFFERED}, {POS2: RowState.QUEUED})


def test_an_order_that_is_over_is_sent_to_nobody_any_more(fleet: Fleet, opened: OpenedLedger) -> None:
    fleet.give(LOCK, POS, FAR)
    fleet.says(POS, Verdict.IN_USE)
    assert [one.document.scope for one in fleet.documents.wanted()] == [device_scope(FAR)]
    fleet.jobs.move_on(later(600_000 + GRACE_MS))
    assert fleet.documents.wanted() == []
    with opened.database.reading():
        assert check_documents(opened.database).broken == ""
    fleet.give(Unlock(), POS, now=later(700_000), expires_ms=NOW.unix_ms + 10**9)
    assert (fleet.body(POS).deed, fleet.head(POS).generation) == (Unlock(), 2)
    with opened.database.reading():
        assert check_documents(opened.database).broken == ""


def test_a_cancel_that_nobody_answers_holds_up_no_later_order(fleet: Fleet) -> None:
    """It has taken the place of the order that it was for, which nobody is sent any more."""
    first = fleet.give(LOCK, POS, expires_ms=0)
    cancel = fleet.orders.cancel(first, "王芳", "误", later(12))
    behind = fleet.give(Unlock(), POS, now=later(20), expires_ms=0)
    assert fleet.states(behind) == {POS: RowState.QUEUED}
    fleet.jobs.move_on(later(CANCEL_MS + GRACE_MS + 20))
    assert (fleet.states(first), fleet.states(cancel)) == ({POS: RowState.TIMED_OUT}, {POS: RowState.EXPIRED})
    fleet.jobs.move_on(later(CANCEL_MS + GRACE_MS + 4_000))
    assert (fleet.states(behind), fleet.body(POS).deed) == ({POS: RowState.OFFERED}, Unlock())


def test_a_terminal_that_has_answered_a_later_order_is_sent_the_next_one(fleet: Fleet) -> None:
    """The ledger was put back: the terminal has orders that are not here, and will never speak of an older one."""
    first = fleet.give(LOCK, POS, expires_ms=0)
    behind = fleet.give(Unlock(), POS, expires_ms=0)
    fleet.says(POS, Verdict.IN_USE, generation=7)
    assert fleet.states(first) == {POS: RowState.TIMED_OUT}
    assert fleet.states(behind) == {POS: RowState.OFFERED}
