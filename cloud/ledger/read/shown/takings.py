"""What a day, or some days, took: by merchant, terminal and part of the day. Inside of a snapshot.

Summed from the books' own lines: whatever grows what is owed to a merchant, or what is held for him, was taken; what
makes it less was given back; what goes from one of the two to the other is neither. Times are the records' own.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cloud.ledger.books.chart import AccountKind
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.records.arrival import arrive, is_apart, split_key
from cloud.store.db import Database, Row
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import DAY_S
from shared.records import Pair
from shared.records.stored import STORED_HEAD

_MINE = (AccountKind.MERCHANT, AccountKind.HELD)
_FLAGS_AT = STORED_HEAD + 4
"""Where the low octet of a record's flags stands, counted from 1; of a mixed payment's second half it says so."""
LINES = (
    "SELECT p.entry, p.line, p.kind, p.effective_day, p.booked_at_ms, p.fen, d.kind, d.code, c.kind, c.code, h.key, "  # noqa: S608  # our own number
    f"r.key, SUBSTR(r.stored, {_FLAGS_AT}, 1){{stored}} FROM posting h JOIN posting p ON p.entry = h.entry "
    "JOIN account d ON d.id = p.debit JOIN account c ON c.id = p.credit LEFT JOIN record r ON r.id = h.record "
    "WHERE h.line = 0 AND h.effective_day >= ? AND h.effective_day <= ? AND h.entry <= ? "
    "AND (d.kind IN (?, ?) OR c.kind IN (?, ?))"
)
"""The index ix_posting_day has first lines alone; an entry's others are of the same day."""
_BY_ANSWER = frozenset({EntryKind.ACCOUNT_PAID, EntryKind.ACCOUNT_REVERSED})
"""Entries that have no record, or have one later; their key names the terminal."""
_PAYS = frozenset(
    {
        EntryKind.PURCHASE, EntryKind.EVIDENCE, EntryKind.ACCOUNT_PAID, EntryKind.MEAL, EntryKind.MEAL_SHEET,
        EntryKind.ONLINE_CAPTURED, EntryKind.CODE_PAID, EntryKind.CODE_BORNE,
    }
)  # fmt: skip
NO_SLOT = -1
NEWEST = 2**62
"""No entry has a greater number."""


class Place(NamedTuple):
    """Where something was taken. merchant: '' where nobody knows whose it is; slot: which part of the day, 0 before
    the first; NO_SLOT where none was asked, or nobody knows."""

    day: int
    merchant: str
    box: str
    device: bytes
    terminal: str
    place: str
    slot: int


@dataclass(slots=True)
class Sums:
    """In fen. held_fen: what of it waits for two persons 待核; it is in gross_fen, too."""

    count: int = 0
    gross_fen: int = 0
    backs: int = 0
    back_fen: int = 0
    held_fen: int = 0

    @property
    def net_fen(self) -> int:
        """What is left."""
        return self.gross_fen - self.back_fen

    def add(self, other: "Sums") -> None:
        """More of the same."""
        self.count += other.count
        self.gross_fen += other.gross_fen
        self.backs += other.backs
        self.back_fen += other.back_fen
        self.held_fen += other.held_fen


def takings(
    db: Database, first: int, last: int, edges: Sequence[int] = (), upto: int = NEWEST, merchant: str = ""
) -> dict[Place, Sums]:
    """Of business days, both ends included. edges: seconds of the day at which its parts begin. upto: of entries up to
    this one. merchant: of this one alone."""
    kinds = [str(kind) for kind in _MINE]
    of, named = _of_merchant(merchant)
    sql = LINES.format(stored=", r.stored" if edges else "") + of
    rows = db.run(sql, (first, last, upto, *kinds, *kinds, *named))
    bodies = {bytes(d): rest for d, *rest in db.run("SELECT device, name, place, box FROM device")}
    found: defaultdict[Place, Sums] = defaultdict(Sums)
    counted: set[int] = set()
    for device, slot, row in _read(rows, edges):
        name, where, box = bodies.get(device, (device.hex(), "", ""))
        merchant, one = _moved(row)
        if one is not None:
            sums = found[Place(row[3], merchant, box, device, name, where, slot)]
            sums.add(one)
            if row[0] not in counted:
                counted.add(row[0])
                sums.count += row[2] in _PAYS and not _is_second(row[12])
                sums.backs += one.back_fen > 0
    return dict(found)


def by_kind(db: Database, first: int, last: int, merchant: str) -> dict[tuple[int, EntryKind], Sums]:
    """What moved a merchant's money on these days, by day and kind of entry; what goes between held and his is none."""
    kinds = [str(kind) for kind in _MINE]
    of, named = _of_merchant(merchant)
    found: defaultdict[tuple[int, EntryKind], Sums] = defaultdict(Sums)
    for row in db.run(LINES.format(stored="") + of, (first, last, NEWEST, *kinds, *kinds, *named)):
        _, one = _moved(row)
        if one is not None:
            one.count = 1
            found[row[3], EntryKind(row[2])].add(one)
    return dict(found)


def _of_merchant(name: str) -> tuple[str, tuple[str, ...]]:
    """A further condition, and what it takes."""
    codes = tuple(f"{kind}:{name}" for kind in _MINE) if name else ()
    marks = ", ".join("?" * len(codes))
    return (f" AND (d.code IN ({marks}) OR c.code IN ({marks}))", (*codes, *codes)) if codes else ("", ())


def _read(rows: list[Row], edges: Sequence[int]) -> Iterator[tuple[bytes, int, Row]]:
    """Device, part of the day and row; of records that came under another box's key what they say themselves."""
    for row in sorted(rows, key=lambda row: (row[0], row[1])):
        entry_key, record_key = bytes(row[10]), bytes(row[11] or b"")
        if not record_key:
            device = entry_key[1:7] if row[2] in _BY_ANSWER else b""
            yield device, _slot(WALL.at(row[4] / 1000), edges), row
        elif edges:
            a = arrive(bytes(row[13]))
            yield a.device, _slot(a.record.time, edges) if a.record else NO_SLOT, row
        else:
            yield (b"" if is_apart(record_key) else split_key(record_key)[0]), NO_SLOT, row


def _is_second(flags: bytes | None) -> bool:
    """A mixed payment is one sale: its second half is counted with its first."""
    return flags is not None and len(flags) == 1 and flags[0] >> 3 & 3 == Pair.SECOND


def _moved(row: Row) -> tuple[str, Sums | None]:
    """Whose, and what of it; None for what stays with the same merchant."""
    fen, debit, debit_code, credit, credit_code = row[5:10]
    if debit in _MINE and credit in _MINE:
        return "", None
    if credit in _MINE:
        return _merchant(credit_code), Sums(gross_fen=fen, held_fen=fen if credit == AccountKind.HELD else 0)
    return _merchant(debit_code), Sums(back_fen=fen, held_fen=-fen if debit == AccountKind.HELD else 0)


def _merchant(code: str) -> str:
    name = code.partition(":")[2]
    return "" if name == "?" else name


def _slot(campus_s: int, edges: Sequence[int]) -> int:
    return bisect_right(edges, campus_s % DAY_S) if edges else NO_SLOT
