"""The rows of swaps 换机 that boxes told, append-only, and what two persons said of each. Inside of a transaction."""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from cloud.store.db import Database
from shared.errors import WireFault
from shared.wire import codec

KIND = 15
"""Of a proposal about a swap (two_persons.ProposalKind): its document is that of `document_of`."""
_CONFIRMED = 1
_COLUMNS = "id, box, spare, broken, storage, psam, epoch, at_s, who, heard_ms"


class SwapState(Enum):
    """What counts of a swap."""

    TOLD = "told"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class SwapRow(NamedTuple):
    """A swap as its box told it. at_s: campus seconds at the box; heard_ms: when the ledger heard of it."""

    number: int
    box: str
    spare: bytes
    broken: bytes
    storage: bytes
    psam: bytes
    epoch: int
    at_s: int
    who: str
    heard_ms: int
    state: SwapState = SwapState.TOLD


def document_of(number: int) -> bytes:
    """What a proposal about this swap says."""
    return codec.dumps(["swap", number])


def number_in(document: bytes) -> int:
    """Of a proposal's document; WireFault for one that is about something else."""
    word, number = codec.fields(codec.loads(document), str, int, what="swap")
    if word != "swap":
        raise WireFault("a document about something else")
    return int(number)


def read_swaps(db: Database) -> list[SwapRow]:
    """All of them, oldest first, each with what counts of it."""
    said = dict(_decided(db))
    rows = db.run(f"SELECT {_COLUMNS} FROM swap ORDER BY id")  # noqa: S608  # our own names
    return [SwapRow._make((*row, said.get(row[0], SwapState.TOLD))) for row in rows]


def add_swap(db: Database, row: SwapRow) -> None:
    """It is told from here on."""
    db.insert("swap", _COLUMNS, [row[:-1]])


def next_number(db: Database) -> int:
    """Of a swap that is told now."""
    return 1 + int(db.run("SELECT COALESCE(MAX(id), 0) FROM swap")[0][0])


def _decided(db: Database) -> Iterable[tuple[int, SwapState]]:
    """In the order of the proposals: a later word on the same swap counts."""
    sql = (
        "SELECT p.document, d.outcome FROM proposal p JOIN decision d ON d.proposal = p.id WHERE p.kind = ? "
        "ORDER BY p.id"
    )
    for document, outcome in db.run(sql, (KIND,)):
        yield number_in(document), SwapState.CONFIRMED if outcome == _CONFIRMED else SwapState.REJECTED
