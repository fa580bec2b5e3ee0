"""Blocks 锁定 of a holder's wallet: who, why, from where, when; lifted, never forgotten. Inside of a transaction."""

from typing import NamedTuple

from cloud.store.db import Database


class Block(NamedTuple):
    """person 0: somebody who had not signed in."""

    holder: str
    person: int
    why: str
    address: str
    at_ms: int


def add_block(db: Database, holder: str, person: int, why: str, address: str, key: bytes, now_ms: int) -> None:
    """The same key is the same act."""
    if db.run("SELECT 1 FROM block WHERE key = ?", (key,)):
        return
    ((number,),) = db.run("SELECT COALESCE(MAX(id), 0) + 1 FROM block")
    row = (number, holder, person, why, address, key, now_ms, 0)
    db.insert("block", "id, holder, person, why, address, key, at_ms, lifted_ms", [row])


def block_of(db: Database, holder: str) -> Block | None:
    """The newest that stands."""
    rows = db.run(
        "SELECT holder, person, why, address, at_ms FROM block WHERE holder = ? AND lifted_ms = 0 "
        "ORDER BY id DESC LIMIT 1",
        (holder,),
    )
    return Block(*rows[0]) if rows else None


def blocks_of(db: Database, holder: str) -> list[Block]:
    """All there were, oldest first."""
    rows = db.run("SELECT holder, person, why, address, at_ms FROM block WHERE holder = ? ORDER BY id", (holder,))
    return [Block(*row) for row in rows]


def lift_blocks(db: Database, holder: str, now_ms: int) -> None:
    """All of his."""
    db.run("UPDATE block SET lifted_ms = ? WHERE holder = ? AND lifted_ms = 0", (now_ms, holder))
