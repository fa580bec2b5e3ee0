"""The ledger's doors for firmware: releases kept, roll-outs made by a command, moved on by what is heard and by time.

Nothing here signs: permits, and what takes each back, are drafted, signed by the key process outside of any
transaction, and kept with their rows. So a wave begins, and a stop takes effect, with nobody at hand.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cloud.ledger.fleet.documents import reported as words
from cloud.ledger.fleet.documents.making import told_of, withdraw
from cloud.ledger.fleet.documents.rows import Which, newest
from cloud.ledger.fleet.firmware import releases, rows, state
from cloud.ledger.fleet.firmware.moving import is_due, keep_event, move_on, save, stop_rows
from cloud.ledger.fleet.firmware.releases import Release
from cloud.ledger.fleet.firmware.rows import Papers
from cloud.ledger.fleet.firmware.state import EventKind, Phase, Rollout, TerminalRow, TerminalState
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.errors import ConfigFault
from shared.facts.fleet import FirmwareForged, RolloutMade
from shared.fleet.document import DocumentKind, Head, decode_head, device_scope
from shared.fleet.document import digest_of as digest_of_body
from shared.fleet.firmware import Image
from shared.fleet.permit import Permit, nothing
from shared.ids import BoxId, DeviceId
from shared.keys.document_key import DocumentKey
from shared.keys.firmware_file import SignedImage
from shared.wire.fleet_lane import FirmwareProgress, Held, Reported
from shared.words.voice import Text

LOOK_MS = 2_000
"""So often it is looked whose clock has run out, when nobody has done or said anything."""


class Heads(NamedTuple):
    """Of one terminal, to be signed: its permit, and what takes it back."""

    device: bytes
    permit: Head
    off: Head


class FirmwareLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.opened = opened
        self.database = opened.database
        self._seen, self._looked_ms = -1, 0

    # --- releases -------------------------------------------------------------------------------------------------

    def take(
        self, found: SignedImage, head: Head, image: Image, who: str, now: Now, trust: bytes = b""
    ) -> tuple[Release, bool]:  # fmt: skip
        """A proven release is kept; and whether it was not here before. trust: what the officers stand for now, proven,
        too. ConfigFault: its number is taken or too low."""
        with self.opened.writing(now) as writing:
            if trust:
                releases.take_trust(writing, trust, who)
            return releases.take(writing, found, head, image, who)

    def trust(self) -> tuple[int, bytes] | None:
        """What the officers stand for now, and its number."""
        with self.database.reading():
            return releases.newest_trust(self.database)

    def tell_forged(self, fault: str, who: str, now: Now) -> None:
        """Somebody brought what is not as the officers signed it."""
        with self.opened.writing(now) as writing:
            writing.notes.tell(FirmwareForged(fault, who))

    def releases(self) -> list[Release]:
        """All that were brought here."""
        with self.database.reading():
            return releases.releases(self.database)

    def keys(self) -> list[DocumentKey]:
        """Those of the officers, as boxes and terminals need them."""
        with self.database.reading():
            return releases.firmware_keys(self.database)

    # --- made -----------------------------------------------------------------------------------------------------

    def draft(self, release: Release, devices: Sequence[bytes], key_version: int, now: Now) -> list[Heads]:
        """For each terminal its two heads, to be signed."""
        permit = Permit(release.model, release.release, release.digest).encode()
        with self.database.reading():
            last = rows.last_generations(self.database)
            return [
                _heads(self.database, last, device, (permit, nothing(release.model).encode()), key_version, now)
                for device in devices
            ]

    def make(
        self, rollout: Rollout, waves: Mapping[bytes, int], papers: Mapping[bytes, Papers], now: Now
    ) -> int:  # fmt: skip
        """Its number, and its first wave has begun when this returns. 0: the numbers were taken by others, draft anew.
        ConfigFault: a terminal is in another one that is not over, or boxes have a later release."""
        with self.opened.writing(now) as writing:
            db = writing.db
            release = _release(db, rollout)
            _require_free(db, waves)
            last = rows.last_generations(db)
            generations = {device: decode_head(one.head.raw).generation for device, one in papers.items()}
            if any(number <= last.get(device, 0) for device, number in generations.items()):
                return 0
            made = rollout._replace(number=rows.next_number(db), made_ms=now.unix_ms)
            found = [
                (_row(db, made, release, device, wave, generations[device]), papers[device])
                for device, wave in sorted(waves.items())
            ]
            releases.offer(writing, release)
            rows.insert(db, made, found)
            writing.booking.link(BookLinkKind.ROLLOUT, made.number, digest_of((*made, *sorted(waves))))
            keep_event(writing, made.number, EventKind.MADE, 0, made.who, made.reason)
            count, last_wave = len(waves), max(waves.values())
            writing.notes.tell(
                RolloutMade(made.number, release.text, count, last_wave, made.who, made.reason)
            )  # fmt: skip
            move_on(writing)
            rows.touch(db)
            return made.number

    def stop(self, number: int, who: str, reason: str, now: Now) -> None:
        """Who has not begun to run it never will, from when this returns. ConfigFault: it is over, or not there."""
        with self.opened.writing(now) as writing:
            events = rows.events(writing.db, number)
            _require(events, number, Phase.DUE, Phase.OPEN, Phase.PAUSED)
            stop_rows(writing, number)
            keep_event(writing, number, EventKind.STOPPED, state.wave_of(events), who, reason)
            rows.touch(writing.db)

    def resumable(self, number: int) -> tuple[Rollout, Release, list[TerminalRow]]:
        """Which terminals need another permit before it can go on. ConfigFault: it did not pause, and nobody stopped
        it."""
        with self.database.reading():
            events = rows.events(self.database, number)
            _require(events, number, Phase.PAUSED, Phase.STOPPED)
            if events[-1].kind is EventKind.FAILED:
                raise ConfigFault(
                    Text(
                        f"升级 {number} 因失败过多而停止：请 retry 或 roll-back",
                        f"roll-out {number} was stopped by its failures: retry it, or roll it back",
                    )
                )
            rollout = _rollout(self.database, number)
            there = rows.rows_of(self.database, number)
            stopped = [row for row in there if row.state is TerminalState.STOPPED]
            return rollout, _release(self.database, rollout), stopped

    def resume(self, number: int, papers: Mapping[bytes, Papers], who: str, reason: str, now: Now) -> bool:
        """It goes on when this returns. papers: of those that `resumable` named. False: their numbers are taken."""
        with self.opened.writing(now) as writing:
            db = writing.db
            events = rows.events(db, number)
            _require(events, number, Phase.PAUSED, Phase.STOPPED)
            last = rows.last_generations(db)
            for row in rows.rows_of(db, number):
                if row.state is not TerminalState.STOPPED or row.device not in papers:
                    continue
                generation = decode_head(papers[row.device].head.raw).generation
                if generation <= last.get(row.device, 0):
                    return False
                fresh = _queued(row, generation)
                rows.save_papers(db, fresh, papers[row.device])
            keep_event(writing, number, EventKind.RESUMED, state.wave_of(events), who, reason)
            move_on(writing)
            rows.touch(db)
            return True

    # --- moved on -------------------------------------------------------------------------------------------------

    def move_on(self, now: Now) -> bool:
        """Clocks that have run out, waves that have passed or failed. False, and cheap: nothing is open."""
        with self.database.reading():
            if not rows.is_anything_open(self.database):
                return False
            seen = rows.version(self.database)
            if seen == self._seen and 0 <= now.unix_ms - self._looked_ms < LOOK_MS:
                return True
            due = is_due(self.database, now)
        if due:
            with self.opened.writing(now) as writing:
                move_on(writing)
        self._seen, self._looked_ms = seen, now.unix_ms
        return True


# --- heard, inside of a transaction ---------------------------------------------------------------------------------


def note_held(writing: Writing, box: BoxId, held: Held) -> None:
    """A box has said what is durable there."""
    there = {(row.kind, row.scope): row.generation for row in held.rows}
    if DocumentKind.FIRMWARE not in {row.kind for row in held.rows}:
        return
    known: dict[int, Rollout] = {}
    for row in rows.open_rows(writing.db):
        if row.state is not TerminalState.OFFERED or not writing.registry.serves(box, DeviceId(row.device)):
            continue
        rollout = known.setdefault(row.rollout, _rollout(writing.db, row.rollout))
        has_permit = there.get(_permit_of(row.device)) == row.generation
        if has_permit and there.get(releases.which_of(rollout.model)) == rollout.release:
            save(writing, row, state.at_box(row, box, writing.now.unix_ms))


def note_reported(writing: Writing, said: Reported) -> None:
    """A terminal has said something of its firmware, or of its permit."""
    if said.kind is DocumentKind.PERMIT:
        _note_permit(writing, said)
    if said.kind is DocumentKind.FIRMWARE:
        for row in rows.rows_about(writing.db, said.device):
            rollout = _rollout(writing.db, row.rollout)
            digest = _release(writing.db, rollout).digest
            after = state.reported(row, said, digest, rollout.release, writing.now.unix_ms)
            if after != row:
                save(writing, row, after)
                rows.touch(writing.db)


def note_progress(writing: Writing, said: FirmwareProgress) -> None:
    """A box says how far a release has come at its terminals; of another's terminals nothing is kept."""
    ours = {one.device: one for one in said.rows}
    for row in rows.open_rows(writing.db):
        one = ours.get(DeviceId(row.device))
        rollout = _rollout(writing.db, row.rollout) if one is not None else None
        if one is None or rollout is None or said.generation != rollout.release:
            continue
        after = state.progressed(row, one, writing.now.unix_ms)
        if after != row:
            save(writing, row, after)


def _note_permit(writing: Writing, said: Reported) -> None:
    for row in rows.rows_about(writing.db, said.device):
        if said.generation == row.generation + 1 and row.state.is_over:
            withdraw(writing.db, _permit_of(row.device), said.generation)  # it has heard that nothing is permitted
        after = state.permitted(row, said.generation)
        if after != row:
            save(writing, row, after)


# --- inside ---------------------------------------------------------------------------------------------------------


def _permit_of(device: bytes) -> Which:
    return DocumentKind.PERMIT, device_scope(DeviceId(device))


def _queued(row: TerminalRow, generation: int) -> TerminalRow:
    """As if its wave had not begun."""
    return TerminalRow(row.rollout, row.device, row.wave, generation, TerminalState.QUEUED, row.before)


def _rollout(db: Database, number: int) -> Rollout:
    found = rows.rollout(db, number)
    if found is None:
        raise _no_rollout(number)
    return found


def _release(db: Database, rollout: Rollout) -> Release:
    found = releases.release_of(db, rollout.model, rollout.release)
    if found is None:
        name = releases.release_text(rollout.model, rollout.release)
        raise ConfigFault(Text(f"没有固件 {name}", f"there is no release {name}"))
    return found


def _row(
    db: Database, rollout: Rollout, release: Release, device: bytes, wave: int, generation: int
) -> TerminalRow:  # fmt: skip
    known = words.known_of(db, device, *release.which)
    before = known.said.generation if known else 0
    return TerminalRow(rollout.number, device, wave, generation, TerminalState.QUEUED, before)


def _require_free(db: Database, devices: Mapping[bytes, int]) -> None:
    taken = rows.open_of(db, devices)
    if taken:
        device, number = next(iter(sorted(taken.items())))
        raise ConfigFault(
            Text(
                f"终端 {device.hex()} 还在升级 {number} 中：先 stop 或等它结束",
                f"terminal {device.hex()} is in roll-out {number}: stop that one, or let it end",
            )
        )


def _require(events: Sequence[state.Event], number: int, *phases: Phase) -> None:
    if not events:
        raise _no_rollout(number)
    phase = state.phase_of(events)
    if phase not in phases:
        words = _PHASE_WORDS[phase]
        raise ConfigFault(Text(f"升级 {number} {words.zh}", f"roll-out {number} {words.en}"))


_PHASE_WORDS = {
    Phase.DUE: Text("正在进行", "is under way"),
    Phase.OPEN: Text("正在进行", "is under way"),
    Phase.PAUSED: Text("已暂停", "has paused"),
    Phase.STOPPED: Text("已停止", "is stopped"),
    Phase.OVER: Text("已结束", "is over"),
}


def _no_rollout(number: int) -> ConfigFault:
    return ConfigFault(Text(f"没有升级 {number}", f"there is no roll-out {number}"))


def _heads(
    db: Database, last: Mapping[bytes, int], device: bytes, bodies: tuple[bytes, bytes], key_version: int, now: Now
) -> Heads:  # fmt: skip
    which = DocumentKind.PERMIT, device_scope(DeviceId(device))
    made = newest(db, *which)
    before = max(last.get(device, 0), made.generation if made else 0)
    generation = max(before, told_of(db, which, before)) + 1
    permit, off = (
        Head(key_version, *which, generation + at, now.campus_s, len(body), digest_of_body(body))
        for at, body in enumerate(bodies)
    )
    return Heads(device, permit, off)


