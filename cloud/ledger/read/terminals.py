"""What each terminal brought and what became of it, so that the rows add up to the sums of the whole ledger.

First verdicts stand in the device marks; what evidence, voids and released quarantine posted since comes on top, and
loads are counted as cases, as the overview does: one that only the card's counter proved has no record. Inside of a
snapshot.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.fleet.heard import terminals
from cloud.ledger.fleet.views import TerminalView
from cloud.ledger.journal.writing import first_verdict_key
from cloud.ledger.read.views import TerminalBody, TerminalCount
from cloud.ledger.receive.quarantine import QuarantineState
from cloud.ledger.receive.voids import VoidState
from cloud.ledger.records.arrival import APART_KEYS, KEY_SIZE, arrive, is_apart, split_key
from cloud.ledger.records.grey import State
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.marks import EMPTY, Mark, unpack_ranges
from cloud.ledger.records.values import Verdict
from cloud.store.db import Database

Key = tuple[bytes, int]
"""(device, epoch)"""

_FIRST = (
    "SELECT device, epoch, cumulative, ranges, posted, held, suspense, quarantined, no_entry, duplicates, spent_fen "
    "FROM device_mark"
)
_LATER = (
    "SELECT r.key, r.stored, CAST(COALESCE(SUM(p.fen), 0) AS BIGINT) FROM {cases} c JOIN record r ON r.id = c.record "
    "LEFT JOIN posting p ON p.entry = c.entry AND p.kind IN (?, ?) WHERE c.state = ? GROUP BY r.id, r.key, r.stored"
)
_APART = (
    "SELECT key, fork, stored, verdict FROM record WHERE key >= ? AND key < ? AND length(key) > ? AND verdict IN (?, ?)"
)
_LOADS = "SELECT key, amount_fen FROM load_case WHERE state IN (?, ?)"


@dataclass(slots=True)
class _Sums:
    mark: Mark = EMPTY
    counts: Counter[str] = field(default_factory=Counter)


_NAMES = ("posted", "held", "suspense", "quarantined", "no_entry", "duplicates", "spent_fen")


def body_of(db: Database, device: bytes) -> TerminalBody | None:
    """None: it is not registered."""
    rows = db.run("SELECT kind FROM device WHERE device = ?", (device,))
    if not rows:
        return None
    psams = tuple(bytes(psam) for (psam,) in db.run("SELECT psam FROM psam WHERE device = ? ORDER BY psam", (device,)))
    said = db.run(
        "SELECT at_ms, hotlist_version, parameter_version, slots_left, clock_set FROM device_status WHERE device = ?",
        (device,),
    )
    if not said:
        return TerminalBody(rows[0][0], psams, None, None, None, None, None)
    at_ms, hotlist, parameters, slots, is_clock_set = said[0]
    return TerminalBody(rows[0][0], psams, at_ms, hotlist, parameters, slots, bool(is_clock_set))


def bodies_of_merchant(db: Database, merchant: str) -> list[tuple[Any, ...]]:
    """Name, kind, place, and what it said last, as of body_of: None each where it has said nothing. By name."""
    return db.run(
        "SELECT d.name, d.kind, d.place, s.at_ms, s.hotlist_version, s.parameter_version, s.slots_left, s.clock_set "
        "FROM device d LEFT JOIN device_status s ON s.device = d.device WHERE d.merchant = ? ORDER BY d.name",
        (merchant,),
    )


def by_terminal(db: Database, named: Mapping[bytes, tuple[str, str, str]] | None = None) -> list[TerminalCount]:
    """By name and epoch. Bodies in no inventory are named by their number. named: name, place and merchant of each,
    where they are known already."""
    found: defaultdict[Key, _Sums] = defaultdict(_Sums)
    _first_verdicts(db, found)
    _apart(db, found)
    _later_postings(db, found)
    _voids(db, found)
    _loads(db, found)
    names = _names(db) if named is None else named
    rows = [_count(key, sums, *names.get(key[0], (key[0].hex(), "", ""))) for key, sums in found.items()]
    return sorted(rows, key=lambda row: (row.name, row.epoch))


def reconciled(db: Database) -> tuple[list[TerminalView], list[TerminalCount]]:
    """What every terminal says that it wrote, and what is here of it."""
    views = terminals(db)
    return views, by_terminal(db, {one.device: (one.name, one.place, one.merchant) for one in views})


def _names(db: Database) -> Mapping[bytes, tuple[str, str, str]]:
    rows = db.run("SELECT device, name, place, merchant FROM device")
    return {device: (name, place, merchant) for device, name, place, merchant in rows}


def _first_verdicts(db: Database, found: defaultdict[Key, _Sums]) -> None:
    for device, epoch, cumulative, ranges, *counts in db.run(_FIRST):
        sums = found[bytes(device), epoch]
        sums.mark = Mark(cumulative, unpack_ranges(ranges))
        sums.counts.update(dict(zip(_NAMES, counts, strict=True)))
        sums.counts["posted"] += sums.counts["held"]


def _apart(db: Database, found: defaultdict[Key, _Sums]) -> None:
    """Genuine debits that a box has brought under the number of another box's terminal: theirs, and in no mark."""
    rows = db.run(_APART, (*APART_KEYS, KEY_SIZE, int(Verdict.POSTED), int(Verdict.HELD)))
    there = [(arrive(stored), bytes(key), fork, verdict) for key, fork, stored, verdict in rows]
    keys = [first_verdict_key(EntryKind.PURCHASE, a._replace(key=key), fork) for a, key, fork, _ in there]
    spent = {bytes(key): fen for key, fen in db.find("SELECT key, fen FROM posting WHERE key", keys)}
    for (a, _, _, verdict), key in zip(there, keys, strict=True):
        counts = _of(found, a.key)
        counts["posted"] += 1
        counts["held"] += verdict == Verdict.HELD
        counts["spent_fen"] += spent.get(key, 0)


def _later_postings(db: Database, found: defaultdict[Key, _Sums]) -> None:
    """Unproven purchases that evidence has posted, and what two persons have released from quarantine."""
    kinds = (int(EntryKind.PURCHASE), int(EntryKind.EVIDENCE))
    for cases, first, state in (
        ("suspense", "suspense", int(State.EVIDENCE)), ("quarantine", "quarantined", int(QuarantineState.POSTED)),
    ):  # fmt: skip
        for key, stored, fen in db.run(_LATER.format(cases=cases), (*kinds, state)):
            counts = _of(found, arrive(stored).key)
            counts["posted"] += 1
            counts[first] -= not is_apart(key)  # its terminal was never told of it
            counts["spent_fen"] += fen


def _voids(db: Database, found: defaultdict[Key, _Sums]) -> None:
    """A void posts for the terminal that made it, and takes back a purchase of the one that it names."""
    sql = "SELECT r.key, v.target, v.amount_fen FROM void_case v JOIN record r ON r.id = v.record WHERE v.state = ?"
    for key, target, fen in db.run(sql, (int(VoidState.POSTED),)):
        maker = _of(found, key)
        maker["posted"] += 1
        maker["suspense"] -= 1
        taken = _of(found, target)
        taken["voids"] += 1
        taken["voided_fen"] += fen


def _loads(db: Database, found: defaultdict[Key, _Sums]) -> None:
    for key, fen in db.run(_LOADS, (int(CaseState.CONFIRMED), int(CaseState.CONFIRMED_BY_COUNTER))):
        counts = _of(found, key)
        counts["loads"] += 1
        counts["loaded_fen"] += fen


def _of(found: defaultdict[Key, _Sums], key: bytes) -> Counter[str]:
    device, epoch, _ = split_key(key)
    return found[device, epoch].counts


def _count(key: Key, sums: _Sums, name: str, place: str, merchant: str) -> TerminalCount:
    mark, n = sums.mark, sums.counts
    first = 1 if mark.cumulative else min((low for low, _ in mark.ranges), default=0)
    return TerminalCount(
        device=key[0], epoch=key[1], name=name, place=place, merchant=merchant, first=first, last=mark.highest(),
        posted=n["posted"], held=n["held"], suspense=n["suspense"], quarantined=n["quarantined"],
        no_entry=n["no_entry"], duplicates=n["duplicates"], spent_fen=n["spent_fen"], loads=n["loads"],
        loaded_fen=n["loaded_fen"], voids=n["voids"], voided_fen=n["voided_fen"],
    )  # fmt: skip
