"""What tighter limits would have refused: the purchases of the last days, card by card as its counters would have said.

Counted from what is posted, by terminal and meal. A purchase that would have been refused is not counted against its
card's later ones. Bound: RECORDS_MAX records, the newest ones. Inside of a snapshot.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cloud.ledger.records.values import Verdict
from cloud.store.db import Database
from shared.clocks.clock import DAY_S, business_day
from shared.errors import WireFault
from shared.fleet.parameters import EVERY_OTHER, Limits, ParameterBody
from shared.records import PurchaseRecord, decode, parse_stored

DAYS = 7
RECORDS_MAX = 500_000
_AT_ONCE = 5_000
_NEWEST = (
    "SELECT id, stored, verdict, received_s FROM record WHERE id < ? AND id >= ? ORDER BY id DESC"
)
_POSTED = (int(Verdict.POSTED), int(Verdict.HELD))


class Purchase(NamedTuple):
    """A posted one. device: where."""

    time_s: int
    device: bytes
    card: bytes
    fen: int


class Refused(NamedTuple):
    """At one terminal in one meal: how many of how many, over how much, of how many cards."""

    device: bytes
    meal: int
    times: int
    of: int
    fen: int
    cards: int


@dataclass(slots=True)
class _Sums:
    """As a card's counters: of its day and meal."""

    day: int = -1
    meal: int = -1
    day_fen: int = 0
    day_count: int = 0
    meal_fen: int = 0
    meal_count: int = 0

    def at(self, day: int, meal: int) -> "_Sums":
        """Begun anew where another day or meal has begun."""
        if day != self.day:
            self.day, self.meal, self.day_fen, self.day_count = day, -1, 0, 0
        if meal != self.meal:
            self.meal, self.meal_fen, self.meal_count = meal, 0, 0
        return self

    def breaks(self, fen: int, limits: Limits) -> bool:
        """Would one more over so much be refused?"""
        pairs = (
            (fen, limits.single_fen), (self.meal_fen + fen, limits.meal_fen), (self.meal_count + 1, limits.meal_count),
            (self.day_fen + fen, limits.day_fen), (self.day_count + 1, limits.day_count),
        )  # fmt: skip
        return limits.is_refused or any(most is not None and value > most for value, most in pairs)

    def add(self, fen: int) -> None:
        """One more."""
        self.day_fen, self.day_count = self.day_fen + fen, self.day_count + 1
        self.meal_fen, self.meal_count = self.meal_fen + fen, self.meal_count + 1


@dataclass(slots=True)
class _Seen:
    of: int = 0
    times: int = 0
    fen: int = 0
    cards: set[bytes] = field(default_factory=set)


def would_refuse(db: Database, bodies: Mapping[bytes, ParameterBody], now_s: int) -> list[Refused]:
    """By terminal and meal; only where anything is refused. bodies: device → what it is to have."""
    classes = _classes(db)
    sums: defaultdict[bytes, _Sums] = defaultdict(_Sums)
    seen: defaultdict[tuple[bytes, int], _Seen] = defaultdict(_Seen)
    any_body = next(iter(bodies.values()), ParameterBody())
    for one in purchases(db, now_s - DAYS * DAY_S):
        body = bodies.get(one.device)
        day, meal = moment_of(body or any_body, one.time_s)
        card = sums[one.card].at(day, meal)
        if body is None:
            card.add(one.fen)
            continue
        cell = seen[one.device, meal]
        cell.of += 1
        if card.breaks(one.fen, body.limits_of(classes.get(one.card, EVERY_OTHER), meal)):
            cell.times, cell.fen = cell.times + 1, cell.fen + one.fen
            cell.cards.add(one.card)
        else:
            card.add(one.fen)
    return [
        Refused(device, meal, cell.times, cell.of, cell.fen, len(cell.cards))
        for (device, meal), cell in sorted(seen.items())
        if cell.times
    ]


def purchases(db: Database, since_s: int) -> list[Purchase]:
    """Posted since then, in the order in which they were made."""
    return sorted(_newest(db, since_s))


def _newest(db: Database, since_s: int) -> Iterator[Purchase]:
    (last,) = db.run("SELECT COALESCE(MAX(id), 0) FROM record")[0]
    end, first = last + 1, max(0, last - RECORDS_MAX)
    while end > first:
        begin = max(first, end - _AT_ONCE)
        rows = db.run(_NEWEST, (end, begin))
        for _, stored, verdict, _ in rows:
            made = _purchase(bytes(stored)) if verdict in _POSTED else None
            if made is not None and made.time_s >= since_s:
                yield made
        if rows and max(received_s for *_, received_s in rows) < since_s:
            return
        end = begin


def _purchase(stored: bytes) -> Purchase | None:
    try:
        parts = parse_stored(stored)
        record = decode(parts.wire)
    except WireFault:
        return None
    if not isinstance(record, PurchaseRecord) or record.trip or not record.amount_fen:
        return None
    return Purchase(record.time, bytes(parts.device), bytes(record.card), record.amount_fen)


def moment_of(body: ParameterBody, time_s: int) -> tuple[int, int]:
    """Business day and meal."""
    at = max(time_s - body.day_start_s, 0) % DAY_S
    begun = [row.meal for row in body.meals if (row.from_s - body.day_start_s) % DAY_S <= at]
    return business_day(time_s, body.day_start_s), begun[-1] if begun else 0


def _classes(db: Database) -> dict[bytes, int]:
    rows = db.run(
        "SELECT c.card, COALESCE(l.card_class, c.card_class) FROM card c LEFT JOIN card_life l ON l.card = c.card"
    )
    return {bytes(card): number for card, number in rows}
