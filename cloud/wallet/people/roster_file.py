"""The roster as a file of the school: CSV in UTF-8 with a head, a holder a line. Pure.

    number,name,born,class,card,guardians
    2026001,林一,2014-05-01,初一1班,0001,林父 13000000002;林母 13000000001

born may be empty; card is the label of the first card, may be empty; guardians are names and phones, may be empty. A
seventh column, teacher, may name the teachers of the line's class in the same way.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date

from cloud.wallet.people.roster import Holder, RosterGuardian, RosterTeacher
from shared.errors import ConfigFault
from shared.words.voice import Text

HEAD = ("number", "name", "born", "class", "card", "guardians")
TEACHER = "teacher"
"""A column that may follow: names and phones of the teachers of the line's class."""
HOLDERS_MAX, GUARDIANS_MAX, CELL_MAX = 200_000, 8, 64
_PHONE = re.compile(r"\+?[0-9]{6,15}")


def read_roster(raw: str) -> tuple[list[Holder], list[RosterGuardian]]:
    """ConfigFault, with the line: nothing of such a file is taken."""
    rows = csv.DictReader(io.StringIO(raw.removeprefix("\ufeff")), strict=True)
    holders: dict[str, Holder] = {}
    guardians: list[RosterGuardian] = []
    try:
        if tuple(rows.fieldnames or ()) not in (HEAD, (*HEAD, TEACHER)):
            raise _wrong(1, "head")
        for line, row in enumerate(rows, 2):
            holder = _holder(line, row)
            if holder.number in holders or len(holders) >= HOLDERS_MAX:
                raise _wrong(line, "number")
            holders[holder.number] = holder
            guardians += _guardians(line, holder.number, row["guardians"] or "")
    except csv.Error as fault:
        raise _wrong(rows.line_num, "csv") from fault
    return list(holders.values()), guardians


def read_teachers(raw: str) -> list[RosterTeacher]:
    """Of the same file, which `read_roster` has read; none where it has no such column. ConfigFault as above."""
    rows = csv.DictReader(io.StringIO(raw.removeprefix("\ufeff")), strict=True)
    if TEACHER not in (rows.fieldnames or ()):
        return []
    found = {
        (row["class"], phone): RosterTeacher(row["class"], phone, name)
        for line, row in enumerate(rows, 2)
        for name, phone in _named(line, row[TEACHER] or "", TEACHER)
        if row["class"]
    }
    return list(found.values())


def _holder(line: int, row: Mapping[str | None, object]) -> Holder:
    if None in row or None in row.values():
        raise _wrong(line, "cells")
    cells = [str(row[name]).strip() for name in HEAD[:5]]
    number, name, born, *_ = cells
    if not number or not name or any(len(cell) > CELL_MAX or not cell.isprintable() for cell in cells):
        raise _wrong(line, "number, name")
    try:
        if born and date.fromisoformat(born).isoformat() != born:
            raise ValueError(born)
    except ValueError as fault:
        raise _wrong(line, "born") from fault
    return Holder(*cells)


def _guardians(line: int, number: str, cell: str) -> Iterator[RosterGuardian]:
    for name, phone in _named(line, cell, "guardians"):
        yield RosterGuardian(number, phone, name)


def _named(line: int, cell: str, what: str) -> Iterator[tuple[str, str]]:
    """Name and phone of each."""
    told = [one.strip() for one in cell.split(";") if one.strip()]
    if len(told) > GUARDIANS_MAX:
        raise _wrong(line, what)
    for one in told:
        name, _, phone = one.rpartition(" ")
        if not name or len(name) > CELL_MAX or _PHONE.fullmatch(phone) is None:
            raise _wrong(line, what)
        yield name.strip(), phone


def _wrong(line: int, what: str) -> ConfigFault:
    return ConfigFault(Text(f"名册第 {line} 行有误：{what}", f"roster, line {line}: {what}"))
