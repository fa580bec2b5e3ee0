"""What is true of a job 任务 and of each of its rows, and what follows from the time alone. Pure.

A row says what was heard and from whom, never more: offered is nobody's word, at the box and on the bus are the box's,
stored and the answer are the terminal's. Two clocks run: one on waiting (the order's own expiry, which the terminal
keeps, too) and one on running (since the terminal said that it has it). An answer, however late, counts above silence.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from shared.fleet.order import late_word
from shared.wire.fleet_lane import Verdict

GRACE_MS = 30_000
"""So much later than its terminal the centre counts an order as expired: clocks differ, and an answer travels."""
SEND_MAX = 256
"""Rows that are sent in one turn; the others follow in the next."""


class RowState(IntEnum):
    """Of one terminal in a job. Frozen numbers: they stand in the ledger. From OK on it is over."""

    QUEUED = 1
    """Signed, and waiting for the order before it, or for its turn."""
    OFFERED = 2
    """On its way to the box; nobody has answered."""
    AT_BOX = 3
    ON_BUS = 5
    """The box has put it on the terminal's link; nobody there has answered."""
    STORED = 4
    """The terminal has it and does it, or does it when its tap is over."""
    OK = 10
    REFUSED = 11
    TIMED_OUT = 12
    EXPIRED = 13
    CANCELLED = 14
    STOPPED = 15
    """Never sent: too many others of its job have failed."""

    @property
    def is_over(self) -> bool:
        """Is nothing awaited any more? A late answer still counts."""
        return self >= RowState.OK

    @property
    def is_out(self) -> bool:
        """Has it left the centre, with no answer yet?"""
        return RowState.OFFERED <= self < RowState.OK

    @property
    def is_failure(self) -> bool:
        """Silence is one."""
        return self in (RowState.REFUSED, RowState.TIMED_OUT, RowState.EXPIRED)


RETRIED = (RowState.REFUSED, RowState.TIMED_OUT, RowState.EXPIRED, RowState.STOPPED)
_SAYS_NOTHING = frozenset({Verdict.FETCHING, Verdict.BUSY})
"""Of an order that is not taken yet: it will be offered again."""


class Job(NamedTuple):
    """expires_ms: Unix, 0: never; run_ms: the clock on running; width: rows that are out at a time, 0: all; stop at so
    many per cent of failures, 0: never, and not before so many."""

    number: int
    verb: int
    body: bytes
    who: str
    reason: str
    made_ms: int
    expires_ms: int
    run_ms: int
    width: int = 0
    stop_percent: int = 0
    stop_min: int = 1
    cancels: int = 0
    retries: int = 0


class JobRow(NamedTuple):
    """Times in Unix milliseconds, 0: it has not happened. asked_ms: somebody asked to cancel it."""

    job: int
    device: bytes
    generation: int
    state: RowState
    box: str = ""
    verdict: int = 0
    detail: bytes = b""
    sent_ms: int = 0
    box_ms: int = 0
    stored_ms: int = 0
    over_ms: int = 0
    asked_ms: int = 0
    bus_ms: int = 0


class Word(NamedTuple):
    """A terminal's, of the orders that it was given: the newest that it has, the one that it speaks of, and what."""

    generation: int
    offered: int
    verdict: Verdict
    detail: bytes


def at_box(row: JobRow, box: str, now_ms: int) -> JobRow:
    """A box holds it durably."""
    if row.state not in (RowState.QUEUED, RowState.OFFERED):
        return row
    return row._replace(state=RowState.AT_BOX, box=box, box_ms=now_ms)


def on_bus(row: JobRow, box: str, now_ms: int) -> JobRow:
    """A box has put it on the link, and so holds it."""
    if row.state not in (RowState.QUEUED, RowState.OFFERED, RowState.AT_BOX):
        return row
    return row._replace(state=RowState.ON_BUS, box=box, box_ms=row.box_ms or now_ms, bus_ms=now_ms)


def answered(row: JobRow, word: Word, now_ms: int) -> JobRow:
    """What this word says of this row, which may be nothing. What was said to be done is done: a medium that has lost
    the mark of it since makes it say otherwise."""
    if row.state is RowState.OK:
        return row
    if word.generation == word.offered == row.generation:
        return _by_terminal(row, word.verdict, word.detail, now_ms)
    is_about = word.offered == row.generation and word.generation < row.generation
    if is_about and word.verdict >= Verdict.REFUSED and word.verdict not in _SAYS_NOTHING:
        return _over(row, RowState.REFUSED, now_ms, word.verdict, word.detail)
    return row


def _by_terminal(row: JobRow, verdict: Verdict, detail: bytes, now_ms: int) -> JobRow:
    if verdict is Verdict.IN_USE:
        return _over(row, RowState.OK, now_ms, verdict, detail)
    if verdict is Verdict.EXPIRED:
        return _over(row, RowState.EXPIRED, now_ms, verdict, detail)
    if verdict >= Verdict.REFUSED:
        return _over(row, RowState.REFUSED, now_ms, verdict, detail)
    if row.state.is_over:
        return row
    return row._replace(state=RowState.STORED, stored_ms=row.stored_ms or now_ms)


def _over(row: JobRow, state: RowState, now_ms: int, verdict: int = 0, detail: bytes = b"") -> JobRow:
    if (row.state, row.verdict, row.detail) == (state, verdict, detail) and row.over_ms:
        return row
    return row._replace(state=state, verdict=verdict, detail=detail, over_ms=now_ms)


def overtaken(row: JobRow, word: Word, now_ms: int) -> JobRow:
    """The terminal has answered a later order than this one, so it says nothing of this one any more: this ledger was
    put back, or the answer never came. What became of it nobody knows."""
    is_answer = word.verdict is Verdict.IN_USE or word.verdict >= Verdict.REFUSED
    is_past = row.state.is_out and row.generation < word.generation and word.offered == word.generation
    return _over(row, RowState.TIMED_OUT, now_ms) if is_past and is_answer else row


def cancelled_by(row: JobRow, cancel: JobRow, now_ms: int) -> JobRow:
    """What the end of a cancel says of the row that it was for. Its own answer counts above that.

    The cancel has taken the place of the order that it was for: when it ends in silence, or refused, nobody is sent
    that order any more, so it must not be waited for, and no later one behind it.
    """
    if row.state in (RowState.OK, RowState.REFUSED):
        return row
    if cancel.state is RowState.OK:
        return _over(row, RowState.CANCELLED, now_ms)
    word = late_word(cancel.detail) if cancel.state is RowState.REFUSED else None
    verdict = next((one for one in Verdict if one.name.lower() == word), None)
    if verdict is not None:
        return _by_terminal(row, verdict, b"", now_ms)
    return _over(row, RowState.TIMED_OUT, now_ms) if cancel.state.is_over and row.state.is_out else row


def by_time(row: JobRow, job: Job, now_ms: int) -> JobRow:
    """Silence, once a clock has run out."""
    if row.state is RowState.STORED:
        is_late = now_ms >= row.stored_ms + job.run_ms
        return _over(row, RowState.TIMED_OUT, now_ms) if is_late else row
    is_late = bool(job.expires_ms) and now_ms >= job.expires_ms + GRACE_MS
    return _over(row, RowState.EXPIRED, now_ms) if is_late and not row.state.is_over else row


def asked(row: JobRow, now_ms: int) -> JobRow:
    """Somebody cancels the job: what has not left is cancelled, what has left is asked for."""
    if row.state is RowState.QUEUED:
        return _over(row, RowState.CANCELLED, now_ms)
    return row._replace(asked_ms=now_ms) if row.state.is_out and not row.asked_ms else row


def is_stopped(job: Job, rows: Sequence[JobRow]) -> bool:
    """Have too many failed? Measured by all rows that the job began with."""
    failed = sum(row.state.is_failure for row in rows)
    return bool(job.stop_percent) and failed >= job.stop_min and failed * 100 >= job.stop_percent * len(rows)


def stopped(row: JobRow, now_ms: int) -> JobRow:
    """A row that was never sent stays so."""
    return _over(row, RowState.STOPPED, now_ms) if row.state is RowState.QUEUED else row


def to_send(jobs: Mapping[int, Job], rows: Iterable[JobRow]) -> list[JobRow]:
    """Queued rows whose turn it is, oldest job first: one order is out for each terminal, `width` for each job. A
    cancel goes in front of what it cancels."""
    waiting = sorted((row for row in rows if row.state is RowState.QUEUED), key=lambda row: (row.job, row.device))
    out: dict[bytes, set[int]] = {}
    room: dict[int, int] = {}
    for row in rows:
        if row.state.is_out:
            out.setdefault(row.device, set()).add(row.job)
            room[row.job] = room.get(row.job, 0) + 1
    found: list[JobRow] = []
    for row in waiting:
        job = jobs[row.job]
        is_free = not out.get(row.device, set()) - {job.cancels}
        if is_free and (not job.width or room.get(row.job, 0) < job.width) and len(found) < SEND_MAX:
            out.setdefault(row.device, set()).add(row.job)
            room[row.job] = room.get(row.job, 0) + 1
            found.append(row)
    return found
