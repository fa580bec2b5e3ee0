"""A paper sheet of emergency meals 应急餐登记单: one person proposes it, another confirms, and each row is posted once.

Of a stall, a day, a meal and a person there is one row in the books, whatever sheet it stands on and however often the
same sheet is confirmed. A sheet with one faulty row is refused whole, and each faulty row is named.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cloud.ledger.books.keys import sheet_key
from cloud.ledger.funds.meals.roster import Enrolment, owners, persons
from cloud.ledger.funds.meals.rules import meal_rule_of
from cloud.ledger.funds.meals.tables import SHEET_MAX, RosterLine, SheetLine
from cloud.ledger.funds.meals.taking import Row, take_row
from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.errors import WireFault
from shared.facts.money.meals import SheetConfirmed, SheetProposed
from shared.wire import codec
from shared.words.voice import Text

DAYS_BACK = 35
"""A sheet that is older belongs to a day that nobody can ask about any more."""
_STALLS = "SELECT name, place, merchant, merchant_account FROM device"


class Stall(NamedTuple):
    """A merchant, and the account of what is owed to it."""

    name: str
    account: int


def checked_roster(db: Database, lines: Sequence[RosterLine]) -> list[RosterLine]:
    """What the books say against it, too. Inside of a transaction or snapshot."""
    cards = {label: bytes(card) for label, card in db.find("SELECT label, card FROM card WHERE label", _labels(lines))}
    whose = owners(db, list(cards.values()))
    said = {one.number: one for one in lines}
    return [one if one.fault else one._replace(fault=_roster_fault(one, cards, whose, said)) for one in lines]


def enrolments(db: Database, lines: Sequence[RosterLine]) -> list[Enrolment]:
    """Of lines without a fault."""
    cards = {label: bytes(card) for label, card in db.find("SELECT label, card FROM card WHERE label", _labels(lines))}
    return [Enrolment(one.number, cards[one.label] if one.label else b"", one.group, one.is_enrolled) for one in lines]


def checked_sheet(db: Database, lines: Sequence[SheetLine], now: Now) -> list[SheetLine]:
    """What the books say against it, too. Inside of a transaction or snapshot."""
    stalls, known, today = _stalls(db), persons(db, [one.number for one in lines]), day_number(now.campus_s)
    enrolled = {number for number, one in known.items() if one.is_enrolled}
    named = [one if one.fault else one._replace(fault=_sheet_fault(one, stalls, enrolled, today)) for one in lines]
    return [one if one.fault else one._replace(fault=_known_fault(db, one, stalls[one.stall])) for one in named]


def propose_sheet(writing: Writing, lines: Sequence[SheetLine], who: str, reason: str) -> Proposal:
    """Inside of a transaction. The same by the same person again changes nothing. ProposalRefused: a row is faulty."""
    checked = checked_sheet(writing.db, lines, writing.now)
    if not 0 < len(checked) <= SHEET_MAX or any(one.fault for one in checked):
        raise ProposalRefused(_refused(checked))
    stalls = _stalls(writing.db)
    fen = {day: meal_rule_of(writing.db, day, writing.now).fen for day in {one.day for one in checked}}
    rows = [Row(stalls[s].name, day, meal, n, fen[day], stalls[s].account) for _, n, s, day, meal, _ in checked]
    document = codec.dumps([list(row) for row in rows])
    if before := two_persons.said_before(writing, ProposalKind.MEAL_SHEET, document, who):
        return before
    made = two_persons.propose(writing, ProposalKind.MEAL_SHEET, document, who, reason)
    writing.notes.tell(SheetProposed(made.number, len(rows), sum(row.fen for row in rows), made.maker))
    return made


def confirm_sheet(writing: Writing, number: int, who: str) -> tuple[Decided, int]:
    """Inside of a transaction. How many rows were posted: those that are in the books by now are not again."""
    decided = two_persons.confirm(writing, _sheet(writing.db, number).number, who)
    if decided.again or decided.proposal.decision is None:
        return decided, 0
    signed = (number, decided.proposal.maker, decided.proposal.decision.checker)
    posted = [take_row(writing, row, signed, writing.now.unix_ms) for row in read_sheet_rows(decided.proposal.document)]
    writing.notes.tell(SheetConfirmed(number, sum(posted), decided.proposal.maker, signed[2]))
    return decided, sum(posted)


def reject_sheet(writing: Writing, number: int, who: str, reason: str) -> Decided:
    """Inside of a transaction. Nothing is posted."""
    return two_persons.reject(writing, _sheet(writing.db, number).number, who, reason)


def read_sheet_rows(document: bytes) -> list[Row]:
    """What a proposal says. WireFault for a document that is none."""
    try:
        return [Row(*row) for row in codec.loads(document)]
    except TypeError as fault:
        raise WireFault("no sheet of meals") from fault


def _sheet(db: Database, number: int) -> Proposal:
    found = two_persons.proposal(db, number)
    if found.kind is not ProposalKind.MEAL_SHEET:
        raise ProposalRefused(Text(f"提议 {number} 不是应急餐登记单", f"proposal {number} is no sheet of meals"))
    return found


def _stalls(db: Database) -> dict[str, Stall]:
    """By the name of the merchant, of a terminal, or of a window, where that is one merchant's alone."""
    found: dict[str, set[Stall]] = {}
    for name, place, merchant, account in db.run(_STALLS):
        for one in {name, place, merchant} - {""}:
            found.setdefault(one, set()).add(Stall(merchant, account))
    return {name: min(stalls) for name, stalls in found.items() if len(stalls) == 1}


def _labels(lines: Sequence[RosterLine]) -> list[str]:
    return sorted({one.label for one in lines if one.label and not one.fault})


def _roster_fault(
    one: RosterLine, cards: Mapping[str, bytes], whose: Mapping[bytes, str], said: Mapping[str, RosterLine]
) -> Text | None:
    if not one.label:
        return None
    card = cards.get(one.label)
    if card is None:
        return Text(f"没有这张卡：{one.label}", f"no such card: {one.label}")
    owner = whose.get(card, one.number)
    is_left = owner in said and said[owner].label != one.label
    if owner != one.number and not is_left:
        return Text(f"卡 {one.label} 是 {owner} 的", f"card {one.label} is {owner}'s")
    return None


def _sheet_fault(one: SheetLine, stalls: Mapping[str, Stall], enrolled: set[str], today: int) -> Text | None:
    if one.number not in enrolled:
        return Text("学号不在册", "the number is nobody's")
    if one.stall not in stalls:
        return Text(f"没有档口或终端 {one.stall}", f"no stall or terminal {one.stall}")
    if not today - DAYS_BACK <= one.day <= today:
        return Text(f"日期应在近 {DAYS_BACK} 天内", f"the day is none of the last {DAYS_BACK}")
    return None


def _known_fault(db: Database, one: SheetLine, stall: Stall) -> Text | None:
    key = sheet_key(stall.name, one.day, one.meal, one.number)
    if db.run("SELECT 1 FROM meal WHERE key = ?", (key,)):
        return Text("已登记入账", "is in the books already")
    at_till = (
        "SELECT stall FROM meal WHERE number = ? AND day = ? AND meal = ? AND record IS NOT NULL "
        "AND id NOT IN (SELECT meal FROM meal_back)"
    )
    if any(name == stall.name for (name,) in db.run(at_till, (one.number, one.day, one.meal))):
        return Text("本餐次已在终端记过", "a terminal has recorded it in this meal")
    return None


def _refused(lines: Sequence[SheetLine]) -> Text:
    faulty = [one for one in lines if one.fault]
    if not faulty:
        return Text(f"登记单应有 1..{SHEET_MAX} 行", f"a sheet has 1..{SHEET_MAX} rows")
    at, said = faulty[0].at, faulty[0].fault
    zh, en = (said.zh, said.en) if said else ("", "")
    more = len(faulty) - 1
    if more:
        return Text(f"第 {at} 行：{zh}；另有 {more} 行有误", f"line {at}: {en}; {more} more are faulty")
    return Text(f"第 {at} 行：{zh}", f"line {at}: {en}")
