"""What a holder orders onto his card 预约圈存: so much from his online account, at the card's next tap on line.

Append-only: an order is done with when a load that came by itself was debited after it and did not come back, when a
later one takes its place (0 calls it off), or after ORDER_S. The money stays in the account until the card has come.
"""

from typing import NamedTuple

from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.ledger.loads.split.moving import LEAST_FEN, Movable, Why
from cloud.ledger.records.load_state import CaseState
from cloud.store.db import Database
from shared.clocks.clock import DAY_S
from shared.errors import ConfigFault
from shared.money import yuan
from shared.online import Purpose
from shared.words.voice import Text

ORDER_S = 7 * DAY_S
KEY_MAX = 64
COLUMNS = "id, key, card, fen, who, at_ms"
_LOADED = (
    "SELECT opened_ms, amount_fen, payload FROM load_case WHERE card = ? AND opened_ms >= ? AND debited = 1 "
    "AND +state <> ? ORDER BY opened_ms"
)


class Order(NamedTuple):
    """fen 0: calls off what was ordered before."""

    number: int
    fen: int
    who: str
    at_ms: int


class OrderRefused(ConfigFault):
    """Happens when it may not be moved now. Nothing was changed."""

    def __init__(self, said: Text, why: Why | None = None) -> None:
        super().__init__(said)
        self.why = why


def keep_order(writing: Writing, key: str, card: bytes, fen: int, who: str, may: Movable) -> Order:
    """Inside of a transaction; the same key again is the same order. may: what orderable says. OrderRefused."""
    if not 0 < len(key) <= KEY_MAX:
        raise OrderRefused(Text(f"单号 1..{KEY_MAX} 字", f"a key has 1..{KEY_MAX} characters"))
    known = writing.db.run("SELECT id, card, fen, who, at_ms FROM move_order WHERE key = ?", (key,))
    if known:
        number, of, *rest = known[0]
        if (bytes(of), rest[0]) != (card, fen):
            raise OrderRefused(Text("单号已用于另一笔", "the key is another order's"))
        return Order(number, *rest)
    if fen and not LEAST_FEN <= fen <= may.fen:
        least, most = yuan(LEAST_FEN), yuan(may.fen)
        raise OrderRefused(
            Text(f"现可转 ¥{least}..{most} 到卡上", f"¥{least}..{most} may go onto the card now"), may.why
        )
    (last,) = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM move_order")[0]
    row = (last + 1, key, card, fen, who, writing.now.unix_ms)
    writing.db.insert("move_order", COLUMNS, [row])
    writing.booking.link(BookLinkKind.MOVE_ORDER, last + 1, digest_of(row))
    return Order(last + 1, fen, who, writing.now.unix_ms)


def open_order(db: Database, card: bytes, now_ms: int) -> Order | None:
    """What is ordered and did not come yet."""
    rows = db.run("SELECT id, fen, who, at_ms FROM move_order WHERE card = ? ORDER BY id DESC LIMIT 1", (card,))
    if not rows or not rows[0][1] or not 0 <= now_ms - rows[0][3] < ORDER_S * 1000:
        return None
    order = Order(*rows[0])
    return None if loaded_since(db, card, order.at_ms) else order


def loaded_since(db: Database, card: bytes, since_ms: int) -> list[int]:
    """Sums that came onto this card by themselves since, and did not come back."""
    rows = db.run(_LOADED, (card, since_ms, int(CaseState.REVERSED)))
    return [int(fen) for _, fen, payload in rows if bytes(payload[:1]) == bytes((Purpose.AUTO,))]
