"""Persons who sign in: a holder, a guardian, or both. Inside of a transaction."""

from typing import NamedTuple

from cloud.store.db import Database

WEAK_MS = 7 * 24 * 3_600_000
"""A password that was set by a code, a passkey or a birth proves no more than they do for so long: by then a phone that
was lost has been missed."""


class Person(NamedTuple):
    """phone, holder: '' where there is none. holder: the number of the roster that is his own."""

    id: int
    phone: str
    name: str
    holder: str


_PERSON = "SELECT id, phone, name, holder FROM person"


def add_person(db: Database, phone: str, name: str, holder: str, now_ms: int) -> Person:
    """RuleBroken: phone or holder has one."""
    ((number,),) = db.run("SELECT COALESCE(MAX(id), 0) + 1 FROM person")
    db.insert("person", "id, phone, name, holder, hash, made_ms", [(number, phone, name, holder, "", now_ms)])
    return Person(number, phone, name, holder)


def person_of(db: Database, number: int) -> Person | None:
    """By its number."""
    rows = db.run(f"{_PERSON} WHERE id = ?", (number,))
    return Person(*rows[0]) if rows else None


def person_with_phone(db: Database, phone: str) -> Person | None:
    """By the phone."""
    rows = db.run(f"{_PERSON} WHERE phone = ?", (phone,)) if phone else []
    return Person(*rows[0]) if rows else None


def bind_guardian(db: Database, person: int, holder: str, now_ms: int) -> None:
    """The roster says so."""
    db.upsert("guardian", "person, holder, at_ms", "person, holder", [(person, holder, now_ms)])


def children_of(db: Database, person: int) -> list[str]:
    """Holders whose guardian he is, by number."""
    return [number for (number,) in db.run("SELECT holder FROM guardian WHERE person = ? ORDER BY holder", (person,))]


def has_granted(db: Database, holder: str, person: int) -> bool:
    """Has the holder, of age, let this guardian see?"""
    return bool(db.run("SELECT 1 FROM granted WHERE holder = ? AND person = ?", (holder, person)))


def bound_person(db: Database, phone: str, name: str, holder: str, now_ms: int) -> Person | None:
    """The person with this phone, made where there is none, and bound to his own holder; None: somebody else has the
    holder, or this phone has another one."""
    person, other = person_with_phone(db, phone), db.run("SELECT phone FROM person WHERE holder = ?", (holder,))
    if holder and other and other[0][0] != phone:
        return None
    if person is None:
        return add_person(db, phone, name, holder, now_ms)
    if holder and person.holder not in ("", holder):
        return None
    db.run("UPDATE person SET holder = ? WHERE id = ?", (holder or person.holder, person.id))
    return person_of(db, person.id)


def name_of(db: Database, number: int) -> str:
    """'' where he is known no more, or has none."""
    person = person_of(db, number)
    return person.name if person else ""


def password_of(db: Database, person: int) -> str:
    """The hash; '' where he has set none."""
    rows = db.run("SELECT hash FROM person WHERE id = ?", (person,))
    return str(rows[0][0]) if rows else ""


def set_password(db: Database, person: int, kept: str, weak_ms: int = 0) -> None:
    """kept: its hash. weak_ms: when, where it was set by what may lie in a lost phone; 0: by what does not."""
    db.run("UPDATE person SET hash = ? WHERE id = ?", (kept, person))
    db.run("DELETE FROM weak_password WHERE person = ?", (person,))
    if weak_ms:
        db.insert("weak_password", "person, at_ms", [(person, weak_ms)])


def knows_alone(db: Database, person: int, now_ms: int) -> bool:
    """Is his password one that whoever found his phone did not set?"""
    return not db.run("SELECT 1 FROM weak_password WHERE person = ? AND at_ms > ?", (person, now_ms - WEAK_MS))


def set_phone(db: Database, person: int, phone: str) -> None:
    """RuleBroken: somebody else has it."""
    db.run("UPDATE person SET phone = ? WHERE id = ?", (phone, person))


def person_with_holder(db: Database, holder: str) -> Person | None:
    """Whose own this holder is."""
    rows = db.run(f"{_PERSON} WHERE holder = ?", (holder,)) if holder else []
    return Person(*rows[0]) if rows else None
