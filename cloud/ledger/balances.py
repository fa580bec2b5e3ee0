"""Balances: folded up to a watermark, the tail summed when asked (DESIGN 6). No row is updated per record.

Signs: an account's balance is positive on the side where it grows.
"""

from cloud.db import Database
from cloud.ledger.accounts import Side

FOLD_FROM = 500
"""Entries above the watermark from which an online check folds first, so that its sum stays short."""
_SUMS = (
    "SELECT account, CAST(SUM(d) AS BIGINT), CAST(SUM(c) AS BIGINT) FROM ("
    "SELECT debit AS account, fen AS d, 0 AS c FROM posting WHERE entry > ? AND entry <= ? "
    "UNION ALL SELECT credit, 0, fen FROM posting WHERE entry > ? AND entry <= ?) AS moved WHERE d + c > 0 "
    "GROUP BY account"
)
_FOLD = (
    f"INSERT INTO balance (account, debit_fen, credit_fen) {_SUMS} ON CONFLICT (account) DO UPDATE SET "
    "debit_fen = balance.debit_fen + excluded.debit_fen, credit_fen = balance.credit_fen + excluded.credit_fen"
)
_FOLDED = "SELECT debit_fen - credit_fen FROM balance WHERE account = ?"
_TAIL = (
    "SELECT CAST(COALESCE(SUM(CASE WHEN debit = ? THEN fen ELSE -fen END), 0) AS BIGINT) "
    "FROM posting WHERE entry > ? AND (debit = ? OR credit = ?)"
)


def fold(db: Database) -> int:
    """Take all entries into the balances; how many there were. Inside of a writing transaction."""
    low = folded_up_to(db)
    high = db.run("SELECT max(entry) FROM posting")[0][0] or 0
    if high > low:
        db.run(_FOLD, (low, high, low, high))
        db.run("UPDATE watermark SET value = ? WHERE name = 'fold'", (high,))
    return int(high - low)


def folded_up_to(db: Database) -> int:
    """The last entry that the folded balances know."""
    return int(db.run("SELECT value FROM watermark WHERE name = 'fold'")[0][0])


def balance(db: Database, account: int, side: Side) -> int:
    """fen, exact as of this transaction."""
    folded = db.run(_FOLDED, (account,))
    tail = db.run(_TAIL, (account, folded_up_to(db), account, account))
    debit_surplus = (folded[0][0] if folded else 0) + tail[0][0]
    return int(debit_surplus) * side


def balance_now(db: Database, account: int, side: Side) -> int:
    """As `balance`, folding first when the tail is long. Inside of a writing transaction."""
    last = db.run("SELECT max(entry) FROM posting")[0][0] or 0
    if last - folded_up_to(db) >= FOLD_FROM:
        fold(db)
    return balance(db, account, side)


def all_balances(db: Database) -> dict[int, int]:
    """Debit surplus in fen of every account that ever moved."""
    low = folded_up_to(db)
    high = db.run("SELECT max(entry) FROM posting")[0][0] or 0
    found: dict[int, int] = dict(db.run("SELECT account, debit_fen - credit_fen FROM balance"))
    for account, debit, credit in db.run(_SUMS, (low, high, low, high)):
        found[account] = found.get(account, 0) + debit - credit
    return found
