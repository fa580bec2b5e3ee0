"""An emergency meal that stands in a wrong person's name: one person proposes to take it back, another confirms.

Proposed and confirmed only while it may be: it is posted, was not taken back before, and where a deposit has repaid it
the person has a card whose account takes the money.
"""

from cloud.ledger.funds.meals.backs import Back, backs_of, meal_by_entry, share_of, take_back
from cloud.ledger.funds.meals.taking import Meal, masked
from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.readers import MEALS_BACK
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.errors import WireFault
from shared.facts.money.meals import MealBackConfirmed, MealBackProposed
from shared.money import yuan
from shared.wire import codec
from shared.words.voice import Text


def propose_back(writing: Writing, entry: int, who: str, reason: str) -> Proposal:
    """Of the meal that this entry has booked. Inside of a transaction. The same by the same person again changes
    nothing. ProposalRefused."""
    meal = _may_be(writing.db, entry)
    document = codec.dumps([entry, meal.number, meal.fen])
    if before := two_persons.said_before(writing, ProposalKind.MEAL_BACK, document, who):
        return before
    writing.booking.need(MEALS_BACK)
    made = two_persons.propose(writing, ProposalKind.MEAL_BACK, document, who, reason)
    writing.notes.tell(MealBackProposed(made.number, masked(meal.number), meal.fen, made.maker))
    return made


def confirm_back(writing: Writing, number: int, who: str) -> tuple[Decided, Back | None]:
    """Inside of a transaction. None: it had been confirmed before. ProposalRefused."""
    decided = two_persons.confirm(writing, _back(writing.db, number).number, who)
    if decided.again or decided.proposal.decision is None:
        return decided, None
    entry, _, _ = read_back(decided.proposal.document)
    meal, maker, checker = _may_be(writing.db, entry), decided.proposal.maker, decided.proposal.decision.checker
    back = take_back(writing, meal, number, maker, checker)
    told = MealBackConfirmed(number, masked(meal.number), back.debt_fen, back.online_fen, maker, checker)
    writing.notes.tell(told)
    return decided, back


def reject_back(writing: Writing, number: int, who: str, reason: str) -> Decided:
    """Inside of a transaction. The meal stays."""
    return two_persons.reject(writing, _back(writing.db, number).number, who, reason)


def read_back(document: bytes) -> tuple[int, str, int]:
    """Entry, person's number, fen. WireFault for a document that is none."""
    try:
        entry, number, fen = codec.loads(document)
    except (TypeError, ValueError) as fault:
        raise WireFault("no meal to be taken back") from fault
    return int(entry), str(number), int(fen)


def _back(db: Database, number: int) -> Proposal:
    found = two_persons.proposal(db, number)
    if found.kind is not ProposalKind.MEAL_BACK:
        raise ProposalRefused(Text(f"提议 {number} 不是应急餐改正", f"proposal {number} takes no meal back"))
    return found


def _may_be(db: Database, entry: int) -> Meal:
    meal = meal_by_entry(db, entry)
    if meal is None:
        raise ProposalRefused(Text(f"分录 {entry} 不是应急餐", f"entry {entry} is no emergency meal"))
    if backs_of(db, [meal.id]):
        raise ProposalRefused(Text(f"分录 {entry} 的应急餐已改正", f"the meal of entry {entry} was taken back before"))
    share = share_of(db, meal)
    if share.online_fen and not share.card:
        fen = yuan(share.online_fen)
        raise ProposalRefused(
            Text(
                f"{meal.number} 已还 ¥{fen}，名单里没有卡可退：先登记其卡",
                f"{meal.number} has repaid ¥{fen}, and has no card in the roster to get it back on: enrol it first",
            )
        )
    return meal
