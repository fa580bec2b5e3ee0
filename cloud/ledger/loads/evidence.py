"""What the books hold already of a card's online counter, for a load that they hear of late.

A ledger that was put back has lost a load's request, and the card's next load may reach it before that load's record.
"""

from typing import NamedTuple

from cloud.ledger.records.arrival import arrive
from cloud.store.db import Database
from shared.records import CounterKind, Kind, LoadRecord
from shared.wire import codec

MAIN_PURSE = 0b0010
"""Application main, EP: what an online load request speaks of (records.purse_of)."""
_PROVEN = (
    "SELECT r.stored FROM proof p JOIN record r ON r.id = p.record WHERE p.card_key >= ? AND p.card_key <= ? "
    "ORDER BY p.card_key DESC LIMIT 1"
)
_ASKED = (
    "SELECT counter, payload FROM load_case WHERE card = ? AND counter > ? AND debited = 1 "
    "ORDER BY counter DESC, key LIMIT 1"
)
_UNLOADED = "SELECT counter, auth FROM unload_case WHERE card = ? AND counter > ? ORDER BY counter DESC, key LIMIT 1"


class Known(NamedTuple):
    """An online counter that the card has certainly had, and the bytes that prove it (cases.settle_pending)."""

    counter: int
    evidence: bytes


def online_key(card: bytes, counter: int) -> bytes:
    """The proof's key of an online counter of the main purse."""
    return card + bytes((MAIN_PURSE, CounterKind.ONLINE)) + counter.to_bytes(2, "big")


def newest_known(db: Database, card: bytes, counter: int) -> Known | None:
    """The highest counter from this one on that speaks of a load with it.

    A TAC speaks of its own counter, too: another load has it. A MAC1, of a load or an unload that was granted, speaks
    of earlier ones only: who asked at the same counter may have asked before.
    """
    found = []
    for (stored,) in db.run(_PROVEN, (online_key(card, counter), online_key(card, 0xFFFF))):
        record = arrive(stored).record
        if isinstance(record, LoadRecord):
            found.append(Known(record.counter, codec.dumps([int(Kind.LOAD), stored])))
    found += [Known(*row) for row in (*db.run(_ASKED, (card, counter)), *db.run(_UNLOADED, (card, counter)))]
    return max(found, key=lambda known: known.counter, default=None)
