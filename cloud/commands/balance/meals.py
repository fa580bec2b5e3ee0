"""`cloud roster`, `cloud meal-sheet`, `cloud meals`: who is enrolled, sheets by two persons, what was given out.

A table with one faulty line is refused whole; each faulty line is named, and nothing was changed.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.desk.meals import MealLedger
from cloud.ledger.funds.meals.rules import MealRule
from cloud.ledger.funds.meals.tables import Beside, RosterLine, SheetLine, read_roster, read_sheet
from cloud.ledger.held.meal_sheets import read_sheet_rows
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.process.given_file import read_given
from cloud.process.settings import load_settings
from cloud.words.balance.meals import meal_lines, meals_json, proposal_line, sheet_text
from cloud.words.both import halves
from shared.clocks.clock import day_number
from shared.money import yuan
from shared.words.voice import Text

FILE_MAX = 16 << 20
FAULTS_SHOWN = 40


class Sheet(NamedTuple):
    """A file, and what is said once for all of its lines."""

    file: Path
    beside: Beside
    who: str
    reason: str
    dry: bool


def roster(data: Path, dsn: str | None, file: Path, who: str, *, dry: bool, as_json: bool) -> int:
    """1: a line is faulty, and nothing was changed. ConfigFault: it is no such table."""
    lines = read_roster(read_given(file, FILE_MAX), file.name)
    with closing(_open(data, dsn)) as opened:
        checked, changed = MealLedger(opened).roster(lines, file.name, who, wall_now(), dry=dry)
    told = Text(f"在册名单 {len(checked)} 行，{changed} 人有变", f"{len(checked)} lines of a roster, {changed} changed")
    return _ended(checked, told, {"lines": len(checked), "changed": changed}, dry=dry, as_json=as_json)


def sheet(data: Path, dsn: str | None, given: Sheet, *, as_json: bool) -> int:
    """Propose its rows. 1: a row is faulty, and nothing was changed. ProposalRefused, ConfigFault."""
    lines = read_sheet(read_given(given.file, FILE_MAX), given.file.name, given.beside)
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        ledger = MealLedger(opened)
        checked = ledger.check_sheet(lines, now)
        if given.dry or any(one.fault for one in checked):
            told = Text(f"登记单 {len(checked)} 行", f"{len(checked)} rows of a sheet")
            return _ended(checked, told, {"lines": len(checked)}, dry=given.dry, as_json=as_json)
        made = ledger.propose_sheet(checked, given.who, given.reason, now)
    rows = read_sheet_rows(made.document)
    said = {"proposal": made.number, "rows": len(rows), "fen": sum(row.fen for row in rows)}
    _say(json.dumps(said, ensure_ascii=False) if as_json else str(proposal_line(made)))
    return 0


def confirm(data: Path, dsn: str | None, number: int, who: str, *, as_json: bool) -> int:
    """The second person's word: posted when this returns. ProposalRefused."""
    with closing(_open(data, dsn)) as opened:
        decided, posted = MealLedger(opened).confirm_sheet(number, who, wall_now())
    told = Text(f"提议 {number} 已确认，入账 {posted} 行", f"proposal {number} is confirmed, {posted} rows posted")
    said = {"proposal": number, "posted": posted, "again": decided.again}
    _say(json.dumps(said) if as_json else str(told))
    return 0


def reject(data: Path, dsn: str | None, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """Nothing is posted. ProposalRefused."""
    with closing(_open(data, dsn)) as opened:
        MealLedger(opened).reject_sheet(number, who, reason, wall_now())
    told = Text(f"提议 {number} 已否决", f"proposal {number} is rejected")
    _say(json.dumps({"proposal": number, "rejected": True}) if as_json else str(told))
    return 0


def blank(data: Path, dsn: str | None, beside: Beside, rows: int) -> int:
    """A sheet to be printed and filled in by hand. Always 0."""
    with open_books(data, dsn) as reader:
        view = reader.emergency_meals(day_number(wall_now().campus_s), wall_now())
    sys.stdout.write(sheet_text(beside, view.rule, rows))
    return 0


def listing(data: Path, dsn: str | None, day: int | None, *, as_json: bool) -> int:
    """What was given out on a day, what waits, who owes. Always 0."""
    now = wall_now()
    with open_books(data, dsn) as reader:
        view = reader.emergency_meals(day_number(now.campus_s) if day is None else day, now)
    if as_json:
        _say(json.dumps(meals_json(view), ensure_ascii=False))
    else:
        _say(*map(str, meal_lines(view)))
    return 0


def set_rule(data: Path, dsn: str | None, rule: MealRule, who: str, reason: str, *, as_json: bool) -> int:
    """Counts when this returns, at terminals with the next list. MealRuleRefused, ProposalRefused: nothing changed."""
    with closing(_open(data, dsn)) as opened:
        made = MealLedger(opened).rule(rule, who, reason, wall_now())
    told = Text(
        f"应急餐每餐 ¥{yuan(made.fen)}，每人每周 {made.per_week} 次",
        f"an emergency meal is ¥{yuan(made.fen)}, {made.per_week} times a week for each person",
    )
    _say(json.dumps(made._asdict()) if as_json else str(told))
    return 0


class Backing(NamedTuple):
    """Who says what of a meal in a wrong person's name. number: of its entry, or of the proposal."""

    data: Path
    dsn: str | None
    number: int
    who: str
    reason: str
    as_json: bool


def propose_back(said: Backing) -> int:
    """Nothing is posted yet. ProposalRefused."""
    with closing(_open(said.data, said.dsn)) as opened:
        made = MealLedger(opened).propose_back(said.number, said.who, said.reason, wall_now())
    _say(json.dumps({"proposal": made.number}) if said.as_json else str(proposal_line(made)))
    return 0


def confirm_back(said: Backing) -> int:
    """The second person's word: the school bears it when this returns. ProposalRefused."""
    with closing(_open(said.data, said.dsn)) as opened:
        decided, done = MealLedger(opened).confirm_back(said.number, said.who, wall_now())
    debt, account = (done.debt_fen, done.online_fen) if done else (0, 0)
    told = Text(
        f"提议 {said.number} 已确认：免欠款 ¥{yuan(debt)}，退回电子账户 ¥{yuan(account)}，学校承担",
        f"proposal {said.number} is confirmed: ¥{yuan(debt)} are owed no more, ¥{yuan(account)} went back into the "
        "account; the school bears it",
    )
    again = {"proposal": said.number, "debt_fen": debt, "online_fen": account, "again": decided.again}
    _say(json.dumps(again) if said.as_json else str(told))
    return 0


def reject_back(said: Backing) -> int:
    """The meal stays. ProposalRefused."""
    with closing(_open(said.data, said.dsn)) as opened:
        MealLedger(opened).reject_back(said.number, said.who, said.reason, wall_now())
    told = Text(f"提议 {said.number} 已否决", f"proposal {said.number} is rejected")
    _say(json.dumps({"proposal": said.number, "rejected": True}) if said.as_json else str(told))
    return 0


def _ended(
    lines: Sequence[RosterLine | SheetLine], told: Text, said: dict[str, Any], *, dry: bool, as_json: bool
) -> int:
    faulty = [one for one in lines if one.fault]
    if as_json:
        faults = [{"line": one.at, "number": one.number, "why": str(one.fault)} for one in faulty]
        _say(json.dumps(said | {"dry": dry, "faults": faults}, ensure_ascii=False))
        return 1 if faulty else 0
    for one in faulty[:FAULTS_SHOWN]:
        zh, en = halves(one.fault)
        _say(str(Text(f"第 {one.at} 行 {one.number}：{zh}", f"line {one.at}, {one.number}: {en}")))
    more = len(faulty) - FAULTS_SHOWN
    if more > 0:
        _say(str(Text(f"另有 {more} 行有误", f"{more} more are faulty")))
    nothing = Text("未作任何更改", "nothing was changed") if faulty or dry else None
    wrong = Text(f"{len(faulty)} 行有误", f"{len(faulty)} are faulty") if faulty else None
    _say(str(Text("，", ", ")).join(str(one) for one in (told, wrong, nothing) if one))
    return 1 if faulty else 0


def _open(data: Path, dsn: str | None) -> OpenedLedger:
    return open_prepared(load_settings(data).books(dsn))


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
