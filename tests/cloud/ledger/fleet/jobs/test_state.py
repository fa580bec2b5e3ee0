"""A row says what was heard and from whom; silence is a failure, and an answer counts however late."""

import pytest

from cloud.ledger.fleet.jobs.state import (
    GRACE_MS,
    Job,
    JobRow,
    RowState,
    Word,
    answered,
    asked,
    at_box,
    by_time,
    cancelled_by,
    is_stopped,
    overtaken,
    stopped,
    to_send,
)
from shared.fleet.order import too_late
from shared.wire.fleet_lane import Verdict

ONE, TWO = b"\0\1\0\0\0\1", b"\0\1\0\0\0\2"
JOB = Job(1, 1, b"", "王芳", "盘点", 0, expires_ms=600_000, run_ms=60_000)
ROW = JobRow(1, ONE, 5, RowState.OFFERED, sent_ms=1)


def said(verdict: Verdict, generation: int = 5, offered: int = 5, detail: bytes = b"") -> Word:
    return Word(generation, offered, verdict, detail)


def test_each_state_is_the_word_of_a_hop() -> None:
    row = at_box(ROW, "canteen-1", 10)
    assert (row.state, row.box, row.box_ms, row.over_ms) == (RowState.AT_BOX, "canteen-1", 10, 0)
    row = answered(row, said(Verdict.STORED), 20)
    assert (row.state, row.stored_ms) == (RowState.STORED, 20)
    assert at_box(row, "canteen-1", 25) == row, "it does not go back"
    assert answered(row, said(Verdict.STORED), 30).stored_ms == 20, "said again at a join"
    row = answered(row, said(Verdict.IN_USE, detail=b"ok"), 40)
    assert (row.state, row.detail, row.over_ms) == (RowState.OK, b"ok", 40)
    assert answered(row, said(Verdict.IN_USE, detail=b"ok"), 99) == row, "said again at a join"
    assert answered(row, said(Verdict.STORED), 99) == row
    assert answered(row, said(Verdict.REFUSED, detail=b"power cut"), 99) == row, "what was done is done"


@pytest.mark.parametrize(
    ("verdict", "state"),
    [(Verdict.EXPIRED, RowState.EXPIRED), (Verdict.UNSUPPORTED, RowState.REFUSED), (Verdict.REFUSED, RowState.REFUSED),
     (Verdict.BUSY, RowState.REFUSED)],
)  # fmt: skip
def test_a_refusal_of_an_order_that_it_has_is_an_answer(verdict: Verdict, state: RowState) -> None:
    row = answered(ROW, said(verdict), 7)
    assert (row.state, row.verdict, row.over_ms) == (state, verdict, 7)


def test_a_word_about_another_order_says_nothing_of_this_one() -> None:
    for word in (said(Verdict.IN_USE, 4, 4), said(Verdict.IN_USE, 6, 6), said(Verdict.REFUSED, 4, 4)):
        assert answered(ROW, word, 7) == ROW
    assert answered(ROW, said(Verdict.BUSY, 4), 7) == ROW, "it was not taken, and is offered again"
    assert answered(ROW, said(Verdict.FETCHING, 4), 7) == ROW
    refused = answered(ROW, said(Verdict.WRONG_SIGNATURE, 4), 7)
    assert (refused.state, refused.verdict) == (RowState.REFUSED, Verdict.WRONG_SIGNATURE)
    assert answered(refused, said(Verdict.IN_USE), 9).state is RowState.OK, "it took it after all, and says so"


def test_two_clocks_run_and_an_answer_counts_however_late() -> None:
    last_ms = JOB.expires_ms + GRACE_MS
    for state in (RowState.QUEUED, RowState.OFFERED, RowState.AT_BOX):
        row = ROW._replace(state=state)
        assert by_time(row, JOB, last_ms - 1) == row
        assert by_time(row, JOB, last_ms).state is RowState.EXPIRED
        assert by_time(row, JOB._replace(expires_ms=0), 1 << 50) == row
    running = ROW._replace(state=RowState.STORED, stored_ms=1000)
    assert by_time(running, JOB, 60_999) == running
    silent = by_time(running, JOB, 61_000)
    assert (silent.state, silent.over_ms, silent.state.is_failure) == (RowState.TIMED_OUT, 61_000, True)
    assert by_time(silent, JOB, 1 << 50) == silent
    assert answered(silent, said(Verdict.IN_USE), 99_000).state is RowState.OK
    done = answered(ROW, said(Verdict.IN_USE), 5)
    assert by_time(done, JOB, 1 << 50) == done


def test_a_cancel_is_done_asked_or_too_late() -> None:
    assert asked(ROW._replace(state=RowState.QUEUED), 9).state is RowState.CANCELLED
    row = asked(ROW, 9)
    assert (row.state, row.asked_ms, asked(row, 20)) == (RowState.OFFERED, 9, row)
    done = answered(ROW, said(Verdict.IN_USE), 5)
    assert asked(done, 9) == done
    cancel = JobRow(2, ONE, 6, RowState.OFFERED)
    assert cancelled_by(row, cancel, 20) == row
    assert cancelled_by(row, answered(cancel, said(Verdict.IN_USE, 6, 6), 20), 20).state is RowState.CANCELLED
    late = answered(cancel, said(Verdict.REFUSED, 6, 6, too_late("in_use")), 20)
    assert (late.state, cancelled_by(row, late, 20).state) == (RowState.REFUSED, RowState.OK)
    assert cancelled_by(done, answered(cancel, said(Verdict.IN_USE, 6, 6), 20), 20) == done


@pytest.mark.parametrize("state", [RowState.EXPIRED, RowState.TIMED_OUT, RowState.STOPPED])
def test_an_order_whose_cancel_ends_in_silence_is_waited_for_no_more(state: RowState) -> None:
    """The cancel has taken its place as what the terminal is sent: it would wait for ever, and all behind it."""
    cancel = JobRow(2, ONE, 6, state)
    found = cancelled_by(ROW, cancel, 20)
    assert (found.state, found.over_ms) == (RowState.TIMED_OUT, 20)
    assert answered(found, said(Verdict.IN_USE), 30).state is RowState.OK, "a late answer counts above a silence"
    assert cancelled_by(ROW._replace(state=RowState.QUEUED), cancel, 20).state is RowState.QUEUED
    passed = answered(JobRow(2, ONE, 6, RowState.OFFERED), said(Verdict.REFUSED, 6, 6, too_late("passed")), 20)
    assert cancelled_by(ROW, passed, 20).state is RowState.TIMED_OUT


def test_what_is_said_of_a_later_offer_says_nothing_of_the_order_that_is_held() -> None:
    """It runs a long one, and has missed the key of the next: that one is refused, and not this."""
    row = answered(ROW, said(Verdict.STORED), 20)
    assert answered(row, said(Verdict.UNKNOWN_KEY, 5, 6), 30) == row
    assert answered(ROW._replace(generation=6), said(Verdict.UNKNOWN_KEY, 5, 6), 30).state is RowState.REFUSED


def test_an_order_below_the_one_that_a_terminal_has_answered_is_waited_for_no_more() -> None:
    """A ledger that was put back sends an older one to a terminal that will never speak of it."""
    later = Word(7, 7, Verdict.IN_USE, b"")
    assert overtaken(ROW, later, 20).state is RowState.TIMED_OUT
    assert overtaken(ROW, later._replace(verdict=Verdict.STORED), 20) == ROW, "its answer may speak of this one"
    assert overtaken(ROW, later._replace(offered=8, verdict=Verdict.OLDER), 20) == ROW
    assert overtaken(ROW, said(Verdict.IN_USE), 20) == ROW
    assert overtaken(ROW._replace(generation=9), later, 20).state is RowState.OFFERED


def test_silence_counts_when_a_job_is_stopped() -> None:
    job = JOB._replace(stop_percent=20, stop_min=2)
    rows = [ROW._replace(device=bytes((n,)) * 6) for n in range(10)]
    assert not is_stopped(job, rows)
    rows[0] = rows[0]._replace(state=RowState.TIMED_OUT)
    assert not is_stopped(job._replace(stop_percent=10), rows), "not before so many"
    rows[1] = rows[1]._replace(state=RowState.EXPIRED)
    assert is_stopped(job, rows)
    assert not is_stopped(job._replace(stop_percent=0), rows)
    queued = ROW._replace(state=RowState.QUEUED)
    assert (stopped(queued, 9).state, stopped(ROW, 9)) == (RowState.STOPPED, ROW)


def test_one_order_is_out_for_each_terminal_and_a_job_keeps_its_width() -> None:
    jobs = {1: JOB._replace(width=1), 2: JOB._replace(number=2)}
    first = [JobRow(1, device, 5, RowState.QUEUED) for device in (ONE, TWO)]
    second = [JobRow(2, device, 6, RowState.QUEUED) for device in (ONE, TWO)]
    assert to_send(jobs, [*second, *first]) == [first[0], second[1]]
    out = [first[0]._replace(state=RowState.AT_BOX), first[1], *second]
    assert to_send(jobs, out) == [second[1]]
    over = [first[0]._replace(state=RowState.OK), first[1], *second]
    assert to_send(jobs, over) == [first[1], second[0]]


def test_a_cancel_overtakes_what_it_cancels_and_nothing_else() -> None:
    jobs = {1: JOB, 2: JOB._replace(number=2, cancels=1), 3: JOB._replace(number=3)}
    out = JobRow(1, ONE, 5, RowState.AT_BOX)
    cancel, other = JobRow(2, ONE, 6, RowState.QUEUED), JobRow(3, ONE, 7, RowState.QUEUED)
    assert to_send(jobs, [out, cancel, other]) == [cancel]
    assert to_send(jobs, [out._replace(job=3), cancel]) == []
