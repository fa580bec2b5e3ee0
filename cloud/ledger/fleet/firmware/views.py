"""Roll-outs and their terminals as somebody reads them. Inside of a transaction.

A clock that has run out counts in what is read, whether or not the ingest is there to write it down.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cloud.ledger.fleet.documents.reported import reported
from cloud.ledger.fleet.firmware import rows, state
from cloud.ledger.fleet.firmware.releases import Release, releases
from cloud.ledger.fleet.firmware.state import Event, Phase, Rollout, TerminalRow, TerminalState
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.fleet.document import DocumentKind
from shared.fleet.firmware import MODELS


class RolloutView(NamedTuple):
    """A roll-out, what has happened to it, and where its terminals are."""

    rollout: Rollout
    events: Sequence[Event]
    counts: Mapping[TerminalState, int]
    wave: int
    waves: int

    @property
    def phase(self) -> Phase:
        """Where it stands."""
        return state.phase_of(self.events)

    @property
    def is_over(self) -> bool:
        """Does nothing go on by itself any more?"""
        is_held = self.phase in (Phase.PAUSED, Phase.STOPPED, Phase.OVER)
        return is_held and not any(one.is_out for one in self.counts)

    @property
    def total(self) -> int:
        """Terminals."""
        return sum(self.counts.values())

    @property
    def failed(self) -> int:
        """Terminals, silent ones too."""
        return sum(count for one, count in self.counts.items() if one.is_failure)

    @property
    def done(self) -> int:
        """Terminals that use it, as they have said themselves."""
        return sum(self.counts.get(one, 0) for one in (TerminalState.IN_USE, TerminalState.ALREADY))


def rollout_views(db: Database, now: Now) -> list[RolloutView]:
    """All, the newest last: in four questions, however many and of however many terminals."""
    found, events = rows.rollouts(db), rows.events_of_all(db)
    counts: dict[int, Counter[TerminalState]] = {number: Counter() for number in found}
    waves = dict.fromkeys(found, 0)
    for number, how, count, wave in rows.ended(db):
        counts[number][how] += count
        waves[number] = max(waves[number], wave)
    for row in rows.out(db):
        counts[row.rollout][state.by_time(row, found[row.rollout], now.unix_ms).state] += 1
        waves[row.rollout] = max(waves[row.rollout], row.wave)
    return [
        RolloutView(one, own, counts[number], state.wave_of(own), waves[number])
        for number, one in found.items()
        for own in (events.get(number, []),)
    ]


def rollout_view(db: Database, number: int, now: Now) -> tuple[RolloutView, list[TerminalRow]] | None:
    """One of them and its terminals, as of now."""
    found = rows.rollout(db, number)
    return _view(db, found, now) if found is not None else None


class FirmwareView(NamedTuple):
    """models: terminal → its hardware, as it was registered. running: terminal → the release that it says it uses; who
    never said one is not in it."""

    releases: Sequence[Release]
    models: Mapping[bytes, int]
    running: Mapping[bytes, int]


def firmware(db: Database) -> FirmwareView:
    """What there is, and what runs."""
    said = (one.said for one in reported(db, DocumentKind.FIRMWARE))
    return FirmwareView(
        releases(db),
        {bytes(device): MODELS[kind] for device, kind in db.run("SELECT device, kind FROM device ORDER BY name")},
        {bytes(one.device): one.generation for one in said},
    )


def _view(db: Database, rollout: Rollout, now: Now) -> tuple[RolloutView, list[TerminalRow]]:
    there = [state.by_time(row, rollout, now.unix_ms) for row in rows.rows_of(db, rollout.number)]
    counts = {one: sum(row.state is one for row in there) for one in {row.state for row in there}}
    events = rows.events(db, rollout.number)
    return RolloutView(rollout, events, counts, state.wave_of(events), max(row.wave for row in there)), there
