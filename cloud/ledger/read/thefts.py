"""What is told of a theft: what was settled before it, what is held since, whose cards it touched. In a snapshot.

Held are the entries whose merchant side waits because of this theft; two persons may have released 放行 them to the
merchant or returned 退还 them to the holder since. Settled are records of its epochs that the ledger
held at the report; those whose own time is `since` or later are named, for the merchant has them and a person may ask.
Walks the postings since the report and the records of the stolen body's epochs: for a command, not for every second.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace

from cloud.ledger.books.entry import EntryFlag, EntryKind
from cloud.ledger.fleet.heard import box_states
from cloud.ledger.journal.balances import all_balances
from cloud.ledger.journal.move_rows import boxes_now
from cloud.ledger.journal.theft_rows import read_marks, read_stolen, read_thefts
from cloud.ledger.records.arrival import Arrival, arrive, record_key
from cloud.ledger.records.marks import Mark
from cloud.ledger.records.stolen import Theft
from cloud.ledger.records.values import Verdict
from cloud.store.db import Database
from shared.wire.messages import Revocations, revocations_mark

CHUNK = 2000
_BOOKED = (
    "SELECT p.entry, p.flags, p.fen, r.stored FROM posting p JOIN record r ON r.id = p.record "
    "WHERE p.entry > ? AND p.line = 0 AND p.kind IN (?, ?) ORDER BY p.entry LIMIT ?"
)
_SETTLED = (
    "SELECT key, fork, stored FROM record WHERE (key, fork) > (?, ?) AND key <= ? AND id <= ? AND verdict IN (?, ?) "
    "ORDER BY key, fork LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class BoxWord:
    """What a box last told of the list that it holds. confirmed: it is the newest; ahead: it is none of ours."""

    box: str
    name: str
    version: int
    confirmed: bool
    ahead: bool


@dataclass(frozen=True, slots=True)
class StandingTheft:
    """What is reported stolen now, and where its body was. Texts are empty if it never was in one."""

    psam: bytes
    with_body: bool
    since_s: int
    who: str
    terminal: str
    place: str


@dataclass(frozen=True, slots=True)
class EpochMark:
    """What was settled of one epoch of a body when the theft was reported."""

    device: bytes
    terminal: str
    epoch: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class Touched:
    """A card that a stolen PSAM has debited. Times: campus seconds, as the records tell them."""

    card: bytes
    label: str
    records: int = 0
    fen: int = 0
    held_records: int = 0
    held_fen: int = 0
    first_s: int = 0
    last_s: int = 0

    def with_record(self, fen: int, time_s: int, *, held: bool) -> "Touched":
        """And one more."""
        return replace(
            self, records=self.records + 1, fen=self.fen + fen, held_records=self.held_records + held,
            held_fen=self.held_fen + (fen if held else 0), first_s=min(self.first_s or time_s, time_s),
            last_s=max(self.last_s, time_s),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TheftView:
    """A report and what followed. body, box, place, merchant: where its body was; empty if it never was in one."""

    theft: Theft
    body: bytes
    terminal: str
    box: str
    place: str
    merchant: str
    settled: tuple[EpochMark, ...]
    cards: tuple[Touched, ...]
    released: tuple[int, int] = (0, 0)
    """Entries that two persons gave to the merchant, and their sum."""
    returned: tuple[int, int] = (0, 0)
    """Entries that two persons gave back to the holders, and their sum."""

    @property
    def held(self) -> tuple[int, int]:
        """Entries whose merchant side waits, and their sum."""
        return sum(card.held_records for card in self.cards), sum(card.held_fen for card in self.cards)

    @property
    def doubtful(self) -> tuple[int, int]:
        """Settled before the report, made since the theft: how many, and their sum. They stay with the merchant."""
        elsewhere = (self.held, self.released, self.returned)
        records, fen = (sum(counted[n] for counted in elsewhere) for n in (0, 1))
        return sum(card.records for card in self.cards) - records, sum(card.fen for card in self.cards) - fen


@dataclass(frozen=True, slots=True)
class Reach:
    """Cards of one profile and key version that are valid now, and what is in their purses."""

    profile: str
    key_version: int
    cards: int
    purse_fen: int


@dataclass(slots=True)
class _Cards:
    """Cards by number, as records name them."""

    labels: dict[bytes, str]
    found: dict[bytes, Touched] = field(default_factory=dict)

    def add(self, a: Arrival, fen: int, *, held: bool) -> None:
        if a.record is not None:
            card = a.record.card
            before = self.found.get(card) or Touched(card, self.labels.get(card, ""))
            self.found[card] = before.with_record(fen, a.record.time, held=held)

    def by_count(self) -> tuple[Touched, ...]:
        """Most records first."""
        return tuple(sorted(self.found.values(), key=lambda card: (-card.records, -card.fen, card.card)))


def revocations(db: Database) -> Revocations:
    """The list that every box should hold."""
    return read_stolen(db).revocations


def standing(db: Database) -> tuple[Revocations, list[StandingTheft]]:
    """The list, and what stands on it, newest first: cheap enough for every second."""
    stolen = read_stolen(db)
    names = _names(db) if stolen.thefts else {}
    found = []
    for theft in reversed(stolen.thefts):
        terminal, _, place, _ = names.get(_body(db, theft, names), ("", "", "", ""))
        found.append(StandingTheft(theft.psam, bool(theft.device), theft.since_s, theft.who, terminal, place))
    return stolen.revocations, found


def box_words(db: Database) -> list[BoxWord]:
    """Every registered box, by its name."""
    ours, states = revocations(db), box_states(db)
    newest, found = revocations_mark(ours), []
    for box, name in db.run("SELECT box, name FROM box ORDER BY box"):
        mark = states[box][1].revocations if box in states else (0, 0)
        found.append(BoxWord(box, name, mark[0], mark == newest, mark[0] >= ours.version and mark != newest))
    return found


def reach(db: Database, now_s: int) -> list[Reach]:
    """Which cards a PSAM with the purchase masters of each version could debit, if it were in front of them."""
    surplus = all_balances(db)
    found: dict[tuple[str, int], Reach] = {}
    sql = "SELECT profile, key_version, purse_account, subsidy_account FROM card WHERE expires > ? ORDER BY card"
    for profile, version, *accounts in db.run(sql, (now_s,)):
        old = found.get((profile, version), Reach(profile, version, 0, 0))
        fen = old.purse_fen - sum(surplus.get(account, 0) for account in accounts)
        found[profile, version] = Reach(profile, version, old.cards + 1, fen)
    return [found[key] for key in sorted(found)]


def thefts(db: Database) -> list[Theft]:
    """Every report, newest first."""
    return read_thefts(db)[::-1]


def knows_psam(db: Database, psam: bytes) -> bool:
    """Of the inventory: a PSAM, or a body without one, whose number is its terminal's."""
    listed = "SELECT 1 FROM psam WHERE psam = ? UNION ALL SELECT 1 FROM device WHERE device = ?"
    return bool(db.run(listed, (psam, psam)))


def theft_views(db: Database, psam: bytes) -> list[TheftView]:
    """The reports of this PSAM, newest first."""
    return [_view(db, theft) for theft in thefts(db) if theft.psam == psam]


def _view(db: Database, theft: Theft) -> TheftView:
    names = _names(db)
    body = _body(db, theft, names)
    marks = {key[1:]: mark for key, mark in read_marks(db).items() if key[0] == theft.number}
    cards = _Cards(dict(db.run("SELECT card, label FROM card")))
    for a in _settled(db, theft, marks):
        cards.add(a, a.record.amount_fen if a.record else 0, held=False)
    decided = {EntryKind.HELD_RELEASED: (0, 0), EntryKind.HELD_RETURNED: (0, 0)}
    for a, fen, kind in _held(db, theft):
        cards.add(a, fen, held=kind is None)
        if kind is not None:
            records, sum_fen = decided[kind]
            decided[kind] = records + 1, sum_fen + fen
    settled = tuple(
        EpochMark(device, names[device][0] if device in names else device.hex(), epoch, mark)
        for (device, epoch), mark in sorted(marks.items())
    )
    terminal, box, place, merchant = names.get(body, ("", "", "", ""))
    return TheftView(
        theft, body, terminal, box, place, merchant, settled, cards.by_count(), *decided.values()
    )  # fmt: skip


def _names(db: Database) -> dict[bytes, tuple[str, str, str, str]]:
    rows = db.run("SELECT device, name, box, place, merchant FROM device")
    moved = boxes_now(db)
    return {row[0]: (row[1], moved.get(row[0]) or row[2], row[3], row[4]) for row in rows}


def _body(db: Database, theft: Theft, names: Container[bytes]) -> bytes:
    if theft.device:
        return theft.device
    rows = db.run("SELECT device FROM psam WHERE psam = ?", (theft.psam,))
    return bytes(rows[0][0]) if rows else theft.psam if theft.psam in names else b""


def _settled(db: Database, theft: Theft, marks: dict[tuple[bytes, int], Mark]) -> Iterator[Arrival]:
    """Purchases of the theft's epochs that were posted before the report, and tell a time since the theft."""
    for device, epoch in sorted(marks):
        key, fork, last = record_key(device, epoch, 0), 0, record_key(device, epoch, 0xFFFF_FFFF)
        while True:
            verdicts = int(Verdict.POSTED), int(Verdict.HELD)
            rows = db.run(_SETTLED, (key, fork, last, theft.record, *verdicts, CHUNK))
            for _, _, stored in rows:
                a = arrive(stored)
                if a.slot and theft.concerns(a) and a.record is not None and a.record.time >= theft.since_s:
                    yield a
            if len(rows) < CHUNK:
                break
            key, fork = rows[-1][:2]


def _held(db: Database, theft: Theft) -> Iterator[tuple[Arrival, int, EntryKind | None]]:
    """Entries since the report whose merchant side was held, without those that were withdrawn, and how each was
    decided: None while it waits."""
    decided = {held: EntryKind(kind) for held, kind in db.run("SELECT held, kind FROM held_release")}
    withdrawn = {entry for (entry,) in db.run("SELECT reverses FROM posting WHERE reverses > ?", (theft.entry,))}
    for entry, flags, fen, a in booked_since(db, theft.entry):
        if theft.found is not None and entry > theft.found[1]:
            return
        if flags & EntryFlag.MERCHANT_HELD and entry not in withdrawn and theft.concerns(a):
            yield a, fen, decided.get(entry)


def booked_since(db: Database, entry: int) -> Iterator[tuple[int, int, int, Arrival]]:
    """Entry, flags, sum and record of every purchase that was booked after this entry."""
    kinds = int(EntryKind.PURCHASE), int(EntryKind.EVIDENCE)
    while True:
        rows = db.run(_BOOKED, (entry, *kinds, CHUNK))
        for number, flags, fen, stored in rows:
            yield number, flags, fen, arrive(stored)
        if len(rows) < CHUNK:
            return
        entry = rows[-1][0]
