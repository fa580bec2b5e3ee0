"""Which cards every box should await 待补圈名单: a load of theirs is decided or tried again at their next tap."""

from cloud.ledger.loads.cases import CaseState
from cloud.ledger.loads.retry import OFFERABLE
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.wire.messages import AWAITED_MAX, Awaited, awaited

PENDING_AFTER_S = 15
"""A granted load is its terminal's for so long: its own record is due. One of which a terminal has spoken is named at
once."""
_OFFERABLE = ", ".join(str(int(retry)) for retry in OFFERABLE)
_WHERE = (
    f"(l.state = {int(CaseState.PENDING)} AND (l.evidence <> '' OR l.opened_ms <= ?)) "
    f"OR (l.state = {int(CaseState.REVERSED)} AND l.debited = 1 AND l.retry IN ({_OFFERABLE}))"
)
_CARDS = (
    "SELECT l.card FROM load_case l JOIN card c ON c.card = l.card AND c.hotlisted = 0 AND c.expires > ? "  # noqa: S608
    f"WHERE {_WHERE} GROUP BY l.card ORDER BY MAX(l.changed_ms) DESC, l.card LIMIT ?"
)


def awaited_cards(db: Database, now: Now) -> Awaited:
    """Inside of a snapshot. At AWAITED_MAX those whose loads changed last; cards that nobody serves are not among
    them."""
    rows = db.run(_CARDS, (now.campus_s, now.unix_ms - PENDING_AFTER_S * 1000, AWAITED_MAX))
    return awaited(sorted(card for (card,) in rows))
