"""All that the books know of one card, in the order in which it happened, and what of it is not known. In a snapshot.

Every movement is one entry; what lies before the newest of them is one sum of each account, worked out from the
postings. Beside it stand the balances that the books keep, so that whoever adds it up can see whether they agree.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cloud.ledger.books.chart import OF_A_CARD
from cloud.ledger.findings.card_gaps import DEEP, missing
from cloud.ledger.findings.found import CardFinding
from cloud.ledger.findings.found import of_cards as found_of
from cloud.ledger.findings.purses import Whose
from cloud.ledger.findings.rows import MAIN, SUBSIDY, Difference, of_cards
from cloud.ledger.fleet.owing import Fleet, Owing, fleet, owing
from cloud.ledger.funds.meals.backs import backs_of
from cloud.ledger.funds.meals.taking import COLUMNS, Meal
from cloud.ledger.funds.offline.certificates import of_card
from cloud.ledger.funds.offline.taking import CodeUse, uses_where
from cloud.ledger.funds.offline.terms import CertificateRow
from cloud.ledger.held.losses.standing import LostCard, standing_of
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.read.books import open_quarantine, records_numbered, statement
from cloud.ledger.read.loads import LoadStanding, open_loads_of
from cloud.ledger.read.shown.card import CardFile, card_file
from cloud.ledger.read.views import CardView, EntryView, QuarantineView, RecordView
from cloud.ledger.records.arrival import arrive
from cloud.ledger.records.grey import State
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import DAY_S
from shared.ids import CardId
from shared.records import LoadRecord, PurchaseRecord, application_of

LOOKED = 40
"""The records that came last, of which each purse's newest is what it was last known to hold."""
QUARANTINE_MAX = 1000
"""Open cases that are looked through, the oldest; more are told to be."""
FRESH_MS = 600_000
"""Who was not heard within it may have sold since, and nobody knows."""
_OLDER = (
    "SELECT account, CAST(SUM(fen) AS BIGINT) FROM (SELECT credit AS account, fen FROM posting WHERE entry < ? AND "
    "credit IN ({0}) UNION ALL SELECT debit, -fen FROM posting WHERE entry < ? AND debit IN ({0})) m GROUP BY account"
)
_COUNTS = "SELECT COUNT(DISTINCT entry) FROM posting WHERE entry < ? AND ({})"
Sums = tuple[int, ...]
"""Fen of each account of a card, in the order of OF_A_CARD."""


MEALS_MAX = 20
"""Emergency meals that are told one by one."""


class LastKnown(NamedTuple):
    """What a purse held when its newest record here was made: known of that moment, and of no later one."""

    application: int
    fen: int
    record: RecordView


class Movement(NamedTuple):
    """An entry, where it was made, and what it moved of the card."""

    entry: EntryView
    place: str
    moved: Sums

    @property
    def order(self) -> tuple[int, int, int]:
        """By its own moment, not by when it came: of one without a record the day is known."""
        record = self.entry.record
        time, counter = (record.time, record.counter) if record else (self.entry.effective_day * DAY_S, 0)
        return time, counter, self.entry.entry


class Late(NamedTuple):
    """What may still come. counters: purchases that the card has counted and nobody has brought, by application;
    owing: terminals that owe records, whosesoever; unheard: terminals of which nothing is known since a while."""

    counters: Mapping[int, Sequence[int]]
    owing: tuple[Owing, ...]
    unheard: tuple[str, ...]


class Story(NamedTuple):
    """older: how many entries lie before `moves`, and their sums; balances: as the books keep them. grey: records that
    wait for evidence. quarantine_is_whole: were all open cases looked at?"""

    file: CardFile
    known: tuple[LastKnown, ...]
    moves: tuple[Movement, ...]
    older: int
    older_sums: Sums
    balances: Sums
    late: Late
    lost: LostCard | None
    differences: tuple[Difference, ...]
    loads: tuple[LoadStanding, ...]
    grey: tuple[RecordView, ...]
    quarantine: tuple[QuarantineView, ...]
    quarantine_is_whole: bool
    as_of: Now
    meals: tuple[Meal, ...] = ()
    """Emergency meals of whose card it is, the newest MEALS_MAX."""
    meals_owed_fen: int = 0
    meals_back: frozenset[int] = frozenset()
    """Of those, what stood in a wrong person's name and was taken back."""
    findings: tuple[CardFinding, ...] = ()
    certificates: tuple[CertificateRow, ...] = ()
    """Of its holder's phones, those that are not over by their time."""
    codes: tuple[CodeUse, ...] = ()
    """What terminals took by them, the newest MEALS_MAX."""

    @property
    def summed(self) -> Sums:
        """What all movements add up to."""
        columns = zip(self.older_sums, *(one.moved for one in self.moves), strict=True)
        return tuple(sum(column) for column in columns)

    @property
    def adds_up(self) -> bool:
        """Do they say what the books keep?"""
        return self.summed == self.balances


def story(db: Database, label: str, most: int, now: Now) -> Story | None:
    """None: no card has this label. most: movements that are told one by one, the newest."""
    rows = db.run(f"SELECT card, {CARD_ACCOUNTS} FROM card WHERE label = ?", (label,))  # noqa: S608  # our own names
    if not rows:
        return None
    card, *accounts = rows[0]
    found = card_file(db, card)
    if found is None:
        return None
    there, shown = fleet(db), statement(db, CardId(bytes(card)), most)[::-1]
    first = shown[0].entry if len(shown) == most else 0
    older, sums = _before(db, accounts, first)
    cases = open_quarantine(db, QUARANTINE_MAX)
    return Story(
        found, tuple(_known(db, bytes(card))), tuple(_moves(found, shown, there)), older, sums, _kept(found.balances),
        _late(db, bytes(card), there, now), standing_of(db, now, label), tuple(of_cards(db, [card])),
        tuple(open_loads_of(db, bytes(card), now)),
        tuple(_grey(db, bytes(card))), tuple(one for one in cases if one.record.card == card),
        len(cases) < QUARANTINE_MAX, now, *_meals(db, bytes(card)), tuple(found_of(db, [bytes(card)])),
        tuple(of_card(db, card, now.campus_s)), tuple(uses_where(db, "card = ?", (bytes(card),))[-MEALS_MAX:]),
    )  # fmt: skip


def _meals(db: Database, card: bytes) -> tuple[tuple[Meal, ...], int, frozenset[int]]:
    """What was given to the persons whose card this is, what they owe, and what of it was taken back."""
    whose = db.run("SELECT number, owed_fen FROM person WHERE card = ?", (card,))
    rows = [
        row for number, _ in whose
        for row in db.run(f"SELECT {COLUMNS} FROM meal WHERE number = ? ORDER BY id DESC LIMIT ?", (number, MEALS_MAX))  # noqa: S608  # ours
    ]  # fmt: skip
    backs = backs_of(db, [row[0] for row in rows]) if rows else {}
    return tuple(Meal(*row) for row in reversed(rows)), sum(fen for _, fen in whose), frozenset(backs)


def _kept(view: CardView) -> Sums:
    return (
        view.purse_fen, view.online_fen, view.transit_fen, view.pending_fen, view.subsidy_fen, view.pending_subsidy_fen
    )


def _known(db: Database, card: bytes) -> list[LastKnown]:
    """Of each purse that any record tells of."""
    found: dict[int, LastKnown] = {}
    rows = db.run(
        "SELECT record FROM proof WHERE card_key >= ? AND card_key <= ? ORDER BY record DESC LIMIT ?",
        (card, card + b"\xff" * 4, LOOKED),
    )
    views = records_numbered(db, [number for (number,) in rows]).values()
    for view in sorted(views, key=lambda one: (one.time, one.counter, one.number)):
        said = arrive(view.stored).record
        if isinstance(said, PurchaseRecord | LoadRecord):
            moved = said.amount_fen if isinstance(said, LoadRecord) else -said.amount_fen
            purse = application_of(said.purse)
            found[purse] = LastKnown(purse, said.balance_fen + moved, view)
    return [found[purse] for purse in sorted(found)]


def _moves(found: CardFile, entries: Sequence[EntryView], there: Fleet) -> list[Movement]:
    places = {one.device: one.place for one in there.rows}
    codes = [f"{kind}:{found.line.card.hex()}" for kind in OF_A_CARD]
    moves = []
    for entry in entries:
        moved = dict.fromkeys(codes, 0)
        for debit, credit, fen in entry.postings:
            for code, signed in ((debit, -fen), (credit, fen)):
                if code in moved:
                    moved[code] += signed
        place = places.get(entry.record.device, "") if entry.record else ""
        moves.append(Movement(entry, place, tuple(moved.values())))
    return sorted(moves, key=lambda one: one.order)


def _before(db: Database, accounts: Sequence[int], first: int) -> tuple[int, Sums]:
    """How many entries are older than this one, and what they moved; nothing is older than 0."""
    if not first:
        return 0, (0,) * len(accounts)
    marks = ", ".join("?" * len(accounts))
    counted = _COUNTS.format(f"debit IN ({marks}) OR credit IN ({marks})")
    ((count,),) = db.run(counted, (first, *accounts, *accounts))
    sums: dict[int, int] = dict(db.run(_OLDER.format(marks), (first, *accounts, first, *accounts)))
    return int(count), tuple(int(sums.get(one, 0)) for one in accounts)


def _late(db: Database, card: bytes, there: Fleet, now: Now) -> Late:
    whose: list[Whose] = [(card, MAIN), (card, SUBSIDY)]
    counters = {application: rows for (_, application), rows in missing(db, whose, DEEP).items()}
    owes = [one for _, one in owing(there, 0)]
    silent = [
        one.name for device, one in there.tills.items()
        if device in there.given and one.heard_ms < now.unix_ms - FRESH_MS
    ]  # fmt: skip
    return Late(counters, tuple(owes), tuple(sorted(silent)))


def _grey(db: Database, card: bytes) -> list[RecordView]:
    rows = db.run(
        "SELECT record FROM suspense WHERE purse >= ? AND purse <= ? AND state = ? ORDER BY record",
        (card, card + b"\xff", int(State.OPEN)),
    )
    return list(records_numbered(db, [number for (number,) in rows]).values())
