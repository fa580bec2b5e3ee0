"""What is true of a roll-out 分批升级 and of each terminal in it, and what follows from the time alone. Pure.

A row says what was heard and from whom: at the box is the box's word, the rest the terminal's or what its box sees of
it. In use is only what the terminal itself has reported, by the digest of what runs. Two clocks run for each terminal:
on waiting, since its permit was sent, and on running, since the release began to come. Silence is failure.

A wave begins when the one before it has passed. Too many failures of those that were begun stop what follows; a wave in
which nobody came to use the release is undecided, and pauses; so does the canary's, for a person to look.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from shared.wire.fleet_lane import Progress, Reported, Stage, Verdict, Why

SEND_MAX = 256
"""Terminals that are sent their permit in one turn; the others of the wave follow in the next."""
NOT_FINAL = frozenset({Verdict.BUSY, Verdict.FETCHING, Verdict.UNKNOWN_KEY})
"""Words on an offer that will be made again."""


class TerminalState(IntEnum):
    """Of one terminal in a roll-out. Frozen numbers: they stand in the ledger. From IN_USE on it is over."""

    QUEUED = 1
    """Its wave has not begun."""
    OFFERED = 2
    """Permit and release are on their way to its box; nobody has answered."""
    AT_BOX = 3
    PERMITTED = 4
    """The terminal has its permit."""
    WAITING = 5
    """Something stands against it: Why."""
    RECEIVING = 6
    WHOLE = 7
    TRIED = 8
    IN_USE = 10
    ALREADY = 11
    """It used this release before its wave began."""
    RETURNED = 12
    """It has failed its self-test, and what ran before runs on."""
    REFUSED = 13
    SILENT = 14
    STOPPED = 15
    """Never sent, or its permit was taken back before it ran."""

    @property
    def is_over(self) -> bool:
        """Is nothing awaited any more? A late word that it is in use still counts."""
        return self >= TerminalState.IN_USE

    @property
    def is_out(self) -> bool:
        """Has its permit left, with no end yet?"""
        return TerminalState.OFFERED <= self < TerminalState.IN_USE

    @property
    def is_failure(self) -> bool:
        """Silence is one."""
        return self in (TerminalState.RETURNED, TerminalState.REFUSED, TerminalState.SILENT)


AGAIN = (TerminalState.REFUSED, TerminalState.SILENT, TerminalState.STOPPED)
"""What a retry tries again. One that was returned is not: that very image is never tried there any more."""


class EventKind(IntEnum):
    """What has happened to a roll-out. Frozen numbers: they stand in the ledger."""

    MADE = 1
    OPENED = 2
    """A wave has begun."""
    PASSED = 3
    UNDECIDED = 4
    """Nobody of the wave came to use it: a pause, until a person says what is to be."""
    CANARY = 5
    """The first few use it: a pause, for a person to look."""
    FAILED = 6
    """Stopped by its rule."""
    STOPPED = 7
    """By a person."""
    RESUMED = 8
    OVER = 9


class Phase(IntEnum):
    """Where it stands: what its last event has made of it."""

    DUE = 1
    """The next wave may begin."""
    OPEN = 2
    PAUSED = 3
    STOPPED = 4
    OVER = 5


_PHASES = {
    EventKind.MADE: Phase.DUE, EventKind.OPENED: Phase.OPEN, EventKind.PASSED: Phase.DUE,
    EventKind.UNDECIDED: Phase.PAUSED, EventKind.CANARY: Phase.PAUSED, EventKind.FAILED: Phase.STOPPED,
    EventKind.STOPPED: Phase.STOPPED, EventKind.RESUMED: Phase.DUE, EventKind.OVER: Phase.OVER,
}  # fmt: skip


GOES_ON = tuple(kind for kind, phase in _PHASES.items() if phase in (Phase.DUE, Phase.OPEN))
"""Last events of a roll-out that goes on by itself."""


class Rollout(NamedTuple):
    """canary: terminals of the first wave, 0: none apart; waves: per cent of all, rising, as they were asked for.
    wait_ms, run_ms: the two clocks. stop at so many per cent of failures, and not before so many. returns: the roll-out
    that it takes back, retries: the one whose failures it tries again; 0: none."""

    number: int
    model: int
    release: int
    who: str
    reason: str
    made_ms: int
    canary: int
    waves: str
    stop_percent: int
    stop_min: int
    wait_ms: int
    run_ms: int
    returns: int = 0
    retries: int = 0


class TerminalRow(NamedTuple):
    """wave: from 1. generation: of its permit; the one after it takes that back. before: the release that it used, 0:
    the built-in one, or not known. lacking, total: what its box says, while it comes. Times in Unix milliseconds, 0: it
    has not happened; begun_ms: it began to come."""

    rollout: int
    device: bytes
    wave: int
    generation: int
    state: TerminalState
    before: int = 0
    box: str = ""
    why: int = 0
    verdict: int = 0
    detail: bytes = b""
    lacking: int = 0
    total: int = 0
    running: int = 0
    sent_ms: int = 0
    box_ms: int = 0
    begun_ms: int = 0
    over_ms: int = 0


class Event(NamedTuple):
    """number: from 1 within a roll-out. wave: that it is about, 0: none."""

    rollout: int
    number: int
    kind: EventKind
    wave: int
    who: str
    reason: str
    at_ms: int


def phase_of(events: Sequence[Event]) -> Phase:
    """Where a roll-out stands."""
    return _PHASES[events[-1].kind]


def wave_of(events: Iterable[Event]) -> int:
    """The last wave that has begun; 0: none."""
    return max((event.wave for event in events if event.kind is EventKind.OPENED), default=0)


# --- what is heard ---------------------------------------------------------------------------------------------------


def at_box(row: TerminalRow, box: str, now_ms: int) -> TerminalRow:
    """Its box holds permit and release."""
    if row.state is not TerminalState.OFFERED:
        return row
    return row._replace(state=TerminalState.AT_BOX, box=box, box_ms=now_ms)


def permitted(row: TerminalRow, generation: int) -> TerminalRow:
    """The terminal uses a permit of this generation."""
    is_it = row.state in (TerminalState.OFFERED, TerminalState.AT_BOX) and generation == row.generation
    return row._replace(state=TerminalState.PERMITTED) if is_it else row


_BEFORE_WHOLE = {
    Stage.WAITING: TerminalState.WAITING, Stage.ERASING: TerminalState.RECEIVING, Stage.COMING: TerminalState.RECEIVING,
}  # fmt: skip
_FROM_WHOLE = {Stage.WHOLE: TerminalState.WHOLE, Stage.TRIED: TerminalState.TRIED}


def progressed(row: TerminalRow, said: Progress, now_ms: int) -> TerminalRow:
    """What its box sees. It is no end: that, the terminal says itself."""
    if not row.state.is_out:
        return row
    row = row._replace(running=said.running or row.running)
    state = _FROM_WHOLE.get(said.stage)
    if state is None and row.state < TerminalState.WHOLE:
        state = _BEFORE_WHOLE.get(said.stage)
    if state is None:
        return row
    return _went_on(row, state, now_ms, why=int(said.why), lacking=said.lacking, total=said.total)


def reported(row: TerminalRow, said: Reported, digest: bytes, release: int, now_ms: int) -> TerminalRow:
    """The terminal's own word on firmware. digest, release: of this roll-out's."""
    if row.state in (TerminalState.QUEUED, TerminalState.IN_USE, TerminalState.ALREADY):
        return row
    if (said.generation, said.digest) == (release, digest):
        return _over(row, TerminalState.IN_USE, now_ms, running=release)
    if said.offered != release or said.generation >= release:
        return row
    row = row._replace(running=said.generation or row.running)
    if said.verdict is Verdict.REFUSED:
        return _over(row, TerminalState.RETURNED, now_ms, int(said.verdict), said.detail)
    if row.state is TerminalState.STOPPED:
        return row
    if said.verdict > Verdict.REFUSED and said.verdict not in NOT_FINAL:
        return _over(row, TerminalState.REFUSED, now_ms, int(said.verdict), said.detail)
    return _on_its_way(row, said, now_ms) if row.state.is_out else row


def _on_its_way(row: TerminalRow, said: Reported, now_ms: int) -> TerminalRow:
    if said.verdict is Verdict.STORED:
        return _went_on(row, max(row.state, TerminalState.WHOLE), now_ms)
    if said.verdict is Verdict.FETCHING and row.state < TerminalState.WHOLE:
        return _went_on(row, TerminalState.RECEIVING, now_ms)
    if said.verdict is Verdict.BUSY and row.state < TerminalState.RECEIVING:
        return _went_on(row, TerminalState.WAITING, now_ms, why=row.why or int(Why.TAPPING), detail=said.detail)
    return row


def is_using(said: Reported | None, digest: bytes, release: int) -> bool:
    """Does this terminal use that very release already?"""
    return said is not None and (said.generation, said.digest) == (release, digest)


def _went_on(
    row: TerminalRow, state: TerminalState, now_ms: int, *, why: int = 0, lacking: int = 0, total: int = 0,
    detail: bytes = b"",
) -> TerminalRow:  # fmt: skip
    begun_ms = row.begun_ms or (now_ms if state >= TerminalState.RECEIVING else 0)
    return row._replace(state=state, why=why, lacking=lacking, total=total, detail=detail, begun_ms=begun_ms)


def _over(
    row: TerminalRow, state: TerminalState, now_ms: int, verdict: int = 0, detail: bytes = b"", running: int = 0
) -> TerminalRow:
    if row.state is state:
        return row
    return row._replace(
        state=state, verdict=verdict, detail=detail, why=0, running=running or row.running, over_ms=now_ms
    )


# --- what follows from the time --------------------------------------------------------------------------------------


def by_time(row: TerminalRow, rollout: Rollout, now_ms: int) -> TerminalRow:
    """Silence, once a clock has run out."""
    if not row.state.is_out:
        return row
    since_ms, bound_ms = (row.begun_ms, rollout.run_ms) if row.begun_ms else (row.sent_ms, rollout.wait_ms)
    return _over(row, TerminalState.SILENT, now_ms) if now_ms >= since_ms + bound_ms else row


# --- waves -----------------------------------------------------------------------------------------------------------


def to_send(rollout_waves: Mapping[int, int], rows: Iterable[TerminalRow]) -> list[TerminalRow]:
    """Terminals whose wave is open. rollout_waves: of each roll-out that is open, the wave that has begun."""
    waiting = (
        row for row in rows
        if row.state is TerminalState.QUEUED and row.wave <= rollout_waves.get(row.rollout, 0)
    )  # fmt: skip
    return sorted(waiting, key=lambda row: (row.rollout, row.wave, row.device))[:SEND_MAX]


def is_failed(rollout: Rollout, rows: Iterable[TerminalRow], wave: int) -> bool:
    """Have too many failed, of all that were begun, up to this wave?"""
    begun = [row for row in rows if row.wave <= wave]
    failed = sum(row.state.is_failure for row in begun)
    return bool(rollout.stop_percent) and failed >= max(1, rollout.stop_min) and (
        failed * 100 >= rollout.stop_percent * len(begun)
    )  # fmt: skip


def next_event(rollout: Rollout, events: Sequence[Event], rows: Sequence[TerminalRow]) -> tuple[EventKind, int] | None:
    """What follows by the rules alone, and of which wave; None: nothing."""
    phase, wave = phase_of(events), wave_of(events)
    if phase is Phase.DUE:
        queued = [row.wave for row in rows if row.state is TerminalState.QUEUED]
        return (EventKind.OPENED, min(queued)) if queued else (EventKind.OVER, wave)
    if phase is not Phase.OPEN:
        return None
    if is_failed(rollout, rows, wave):
        return EventKind.FAILED, wave
    if any(row.wave <= wave and not row.state.is_over for row in rows):
        return None
    return _ended(rollout, rows, wave), wave


def _ended(rollout: Rollout, rows: Iterable[TerminalRow], wave: int) -> EventKind:
    """All of the wave are over."""
    is_last = not any(row.wave > wave for row in rows)
    if is_last:
        return EventKind.PASSED
    if not any(row.wave == wave and row.state is TerminalState.IN_USE for row in rows):
        return EventKind.UNDECIDED
    return EventKind.CANARY if rollout.canary and wave == 1 else EventKind.PASSED


def stopped(row: TerminalRow, now_ms: int) -> TerminalRow:
    """Somebody or its rule stops the roll-out. One that is being tried is left to its self-test."""
    if row.state.is_over or row.state is TerminalState.TRIED:
        return row
    return _over(row, TerminalState.STOPPED, now_ms)


def waves_of(devices: Sequence[bytes], canary: int, shares: Sequence[int]) -> dict[bytes, int]:
    """Terminal → its wave, in this order. shares: per cent of all, the last one 100; each wave has one at least."""
    ends = [min(canary, len(devices))] if canary else []
    for share in shares:
        ends.append(max(ends[-1] if ends else 0, -(-len(devices) * share // 100)))
    waves = [end for at, end in enumerate(ends) if end > (ends[at - 1] if at else 0)]
    return {
        device: next(wave for wave, end in enumerate(waves, 1) if at < end) for at, device in enumerate(devices)
    }  # fmt: skip
