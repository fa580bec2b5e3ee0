"""An emergency meal that was booked on a wrong person 应急餐改正: it is his no more, and the school bears it.

The stall gave the food and keeps its money. What is owed of it falls away; what a deposit has repaid of it goes back
into the online account of the person's card. The meal stays in the books as it was, and counts in no week any more.
"""

from typing import NamedTuple

from cloud.ledger.books.chart import MEAL_LOSS, meal_debt
from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.keys import meal_back_key
from cloud.ledger.books.posting import Postings, meal_taken_back
from cloud.ledger.funds.meals.roster import owe, persons
from cloud.ledger.funds.meals.taking import COLUMNS, Meal
from cloud.ledger.funds.successors import home_of
from cloud.ledger.journal.registry import Registry, ensure_accounts
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import OWN_PARTITION
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.wire import codec

BACK_COLUMNS = "meal, entry, proposal, debt_fen, online_fen, at_ms"


class Back(NamedTuple):
    """A row of the table."""

    meal: int
    entry: int
    proposal: int
    debt_fen: int
    online_fen: int
    at_ms: int


class Share(NamedTuple):
    """What of a meal falls away as a debt, and what goes back to the account of this card; b"": of none."""

    debt_fen: int
    online_fen: int
    card: bytes


def meal_by_entry(db: Database, entry: int) -> Meal | None:
    """The meal that this entry has booked. Inside of a transaction or snapshot."""
    rows = db.run(f"SELECT {COLUMNS} FROM meal WHERE entry = ?", (entry,))  # noqa: S608  # our own names
    return Meal(*rows[0]) if rows else None


def backs_of(db: Database, meals: list[int]) -> dict[int, Back]:
    """Of those of these meals that were taken back."""
    return {row[0]: Back(*row) for row in db.find(f"SELECT {BACK_COLUMNS} FROM meal_back WHERE meal", meals)}  # noqa: S608  # ours


def all_backs(db: Database) -> list[Back]:
    """Oldest first."""
    return [Back(*row) for row in db.run(f"SELECT {BACK_COLUMNS} FROM meal_back ORDER BY entry")]  # noqa: S608  # ours


def share_of(db: Database, meal: Meal) -> Share:
    """As it is owed now; a card that was replaced has its account where the new one is."""
    person = persons(db, [meal.number])[meal.number]
    debt_fen = min(meal.fen, person.owed_fen)
    return Share(debt_fen, meal.fen - debt_fen, home_of(db, person.card) if person.card else b"")


def take_back(writing: Writing, meal: Meal, proposal: int, maker: str, checker: str) -> Back:
    """Inside of the transaction that has two persons' word; whoever calls has looked that it may be."""
    debt_fen, online_fen, card = share_of(writing.db, meal)
    writing.registry.drawers.update(ensure_accounts(writing.db, (MEAL_LOSS, meal_debt(meal.number))))
    fields = meal.id, meal.number, card, debt_fen, online_fen
    document = codec.dumps([int(EntryKind.MEAL_TAKEN_BACK), *fields, proposal, maker, checker])
    entry = Entry(
        EntryKind.MEAL_TAKEN_BACK, day_number(writing.now.campus_s), meal_back_key(meal.id), document_hash(document),
        back_postings(writing.registry, *fields[1:]), document=document,
    )  # fmt: skip
    number = writing.booking.add_entry(entry, OWN_PARTITION)
    owe(writing, meal.number, -debt_fen)
    made = Back(meal.id, number, proposal, debt_fen, online_fen, writing.now.unix_ms)
    writing.db.insert("meal_back", BACK_COLUMNS, [made])
    return made


def back_postings(registry: Registry, number: str, card: bytes, debt_fen: int, online_fen: int) -> Postings:
    """What its document makes."""
    loss, debt = registry.drawers[MEAL_LOSS.code], registry.drawers[meal_debt(number).code]
    online = registry.cards[card].accounts.online if online_fen else 0
    return meal_taken_back(loss, debt, online, debt_fen, online_fen)
