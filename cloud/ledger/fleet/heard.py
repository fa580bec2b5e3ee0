"""Boxes, terminals and facts as they were last heard. Inside of a snapshot."""

from functools import lru_cache

from cloud.ledger.fleet.views import BoxView, Completeness, FactView, TerminalView
from cloud.ledger.journal.facts import from_json
from cloud.ledger.journal.move_rows import NOW
from cloud.ledger.records.marks import EMPTY, Mark, unpack_ranges
from cloud.store.db import Database
from shared.wire.messages import BoxState, decode_state

STATES_KEPT = 256
"""States of boxes that are remembered as they were read."""
_PLACED = (
    "SELECT d.device, d.name, d.place, d.merchant, COALESCE(m.box, d.box) FROM device d "  # noqa: S608  # our own words
    f"LEFT JOIN {NOW} m ON m.device = d.device ORDER BY d.name"
)
_STATUS = "SELECT s.device, s.epoch, s.oldest, s.last, s.settled, s.open_slots, s.at_ms FROM epoch_status s"


def box_states(db: Database) -> dict[str, tuple[int, BoxState]]:
    """Box → when it was heard, and what it said."""
    return {box: (at, _state(bytes(raw))) for box, at, raw in db.run("SELECT box, at_ms, state FROM box_state")}


@lru_cache(maxsize=STATES_KEPT)
def _state(raw: bytes) -> BoxState:
    """The same octets are asked for by several questions of one look, and until the box speaks again."""
    return decode_state(raw)


def boxes(db: Database) -> list[BoxView]:
    """Registered boxes, by name of the box."""
    rows = db.run(
        "SELECT b.box, b.name, b.partition, s.at_ms, s.state FROM box b LEFT JOIN box_state s ON s.box = b.box "
        "ORDER BY b.box"
    )
    return [
        BoxView(box, name, partition, at_ms or 0, _state(bytes(raw)) if raw else None)
        for box, name, partition, at_ms, raw in rows
    ]


def terminals(db: Database) -> list[TerminalView]:
    """A row per epoch; a terminal that was never heard has epoch 0."""
    held = marks(db)
    heard = {(device, epoch): rest for device, epoch, *rest in db.run(_STATUS)}
    keys: dict[bytes, set[int]] = {}
    for device, epoch in (*held, *heard):
        keys.setdefault(device, set()).add(epoch)
    found = []
    for device, *names in db.run(_PLACED):
        for epoch in sorted(keys.get(device, {0})):
            found.append(_terminal(device, names, epoch, held.get((device, epoch), EMPTY), heard.get((device, epoch))))
    return found


def facts(db: Database, most: int) -> list[FactView]:
    """Newest first."""
    sql = "SELECT at_ms, level, code, box, device, text, params FROM fact ORDER BY id DESC LIMIT ?"
    return [_fact(*row) for row in db.run(sql, (most,))]


def facts_of(db: Database, device: bytes, most: int) -> list[FactView]:
    """Of one device, newest first."""
    sql = "SELECT at_ms, level, code, box, device, text, params FROM fact WHERE device = ? ORDER BY id DESC LIMIT ?"
    return [_fact(*row) for row in db.run(sql, (device, most))]


def newest_fact(db: Database) -> int:
    """Its number; 0: there is none."""
    return db.run("SELECT MAX(id) FROM fact")[0][0] or 0


def facts_after(db: Database, number: int, most: int) -> list[tuple[int, FactView]]:
    """Those behind this number, with their own, oldest first."""
    sql = "SELECT id, at_ms, level, code, box, device, text, params FROM fact WHERE id > ? ORDER BY id LIMIT ?"
    return [(own, _fact(*row)) for own, *row in db.run(sql, (number, most))]


def _fact(at_ms: int, level: str, code: str, box: str, device: bytes, text: str, params: str) -> FactView:
    return FactView(at_ms, level, code, box, device, text or from_json(params))


def marks(db: Database) -> dict[tuple[bytes, int], Mark]:
    """(device, epoch) → what the ledger holds of it."""
    rows = db.run("SELECT device, epoch, cumulative, ranges FROM device_mark")
    return {(device, epoch): Mark(cumulative, unpack_ranges(ranges)) for device, epoch, cumulative, ranges in rows}


def _terminal(device: bytes, names: list[str], epoch: int, mark: Mark, heard: list[int] | None) -> TerminalView:
    name, place, merchant, box = names
    oldest, last, settled, open_slots, at_ms = heard or (0, mark.highest(), 0, 0, 0)
    owed = mark.missing(1, last) if heard else ()
    completeness = _completeness(owed, oldest) if heard else Completeness.UNKNOWN
    return TerminalView(
        device, name, place, merchant, box, epoch, last, settled, mark.total(), owed, completeness, open_slots, at_ms
    )


def _completeness(owed: tuple[tuple[int, int], ...], oldest: int) -> Completeness:
    """Below its oldest slot the terminal holds nothing any more."""
    if not owed:
        return Completeness.COMPLETE
    return Completeness.GAP if owed[0][0] < oldest else Completeness.LATE
