"""The ledger's door for releases of boxes: kept, rolled out by a command, moved on by what boxes say and by time.

A box asks what it should run with each word of its own; it is answered from its row, so a stop takes effect at once and
a box that was away for months hears nothing old. Waves, clocks and stops follow the rules of firmware.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cloud.ledger.fleet.boxes import rows
from cloud.ledger.fleet.boxes.rows import BoxRelease, BoxRow, Running
from cloud.ledger.fleet.firmware import releases as firmware
from cloud.ledger.fleet.firmware import state
from cloud.ledger.fleet.firmware.state import Event, EventKind, Phase, Rollout, TerminalRow, TerminalState
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.errors import ConfigFault
from shared.facts.releases import (
    BoxReleaseBack,
    BoxReleaseForged,
    BoxReleaseHere,
    BoxRolloutHeld,
    BoxRolloutMade,
    BoxRolloutOver,
)
from shared.fleet.box_release import MACHINES
from shared.ids import BoxId
from shared.wire.lanes.release_lane import PART_SIZE
from shared.wire.messages import ReleasePart, ReleasePartWanted, ReleaseSaid, ReleaseStage, ReleaseWanted
from shared.words.voice import Text

CENTRE = "centre"
LOOK_MS = 1_000
FRESH_MS = 600_000
"""So old what a box has said may grow before it is written down again."""
NOTHING = ReleaseWanted(0, 0, bytes(32), at_once=False)
_STATES = {
    ReleaseStage.COMING: TerminalState.RECEIVING, ReleaseStage.WAITING: TerminalState.WHOLE,
    ReleaseStage.TRIED: TerminalState.TRIED, ReleaseStage.RETURNED: TerminalState.RETURNED,
    ReleaseStage.REFUSED: TerminalState.REFUSED,
}  # fmt: skip


class BoxRolloutView(NamedTuple):
    """A roll-out, what has happened to it, and its boxes as of now."""

    rollout: Rollout
    events: Sequence[Event]
    there: Sequence[BoxRow]

    @property
    def phase(self) -> Phase:
        """Where it stands."""
        return state.phase_of(self.events)

    @property
    def is_over(self) -> bool:
        """Does nothing go on by itself any more?"""
        is_held = self.phase in (Phase.PAUSED, Phase.STOPPED, Phase.OVER)
        return is_held and not any(one.row.state.is_out for one in self.there)

    def count(self, *states: TerminalState) -> int:
        """Boxes that stand so."""
        return sum(one.row.state in states for one in self.there)

    @property
    def total(self) -> int:
        """Boxes."""
        return len(self.there)

    @property
    def done(self) -> int:
        """Boxes that use it, as they have said themselves."""
        return self.count(*DONE)

    @property
    def failed(self) -> int:
        """Boxes, silent ones too."""
        return sum(one.row.state.is_failure for one in self.there)

    @property
    def wave(self) -> int:
        """Which has begun."""
        return state.wave_of(self.events)

    @property
    def waves(self) -> int:
        """How many there are."""
        return max(one.row.wave for one in self.there)


class BoxesView(NamedTuple):
    """What there is, who runs what (box → its word), and all roll-outs, the newest last."""

    releases: Sequence[BoxRelease]
    running: Mapping[str, Running]
    rollouts: Sequence[BoxRolloutView]


DONE = (TerminalState.IN_USE, TerminalState.ALREADY)


class BoxLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.opened = opened
        self.database = opened.database
        self._looked_ms = 0

    # --- releases ---------------------------------------------------------------------------------------------------

    def take(self, one: BoxRelease, body: bytes, trust: bytes, now: Now) -> bool:
        """A proven archive is kept; was it not here before? ConfigFault: its number is taken or too low."""
        with self.opened.writing(now) as writing:
            known = [other for other in rows.releases(writing.db) if other.machine == one.machine]
            firmware.take_trust(writing, trust, one.who)
            if any((other.number, other.digest) == (one.number, one.digest) for other in known):
                return False
            if known and known[-1].number >= one.number:
                raise _not_above(one, known[-1].number)
            made = one._replace(at_ms=now.unix_ms)
            rows.add_release(writing.db, made, body)
            writing.booking.link(BookLinkKind.RELEASE, one.number, digest_of(made))
            writing.notes.tell(BoxReleaseHere(one.text, one.name, one.length, one.who))
            return True

    def tell_forged(self, fault: str, who: str, now: Now) -> None:
        """Somebody brought what is not as the officers signed it."""
        with self.opened.writing(now) as writing:
            writing.notes.tell(BoxReleaseForged(fault, who))

    # --- made, stopped, resumed ---------------------------------------------------------------------------------------

    def make(self, rollout: Rollout, waves: Mapping[str, int], now: Now, *, at_once: bool) -> int:
        """Its number; its first wave has begun. waves: box → from 1. ConfigFault: no such release, or a box is in one
        that is not over."""
        with self.opened.writing(now) as writing:
            db = writing.db
            one = _release(db, rollout)
            _require_free(db, waves)
            made = rollout._replace(number=rows.next_number(db), made_ms=now.unix_ms)
            heard = rows.running(db)
            there = [_row(made.number, box, wave, heard.get(box)) for box, wave in sorted(waves.items())]
            rows.insert(db, made, there, at_once=at_once)
            writing.booking.link(BookLinkKind.ROLLOUT, made.number, digest_of((*made, *sorted(waves))))
            keep_event(writing, made.number, EventKind.MADE, 0, made.who, made.reason)
            writing.notes.tell(
                BoxRolloutMade(made.number, one.text, len(waves), max(waves.values()), made.who, made.reason)
            )
            move_on(writing)
            return made.number

    def stop(self, number: int, who: str, reason: str, now: Now) -> None:
        """Who has not begun to run it never will. ConfigFault: it is over, or not there."""
        with self.opened.writing(now) as writing:
            events = _require(writing.db, number, Phase.DUE, Phase.OPEN, Phase.PAUSED)
            _stop_rows(writing, number)
            keep_event(writing, number, EventKind.STOPPED, state.wave_of(events), who, reason)

    def resume(self, number: int, who: str, reason: str, now: Now) -> None:
        """It goes on where it paused, or where a person stopped it. ConfigFault."""
        with self.opened.writing(now) as writing:
            events = _require(writing.db, number, Phase.PAUSED, Phase.STOPPED)
            if events[-1].kind is EventKind.FAILED:
                raise ConfigFault(
                    Text(
                        f"升级 {number} 因失败过多而停止：请 retry 或 roll-back",
                        f"roll-out {number} was stopped by its failures: retry it, or roll it back",
                    )
                )
            for one in rows.rows_of(writing.db, number):
                if one.row.state is TerminalState.STOPPED:
                    rows.save(writing.db, BoxRow(_queued(one.row)))
            keep_event(writing, number, EventKind.RESUMED, state.wave_of(events), who, reason)
            move_on(writing)

    # --- heard --------------------------------------------------------------------------------------------------------

    def said(self, box: BoxId, said: ReleaseSaid, now: Now) -> ReleaseWanted:
        """A box says what it runs; what it should run. Where that is nothing new, nothing is written."""
        with self.database.reading():
            if _is_known(self.database, box, said, now):
                return NOTHING
        with self.opened.writing(now) as writing:
            rows.keep_running(writing.db, box, said, now.unix_ms)
            for one in rows.rows_about(writing.db, box):
                rollout = rows.rollouts(writing.db)[one.row.rollout]
                _save(writing, one, _heard(one, rollout, said, now.unix_ms), said)
            move_on(writing)
            return _wanted(writing.db, box, said.machine)

    def part(self, asked: ReleasePartWanted) -> list[ReleasePart]:
        """Bytes of an archive, if there are any."""
        with self.database.reading():
            data = rows.part(self.database, asked.machine, asked.number, asked.offset, PART_SIZE)
        return [ReleasePart(asked.number, asked.offset, data)] if data else []

    def move_on(self, now: Now) -> None:
        """Clocks that have run out, waves that have passed or failed. Cheap where nothing is open."""
        if 0 <= now.unix_ms - self._looked_ms < LOOK_MS:
            return
        self._looked_ms = now.unix_ms
        with self.database.reading():
            is_open = bool(rows.open_rows(self.database)) or any(
                state.phase_of(rows.events(self.database, number)) in (Phase.DUE, Phase.OPEN)
                for number in rows.rollouts(self.database)
            )
        if is_open:
            with self.opened.writing(now) as writing:
                move_on(writing)


# --- read, inside of a transaction -----------------------------------------------------------------------------------


def view(db: Database, now: Now) -> BoxesView:
    """All there is, as of now: in five questions, however many roll-outs of however many boxes."""
    events, there = rows.events_of_all(db), rows.rows_of_all(db)
    found = [
        BoxRolloutView(one, events.get(number, []), [_as_of(row, one, now) for row in there.get(number, [])])
        for number, one in rows.rollouts(db).items()
    ]
    return BoxesView(rows.releases(db), rows.running(db), found)


def way_back(found: Sequence[BoxRelease], machine: str, number: int) -> BoxRelease | None:
    """The newest one above it that is, byte for byte, one below it. Pure."""
    mine = [one for one in found if one.machine == machine]
    older = {one.digest for one in mine if one.number < number}
    ways = [one for one in mine if one.number > number and one.digest in older]
    return ways[-1] if ways else None


# --- inside ---------------------------------------------------------------------------------------------------------


def move_on(writing: Writing) -> None:
    """Clocks, then waves, then the boxes whose turn it is."""
    db, now_ms = writing.db, writing.now.unix_ms
    known = rows.rollouts(db)
    for one in rows.open_rows(db):
        _save(writing, one, one._replace(row=state.by_time(one.row, known[one.row.rollout], now_ms)))
    waves = {}
    for rollout in known.values():
        events = _moved(writing, rollout)
        if state.phase_of(events) is Phase.OPEN:
            waves[rollout.number] = state.wave_of(events)
    there = {(one.row.rollout, one.row.device): one for one in rows.open_rows(db)}
    for row in state.to_send(waves, [one.row for one in there.values()]):
        _save(writing, there[row.rollout, row.device], BoxRow(_sent(db, row, known[row.rollout], now_ms)))


def keep_event(writing: Writing, number: int, kind: EventKind, wave: int, who: str, reason: str) -> list[Event]:
    """It has happened; all that has."""
    events = rows.events(writing.db, number)
    event = Event(number, len(events) + 1, kind, wave, who, reason, writing.now.unix_ms)
    rows.add_event(writing.db, event)
    writing.booking.link(BookLinkKind.ROLLOUT_EVENT, number, digest_of((*event[:2], int(event.kind), *event[3:])))
    _tell(writing, event)
    return [*events, event]


def _moved(writing: Writing, rollout: Rollout) -> list[Event]:
    """What follows by its rules, one thing after another."""
    number, events = rollout.number, rows.events(writing.db, rollout.number)
    while state.phase_of(events) in (Phase.DUE, Phase.OPEN):
        found = state.next_event(rollout, events, [one.row for one in rows.rows_of(writing.db, number)])
        if found is None:
            break
        if found[0] is EventKind.FAILED:
            _stop_rows(writing, number)
        events = keep_event(writing, number, *found, CENTRE, "")
        if found[0] is EventKind.OPENED:
            break
    return events


def _sent(db: Database, row: TerminalRow, rollout: Rollout, now_ms: int) -> TerminalRow:
    heard = rows.running(db).get(row.device.decode())
    if heard is not None and heard.number == rollout.release and heard.stage is not ReleaseStage.TRIED:
        return row._replace(state=TerminalState.ALREADY, running=heard.number, over_ms=now_ms)
    return row._replace(state=TerminalState.OFFERED, sent_ms=now_ms)


def _heard(one: BoxRow, rollout: Rollout, said: ReleaseSaid, now_ms: int) -> BoxRow:
    """What its row is after its word."""
    row = one.row
    if row.state in (TerminalState.QUEUED, *DONE) or MACHINES[rollout.model] != said.machine:
        return one
    if said.number == rollout.release and said.stage is not ReleaseStage.TRIED:
        return one._replace(row=_at(row, TerminalState.IN_USE, said, now_ms))
    after = _STATES.get(said.stage)
    is_about = said.about == rollout.release or said.number == rollout.release
    if not is_about or after is None or row.state is TerminalState.STOPPED:
        return one
    if row.state.is_over and not after.is_failure:
        return one
    return BoxRow(_at(row, after, said, now_ms), said.why, said.words)


def _at(row: TerminalRow, after: TerminalState, said: ReleaseSaid, now_ms: int) -> TerminalRow:
    is_over = after.is_over
    return row._replace(
        state=after, running=said.number, lacking=said.got, begun_ms=row.begun_ms or now_ms,
        over_ms=(row.over_ms or now_ms) if is_over else 0,
    )  # fmt: skip


def _save(writing: Writing, before: BoxRow, after: BoxRow, said: ReleaseSaid | None = None) -> None:
    if after == before:
        return
    rows.save(writing.db, after)
    is_new = after.row.state is not before.row.state
    if said is not None and is_new and after.row.state in (TerminalState.RETURNED, TerminalState.REFUSED):
        rollout = rows.rollouts(writing.db)[after.row.rollout]
        name = f"{MACHINES[rollout.model]}:{rollout.release}"
        told = BoxReleaseBack(after.box, name, after.why, after.words, said.running, rollout.number)
        writing.notes.tell(told)


def _stop_rows(writing: Writing, number: int) -> None:
    for one in rows.rows_of(writing.db, number):
        _save(writing, one, one._replace(row=state.stopped(one.row, writing.now.unix_ms)))


def _is_known(db: Database, box: str, said: ReleaseSaid, now: Now) -> bool:
    """Has it said just this, lately, and is it in no roll-out that is not over for it?"""
    heard = rows.running(db).get(box)
    if heard is None or now.unix_ms - heard.at_ms >= FRESH_MS or any(one.box == box for one in rows.open_rows(db)):
        return False
    same = heard.name, heard.number, heard.machine, heard.about, heard.stage, heard.why, heard.words
    return same == (said.running, said.number, said.machine, said.about, said.stage, said.why, said.words)


def _wanted(db: Database, box: str, machine: str) -> ReleaseWanted:
    """Of the roll-out that it is in."""
    for one in rows.rows_about(db, box):
        rollout = rows.rollouts(db)[one.row.rollout]
        found = rows.release(db, machine, rollout.release)
        if one.row.state.is_out and MACHINES[rollout.model] == machine and found is not None:
            return ReleaseWanted(found.number, found.length, found.digest, rows.at_once(db, rollout.number))
    return NOTHING


def _row(rollout: int, box: str, wave: int, heard: Running | None) -> BoxRow:
    before = heard.number if heard is not None else 0
    return BoxRow(TerminalRow(rollout, box.encode(), wave, 0, TerminalState.QUEUED, before, box))


def _queued(row: TerminalRow) -> TerminalRow:
    return TerminalRow(row.rollout, row.device, row.wave, 0, TerminalState.QUEUED, row.before, row.box)


def _as_of(one: BoxRow, rollout: Rollout, now: Now) -> BoxRow:
    return one._replace(row=state.by_time(one.row, rollout, now.unix_ms))


def _release(db: Database, rollout: Rollout) -> BoxRelease:
    machine = MACHINES[rollout.model]
    found = rows.release(db, machine, rollout.release)
    if found is None:
        name = f"{machine}:{rollout.release}"
        raise ConfigFault(Text(f"没有网关发行 {name}", f"there is no box release {name}"))
    return found


def _require_free(db: Database, boxes: Mapping[str, int]) -> None:
    for one in rows.open_rows(db):
        if one.box in boxes:
            number = one.row.rollout
            raise ConfigFault(
                Text(
                    f"网关 {one.box} 还在升级 {number} 中：先 stop 或等它结束",
                    f"box {one.box} is in roll-out {number}: stop that one, or let it end",
                )
            )


def _require(db: Database, number: int, *phases: Phase) -> list[Event]:
    events = rows.events(db, number)
    if not events:
        raise ConfigFault(Text(f"没有升级 {number}", f"there is no roll-out {number}"))
    if state.phase_of(events) not in phases:
        raise ConfigFault(Text(f"升级 {number} 不在这一步", f"roll-out {number} does not stand so"))
    return events


def _not_above(one: BoxRelease, newest: int) -> ConfigFault:
    return ConfigFault(
        Text(
            f"网关发行 {one.text} 不高于已有的第 {newest} 号",
            f"box release {one.text} is not above {newest}, which is here",
        )
    )


def _tell(writing: Writing, event: Event) -> None:
    there = [one.row for one in rows.rows_of(writing.db, event.rollout)]
    done, failed = sum(row.state in DONE for row in there), sum(row.state.is_failure for row in there)
    left = len(there) - done - failed
    match event.kind:
        case EventKind.UNDECIDED | EventKind.CANARY | EventKind.FAILED | EventKind.STOPPED:
            writing.notes.tell(BoxRolloutHeld(event.rollout, done, failed, left))
        case EventKind.OVER:
            writing.notes.tell(BoxRolloutOver(event.rollout, done, failed, left))
