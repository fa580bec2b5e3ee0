"""Ledgers in memory: one is made and filled per process, every seed gets a copy."""

import atexit
import sqlite3
from functools import lru_cache

from cloud.ledger.ledger import open_ledger
from cloud.ledger.records.values import Now
from cloud.store.db import SqliteDatabase
from shared.ids import LedgerId
from tests.sim.blueprint import CAMPUS_S, blueprint

DEPOSIT_FEN = 500_000
"""充值 of each card before the first day: more than it can load."""
GRANT_FEN = 2_500
"""发放 to each card, waiting to be claimed."""


@lru_cache(maxsize=1)
def fresh_ledger() -> sqlite3.Connection:
    """Migrated, with the inventory, a deposit and a grant for every card. Never written to."""
    ledger = open_ledger(":memory:", LedgerId(b"sim-book"))
    now = Now(0, CAMPUS_S)
    ledger.import_inventory(blueprint().inventory, now)
    for made in blueprint().cards:
        ledger.deposit(made.card, DEPOSIT_FEN, f"sim-{made.label}", now)
        ledger.grant(made.card, GRANT_FEN, "fund", "sim", f"sim-{made.label}", now)
    database = ledger.database
    if not isinstance(database, SqliteDatabase):
        raise TypeError("a ledger in memory is SQLite's")
    atexit.register(database.connection.close)
    return database.connection


@lru_cache(maxsize=1)
def fresh_entries() -> int:
    """The number of its last entry."""
    ((last,),) = fresh_ledger().execute("SELECT MAX(id) FROM entry").fetchall()
    return int(last)
