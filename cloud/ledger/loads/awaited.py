"""Which cards every terminal should await 待补圈名单: a load of theirs is decided or tried again at their next tap."""

from itertools import islice
from typing import NamedTuple

from cloud.ledger.loads.retry import OFFERABLE
from cloud.ledger.loads.split.low import low_cards
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.fleet.cards import AWAITED_MAX
from shared.ids import CardId
from shared.wire import messages

PENDING_AFTER_S = 15
"""A granted load is its terminal's for so long: its own record is due. One of which a terminal has spoken is named at
once."""
_OFFERABLE = ", ".join(str(int(retry)) for retry in OFFERABLE)
_WHERE = (
    f"(l.state = {int(CaseState.PENDING)} AND (l.evidence <> '' OR l.opened_ms <= ?)) "
    f"OR (l.state = {int(CaseState.REVERSED)} AND l.debited = 1 AND l.retry IN ({_OFFERABLE}))"
)
_OF = (
    "FROM load_case l JOIN card c ON c.card = l.card AND c.hotlisted = 0 AND c.expires > ? "
    f"WHERE {_WHERE}"
)
_CARDS = f"SELECT l.card {_OF} GROUP BY l.card ORDER BY MAX(l.changed_ms) DESC, l.card LIMIT ?"
_COUNT = f"SELECT COUNT(DISTINCT l.card) {_OF}"


class AwaitedNow(NamedTuple):
    """cards: those whose loads changed last, AWAITED_MAX at most; beyond: how many more there are, which wait for
    machine, desk or claim."""

    cards: tuple[CardId, ...]
    beyond: int = 0


def awaited_now(db: Database, now: Now) -> AwaitedNow:
    """Inside of a snapshot. Cards that nobody serves are not among them. What room half-done loads leave have those
    that are due by rule or order."""
    cards = _newest(db, now, AWAITED_MAX)
    if len(cards) < AWAITED_MAX:
        low = low_cards(db, now, AWAITED_MAX)
        due = (CardId(card) for card in low if card not in cards)
        return AwaitedNow((*cards, *islice(due, AWAITED_MAX - len(cards))))
    ((count,),) = db.run(_COUNT, _times(now))
    return AwaitedNow(cards, int(count) - len(cards))


def awaited_cards(db: Database, now: Now) -> messages.Awaited:
    """What a box of release 0.1 is told. Inside of a snapshot."""
    return messages.awaited(sorted(_newest(db, now, messages.AWAITED_MAX)))


def _newest(db: Database, now: Now, most: int) -> tuple[CardId, ...]:
    return tuple(CardId(bytes(card)) for (card,) in db.run(_CARDS, (*_times(now), most)))


def _times(now: Now) -> tuple[int, int]:
    return now.campus_s, now.unix_ms - PENDING_AFTER_S * 1000
