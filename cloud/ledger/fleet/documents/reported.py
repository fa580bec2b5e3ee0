"""What boxes say that they hold, and terminals that they use: kept as said, and held against what was made.

A box speaks for its own terminals only. What a terminal uses is a fork where it has our number and other bytes, or a
number that we never made; above all of ours, somebody has made it who is not here: the ledger may have been put back.
"""

from typing import NamedTuple

from cloud.ledger.fleet.documents.rows import Document, generation_of, newest
from cloud.store.db import Database, Row
from shared.facts.fleet import DocumentAhead, DocumentForkHeld, DocumentForkInUse
from shared.facts.told import Told
from shared.fleet.document import CAMPUS, DocumentKind, Scope
from shared.ids import BoxId, DeviceId
from shared.wire.fleet_lane import Held, HeldRow, Reported, Verdict

_HELD = "box, kind, scope, generation, digest, as_of, at_ms"
REPORTED = (
    "device, kind, scope, generation, digest, echo, seq, as_of, offered, verdict, detail, box, at_ms, since_ms, "
    "reached, told"
)
_KEY = "device, kind, scope"


class Known(NamedTuple):
    """A terminal's last word as it is kept."""

    said: Reported
    box: str
    at_ms: int
    since_ms: int
    reached: int
    told: int


def store_held(db: Database, box: BoxId, held: Held, now_ms: int) -> list[Told]:
    """All that the box holds now; what it does not name it does not hold. What is to be told of it, once for a change.
    Inside of a transaction."""
    before = {
        (kind, bytes(whom)): (generation, bytes(digest))
        for kind, whom, generation, digest in db.run(
            "SELECT kind, scope, generation, digest FROM document_held WHERE box = ?", (box,)
        )
    }
    fresh = [row for row in held.rows if before.get((int(row.kind), row.scope)) != (row.generation, row.digest)]
    rows = [(box, int(r.kind), r.scope, r.generation, r.digest, r.as_of, now_ms) for r in held.rows]
    db.run("DELETE FROM document_held WHERE box = ?", (box,))
    db.upsert("document_held", _HELD, "box, kind, scope", rows)
    return [told for row in fresh if (told := _told_of_held(db, row)) is not None]


def held_by(db: Database) -> dict[str, list[HeldRow]]:
    """Box → what it said last."""
    found: dict[str, list[HeldRow]] = {}
    for box, kind, whom, generation, digest, as_of in db.run(
        "SELECT box, kind, scope, generation, digest, as_of FROM document_held ORDER BY box, kind, scope"
    ):
        row = HeldRow(DocumentKind(kind), Scope(bytes(whom)), generation, bytes(digest), as_of)
        found.setdefault(box, []).append(row)
    return found


def store_reported(db: Database, box: BoxId, said: Reported, now_ms: int) -> Told | None:
    """Kept; what is to be told of it, once for a change. Inside of a transaction."""
    before = known_of(db, said.device, said.kind, said.scope)
    is_new = before is None or _in_use(before.said) != _in_use(said)
    ours = generation_of(db, said.kind, said.scope, said.generation) if said.generation else None
    is_ours = ours is not None and ours.digest == said.digest
    reached = before.reached if before else 0
    row = (
        said.device, int(said.kind), said.scope, said.generation, said.digest, said.echo, said.seq, said.as_of,
        said.offered, int(said.verdict), said.detail, box, now_ms,
        now_ms if before is None or is_new else before.since_ms,
        max(reached, said.generation) if is_ours else reached, before.told if before else 0,
    )  # fmt: skip
    db.upsert("document_reported", REPORTED, _KEY, [row])
    return _told(db, said, ours) if is_new and said.generation else None


def known_of(db: Database, device: bytes, kind: DocumentKind, whom: Scope) -> Known | None:
    """The last word of one terminal about one document."""
    rows = db.run(
        f"SELECT {REPORTED} FROM document_reported WHERE device = ? AND kind = ? AND scope = ?",  # noqa: S608  # ours
        (device, int(kind), whom),
    )
    return as_kept(rows[0]) if rows else None


def reported(db: Database, kind: DocumentKind | None = None) -> list[Known]:
    """All of them; about one kind alone, if it is said."""
    of_kind = "" if kind is None else f"WHERE kind = {int(kind)} "
    rows = db.run(f"SELECT {REPORTED} FROM document_reported {of_kind}ORDER BY {_KEY}")  # noqa: S608  # ours
    return [as_kept(row) for row in rows]


class InUse(NamedTuple):
    """The hotlist of ours that a terminal uses: which, when it first said so, and the last record before it."""

    generation: int
    since_ms: int
    seq: int


def hotlists_in_use(db: Database) -> dict[bytes, InUse]:
    """By terminal; those alone whose digest is that of the generation that we have made."""
    rows = db.run(
        "SELECT r.device, r.generation, r.since_ms, r.seq FROM document_reported r JOIN document d ON "
        "d.kind = r.kind AND d.scope = r.scope AND d.generation = r.generation AND d.digest = r.digest "
        "WHERE r.kind = ? AND r.scope = ?",
        (int(DocumentKind.HOTLIST), CAMPUS),
    )
    return {bytes(device): InUse(*rest) for device, *rest in rows}


def hotlists_reached(db: Database) -> dict[bytes, int]:
    """Terminal → the highest hotlist of ours that it ever said it uses."""
    which = int(DocumentKind.HOTLIST), CAMPUS
    rows = db.run("SELECT device, reached FROM document_reported WHERE kind = ? AND scope = ?", which)
    return {bytes(device): int(reached) for device, reached in rows}


def note_behind(db: Database, device: bytes, kind: DocumentKind, whom: Scope, generation: int) -> None:
    """It is told that this terminal lacks this generation."""
    db.run(
        "UPDATE document_reported SET told = ? WHERE device = ? AND kind = ? AND scope = ?",
        (generation, device, int(kind), whom),
    )


def _in_use(said: Reported) -> tuple[int, bytes]:
    return said.generation, said.digest


def _told(db: Database, said: Reported, ours: Document | None) -> Told | None:
    if ours is not None and ours.digest == said.digest:
        return None
    ahead = _ahead(db, said.kind, said.scope, said.generation)
    return ahead or DocumentForkInUse(said.kind.name.lower(), said.generation)


def _told_of_held(db: Database, row: HeldRow) -> Told | None:
    ours = generation_of(db, row.kind, row.scope, row.generation)
    if ours is not None and ours.digest == row.digest:
        return None
    ahead = _ahead(db, row.kind, row.scope, row.generation)
    return ahead or DocumentForkHeld(row.kind.name.lower(), row.generation)


def _ahead(db: Database, kind: DocumentKind, whom: Scope, generation: int) -> Told | None:
    last = newest(db, kind, whom)
    above = last.generation if last else 0
    return DocumentAhead(kind.name.lower(), generation, above) if generation > above else None


def as_kept(row: Row) -> Known:
    """From REPORTED's columns."""
    device, kind, whom, generation, digest, echo, seq, as_of, offered, verdict, detail, *rest = row
    said = Reported(
        DeviceId(bytes(device)), DocumentKind(kind), Scope(bytes(whom)), generation, bytes(digest), echo, seq, as_of,
        offered, Verdict(verdict), bytes(detail),
    )  # fmt: skip
    return Known(said, *rest)
