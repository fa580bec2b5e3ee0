"""A roll-out moves on, inside of a transaction: rows are saved with what follows from that, waves begin, pause, stop.

A permit leaves when its wave is open, and is taken back when its terminal is over without using the release: a terminal
that comes back after days takes nothing that nobody watches any more.
"""

from cloud.ledger.fleet.documents import reported as words
from cloud.ledger.fleet.documents.making import Draft, keep, withdraw
from cloud.ledger.fleet.documents.rows import Which, newest
from cloud.ledger.fleet.firmware import releases, rows, state
from cloud.ledger.fleet.firmware.state import Event, EventKind, Phase, Rollout, TerminalRow, TerminalState
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.facts.fleet import (
    RolloutCanary,
    RolloutFailed,
    RolloutOver,
    RolloutReturned,
    RolloutStopped,
    RolloutUndecided,
    RolloutWave,
)
from shared.fleet.document import DocumentKind, SignedHead, decode_head, device_scope
from shared.ids import DeviceId
from shared.wire.fleet_lane import Verdict

CENTRE = "centre"
"""Who begins a wave, or stops by its rule: nobody, whoever made it has said so."""
_DONE = (TerminalState.IN_USE, TerminalState.ALREADY)


def move_on(writing: Writing) -> None:
    """Clocks, then waves, then the permits whose turn it is."""
    db = writing.db
    known = rows.rollouts(db)
    for row in rows.open_rows(db):
        save(writing, row, state.by_time(row, known[row.rollout], writing.now.unix_ms))
    waves: dict[int, int] = {}
    for rollout in known.values():
        events = _moved(writing, rollout)
        if state.phase_of(events) is Phase.OPEN:
            waves[rollout.number] = state.wave_of(events)
    for row in state.to_send(waves, rows.open_rows(db)):
        save(writing, row, _sent(writing, row, known[row.rollout]))


def is_due(db: Database, now: Now) -> bool:
    """Would `move_on` change anything?"""
    known, there = rows.rollouts(db), rows.open_rows(db)
    if any(state.by_time(row, known[row.rollout], now.unix_ms) != row for row in there):
        return True
    waves: dict[int, int] = {}
    for rollout in known.values():
        events = rows.events(db, rollout.number)
        waves[rollout.number] = state.wave_of(events) if state.phase_of(events) is Phase.OPEN else 0
        if state.next_event(rollout, events, rows.rows_of(db, rollout.number)) is not None:
            return True
    return bool(state.to_send(waves, there))


def keep_event(writing: Writing, number: int, kind: EventKind, wave: int, who: str, reason: str) -> list[Event]:
    """It has happened, and the book-only chain says so; all that has."""
    events = rows.events(writing.db, number)
    event = Event(number, len(events) + 1, kind, wave, who, reason, writing.now.unix_ms)
    rows.add_event(writing.db, event)
    writing.booking.link(BookLinkKind.ROLLOUT_EVENT, number, digest_of((*event[:2], int(event.kind), *event[3:])))
    events.append(event)
    _tell(writing, event)
    return events


def save(writing: Writing, before: TerminalRow, after: TerminalRow) -> None:
    """What has changed, and what follows from it for the permit."""
    if after == before:
        return
    rows.save(writing.db, after)
    if not after.state.is_over or before.state is after.state:
        return
    if after.state in _DONE or after.state is TerminalState.RETURNED:
        withdraw(writing.db, _permit_of(after), after.generation)
    elif before.state.is_out:
        _take_back(writing, after)
    if after.state is TerminalState.RETURNED:
        rollout = rows.rollouts(writing.db)[after.rollout]
        told = RolloutReturned(after.rollout, releases.release_text(rollout.model, rollout.release), after.running)
        writing.notes.tell(told, device=DeviceId(after.device))


def stop_rows(writing: Writing, number: int) -> None:
    """Nobody who has not begun to run it does."""
    for row in rows.rows_of(writing.db, number):
        save(writing, row, state.stopped(row, writing.now.unix_ms))


def _moved(writing: Writing, rollout: Rollout) -> list[Event]:
    """What follows by its rules, one thing after another."""
    events = rows.events(writing.db, rollout.number)
    if state.phase_of(events) not in (Phase.DUE, Phase.OPEN):
        return events
    while (found := state.next_event(rollout, events, rows.rows_of(writing.db, rollout.number))) is not None:
        kind, wave = found
        if kind is EventKind.FAILED:
            stop_rows(writing, rollout.number)
        events = keep_event(writing, rollout.number, kind, wave, CENTRE, "")
        if kind is EventKind.OPENED:
            return events
    return events


def _sent(writing: Writing, row: TerminalRow, rollout: Rollout) -> TerminalRow:
    """Its permit is the newest document for that terminal; unless it uses the release already."""
    now_ms = writing.now.unix_ms
    release = releases.release_of(writing.db, rollout.model, rollout.release)
    known = words.known_of(writing.db, row.device, *releases.which_of(rollout.model))
    if release is not None and state.is_using(known.said if known else None, release.digest, release.release):
        return row._replace(state=TerminalState.ALREADY, running=rollout.release, over_ms=now_ms)
    papers = rows.papers_of(writing.db, row)
    if not _published(writing, papers.head, papers.body, rollout.who):
        return row._replace(state=TerminalState.REFUSED, verdict=int(Verdict.OLDER), over_ms=now_ms)
    return row._replace(state=TerminalState.OFFERED, sent_ms=now_ms)


def _take_back(writing: Writing, row: TerminalRow) -> None:
    papers = rows.papers_of(writing.db, row)
    _published(writing, papers.off_head, papers.off_body, CENTRE)


def _published(writing: Writing, signed: SignedHead, body: bytes, who: str) -> bool:
    """False: a newer one is out there, and this is none any more."""
    head = decode_head(signed.raw)
    last = newest(writing.db, head.kind, head.scope)
    before = last.generation if last else 0
    return head.generation > before and keep(writing, Draft(head, body, before), signed, who) is not None


def _permit_of(row: TerminalRow) -> Which:
    return DocumentKind.PERMIT, device_scope(DeviceId(row.device))


def _tell(writing: Writing, event: Event) -> None:
    """What a person should hear of."""
    number, wave = event.rollout, event.wave
    there = rows.rows_of(writing.db, number)
    begun = [row for row in there if row.wave <= wave]
    failed, done = (sum(check(row) for row in begun) for check in (_has_failed, _is_done))
    left = sum(row.wave > wave for row in there)
    match event.kind:
        case EventKind.OPENED:
            count = sum(row.wave == wave for row in there)
            writing.notes.tell(RolloutWave(number, wave, count))
        case EventKind.UNDECIDED:
            writing.notes.tell(RolloutUndecided(number, wave, left))
        case EventKind.CANARY:
            writing.notes.tell(RolloutCanary(number, done, left))
        case EventKind.FAILED:
            writing.notes.tell(RolloutFailed(number, failed, len(begun), left))
        case EventKind.STOPPED:
            writing.notes.tell(RolloutStopped(number, event.who, event.reason))
        case EventKind.OVER:
            writing.notes.tell(RolloutOver(number, done, failed, len(there) - done - failed))


def _has_failed(row: TerminalRow) -> bool:
    return row.state.is_failure


def _is_done(row: TerminalRow) -> bool:
    return row.state in _DONE
