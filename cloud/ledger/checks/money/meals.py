"""Emergency meals 应急餐 against their records and entries: each posted once, and a debt is what was eaten less what
was repaid, never below zero; persons are what the rosters say."""

from collections import Counter, defaultdict
from typing import NamedTuple

from cloud.ledger.books.chart import AccountKind
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.books.keys import meal_back_key
from cloud.ledger.checks.check import Check
from cloud.ledger.funds.meals.backs import Back, all_backs
from cloud.ledger.funds.meals.roster import Enrolment, all_persons, read_body
from cloud.ledger.funds.meals.taking import COLUMNS, Meal
from cloud.ledger.held.two_persons import Outcome, ProposalKind
from cloud.ledger.records.arrival import arrive
from cloud.ledger.records.values import CheckTac, Verdict
from cloud.store.db import Database
from shared.errors import WireFault
from shared.ids import person_number
from shared.purse.tac import TacVerdict
from shared.records import MealRecord
from shared.words.voice import Text

NAME = "meals"
_GIVEN = int(EntryKind.MEAL), int(EntryKind.MEAL_SHEET)
_ENTRIES = (
    "SELECT p.entry, p.kind, p.fen, p.record, a.code, p.key FROM posting p JOIN account a "
    "ON a.id = CASE WHEN p.kind IN (?, ?) THEN p.credit ELSE p.debit END WHERE p.kind IN (?, ?, ?, ?)"
)
_TOUCHED = (
    "SELECT a.code, CAST(SUM(m.fen) AS BIGINT) FROM (SELECT debit AS account, fen FROM posting UNION ALL "
    "SELECT credit, -fen FROM posting) m JOIN account a ON a.id = m.account WHERE a.kind = ? GROUP BY a.code"
)
_UNBOOKED = (
    "SELECT id FROM record WHERE verdict = ? EXCEPT SELECT record FROM proof EXCEPT SELECT record FROM code_use "
    "WHERE entry IS NOT NULL EXCEPT SELECT record FROM meal WHERE entry IS NOT NULL ORDER BY 1 LIMIT 1"
)


class _Entry(NamedTuple):
    number: int
    kind: int
    fen: int
    record: int | None
    code: str
    key: bytes | None
    """None: not the entry's first line."""


def check_meals(db: Database, check_tac: CheckTac) -> Check:
    """All of them."""
    meals = [Meal(*row) for row in db.run(f"SELECT {COLUMNS} FROM meal ORDER BY id")]  # noqa: S608  # ours
    less = int(EntryKind.MEAL_REPAID), int(EntryKind.MEAL_TAKEN_BACK)
    entries = [_Entry(*row) for row in db.run(_ENTRIES, (*less, *_GIVEN, *less))]
    broken = _roster_fault(db) or _meals_fault(meals, entries) or _debts_fault(db, entries)
    broken = broken or _backs_fault(db, meals, entries)
    broken = broken or _record_fault(db, meals, check_tac) or _lost_fault(db)
    waiting = sum(one.entry is None for one in meals)
    note = Text(f"{waiting} 份应急餐挂账", f"{waiting} emergency meals wait") if waiting else None
    return Check(NAME, len(meals), broken, note)


def _roster_fault(db: Database) -> str:
    said: dict[str, tuple[Enrolment, int]] = {}
    for number, body in db.run("SELECT id, body FROM roster ORDER BY id"):
        try:
            said.update((one.number, (one, number)) for one in read_body(body))
        except (WireFault, TypeError, ValueError):
            return f"roster {number} cannot be read"
    for person in all_persons(db):
        if said.pop(person.number, None) != (person.enrolment, person.roster):
            return f"person {person.number}: no roster says so"
    return f"person {min(said)}: in a roster, and nobody" if said else ""


def _meals_fault(meals: list[Meal], entries: list[_Entry]) -> str:
    given = {one.number: one for one in entries if one.kind in _GIVEN}
    for meal in meals:
        if meal.entry is None:
            continue
        entry = given.pop(meal.entry, None)
        expected = (meal.fen, meal.record, _code(meal.number), bytes(meal.key))
        if entry is None or (entry.fen, entry.record, entry.code, bytes(entry.key or b"")) != expected:
            return f"meal {meal.id}: its entry is another one, or over another sum"
    return f"entry {min(given)}: an emergency meal that nobody ate" if given else ""


def _backs_fault(db: Database, meals: list[Meal], entries: list[_Entry]) -> str:
    """Each meal that was taken back is one that is posted, by the entry that says so, over all of it; two persons have
    said it."""
    heads = (one for one in entries if one.kind == EntryKind.MEAL_TAKEN_BACK and one.key is not None)
    booked, known = {one.number: one for one in heads}, all_backs(db)
    eaten = {one.id: one for one in meals if one.entry is not None}
    fell: dict[int, Counter[str]] = defaultdict(Counter)
    for one in entries:
        if one.kind == EntryKind.MEAL_TAKEN_BACK:
            fell[one.number][_share(one.code)] += one.fen
    for back in known:
        meal, entry = eaten.get(back.meal), booked.pop(back.entry, None)
        if meal is None or entry is None or bytes(entry.key or b"") != meal_back_key(back.meal):
            return f"meal {back.meal}: it is taken back by another entry, or was never given"
        if back.debt_fen + back.online_fen != meal.fen or fell[back.entry] != Counter(_falls(meal, back)):
            return f"meal {back.meal}: it is taken back over another sum"
    if booked:
        return f"entry {min(booked)}: takes a meal back that nobody knows"
    said = [back.proposal for back in known]
    word = "SELECT d.proposal FROM decision d JOIN proposal p ON p.id = d.proposal WHERE p.kind = ? AND d.outcome = ?"
    by_two = {number for (number,) in db.run(word, (int(ProposalKind.MEAL_BACK), int(Outcome.CONFIRMED)))}
    if {*said} != by_two or len(said) != len(by_two):
        return "a meal was taken back and nobody has said so, or the other way round"
    return ""


def _share(code: str) -> str:
    """The debt's own account, or some card's online account, as one."""
    return str(AccountKind.ONLINE) if code.startswith(f"{AccountKind.ONLINE}:") else code


def _falls(meal: Meal, back: Back) -> dict[str, int]:
    """What its entry's lines come to, as its row says."""
    return {_code(meal.number): back.debt_fen, str(AccountKind.ONLINE): back.online_fen}


def _debts_fault(db: Database, entries: list[_Entry]) -> str:
    eaten: Counter[str] = Counter()
    for one in sorted(one for one in entries if one.code.startswith(_code(""))):
        eaten[one.code] += one.fen if one.kind in _GIVEN else -one.fen
        if eaten[one.code] < 0:
            return f"entry {one.number}: repays more than {one.code} owes"
    books = {code: fen for code, fen in db.run(_TOUCHED, (str(AccountKind.MEAL_DEBT),)) if fen}
    if books != {code: fen for code, fen in eaten.items() if fen}:
        return "a debt of meals was moved by what is no meal and no repayment"
    for person in all_persons(db):
        if person.owed_fen != eaten[_code(person.number)]:
            return f"person {person.number}: owes {eaten[_code(person.number)]} fen, not {person.owed_fen}"
    return ""


def _record_fault(db: Database, meals: list[Meal], check_tac: CheckTac) -> str:
    """Each record says its meal, and its terminal's MAC is right."""
    wanted = {one.record: one for one in meals if one.record is not None}
    rows = db.find("SELECT id, stored FROM record WHERE id", list(wanted))
    if len(rows) != len(wanted):
        return "a meal names a record that there is not"
    found = [(wanted[number], arrive(stored)) for number, stored in rows]
    for meal, a in found:
        said = a.record
        if not isinstance(said, MealRecord):
            return f"meal {meal.id}: its record is of another kind"
        if (person_number(said.card), said.amount_fen, said.meal) != (meal.number, meal.fen, meal.meal):
            return f"meal {meal.id}: its record says another one"
    items = [(meal, a.item) for meal, a in found if a.item is not None]
    verdicts = check_tac(b"".join(item for _, item in items)) if items else b""
    wrong = next((m for (m, _), verdict in zip(items, verdicts, strict=True) if verdict != TacVerdict.OK), None)
    return "" if wrong is None else f"meal {wrong.id}: its MAC is wrong"


def _lost_fault(db: Database) -> str:
    rows = db.run(_UNBOOKED, (int(Verdict.POSTED),))
    return f"record {rows[0][0]} was posted, and is in no books" if rows else ""


def _code(number: str) -> str:
    return f"{AccountKind.MEAL_DEBT}:{number}"
