"""A ledger that was put back, as people look at it: what is gone, what came again, and what is known of the rest."""

from typing import NamedTuple

from cloud.ledger.books.chart import AccountKind
from cloud.ledger.journal.balances import all_balances
from cloud.ledger.journal.book_chain import NO_HEAD, book_head_question
from cloud.ledger.journal.booking import head_question
from cloud.ledger.journal.facts import from_json
from cloud.ledger.journal.witnessed import PutBack, put_backs
from cloud.ledger.records.values import OWN_PARTITION
from cloud.store.db import Database
from shared.facts.boxes import RecoveryGone
from shared.ids import LedgerId
from shared.wire.checkpoint import Checkpoint


class AgainView(NamedTuple):
    """What came again of a terminal."""

    terminal: str
    records: int
    spent_fen: int
    loaded_fen: int


class BoxAgain(NamedTuple):
    """What came again from a box; gone: rows that it was asked for and no longer keeps."""

    box: str
    terminals: int
    records: int
    spent_fen: int
    loaded_fen: int
    gone: int


class LackView(NamedTuple):
    """An account that stands below zero: its card had money that these books know nothing of."""

    label: str
    account: str
    fen: int


class PutBackView(NamedTuple):
    """What is gone, and what came again."""

    found: tuple[PutBack, ...] = ()
    again: tuple[AgainView, ...] = ()

    @property
    def waits(self) -> list[PutBack]:
        """What two persons have not closed."""
        return [one for one in self.found if one.is_open]


def checkpoint(db: Database, unix_ms: int) -> Checkpoint:
    """Inside of a snapshot."""
    ((ledger,),) = db.run("SELECT value FROM meta WHERE name = 'ledger'")
    partitions = range(OWN_PARTITION + 1)
    heads = db.ask(book_head_question(), *(head_question(partition) for partition in partitions))
    (number, book), *found = [(rows[0][0], bytes(rows[0][1])) if rows else NO_HEAD for rows in heads]
    chains = tuple((nn, *one) for nn, one in zip(partitions, found, strict=True) if one[0])
    return Checkpoint(LedgerId(bytes.fromhex(ledger)), unix_ms, chains, number, book)


def put_back_view(db: Database) -> PutBackView:
    """Inside of a snapshot. As cheap as what was found is little: a console asks it twice a second."""
    found = tuple(put_backs(db))
    return PutBackView(found, _again(db)) if found else PutBackView()


def _again(db: Database) -> tuple[AgainView, ...]:
    rows = db.run(
        "SELECT a.device, d.name, SUM(a.records), SUM(a.spent_fen), SUM(a.loaded_fen) FROM put_back_again a "
        "LEFT JOIN device d ON d.device = a.device GROUP BY a.device, d.name ORDER BY d.name, a.device"
    )
    return tuple(AgainView(name or bytes(device).hex(), *map(int, sums)) for device, name, *sums in rows)


def again_by_box(db: Database) -> tuple[BoxAgain, ...]:
    """Inside of a snapshot; boxes that have shown what this ledger lacks, since it was put back first."""
    rows = db.run(
        "SELECT p.box, COUNT(DISTINCT a.device), COALESCE(SUM(a.records), 0), COALESCE(SUM(a.spent_fen), 0), "
        "COALESCE(SUM(a.loaded_fen), 0) FROM put_back p LEFT JOIN put_back_again a ON a.put_back = p.id "
        "GROUP BY p.box ORDER BY p.box"
    )
    gone = _rows_gone(db)
    return tuple(
        BoxAgain(box, int(terminals), int(records), int(spent), int(loaded), gone.get(box, 0))
        for box, terminals, records, spent, loaded in rows
    )


def _rows_gone(db: Database) -> dict[str, int]:
    """By box, as it told: of a box that was asked more than once the most."""
    found: dict[str, int] = {}
    for box, params in db.run("SELECT box, params FROM fact WHERE code = ?", (RecoveryGone.code,)):
        rows = dict(from_json(params)).get("rows", 0)
        found[box] = max(found.get(box, 0), rows if isinstance(rows, int) else 0)
    return found


def lacks(db: Database) -> tuple[LackView, ...]:
    """Inside of a snapshot. What the deposits and grants that are missing must have brought at least; nothing of a
    ledger that was never put back. Reads all accounts."""
    if not put_backs(db):
        return ()
    surplus = all_balances(db)
    rows = db.run(
        "SELECT c.label, a.code, a.id FROM card c JOIN account a "
        "ON a.id = c.online_account OR a.id = c.pending_account ORDER BY c.label, a.code"
    )
    return tuple(
        LackView(label, AccountKind(code.partition(":")[0]).value, -surplus[number])
        for label, code, number in rows if surplus.get(number, 0) > 0
    )  # fmt: skip
