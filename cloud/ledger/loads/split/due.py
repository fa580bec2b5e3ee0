"""What is due to a card now, as the books stand in this transaction: asked before it is offered, and before it is
granted. So no two movements can both believe that there is enough."""

from cloud.ledger.books.chart import Side
from cloud.ledger.books.posting import CardAccounts
from cloud.ledger.fleet.parameters.door import ceiling_fen
from cloud.ledger.funds.floors import floor_of
from cloud.ledger.journal.balances import balance
from cloud.ledger.loads.split.moving import Holding, Movable, onto_card
from cloud.ledger.loads.split.orders import loaded_since, open_order
from cloud.ledger.loads.split.rules import quota_of
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import DAY_S


def due(db: Database, card: bytes, accounts: CardAccounts, purse_fen: int, now: Now) -> Movable:
    """What is loaded onto a card that has proven to hold so much. Its entries are flushed; the hotlist was asked."""
    return onto_card(holding(db, card, accounts, purse_fen, now), quota_of(db, card))


def holding(db: Database, card: bytes, accounts: CardAccounts, purse_fen: int, now: Now) -> Holding:
    """What the holder has. Inside of a snapshot."""
    order = open_order(db, card, now.unix_ms)
    today_ms = now.unix_ms - now.campus_s % DAY_S * 1000
    return Holding(
        purse_fen, balance(db, accounts.online, Side.CREDIT), floor_of(db, card), ceiling_fen(db),
        sum(loaded_since(db, card, today_ms)), order.fen if order else 0,
    )  # fmt: skip
