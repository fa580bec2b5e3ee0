"""`cloud people enrol`: the school's one list into both: who is enrolled for meals, and the wallet's people.

First what would change is told; only `--apply` writes. The whole file is held against both before either is touched;
each is taken whole or not at all, the ledger's first. Cut between the two, the same command again does the rest.
"""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from cloud.commands.opening import wall_now
from cloud.ledger.desk.meals import MealLedger
from cloud.ledger.funds.meals.roster import Person, all_persons
from cloud.ledger.funds.meals.tables import RosterLine
from cloud.ledger.funds.meals.tables import read_roster as read_enrolled
from cloud.ledger.journal.opened import open_prepared
from cloud.process.given_file import read_given
from cloud.process.settings import load_settings
from cloud.store.db import Database
from cloud.wallet.back.opening import open_people
from cloud.wallet.people.roster import (
    Holder,
    RosterGuardian,
    RosterTeacher,
    here,
    take_roster,
)
from cloud.wallet.people.roster_file import read_roster, read_teachers
from cloud.words.both import halves
from shared.errors import ConfigFault
from shared.input.sheet import sheet
from shared.words.voice import Text

FILE_MAX = 32 << 20
SHOWN = 40
LEAVE_MAX_PERCENT = 20
"""More leave only by a word of one's own: a file of one class must not send a school home."""


_NOT_YET = Text("未作任何更改；写入用 --apply", "nothing was changed; --apply writes it")


class Change(NamedTuple):
    """One person. was, will: as the lists have him, '' where they have not."""

    number: str
    was: str
    will: str


def enrol(data: Path, dsn: str | None, file: Path, who: str, *, apply: bool, leavers: bool) -> int:
    """1: a line is faulty, or too many would leave; nothing was changed. ConfigFault: it is no such file."""
    raw = _read(file)
    holders, guardians = read_roster(raw)
    teachers = read_teachers(raw)
    settings = load_settings(data)
    with closing(open_prepared(settings.books(dsn))) as opened, closing(open_people(settings.data)) as people:
        ledger = MealLedger(opened)
        with opened.database.reading():
            before = all_persons(opened.database)
        lines = _lines(holders, before, file.name)
        checked, _ = ledger.roster(lines, file.name, who, wall_now(), dry=True)
        with people.reading():
            changes = _changes(people, holders, before)
        gone = sum(not one.will for one in changes)
        faulty = _told_faults(checked) or _told_leavers(gone, sum(one.is_enrolled for one in before), leavers=leavers)
        _tell(changes, len(holders), len(guardians), len(teachers))
        if faulty or not apply:
            _say(Text("未作任何更改", "nothing was changed") if faulty else _NOT_YET)
            return 1 if faulty else 0
        _, changed = ledger.roster(lines, file.name, who, wall_now())
        _take(people, holders, guardians, teachers)
    _say(Text(f"已写入：在册 {changed} 人有变，钱包名册换新", f"done: {changed} enrolled otherwise, a new list"))
    return 0


def _take(
    people: Database, holders: list[Holder], guardians: list[RosterGuardian], teachers: list[RosterTeacher]
) -> None:  # fmt: skip
    with people.writing():
        take_roster(people, holders, guardians, teachers)


def _read(file: Path) -> str:
    try:
        return read_given(file, FILE_MAX).decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ConfigFault(Text(f"{file}: 不是 UTF-8", f"{file}: is not UTF-8")) from fault


def _lines(holders: Sequence[Holder], before: Sequence[Person], name: str) -> list[RosterLine]:
    """Everybody of the file is enrolled, as a table of meals says it; who was, and is not in it, is no longer."""
    table = sheet(("number", "card", "class"), ((one.number, one.label, one.group) for one in holders))
    named = {one.number for one in holders}
    left = [one for one in before if one.is_enrolled and one.number not in named]
    lines = read_enrolled(table, name)
    return [*lines, *(RosterLine(0, one.number, "", one.group, is_enrolled=False) for one in left)]


def _changes(people: Database, holders: Sequence[Holder], before: Sequence[Person]) -> list[Change]:
    """Of both lists, by number."""
    was = {one.number: _shown(one) for one in here(people)}
    was |= {one.number: was.get(one.number) or one.group for one in before if one.is_enrolled}
    enrolled = {one.number for one in before if one.is_enrolled}
    will = {one.number: _shown(one) for one in holders}
    both = [Change(number, was.get(number, ""), will.get(number, "")) for number in sorted({*was, *will})]
    return [one for one in both if one.was != one.will or (one.will and one.number not in enrolled)]


def _shown(one: Holder) -> str:
    return " · ".join(cell for cell in (one.name, one.group, one.label) if cell)


def _told_faults(checked: Sequence[RosterLine]) -> bool:
    faulty = [one for one in checked if one.fault]
    for one in faulty[:SHOWN]:
        zh, en = halves(one.fault)
        _say(Text(f"第 {one.at} 行 {one.number}：{zh}", f"line {one.at}, {one.number}: {en}"))
    if faulty:
        _say(Text(f"{len(faulty)} 行有误", f"{len(faulty)} lines are faulty"))
    return bool(faulty)


def _told_leavers(gone: int, before: int, *, leavers: bool) -> bool:
    if leavers or gone * 100 <= before * LEAVE_MAX_PERCENT:
        return False
    _say(
        Text(
            f"将有 {gone} 人离校，超过 {LEAVE_MAX_PERCENT}%：确认无误再加 --leavers",
            f"{gone} would leave, more than {LEAVE_MAX_PERCENT} per cent: with --leavers if that is so",
        )
    )
    return True


def _tell(changes: Sequence[Change], holders: int, guardians: int, teachers: int) -> None:
    for one in changes[:SHOWN]:
        mark = "+" if not one.was else "-" if not one.will else "~"
        _say(f"{mark} {one.number}  {one.was or '—'} → {one.will or '—'}")
    if len(changes) > SHOWN:
        _say(Text(f"… 共 {len(changes)} 处", f"… {len(changes)} in all"))
    fresh, gone = sum(not one.was for one in changes), sum(not one.will for one in changes)
    other = len(changes) - fresh - gone
    _say(
        Text(
            f"{holders} 人、监护人 {guardians}、班主任 {teachers}：新增 {fresh}，离校 {gone}，变更 {other}",
            f"{holders} persons, {guardians} guardians, {teachers} teachers: {fresh} new, {gone} leave, {other} other",
        )
    )


def _say(line: str | Text) -> None:
    sys.stdout.write(f"{line}\n")
