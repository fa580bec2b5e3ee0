"""Balances: folded up to a watermark, the tail summed when asked (DESIGN 6). No row is updated per record.

Signs: an account's balance is positive on the side where it grows.
"""

from collections.abc import Sequence

from cloud.ledger.books.chart import Side
from cloud.store.db import Database

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
_ENDS = "SELECT value, (SELECT COALESCE(MAX(entry), 0) FROM posting) FROM watermark WHERE name = 'fold'"
_FOLDED = "SELECT debit_fen - credit_fen FROM balance WHERE account = ?"
_TAIL = (
    "SELECT CAST(COALESCE(SUM(CASE WHEN debit = ? THEN fen ELSE -fen END), 0) AS BIGINT) "
    "FROM posting WHERE entry > ? AND (debit = ? OR credit = ?)"
)


def fold(db: Database) -> int:
    """Take all entries into the balances; how many there were. Inside of a writing transaction."""
    low, high = ends(db)
    if high > low:
        _fold(db, low, high)
    return high - low


def folded_up_to(db: Database) -> int:
    """The last entry that the folded balances know."""
    return int(db.run("SELECT value FROM watermark WHERE name = 'fold'")[0][0])


def balance(db: Database, account: int, side: Side) -> int:
    """fen, exact as of this transaction."""
    return _balance(db, account, side, folded_up_to(db))


def balance_now(db: Database, account: int, side: Side) -> int:
    """As `balance`, folding first when the tail is long. Inside of a writing transaction."""
    low, high = ends(db)
    if high - low >= FOLD_FROM:
        _fold(db, low, high)
        low = high
    return _balance(db, account, side, low)


def balances_of(db: Database, accounts: Sequence[int], tail: tuple[int, int] | None = None) -> dict[int, int]:
    """Debit surplus in fen of those of these accounts that ever moved. Sums the tail once; folds nothing. tail: what
    `ends` says, where it was asked."""
    low, high = tail or ends(db)
    query, wanted = "SELECT account, debit_fen - credit_fen FROM balance WHERE account", set(accounts)
    found: dict[int, int] = dict(db.find(query, list(accounts)))
    for account, debit, credit in db.run(_SUMS, (low, high, low, high)):
        if account in wanted:
            found[account] = found.get(account, 0) + debit - credit
    return found


def all_balances(db: Database) -> dict[int, int]:
    """Debit surplus in fen of every account that ever moved."""
    low, high = ends(db)
    found: dict[int, int] = dict(db.run("SELECT account, debit_fen - credit_fen FROM balance"))
    for account, debit, credit in db.run(_SUMS, (low, high, low, high)):
        found[account] = found.get(account, 0) + debit - credit
    return found


def ends(db: Database) -> tuple[int, int]:
    """The tail: above the first entry, up to the last."""
    ((low, high),) = db.run(_ENDS)
    return int(low), int(high)


def _fold(db: Database, low: int, high: int) -> None:
    db.run(_FOLD, (low, high, low, high))
    db.run("UPDATE watermark SET value = ? WHERE name = 'fold'", (high,))


def _balance(db: Database, account: int, side: Side, low: int) -> int:
    folded = db.run(_FOLDED, (account,))
    tail = db.run(_TAIL, (account, low, account, account))
    debit_surplus = (folded[0][0] if folded else 0) + tail[0][0]
    return int(debit_surplus) * side
