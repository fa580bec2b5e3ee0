"""Emergency meals 应急餐 into the books: what a till gave out by number, and a row of a paper sheet, each posted once.

The stall gave the food, so it is paid: what is beyond a limit posts and is told. What waits, because no roster knows
the number or the terminal is not as registered, posts as soon as that is known.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.books.chart import meal_debt
from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.keys import sheet_key
from cloud.ledger.books.posting import CardAccounts, meal_given
from cloud.ledger.funds.meals.roster import owe, persons
from cloud.ledger.funds.meals.rules import meal_rule
from cloud.ledger.journal.registry import Card, ensure_accounts, merchant_at
from cloud.ledger.journal.writing import Writing, first_verdict_key
from cloud.ledger.records.arrival import Arrival, arrive
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import OWN_PARTITION
from cloud.store.db import Database
from shared.errors import RuleBroken
from shared.facts.money.meals import MealBeyond, MealTwice, MealWaits
from shared.fleet.enrolled import week_of
from shared.ids import person_number
from shared.records import MealRecord
from shared.wire import codec

COLUMNS = "id, key, number, day, week, meal, fen, device, stall, record, entry, reason, beyond, at_ms"
TWICE, ABOVE = 1, 2
"""Bits of `beyond`."""
WAITING_MAX = 500
"""Meals that wait and are looked at in one transaction; the next look goes on behind them."""
_NOBODY = Card(CardAccounts(0, 0, 0, 0, 0, 0), "", 0, hotlisted=False)


class Meal(NamedTuple):
    """A row of the table. device: b"" where a sheet says the stall alone. entry None: it waits for `reason`."""

    id: int
    key: bytes
    number: str
    day: int
    week: int
    meal: int
    fen: int
    device: bytes
    stall: str
    record: int | None
    entry: int | None
    reason: int
    beyond: int
    at_ms: int


class Given(NamedTuple):
    """A record with a right MAC, by its number in the books. place: NONE, or why it waits."""

    arrival: Arrival
    record: int
    fork: int
    box: str
    partition: int
    received_s: int
    reason: Reason


class Row(NamedTuple):
    """Of a sheet that two persons entered. account: of the merchant."""

    stall: str
    day: int
    meal: int
    number: str
    fen: int
    account: int


def meal_of(arrival: Arrival) -> MealRecord:
    """Its record; RuleBroken when that is none of a meal."""
    if not isinstance(arrival.record, MealRecord):
        raise RuleBroken("an emergency meal has a meal's record")
    return arrival.record


def is_known(db: Database, arrival: Arrival) -> bool:
    """Does a roster know whose number it is?"""
    number = person_number(meal_of(arrival).card)
    return number in persons(db, [number])


def take_meals(writing: Writing, given: Sequence[Given]) -> None:
    """In the order in which they came. Inside of the transaction that has their records."""
    for one in given:
        _take(writing, one)


def _take(writing: Writing, one: Given) -> None:
    a, record = one.arrival, meal_of(one.arrival)
    number, place = person_number(record.card), writing.registry.place(one.box, a.device, a.psam)
    day, doubt = writing.day_of(a, place, _NOBODY, one.received_s)
    key = first_verdict_key(EntryKind.MEAL, a, one.fork)
    made = Meal(
        _next(writing.db), key, number, day, week_of(day), record.meal, record.amount_fen, a.device,
        merchant_at(writing.db, a.device), one.record,
        None, int(one.reason), 0, writing.now.unix_ms,
    )  # fmt: skip
    if one.reason:
        writing.notes.tell(MealWaits(one.reason.word, made.fen), box=one.box, device=writing.named(a.device))
        _keep(writing, made)
        return
    debt = _debt(writing, number)
    entry = Entry(
        EntryKind.MEAL, day, key, a.sha, meal_given(debt, place.account, made.fen), record=one.record, flags=doubt
    )
    _keep(writing, _posted(writing, made, entry, one.partition, one.box))


def take_row(writing: Writing, row: Row, document: Sequence[object], at_ms: int) -> bool:
    """A row of a sheet. False: it is in the books already. Inside of the transaction that has two persons' word."""
    key = sheet_key(row.stall, row.day, row.meal, row.number)
    if writing.db.run("SELECT 1 FROM meal WHERE key = ?", (key,)):
        return False
    named = row.number, row.account, row.fen, row.stall, row.day, row.meal
    raw = codec.dumps([int(EntryKind.MEAL_SHEET), *named, *document])
    made = Meal(
        _next(writing.db), key, row.number, row.day, week_of(row.day), row.meal, row.fen, b"", row.stall, None, None, 0,
        0, at_ms,
    )  # fmt: skip
    postings = meal_given(_debt(writing, row.number), row.account, row.fen)
    entry = Entry(EntryKind.MEAL_SHEET, row.day, key, document_hash(raw), postings, document=raw)
    _keep(writing, _posted(writing, made, entry, OWN_PARTITION, ""))
    return True


def settle_waiting(writing: Writing, after: int = 0) -> int:
    """What waits behind this row and can be posted by now is posted. The row behind which the next look goes on; 0: it
    begins anew, so that what waits for ever keeps nothing behind it. Inside of a transaction."""
    rows = writing.db.run(
        "SELECT m.id, r.stored, r.fork, r.box, r.received_s, r.id FROM meal m JOIN record r ON r.id = m.record "
        "WHERE m.entry IS NULL AND m.id > ? ORDER BY m.id LIMIT ?", (after, WAITING_MAX)
    )  # fmt: skip
    for row in rows:
        _settle(writing, *row)
    return int(rows[-1][0]) if len(rows) == WAITING_MAX else 0


def _settle(writing: Writing, number: int, stored: bytes, fork: int, box: str, received_s: int, record: int) -> None:
    a = arrive(stored)
    place = writing.registry.origin(box, a)
    if place.reason or fork or not is_known(writing.db, a):
        return
    found = Meal(*writing.db.run(f"SELECT {COLUMNS} FROM meal WHERE id = ?", (number,))[0])  # noqa: S608  # our own
    day, doubt = writing.day_of(a, place, _NOBODY, received_s)
    entry = Entry(
        EntryKind.MEAL, day, bytes(found.key), a.sha,
        meal_given(_debt(writing, found.number), place.account, found.fen), record=record, flags=doubt,
    )  # fmt: skip
    made = _posted(writing, found._replace(stall=merchant_at(writing.db, a.device)), entry, OWN_PARTITION, box)
    writing.db.run(
        "UPDATE meal SET entry = ?, reason = 0, beyond = ?, stall = ? WHERE id = ?",
        (made.entry, made.beyond, made.stall, number),
    )


def _posted(writing: Writing, made: Meal, entry: Entry, partition: int, box: str) -> Meal:
    """Booked, owed, and said where it is beyond what the rule gives."""
    beyond = _beyond(writing.db, made)
    device = writing.named(made.device) if made.device else b""  # type: ignore[arg-type]  # a body's number
    if beyond & TWICE:
        writing.notes.tell(MealTwice(masked(made.number), made.fen), box=box, device=device)
    if beyond & ABOVE:
        writing.notes.tell(MealBeyond(masked(made.number), made.fen), box=box, device=device)
    number = writing.booking.add_entry(entry, partition)
    owe(writing, made.number, made.fen)
    return made._replace(entry=number, beyond=beyond)


def _beyond(db: Database, made: Meal) -> int:
    before = db.run(
        "SELECT day, meal FROM meal WHERE number = ? AND week = ? AND entry IS NOT NULL AND id <> ? "
        "AND id NOT IN (SELECT meal FROM meal_back)",
        (made.number, made.week, made.id),
    )
    is_twice = (made.day, made.meal) in {(day, meal) for day, meal in before}
    return TWICE * is_twice | ABOVE * (len(before) >= meal_rule(db).per_week)


def masked(number: str) -> str:
    """As a fact names a person, which many read: its last four digits."""
    return "••" + number[-4:]


def _keep(writing: Writing, made: Meal) -> None:
    writing.db.insert("meal", COLUMNS, [made])


def _next(db: Database) -> int:
    return 1 + int(db.run("SELECT COALESCE(MAX(id), 0) FROM meal")[0][0])


def _debt(writing: Writing, number: str) -> int:
    """The account of what this person owes."""
    account = meal_debt(number)
    return ensure_accounts(writing.db, (account,))[account.code]
