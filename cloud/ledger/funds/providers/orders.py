"""Orders of deposits 充值订单: a row as each stands, and an append-only step for each change, in the books' chain.

An order's number goes to the provider. It follows from this ledger, the key and the moment, so an older copy of the
books that is used on never gives a number away twice.
"""

from hashlib import sha256

from cloud.ledger.funds.providers.terms import DepositOrder, OrderState
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import DepositRefused
from cloud.store.db import Database
from shared.errors import WireFault
from shared.money import fen as money
from shared.wire import codec
from shared.words.voice import Text

COLUMNS = (
    "number, key, provider, card, fen, payer, made_ms, expires_ms, state, txn, paid_fen, paid_day, refunded_fen, pay, "
    "due_ms, tries, changed_ms, way, opener"
)
STEP_COLUMNS = "id, number, state, document, at_ms"
KEY_MAX, PAYER_MAX, PROVIDER_MAX = 64, 64, 16
WAY_MAX, OPENER_MAX = 16, 256
FEN_MIN, FEN_MAX = 1, 5_000_00
"""Of one deposit."""
OPEN_MAX = 20
"""Orders of one card that wait at a time; at the bound the next is refused until one is paid or expires."""
_SELECT = f"SELECT {COLUMNS} FROM deposit_order"  # noqa: S608  # our own names


def make_order(
    writing: Writing, key: str, card: bytes, fen: int, provider: str, payer: str, lasts_s: int, way: str = "",
    opener: str = "",
) -> DepositOrder:  # fmt: skip
    """Inside of a transaction. The same key with the same card, sum and provider is the same order. DepositRefused."""
    _require_sound(key, fen, provider, payer)
    if len(way) > WAY_MAX or len(opener) > OPENER_MAX or not opener.isascii() or not opener.isprintable():
        raise DepositRefused(Text("支付方式不合格式", "a way of paying of no good form"))
    known = order_of_key(writing.db, key)
    if known is not None:
        if (known.card, known.fen, known.provider) != (card, fen, provider):
            raise DepositRefused(Text(f"幂等键 {key!r} 已用于另一笔充值", f"key {key!r} was used for another deposit"))
        return known
    if writing.accounts(card) is None:
        raise DepositRefused(Text(f"清单中没有卡 {card.hex()}", f"card {card.hex()} is in no inventory"))
    if waiting_of(writing.db, card) >= OPEN_MAX:
        raise DepositRefused(
            Text(f"未完成的充值已有 {OPEN_MAX} 笔", f"{OPEN_MAX} deposits of this card wait to be paid")
        )
    now_ms = writing.now.unix_ms
    order = DepositOrder(
        number_of(writing.registry.ledger, key, now_ms), key, provider, card, fen, payer, now_ms,
        now_ms + lasts_s * 1000, int(OrderState.MADE), due_ms=now_ms, changed_ms=now_ms,
        way=way, opener=opener,
    )  # fmt: skip
    step(writing, order, codec.dumps([key, provider, card, fen, payer, order.expires_ms]))
    return order


def number_of(ledger: bytes, key: str, made_ms: int) -> str:
    """32 characters that any provider takes: letters and digits."""
    return "Y" + sha256(ledger + made_ms.to_bytes(8, "big") + key.encode()).hexdigest()[:31]


def step(writing: Writing, order: DepositOrder, document: bytes) -> None:
    """Inside of a transaction: the order as it stands now, and what has brought it there."""
    keep(writing.db, order)
    last = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM deposit_step")[0][0]
    row = (int(last) + 1, order.number, order.state, document, writing.now.unix_ms)
    writing.db.insert("deposit_step", STEP_COLUMNS, [row])
    writing.booking.link(BookLinkKind.DEPOSIT_STEP, row[0], digest_of(row))


def keep(db: Database, order: DepositOrder) -> None:
    """Its row alone: when it is asked for, and how often it was."""
    db.upsert("deposit_order", COLUMNS, "number", [tuple(order)])


def order_of(db: Database, number: str) -> DepositOrder | None:
    """By the number that the provider knows."""
    rows = db.run(f"{_SELECT} WHERE number = ?", (number,))
    return DepositOrder(*rows[0]) if rows else None


def order_of_key(db: Database, key: str) -> DepositOrder | None:
    """By whoever ordered it."""
    rows = db.run(f"{_SELECT} WHERE key = ?", (key,))
    return DepositOrder(*rows[0]) if rows else None


def due_orders(db: Database, now_ms: int, most: int) -> list[DepositOrder]:
    """Those to be asked for by now, the longest due first."""
    rows = db.run(f"{_SELECT} WHERE due_ms <= ? ORDER BY due_ms LIMIT ?", (now_ms, most))
    return [DepositOrder(*row) for row in rows]


def orders_of(db: Database, card: bytes, most: int) -> list[DepositOrder]:
    """Of a card, the newest first."""
    rows = db.run(f"{_SELECT} WHERE card = ? ORDER BY made_ms DESC LIMIT ?", (card, most))
    return [DepositOrder(*row) for row in rows]


def in_state(db: Database, state: OrderState, most: int) -> list[DepositOrder]:
    """The oldest first."""
    rows = db.run(f"{_SELECT} WHERE state = ? ORDER BY made_ms LIMIT ?", (int(state), most))
    return [DepositOrder(*row) for row in rows]


def paid_on(db: Database, provider: str, day: int) -> list[DepositOrder]:
    """Those that this provider took money for on this day, by its own time."""
    rows = db.run(f"{_SELECT} WHERE provider = ? AND paid_day = ? AND txn <> '' ORDER BY number", (provider, day))
    return [DepositOrder(*row) for row in rows]


def waiting_of(db: Database, card: bytes) -> int:
    """How many of a card's may still be paid."""
    states = (int(OrderState.MADE), int(OrderState.SENT))
    return int(db.run("SELECT COUNT(*) FROM deposit_order WHERE card = ? AND state IN (?, ?)", (card, *states))[0][0])


def counts(db: Database) -> dict[str, int]:
    """How many stand in which state."""
    rows: dict[int, int] = dict(db.run("SELECT state, COUNT(*) FROM deposit_order GROUP BY state"))
    return {state.name.lower(): int(rows.get(int(state), 0)) for state in OrderState}


def _require_sound(key: str, fen: int, provider: str, payer: str) -> None:
    try:
        money(fen)
    except WireFault as fault:
        raise DepositRefused(str(fault)) from fault
    if not FEN_MIN <= fen <= FEN_MAX:
        raise DepositRefused(Text("每笔充值 ¥0.01..5000.00", "a deposit is ¥0.01..5000.00"))
    sizes = ((key, 1, KEY_MAX), (provider, 1, PROVIDER_MAX), (payer, 0, PAYER_MAX))
    for text, least, most in sizes:
        if not least <= len(text.encode()) <= most or not text.isprintable():
            raise DepositRefused(Text("键、渠道或付款人不合格式", "a key, provider or payer of no good form"))
