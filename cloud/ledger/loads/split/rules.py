"""Rules of the split: of a card class, by a person; of one card, for its holder, within what its class has.

Append-only; the last word on a class or a card counts from its commit on. A rule that contradicts itself is refused.
"""

from typing import NamedTuple

from cloud.ledger.fleet.parameters.door import ceiling_fen
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.ledger.loads.split.moving import Quota
from cloud.parameters.floor import ONE_MEAL_FEN
from cloud.store.db import Database, Row
from shared.errors import ConfigFault
from shared.money import yuan
from shared.words.voice import Text

TARGET_MAX_FEN = 1_000_00
"""Of a purse whose ceiling no parameters say."""
DAY_MAX_FEN = 2_000_00
CLASS_MAX = 255
OF_A_CARD = -1
"""In the place of a class: the rule is of one card."""
COLUMNS = "id, card_class, card, below_fen, target_fen, day_fen, who, reason, at_ms"
_NEWEST = (
    "SELECT card_class, card, below_fen, target_fen, day_fen, who, reason, at_ms FROM auto_load WHERE id IN "
    "(SELECT MAX(id) FROM auto_load GROUP BY card_class, card)"
)
_CLASS = (
    "SELECT COALESCE(l.card_class, c.card_class) FROM card c LEFT JOIN card_life l ON l.card = c.card WHERE c.card = ?"
)


class Rule(NamedTuple):
    """The last word on a class, or on a card: then card_class is OF_A_CARD. All sums 0: switched off."""

    card_class: int
    card: bytes
    below_fen: int
    target_fen: int
    day_fen: int
    who: str
    reason: str
    at_ms: int

    @property
    def quota(self) -> Quota | None:
        """None: switched off."""
        return Quota(self.below_fen, self.target_fen, self.day_fen) if self.target_fen else None


class RuleRefused(ConfigFault):
    """Happens when it contradicts itself, or the class. Nothing was changed."""


OFF = Quota(0, 0, 0)


def rules(db: Database) -> list[Rule]:
    """Of each class and each card of which anybody has said something. Inside of a snapshot."""
    return sorted(map(_rule, db.run(_NEWEST)))


def quota_of(db: Database, card: bytes) -> Quota | None:
    """What counts for this card: its holder's own, never above its class'; None: nothing is loaded by rule."""
    rows = db.run(_CLASS, (card,))
    if not rows:
        return None
    either = f"{_NEWEST} AND ((card_class = ? AND card = ?) OR (card_class = ? AND card = ?))"
    found = [_rule(row) for row in db.run(either, (OF_A_CARD, card, int(rows[0][0]), b""))]
    own, general = (next((one for one in found if bool(one.card) is of_card), None) for of_card in (True, False))
    return effective(own, general)


def effective(own: Rule | None, general: Rule | None) -> Quota | None:
    """Of a card's own rule and that of its class."""
    school = general.quota if general else None
    if own is None:
        return school
    if own.quota is None or school is None:
        return own.quota
    target_fen = min(own.target_fen, school.target_fen)
    return Quota(min(own.below_fen, target_fen), target_fen, min(own.day_fen, school.day_fen))


def set_of_class(writing: Writing, card_class: int, quota: Quota, who: str, reason: str) -> Rule:
    """Inside of a transaction. RuleRefused."""
    if not 0 <= card_class <= CLASS_MAX:
        raise RuleRefused(Text(f"卡类 0..{CLASS_MAX}", f"a class is 0..{CLASS_MAX}"))
    return _keep(writing, card_class, b"", quota, who, reason)


def set_of_card(writing: Writing, card: bytes, quota: Quota, who: str, reason: str) -> Rule:
    """Inside of a transaction. RuleRefused: also what is above the rule of its class."""
    rows = writing.db.run(_CLASS, (card,))
    if not rows:
        raise RuleRefused(Text("没有这张卡", "there is no such card"))
    general = _last(writing.db, int(rows[0][0]), b"")
    school = general.quota if general else None
    if school and (quota.target_fen > school.target_fen or quota.day_fen > school.day_fen):
        most, day = yuan(school.target_fen), yuan(school.day_fen)
        raise RuleRefused(
            Text(f"本卡类至多补到 ¥{most}，每日 ¥{day}", f"its class goes up to ¥{most}, ¥{day} a day")
        )
    return _keep(writing, OF_A_CARD, card, quota, who, reason)


def _last(db: Database, card_class: int, card: bytes) -> Rule | None:
    found = db.run(f"{_NEWEST} AND card_class = ? AND card = ?", (card_class, card))
    return _rule(found[0]) if found else None


def _rule(row: Row) -> Rule:
    return Rule(row[0], bytes(row[1]), *row[2:])


def _keep(writing: Writing, card_class: int, card: bytes, quota: Quota, who: str, reason: str) -> Rule:
    if quota != OFF:
        require_sound(quota, ceiling_fen(writing.db))
    (last,) = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM auto_load")[0]
    row = (last + 1, card_class, card, *quota, who, reason, writing.now.unix_ms)
    writing.db.insert("auto_load", COLUMNS, [row])
    writing.booking.link(BookLinkKind.AUTO_LOAD, last + 1, digest_of(row))
    return Rule(*row[1:])


def require_sound(quota: Quota, most_fen: int) -> None:
    """RuleRefused for a rule that contradicts itself, with the reason. most_fen: what a purse may hold, 0: unknown."""
    below, target, day = quota
    meal, most, highest = yuan(ONE_MEAL_FEN), yuan(most_fen or TARGET_MAX_FEN), yuan(DAY_MAX_FEN)
    faults = (
        (target < ONE_MEAL_FEN, Text(f"目标低于一餐 ¥{meal}", f"its target is below one meal, ¥{meal}")),
        (below <= 0, Text("阈值须大于零", "its threshold is not above zero")),
        (
            below > target,
            Text(
                f"阈值 ¥{yuan(max(0, below))} 高于目标 ¥{yuan(max(0, target))}",
                f"its threshold ¥{yuan(max(0, below))} is above its target ¥{yuan(max(0, target))}",
            ),
        ),
        (
            target > (most_fen or TARGET_MAX_FEN),
            Text(f"目标高于卡内余额上限 ¥{most}", f"its target is above what a purse may hold, ¥{most}"),
        ),
        (
            not ONE_MEAL_FEN <= day <= DAY_MAX_FEN,
            Text(f"每日上限须在 ¥{meal}..{highest}", f"its bound of a day is not in ¥{meal}..{highest}"),
        ),
    )
    for is_so, said in faults:
        if is_so:
            raise RuleRefused(Text(f"自动圈存：{said.zh}", f"auto-load: {said.en}"))
