"""Which cards are due at their next tap, as far as the books know: for the list of awaited cards. Inside of a snapshot.

Looked for among those that bought last and those with an open order, so that a look costs the same whatever a campus
has; whoever is not named is served at a load machine, or when he claims.
"""

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.books.posting import CardAccounts
from cloud.ledger.funds.floors import floors
from cloud.ledger.journal.balances import balances_of
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.loads.split.moving import LEAST_FEN
from cloud.ledger.loads.split.orders import ORDER_S, open_order
from cloud.ledger.loads.split.rules import OF_A_CARD, Rule, effective, rules
from cloud.ledger.records.values import Now
from cloud.store.db import Database

LOOKED_BACK = 2_000
"""Purchases that are looked at, the newest."""
ORDERS_MAX = 128
_BOUGHT = "SELECT DISTINCT debit FROM (SELECT debit FROM posting WHERE entry > ? AND kind = ?) p"
_NEWEST = "SELECT COALESCE(MAX(entry), 0) FROM posting"
_CARDS = (
    f"SELECT c.purse_account, c.card, COALESCE(l.card_class, c.card_class), {CARD_ACCOUNTS} FROM card c "  # noqa: S608
    "LEFT JOIN card_life l ON l.card = c.card WHERE c.hotlisted = 0 AND c.expires > {now} AND c.{by}"
)
_ORDERED = "SELECT card FROM move_order WHERE at_ms > ? GROUP BY card ORDER BY MAX(id) DESC LIMIT ?"


def low_cards(db: Database, now: Now, most: int) -> list[bytes]:
    """Those that are below their threshold by the books or have an order open, and whose account has more than must
    stay; in the order of their numbers."""
    if most <= 0:
        return []
    known, ordered = rules(db), _ordered(db, now)
    if not known and not ordered:
        return []
    found = {bytes(card): tuple(rest) for _, card, *rest in _rows(db, now, ordered, is_ruled=bool(known))}
    accounts = {card: CardAccounts(*rest[1:]) for card, rest in found.items()}
    surplus = balances_of(db, [account for one in accounts.values() for account in (one.purse, one.online)])
    least = {one.card_class: one.fen for one in floors(db)}
    own = {one.card: one for one in known if one.card_class == OF_A_CARD}
    general = {one.card_class: one for one in known if one.card_class != OF_A_CARD}
    due = []
    for card, one in sorted(accounts.items()):
        card_class = found[card][0]
        free_fen = -surplus.get(one.online, 0) - least.get(card_class, 0)
        is_low = _is_low(own.get(card), general.get(card_class), -surplus.get(one.purse, 0))
        if free_fen >= LEAST_FEN and (card in ordered or is_low):
            due.append(card)
    return due[:most]


def _is_low(own: Rule | None, general: Rule | None, purse_fen: int) -> bool:
    quota = effective(own, general)
    return quota is not None and purse_fen < quota.below_fen


def _ordered(db: Database, now: Now) -> set[bytes]:
    rows = db.run(_ORDERED, (now.unix_ms - ORDER_S * 1000, ORDERS_MAX))
    return {bytes(card) for (card,) in rows if open_order(db, bytes(card), now.unix_ms)}


def _rows(db: Database, now: Now, ordered: set[bytes], *, is_ruled: bool) -> list[tuple[int, ...]]:
    rows = list(db.find(_CARDS.format(now=int(now.campus_s), by="card"), sorted(ordered)))
    if is_ruled:
        ((newest,),) = db.run(_NEWEST)
        purses = [account for (account,) in db.run(_BOUGHT, (newest - LOOKED_BACK, int(EntryKind.PURCHASE)))]
        rows += db.find(_CARDS.format(now=int(now.campus_s), by="purse_account"), purses)
    return rows
