"""What an emergency meal 应急餐 is: its sum, and how many a person has in a week. Append-only; the last word counts.

A rule refuses nobody at the ledger: it goes to the terminals, and here it says what is told as beyond it.
"""

from typing import NamedTuple

from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import DAY_S
from shared.errors import ConfigFault
from shared.fleet.enrolled import FEN_MAX, FEN_MIN, PER_WEEK_MAX
from shared.money import yuan
from shared.words.voice import Text

COLUMNS = "id, fen, per_week, who, reason, at_ms"


class MealRule(NamedTuple):
    """fen: of a meal. per_week: for a person, from Monday to Sunday; 0: none is given out."""

    fen: int = 15_00
    per_week: int = 2


class MealRuleRefused(ConfigFault):
    """Happens when it is no rule. Nothing was changed."""


def meal_rule(db: Database) -> MealRule:
    """The one that counts. Inside of a transaction."""
    rows = db.run("SELECT fen, per_week FROM meal_rule ORDER BY id DESC LIMIT 1")
    return MealRule(*rows[0]) if rows else MealRule()


def meal_rule_of(db: Database, day: int, now: Now) -> MealRule:
    """The one that counted when this campus day ended, which may be today. Inside of a transaction."""
    end_ms = now.unix_ms + ((day + 1) * DAY_S - now.campus_s) * 1000
    rows = db.run("SELECT fen, per_week FROM meal_rule WHERE at_ms < ? ORDER BY id DESC LIMIT 1", (end_ms,))
    return MealRule(*rows[0]) if rows else MealRule()


def set_meal_rule(writing: Writing, rule: MealRule, who: str, reason: str) -> MealRule:
    """Inside of a transaction. The same again changes nothing. MealRuleRefused."""
    if not FEN_MIN <= rule.fen <= FEN_MAX or not 0 <= rule.per_week <= PER_WEEK_MAX:
        least, most = yuan(FEN_MIN), yuan(FEN_MAX)
        raise MealRuleRefused(
            Text(
                f"应急餐每餐 ¥{least}..{most}，每周 0..{PER_WEEK_MAX} 次",
                f"an emergency meal is ¥{least}..{most}, 0..{PER_WEEK_MAX} times a week",
            )
        )
    (last,) = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM meal_rule")[0]
    if last and meal_rule(writing.db) == rule:
        return rule
    row = (last + 1, *rule, who, reason, writing.now.unix_ms)
    writing.db.insert("meal_rule", COLUMNS, [row])
    writing.booking.link(BookLinkKind.MEAL_RULE, last + 1, digest_of(row))
    return rule
