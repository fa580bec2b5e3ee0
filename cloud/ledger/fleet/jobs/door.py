"""The ledger's doors for jobs: made by a command, moved on by the ingest and by what boxes and terminals say.

Nothing here signs: heads are drafted, signed by the key process outside of any transaction, and kept with their rows.
They are sent from here, one for each terminal at a time, so the next one needs nobody's signature when its turn comes.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cloud.ledger.fleet.documents.making import Draft, keep, told_of, withdraw
from cloud.ledger.fleet.documents.rows import newest
from cloud.ledger.fleet.jobs import pieces, rows, state
from cloud.ledger.fleet.jobs.rows import Signed
from cloud.ledger.fleet.jobs.state import Job, JobRow, RowState, Word
from cloud.ledger.fleet.jobs.views import JobView, job_view, job_views
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.facts.fleet import JobMade, JobOver, JobStopped
from shared.facts.terms import word_of
from shared.fleet.document import DocumentKind, Head, decode_head, device_scope
from shared.fleet.document import digest_of as digest_of_body
from shared.fleet.order import Verb
from shared.ids import BoxId, DeviceId
from shared.wire.fleet_lane import Held, OnLink, Piece, Reported, Verdict

SAY_AT_LENGTH = (Verb.SEND_LOG, Verb.CLOSE_SHIFT)
LOOK_MS = 2_000
"""So often it is looked whose clock has run out, when nobody has done or said anything."""


class Wish(NamedTuple):
    """What is to be a job. bodies: terminal → its order's bytes, where they are not the job's own. is_once: the job
    that the same person made at the same moment is this one, whoever asks again because he does not know."""

    job: Job
    devices: tuple[bytes, ...]
    bodies: Mapping[bytes, bytes] = {}
    is_once: bool = False

    def body(self, device: bytes) -> bytes:
        """Of this terminal's order."""
        return self.bodies.get(device, self.job.body)


class JobLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.opened = opened
        self.database = opened.database
        self._seen, self._looked_ms = -1, 0

    # --- made -----------------------------------------------------------------------------------------------------

    def draft(self, wish: Wish, key_version: int, now: Now) -> list[Head]:
        """A head for each terminal, to be signed."""
        with self.database.reading():
            last = rows.last_generations(self.database)
            return [_head(self.database, last, wish, device, key_version, now) for device in wish.devices]

    def make(self, wish: Wish, signed: Sequence[Signed], now: Now) -> int:
        """Its number, and what can be sent is on its way when this returns. 0: another job took these numbers, draft
        anew."""
        with self.opened.writing(now) as writing:
            if wish.is_once and (there := rows.number_of(writing.db, wish.job.who, wish.job.made_ms)):
                return there
            last = rows.last_generations(writing.db)
            if any(one.generation <= last.get(one.device, 0) for one in signed):
                return 0
            made_ms = wish.job.made_ms if wish.is_once else now.unix_ms
            job = wish.job._replace(number=rows.next_number(writing.db), made_ms=made_ms)
            rows.insert_job(writing.db, job, signed)
            link = (*job, *sorted(wish.devices))
            writing.booking.link(BookLinkKind.JOB, job.number, digest_of(link))
            writing.notes.tell(
                JobMade(job.number, word_of(Verb(job.verb).name), len(wish.devices), job.who, job.reason)
            )
            _move_on(writing)
            rows.touch_jobs(writing.db)
            return job.number

    def cancel(self, number: int, now: Now) -> list[JobRow]:
        """What has not left is cancelled when this returns; the rows that have left, for an order of their own."""
        with self.opened.writing(now) as writing:
            for row in rows.rows_of(writing.db, number):
                _save(writing, row, state.asked(row, now.unix_ms))
            _move_on(writing)
            rows.touch_jobs(writing.db)
            return [row for row in rows.rows_of(writing.db, number) if row.state.is_out]

    # --- moved on -------------------------------------------------------------------------------------------------

    def move_on(self, now: Now) -> bool:
        """Clocks that have run out, jobs that are to stop, rows whose turn it is. False, and cheap: nothing is open."""
        with self.database.reading():
            if not rows.is_anything_open(self.database):
                return False
            seen = rows.version(self.database)
            if seen == self._seen and 0 <= now.unix_ms - self._looked_ms < LOOK_MS:
                return True
            is_due = _is_due(self.database, now)
        if is_due:
            with self.opened.writing(now) as writing:
                _move_on(writing)
        self._seen, self._looked_ms = seen, now.unix_ms
        return True

    # --- told -----------------------------------------------------------------------------------------------------

    def on_link(self, box: BoxId, said: OnLink, now: Now) -> None:
        """A box has put an order on the link. Of a terminal that is not its own it says nothing."""
        with self.opened.writing(now) as writing:
            if not writing.registry.serves(box, said.device):
                return
            for row in rows.rows_about(writing.db, said.device, (said.generation,)):
                _save(writing, row, state.on_bus(row, box, now.unix_ms))
            rows.touch_jobs(writing.db)

    def said(self, box: BoxId, said: Piece, now: Now) -> None:
        """A piece of a log or a slip; of an order that asks for none nothing is kept."""
        with self.opened.writing(now) as writing:
            if not writing.registry.serves(box, said.device):
                return
            about = rows.rows_about(writing.db, said.device, (said.generation,))
            known = rows.jobs(writing.db, {row.job for row in about})
            if any(job.verb in SAY_AT_LENGTH for job in known.values()):
                pieces.keep_piece(writing.db, said, now.unix_ms)

    # --- read -----------------------------------------------------------------------------------------------------

    def jobs(self) -> list[JobView]:
        """All, the newest last."""
        with self.database.reading():
            return job_views(self.database)

    def job(self, number: int) -> tuple[JobView, list[JobRow]] | None:
        """One of them, and its rows."""
        with self.database.reading():
            return job_view(self.database, number)


def note_held(db: Database, box: BoxId, held: Held, now_ms: int) -> None:
    """A box has said what is durable there. Inside of a transaction."""
    orders = {(bytes(r.scope[1:]), r.generation) for r in held.rows if r.kind is DocumentKind.ORDER}
    if not orders:
        return
    for row in rows.open_rows(db):
        if (row.device, row.generation) in orders and (after := state.at_box(row, box, now_ms)) != row:
            rows.save(db, after)


def note_reported(writing: Writing, said: Reported) -> None:
    """A terminal has said what became of an order."""
    if said.kind is not DocumentKind.ORDER:
        return
    word, now_ms = Word(said.generation, said.offered, said.verdict, said.detail), writing.now.unix_ms
    about = rows.rows_about(writing.db, said.device, (said.generation, said.offered))
    changed = [_saved(writing, row, state.answered(row, word, now_ms)) for row in about]
    out = rows.open_rows_of(writing.db, said.device)
    changed += [_saved(writing, row, state.overtaken(row, word, now_ms)) for row in out]
    if any(changed):
        _send_next(writing, said.device)
        rows.touch_jobs(writing.db)


def _saved(writing: Writing, before: JobRow, after: JobRow) -> bool:
    """Did it change?"""
    _save(writing, before, after)
    return after != before


def _send_next(writing: Writing, device: bytes) -> None:
    """The next order of this terminal alone, at once. One of a job that counts its rows waits for `move_on`."""
    there = rows.open_rows_of(writing.db, device)
    known = rows.jobs(writing.db, {row.job for row in there})
    queued = [row for row in there if row.state is RowState.QUEUED]
    if queued and not known[queued[0].job].width:
        for row in state.to_send(known, there)[:1]:
            _save(writing, row, _sent(writing, row, known[row.job]))


def _note_cancelled(writing: Writing, row: JobRow) -> None:
    """The end of a cancel, or a later word of it, speaks of the order that it was for."""
    (job,) = rows.jobs(writing.db, (row.job,)).values()
    if not job.cancels:
        return
    target = rows.row_of(writing.db, job.cancels, row.device)
    if target is not None:
        _save(writing, target, state.cancelled_by(target, row, writing.now.unix_ms))


def _save(writing: Writing, before: JobRow, after: JobRow) -> None:
    if after != before:
        rows.save(writing.db, after)
        if before.state.is_out and after.state.is_over:
            withdraw(writing.db, (DocumentKind.ORDER, device_scope(DeviceId(after.device))), after.generation)
        if after.state.is_over and not before.state.is_over:
            _tell_over(writing, after.job)
        if after.state.is_over:
            _note_cancelled(writing, after)


def _tell_over(writing: Writing, number: int) -> None:
    """Once, when the last row is over."""
    if rows.is_open(writing.db, number):
        return
    there = rows.rows_of(writing.db, number)
    (job,) = rows.jobs(writing.db, (number,)).values()
    done = sum(row.state is RowState.OK for row in there)
    failed = sum(row.state.is_failure or row.state is RowState.STOPPED for row in there)
    writing.notes.tell(JobOver(number, word_of(Verb(job.verb).name), done, failed, len(there) - done - failed))


def _is_due(db: Database, now: Now) -> bool:
    """Would `_move_on` change anything?"""
    there = rows.open_rows(db)
    known = rows.jobs(db, {row.job for row in there})
    return bool(state.to_send(known, there)) or any(
        state.by_time(row, known[row.job], now.unix_ms) != row for row in there
    )


def _move_on(writing: Writing) -> None:
    now_ms = writing.now.unix_ms
    known = rows.jobs(writing.db, {row.job for row in rows.open_rows(writing.db)})
    for row in rows.open_rows(writing.db):
        _save(writing, row, state.by_time(row, known[row.job], now_ms))
    for job in known.values():
        _stop(writing, job)
    for row in state.to_send(known, rows.open_rows(writing.db)):
        _save(writing, row, _sent(writing, row, known[row.job]))


def _stop(writing: Writing, job: Job) -> None:
    there = rows.rows_of(writing.db, job.number) if job.stop_percent else []
    queued = [row for row in there if row.state is RowState.QUEUED]
    if queued and state.is_stopped(job, there):
        failed = sum(row.state.is_failure for row in there)
        writing.notes.tell(JobStopped(job.number, failed, len(there), len(queued)))
        for row in queued:
            _save(writing, row, state.stopped(row, writing.now.unix_ms))


def _sent(writing: Writing, row: JobRow, job: Job) -> JobRow:
    """Its order is the newest document for that terminal; or a newer one is out there, and it is none any more."""
    signed = rows.head_of(writing.db, row)
    head = decode_head(signed.raw)
    last = newest(writing.db, head.kind, head.scope)
    before = last.generation if last else 0
    if head.generation <= before:
        return row._replace(state=RowState.REFUSED, verdict=Verdict.OLDER, over_ms=writing.now.unix_ms)
    keep(writing, Draft(head, rows.body_of(writing.db, row), before), signed, job.who)
    return row._replace(state=RowState.OFFERED, sent_ms=writing.now.unix_ms)


def _head(
    db: Database, last: Mapping[bytes, int], wish: Wish, device: bytes, key_version: int, now: Now
) -> Head:  # fmt: skip
    which = DocumentKind.ORDER, device_scope(DeviceId(device))
    made = newest(db, *which)
    before = max(last.get(device, 0), made.generation if made else 0)
    body = wish.body(device)
    generation = max(before, told_of(db, which, before)) + 1
    return Head(key_version, *which, generation, now.campus_s, len(body), digest_of_body(body))
