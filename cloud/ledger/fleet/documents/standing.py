"""Wanted 应有 beside reported 实有: how every document stands at every terminal that should have it.

What a terminal has never said is unknown, and stays so. Behind is counted from the moment at which the first
generation that it lacks was made.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from cloud.ledger.fleet.documents.reported import REPORTED, Known, as_kept, held_by
from cloud.ledger.fleet.documents.rows import Document, Wanted, Which, wanted
from cloud.ledger.journal.move_rows import NOW
from cloud.store.db import Database, Row
from shared.fleet.document import CAMPUS, OPTIONAL, DocumentKind, Scope, device_scope
from shared.ids import DeviceId
from shared.wire.fleet_lane import HeldRow, Verdict

ROWS_MAX = 100_000
"""Most rows that are told: 7 kinds of 14,000 terminals."""
_TOLD_ELSEWHERE = (DocumentKind.ORDER, DocumentKind.FIRMWARE, DocumentKind.PERMIT)
FOR_BOXES = frozenset({DocumentKind.REVOCATIONS, DocumentKind.TRUST})
"""Kinds of which terminals have no use."""
_NOT_FOR_TERMINALS = FOR_BOXES | set(_TOLD_ELSEWHERE)


class DocumentState(StrEnum):
    """How a terminal stands to one document. Words: cloud/words/fleet/documents.py."""

    IN_USE = "in-use"
    BEHIND = "behind"
    STORED = "stored"
    """It has it, and it takes effect later."""
    UNUSED = "unused"
    """It has no use for such documents."""
    REFUSED = "refused"
    FORK = "fork"
    AHEAD = "ahead"
    """It uses a generation that is not made here."""
    UNKNOWN = "unknown"

    @property
    def is_red(self) -> bool:
        """Does somebody have to look at it?"""
        return self in (DocumentState.REFUSED, DocumentState.FORK, DocumentState.AHEAD)


class DocumentRow(NamedTuple):
    """The newest generation of a document. as_of: campus seconds at which its head was signed last."""

    document: Document
    as_of: int
    pages: int


class BoxRow(NamedTuple):
    """What a box said last that it holds of it; None: nothing."""

    box: str
    which: Which
    wanted: int
    held: HeldRow | None


class TerminalRow(NamedTuple):
    """behind_ms: since when it lacks something, Unix milliseconds; 0: it lacks nothing, or nobody knows."""

    device: bytes
    name: str
    place: str
    box: str
    which: Which
    wanted: int
    standing: DocumentState
    known: Known | None
    behind_ms: int
    merchant: str = ""


class DocumentsView(NamedTuple):
    """All of it, as of one snapshot. unmade: cards that the books have listed, or taken off, since the newest hotlist
    was made: more than none for longer than a moment means that nobody signs, and no terminal can know. beyond: cards
    that would be awaited, and are more than a document names."""

    documents: tuple[DocumentRow, ...]
    boxes: tuple[BoxRow, ...]
    terminals: tuple[TerminalRow, ...]
    unmade: int = 0
    beyond: int = 0

    def of(self, device: str) -> "DocumentsView":
        """One terminal alone, by its name or number, and its box."""
        rows = tuple(row for row in self.terminals if device in (row.name, row.device.hex()))
        boxes = {row.box for row in rows}
        return self._replace(boxes=tuple(one for one in self.boxes if one.box in boxes), terminals=rows)

    @property
    def is_red(self) -> bool:
        """Is there a fork, or has a terminal refused something?"""
        return any(row.standing.is_red for row in self.terminals)


def standing(db: Database) -> DocumentsView:
    """Inside of a snapshot. Orders, firmware and its permits are not here: what became of them is in their jobs and
    roll-outs (fleet/jobs/, fleet/firmware/)."""
    there = [one for one in wanted(db) if one.document.kind not in _TOLD_ELSEWHERE]
    held = {(box, row.kind, row.scope): row for box, rows in held_by(db).items() for row in rows}
    return DocumentsView(
        tuple(DocumentRow(one.document, one.head.as_of, len(one.document.hashes)) for one in there),
        tuple(_boxes(db, there, held)),
        tuple(
            _terminals(
                [one for one in there if one.document.kind not in FOR_BOXES], _said(db), db.run(_DEVICES.format(""))
            )
        )[:ROWS_MAX],
        _unmade(db),
    )


_NAMED = "SELECT card FROM hotlist_named WHERE until IS NULL"


def rows_of_kind(db: Database, kind: DocumentKind, devices: Sequence[Row]) -> list[TerminalRow]:
    """One kind at these terminals: device, name, place, merchant and box of each. Inside of a snapshot."""
    return list(_terminals(wanted(db, kind), _said(db, kind), devices))


def rows_of_device(db: Database, device: bytes) -> list[TerminalRow]:
    """One terminal alone, whatever others have. Inside of a snapshot."""
    said, own = _said(db, device=device), device_scope(DeviceId(device))
    scopes = {CAMPUS, own, *(scope for words in said.values() for _, scope in words)}
    there = [one for one in wanted(db, scopes=sorted(scopes)) if one.document.kind not in _NOT_FOR_TERMINALS]
    return list(_terminals(there, said, db.run(_DEVICES.format("WHERE d.device = ? "), (device,))))


def _unmade(db: Database) -> int:
    """Cards that are on one of the two lists alone."""
    listed = "SELECT card FROM hotlisted"
    apart = f"SELECT * FROM ({listed} EXCEPT {_NAMED}) a UNION ALL SELECT * FROM ({_NAMED} EXCEPT {listed}) b"  # noqa: S608  # our own names
    return int(db.run(f"SELECT COUNT(*) FROM ({apart}) c")[0][0])  # noqa: S608  # our own names


def _boxes(
    db: Database, there: Sequence[Wanted], held: Mapping[tuple[str, DocumentKind, Scope], HeldRow]
) -> Iterator[BoxRow]:
    everywhere = {one.document.which for one in there if one.document.scope == CAMPUS}
    wanted_of = {one.document.which: one.document.generation for one in there}
    here: dict[str, set[Which]] = {}
    for named, kind, scope in held:
        here.setdefault(named, set()).add((kind, scope))
    for (box,) in db.run("SELECT box FROM box ORDER BY box"):
        for which in sorted(everywhere | (here.get(box, set()) & wanted_of.keys())):
            yield BoxRow(box, which, wanted_of[which], held.get((box, *which)))


def _terminals(there: Sequence[Wanted], said: "Said", devices: Iterable[Row]) -> Iterator[TerminalRow]:
    newest = {one.document.which: one.document for one in there}
    by_scope = _by_scope(newest)
    for device, name, place, merchant, box in devices:
        words = said.get(bytes(device), {})
        own = by_scope.get(device_scope(DeviceId(bytes(device))), ())
        for which in sorted({*by_scope.get(CAMPUS, ()), *own, *words}):
            last, (word, made) = newest.get(which), words.get(which, (None, _NEVER))
            how = judged(last, word, made)
            behind_ms = made.next_ms if how in (DocumentState.BEHIND, DocumentState.STORED) else 0
            yield TerminalRow(
                bytes(device), name, place, box, which, last.generation if last else 0, how, word, behind_ms, merchant
            )


_DEVICES = (
    "SELECT d.device, d.name, d.place, d.merchant, COALESCE(m.box, d.box) FROM device d "  # noqa: S608  # our own words
    f"LEFT JOIN {NOW} m ON m.device = d.device {{}}ORDER BY d.name"
)


def _by_scope(whiches: Iterable[Which]) -> dict[Scope, list[Which]]:
    found: dict[Scope, list[Which]] = {}
    for which in whiches:
        found.setdefault(which[1], []).append(which)
    return found


class Made(NamedTuple):
    """What we know of a generation that a terminal uses: its digest, and when the one after it was made; 0: none."""

    digest: bytes
    next_ms: int


_NEVER = Made(b"", 0)


def judged(last: Document | None, word: Known | None, made: Made) -> DocumentState:
    """What its last word is worth. made: what ours is of the generation that it uses."""
    if word is None:
        return DocumentState.UNKNOWN
    said, newest = word.said, last.generation if last else 0
    if said.verdict is Verdict.FORK:
        return DocumentState.FORK
    if said.generation > newest:
        return DocumentState.AHEAD
    if said.generation and made.digest != said.digest:
        return DocumentState.FORK
    if said.generation == newest:
        return DocumentState.IN_USE
    if said.verdict is Verdict.UNSUPPORTED and said.kind in OPTIONAL:
        return DocumentState.UNUSED
    if said.verdict >= Verdict.REFUSED and said.verdict is not Verdict.BUSY and said.offered == newest:
        return DocumentState.REFUSED
    return DocumentState.STORED if said.verdict is Verdict.STORED and said.offered == newest else DocumentState.BEHIND


Said = dict[bytes, dict[Which, tuple[Known, Made]]]
"""Of each terminal its last word about each document."""
_SAID = (
    f"SELECT {', '.join(f'r.{name}' for name in REPORTED.split(', '))}, d.digest, "  # noqa: S608  # our own words
    "(SELECT n.made_ms FROM document n WHERE n.kind = r.kind "
    "AND n.scope = r.scope AND n.generation > r.generation ORDER BY n.generation LIMIT 1) "
    "FROM document_reported r LEFT JOIN document d ON d.kind = r.kind AND d.scope = r.scope "
    "AND d.generation = r.generation WHERE r.kind "
)


def _said(db: Database, kind: DocumentKind | None = None, device: bytes | None = None) -> Said:
    """About one kind, or all that are told here; by one terminal, or by all."""
    told_elsewhere = ", ".join(str(int(one)) for one in _TOLD_ELSEWHERE)
    found: Said = {}
    asked = f"{_SAID} NOT IN ({told_elsewhere})" if kind is None else f"{_SAID} = {int(kind)}"
    by = ("", ()) if device is None else (" AND r.device = ?", (device,))
    for *row, digest, next_ms in db.run(asked + by[0], by[1]):
        word = as_kept(tuple(row))
        which = word.said.kind, word.said.scope
        found.setdefault(bytes(word.said.device), {})[which] = word, Made(bytes(digest or b""), next_ms or 0)
    return found
