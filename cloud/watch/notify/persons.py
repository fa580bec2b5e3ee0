"""Known persons: the one table of who may answer an alarm and who is told. What they may do comes with the console.

What concerns the money of persons is told to those alone who have a role: finance 财务, the canteen's manager 食堂经理.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from cloud.store.db import Database
from cloud.watch.notify.terms import PLACES, Channel, way_to
from shared.errors import ConfigFault
from shared.words.voice import Language, Text

NAME_MAX = 40
_PHONE = re.compile(r"\+?[0-9]{5,15}")
_MAIL = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]{1,190}")
_COLUMNS = "id, name, phone, mail, language, is_gone, role"


class Role(StrEnum):
    """What somebody is told of beside the rest. A promise to the table: added to, never renamed."""

    NONE = ""
    FINANCE = "finance"
    CANTEEN = "canteen"


ROLES = {Role.FINANCE: Text("财务", "finance"), Role.CANTEEN: Text("食堂经理", "canteen manager")}


class Person(NamedTuple):
    """Somebody. phone: digits, a plus before them or not; phone, mail: empty where there is none. language: what he is
    written to in. is_gone: he has left, and what he did stays his."""

    number: int
    name: str
    phone: str = ""
    mail: str = ""
    language: Language = Language.ZH
    is_gone: bool = False
    role: Role = Role.NONE


class PersonRefused(ConfigFault):
    """Happens when a person is not known, or what is said of him cannot be. Nothing was changed."""


def add(db: Database, person: Person) -> int:
    """Take somebody up, under a number of ours; who has left comes back. Inside of a transaction. PersonRefused."""
    _check(person)
    known = _find(db, person.name)
    if known is not None and not known.is_gone:
        raise PersonRefused(Text(f"已有此人：{person.name}", f"there is one already: {person.name}"))
    number = known.number if known else (db.run("SELECT MAX(id) FROM person")[0][0] or 0) + 1
    _write(db, person._replace(number=number, is_gone=False))
    return number


def change(db: Database, person: Person) -> None:
    """Another phone, mail or language. Inside of a transaction. PersonRefused for one who is not there."""
    _check(person)
    _write(db, person._replace(number=known(db, person.name).number))


def leave(db: Database, name: str) -> None:
    """He answers nothing any more. Inside of a transaction. PersonRefused for one who is not there."""
    _write(db, known(db, name)._replace(is_gone=True))


def known(db: Database, name: str) -> Person:
    """The one of this name who is there. Inside of a transaction. PersonRefused."""
    found = find(db, name)
    if found is None:
        told = Text(f"没有登记此人：{name}（cloud person add）", f"no such person: {name} (cloud person add)")
        raise PersonRefused(told)
    return found


def find(db: Database, name: str) -> Person | None:
    """The one of this name who is there; None: nobody is. Inside of a transaction."""
    found = _find(db, name)
    return None if found is None or found.is_gone else found


def ensured(db: Database, name: str) -> Person:
    """The one of this name: taken up now, where somebody who signs in elsewhere is not known here yet. Inside of a
    transaction. PersonRefused: it is no name."""
    if find(db, name) is None:
        add(db, Person(0, name))
    return known(db, name)


def address(person: Person, channel: Channel) -> str:
    """Where he is reached by this way; empty: he is not."""
    return {Channel.MAIL: person.mail, Channel.SMS: person.phone}.get(channel, "")


def names(db: Database) -> frozenset[str]:
    """Whoever was ever known: a policy that names somebody who has left stays valid. Inside of a transaction."""
    return frozenset(one.name for one in persons(db))


def persons(db: Database) -> list[Person]:
    """All of them, those that left too, by number. Inside of a transaction."""
    return [_person(*row) for row in db.run(f"SELECT {_COLUMNS} FROM person ORDER BY id")]  # noqa: S608  # our own names


def _find(db: Database, name: str) -> Person | None:
    rows = db.run(f"SELECT {_COLUMNS} FROM person WHERE name = ?", (name,))  # noqa: S608  # our own names
    return _person(*rows[0]) if rows else None


def _person(number: int, name: str, phone: str, mail: str, language: str, is_gone: int, role: str) -> Person:  # a row
    return Person(number, name, phone, mail, Language(language), bool(is_gone), Role(role))


def _write(db: Database, one: Person) -> None:
    row = (one.number, one.name, one.phone, one.mail, one.language.value, int(one.is_gone), one.role.value)
    db.upsert("person", _COLUMNS, "id", [row])


def _check(one: Person) -> None:
    if not one.name.strip() or one.name != one.name.strip() or len(one.name) > NAME_MAX or not one.name.isprintable():
        raise PersonRefused(Text(f"姓名：1 至 {NAME_MAX} 个字符", f"a name has 1 to {NAME_MAX} characters"))
    if way_to(one.name):
        starts = "、".join(PLACES), " or ".join(PLACES)
        raise PersonRefused(Text(f"姓名不能以 {starts[0]} 开头", f"a name does not begin with {starts[1]}"))
    if one.phone and not _PHONE.fullmatch(one.phone):
        raise PersonRefused(Text("电话：5 至 15 位数字，可有 +", "a phone has 5 to 15 digits, and perhaps a +"))
    is_plain = one.mail.isascii() and one.mail.isprintable()
    if one.mail and not (is_plain and _MAIL.fullmatch(one.mail)):
        raise PersonRefused(Text("邮箱：形如 name@school.edu.cn", "mail looks like name@school.edu"))
