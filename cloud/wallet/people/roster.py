"""The roster 名册: who holds which card, and who his guardians are, as the school says. Inside of a transaction.

A holder is known by the number that the school gave: student number or staff number. `label` is printed on the card
that he was given first; which card is his now the ledger knows.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cloud.store.db import Database


class Holder(NamedTuple):
    """born: 'YYYY-MM-DD', '' where the school has not said. group: the class 班级."""

    number: str
    name: str
    born: str
    group: str
    label: str


class RosterGuardian(NamedTuple):
    """A guardian of the roster, by phone."""

    holder: str
    phone: str
    name: str


class RosterTeacher(NamedTuple):
    """A class teacher 班主任 of the roster, by phone."""

    group: str
    phone: str
    name: str


_NO_LONGER = (
    "DELETE FROM guardian WHERE NOT EXISTS (SELECT 1 FROM person p JOIN roster_guardian r ON r.phone = p.phone "
    "WHERE p.id = guardian.person AND r.holder = guardian.holder)"
)
_HOLDER = "SELECT number, name, born, class, label FROM holder"


def take_roster(
    db: Database, holders: Sequence[Holder], guardians: Sequence[RosterGuardian], teachers: Sequence[RosterTeacher] = ()
) -> None:  # fmt: skip
    """The newest roster in the place of the one before: who is not on it is here no longer, and stays known;
    a guardian who is not on it sees the holder no longer, from his next call on."""
    db.run("UPDATE holder SET is_here = 0")
    db.upsert("holder", "number, name, born, class, label, is_here", "number", [(*one, 1) for one in holders])
    db.run("DELETE FROM roster_guardian")
    db.upsert("roster_guardian", "holder, phone, name", "holder, phone", [tuple(one) for one in guardians])
    db.run(_NO_LONGER)
    db.run("DELETE FROM roster_teacher")
    db.upsert("roster_teacher", "class, phone, name", "class, phone", [tuple(one) for one in teachers])


def typed_number(db: Database, typed: str) -> str:
    """A number as somebody keys it: the roster's own where it has that, else with its letters as capitals. Before tries
    are counted: another way of writing it is no further try."""
    with db.reading():
        return typed if db.run("SELECT 1 FROM holder WHERE number = ?", (typed,)) else typed.upper()


def holder_of(db: Database, number: str) -> Holder | None:
    """None: the roster never had him."""
    rows = db.run(f"{_HOLDER} WHERE number = ?", (number,))
    return Holder(*rows[0]) if rows else None


def holders_of(db: Database, numbers: Iterable[str]) -> list[Holder]:
    """Those that there are, by number."""
    return sorted(Holder(*row) for row in db.find(f"{_HOLDER} WHERE number", list(numbers)))


def classes_taught(db: Database, phone: str) -> list[str]:
    """Classes whose teacher has this phone, by name; none where there is no phone."""
    rows = db.run("SELECT class FROM roster_teacher WHERE phone = ? ORDER BY 1", (phone,)) if phone else []
    return [group for (group,) in rows]


def name_on_roster(db: Database, phone: str) -> str:
    """As a guardian, or as a class teacher; '': the roster has nobody of this phone."""
    for table in ("roster_teacher", "roster_guardian"):
        rows = db.run(f"SELECT name FROM {table} WHERE phone = ? ORDER BY 1 LIMIT 1", (phone,))  # noqa: S608  # ours
        if rows:
            return str(rows[0][0])
    return ""


def holder_with_card(db: Database, labels: Sequence[str]) -> Holder | None:
    """Who is on the roster by one of these cards; None: nobody."""
    found = [Holder(*row) for row in db.find(f"{_HOLDER} WHERE label", list(labels))]
    return found[0] if found else None


def holders_in(db: Database, group: str) -> list[Holder]:
    """Those who are here, by number."""
    return [Holder(*row) for row in db.run(f"{_HOLDER} WHERE class = ? AND is_here = 1 ORDER BY number", (group,))]


def classes_here(db: Database) -> list[str]:
    """Classes of those who are here, by name."""
    rows = db.run("SELECT DISTINCT class FROM holder WHERE is_here = 1 AND class <> '' ORDER BY 1")
    return [str(group) for (group,) in rows]


def here(db: Database) -> list[Holder]:
    """Everybody of the newest roster, by number."""
    return [Holder(*row) for row in db.run(f"{_HOLDER} WHERE is_here = 1 ORDER BY number")]


def is_empty(db: Database) -> bool:
    """No roster was ever taken."""
    return not db.run("SELECT 1 FROM holder LIMIT 1")


def wards_of(db: Database, phone: str) -> list[str]:
    """Holders whose guardian has this phone, by number."""
    return [number for (number,) in db.run("SELECT holder FROM roster_guardian WHERE phone = ? ORDER BY 1", (phone,))]


def phones_of_guardians(db: Database, holder: str) -> list[str]:
    """As the school's list has them."""
    rows = db.run("SELECT phone FROM roster_guardian WHERE holder = ? ORDER BY 1", (holder,))
    return [phone for (phone,) in rows]
