"""Who is enrolled 在册: a person by number, with the card that is his, and his class. Rosters are kept; persons follow.

A roster says something of some persons and nothing of the others. A card is one person's. No names are kept here.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.funds.successors import former_cards
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.readers import ENDS
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.wire import codec

COLUMNS = "id, body, source, who, at_ms"
PERSON_COLUMNS = "number, card, class, enrolled, owed_fen, roster"
_FIND = f"SELECT {PERSON_COLUMNS} FROM person WHERE "  # noqa: S608  # our own names
CLASS_MAX = 32
"""Letters of a class's name."""


class Enrolment(NamedTuple):
    """What a roster says of one person. card: b"": none, or not known. group: class or department."""

    number: str
    card: bytes = b""
    group: str = ""
    is_enrolled: bool = True


class Person(NamedTuple):
    """owed_fen: for emergency meals, now."""

    number: str
    card: bytes
    group: str
    is_enrolled: bool
    owed_fen: int
    roster: int

    @property
    def enrolment(self) -> Enrolment:
        """As a roster says it."""
        return Enrolment(*self[:4])


def persons(db: Database, numbers: Sequence[str]) -> dict[str, Person]:
    """Those of these numbers that a roster knows. Inside of a transaction."""
    return {row[0]: _person(row) for row in db.find(f"{_FIND} number", list(numbers))}


def owners(db: Database, cards: Sequence[bytes]) -> dict[bytes, str]:
    """Whose these cards are, as rosters say."""
    return {bytes(card): number for card, number in db.find("SELECT card, number FROM person WHERE card", list(cards))}


def enrolled_numbers(db: Database) -> list[str]:
    """Of everybody who is enrolled, in order."""
    return [number for (number,) in db.run("SELECT number FROM person WHERE enrolled = 1 ORDER BY number")]


def all_persons(db: Database) -> list[Person]:
    """Everybody that a roster ever named, by number."""
    return [_person(row) for row in db.run(f"SELECT {PERSON_COLUMNS} FROM person ORDER BY number")]  # noqa: S608  # ours


def holders_of(db: Database, card: bytes) -> list[Person]:
    """Who owes something and pays in by this card, or had one that it took the place of."""
    if not db.run("SELECT 1 FROM person WHERE owed_fen > 0 LIMIT 1"):
        return []
    cards = former_cards(db, card)
    found = db.find(f"{_FIND} card", cards)
    return sorted(person for person in map(_person, found) if person.owed_fen > 0)


def take_roster(writing: Writing, said: Sequence[Enrolment], source: str, who: str) -> int:
    """What has changed is kept; how many. Inside of a transaction. Whoever calls has looked for faults."""
    known = persons(writing.db, [one.number for one in said])
    fresh = sorted(one for one in said if one.number not in known or known[one.number].enrolment != one)
    if not fresh:
        return 0
    (last,) = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM roster")[0]
    row = (last + 1, body_of(fresh), source, who, writing.now.unix_ms)
    writing.db.insert("roster", COLUMNS, [row])
    writing.booking.link(BookLinkKind.ROSTER, last + 1, digest_of(row))
    if not all(one.number.isdecimal() for one in fresh):
        writing.booking.need(ENDS)  # programs of before have no mark for a number with letters
    owed = {number: one.owed_fen for number, one in known.items()}
    rows = [(one.number, one.card, one.group, int(one.is_enrolled), owed.get(one.number, 0), last + 1) for one in fresh]
    writing.db.upsert("person", PERSON_COLUMNS, "number", rows)
    return len(fresh)


def owe(writing: Writing, number: str, fen: int) -> None:
    """So much more, or less."""
    writing.db.run("UPDATE person SET owed_fen = owed_fen + ? WHERE number = ?", (fen, number))


def body_of(said: Sequence[Enrolment]) -> bytes:
    """As a roster is kept."""
    return codec.dumps([[one.number, one.card, one.group, int(one.is_enrolled)] for one in said])


def read_body(body: bytes) -> list[Enrolment]:
    """WireFault, TypeError for what is none."""
    return [Enrolment(number, card, group, bool(enrolled)) for number, card, group, enrolled in codec.loads(body)]


def _person(row: Sequence[object]) -> Person:
    number, card, group, enrolled, owed, roster = row
    return Person(str(number), bytes(card), str(group), bool(enrolled), int(owed), int(roster))  # type: ignore[call-overload]  # a row of ours
