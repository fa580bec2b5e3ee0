"""Blocks 锁定 of a holder's wallet: who, why, from where, when; lifted, never forgotten. Inside of a transaction."""

from typing import NamedTuple

from cloud.store.db import Database

PRANK_MS = 30 * 24 * 3_600_000
"""So long it counts against whoever reported what was never lost."""
PRANKS_MAX = 2
"""From so many on nobody is blocked by this person, or from this address, any more, until the oldest is forgotten."""


class Block(NamedTuple):
    """person 0: somebody who had not signed in; name: what he said he is called. agent: his browser."""

    holder: str
    person: int
    why: str
    address: str
    at_ms: int
    id: int = 0
    name: str = ""
    agent: str = ""


class Reporter(NamedTuple):
    """Who blocks somebody: as above."""

    person: int
    address: str
    name: str = ""
    agent: str = ""


def add_block(db: Database, holder: str, by: Reporter, why: str, key: bytes, now_ms: int) -> bool:
    """The same key is the same act. True: it is new."""
    if db.run("SELECT 1 FROM block WHERE key = ?", (key,)):
        return False
    ((number,),) = db.run("SELECT COALESCE(MAX(id), 0) + 1 FROM block")
    row = (number, holder, by.person, why, by.address, key, now_ms, 0)
    db.insert("block", "id, holder, person, why, address, key, at_ms, lifted_ms", [row])
    db.insert("block_from", "block, name, agent", [(number, by.name, by.agent)])
    return True


_BLOCK = (
    "SELECT b.holder, b.person, b.why, b.address, b.at_ms, b.id, COALESCE(f.name, ''), COALESCE(f.agent, '') "
    "FROM block b LEFT JOIN block_from f ON f.block = b.id WHERE b.holder = ?"
)


def block_of(db: Database, holder: str) -> Block | None:
    """The newest that stands."""
    rows = db.run(f"{_BLOCK} AND b.lifted_ms = 0 ORDER BY b.id DESC LIMIT 1", (holder,))
    return Block(*rows[0]) if rows else None


def blocks_of(db: Database, holder: str) -> list[Block]:
    """All there were, oldest first."""
    return [Block(*row) for row in db.run(f"{_BLOCK} ORDER BY b.id", (holder,))]


def lift_blocks(db: Database, holder: str, person: int, now_ms: int, *, prank: bool = False) -> None:
    """All of his. person: who lifts them. prank: nothing was lost, he says; it counts against whoever reported it."""
    for (number,) in db.run("SELECT id FROM block WHERE holder = ? AND lifted_ms = 0", (holder,)):
        db.upsert("lifted", "block, person, prank, at_ms", "block", [(number, person, int(prank), now_ms)])
    db.run("UPDATE block SET lifted_ms = ? WHERE holder = ? AND lifted_ms = 0", (now_ms, holder))


def pranks_of(db: Database, by: Reporter, now_ms: int) -> int:
    """So many of his reports of late, or of those of this address where nobody had signed in, were none."""
    whose, name = ("b.person = ?", by.person) if by.person else ("b.person = 0 AND b.address = ?", by.address)
    rows = db.run(
        "SELECT COUNT(*) FROM block b JOIN lifted l ON l.block = b.id "  # noqa: S608  # our own names
        f"WHERE l.prank = 1 AND l.at_ms > ? AND {whose}",
        (now_ms - PRANK_MS, name),
    )
    return int(rows[0][0])
