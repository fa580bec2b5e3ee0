"""The boxes as witnesses of the ledger's chains: what each has shown last, and an ack for each to keep the newest head.

One row a box, of its newest store. Bound: the registered boxes. What a box has shown and is contained stays there, so
that every later process knows what of the chain the box has seen, whatever was booked since.
"""

from cloud.ledger.journal.book_chain import book_hash_at
from cloud.ledger.journal.registry import Registry
from cloud.ledger.journal.witnessed import seen_by
from cloud.ledger.journal.writing import Writing
from cloud.ledger.receive.acks import ack_for
from cloud.store.db import Database
from shared.ids import BoxId, StoreId
from shared.wire.messages import FORM_2, AckBody, Hello

_COLUMNS = "box, store, partition, form, number, at_ms"


def keep_witness(
    writing: Writing, box: BoxId, partition: int, hello: Hello, shown: AckBody | None, common: int
) -> None:
    """What this box's Hello says. One that is in no inventory bears no witness.

    Only a head that is ours counts, however late its Hello came. common: of a box that is heard first and shows none,
    what anybody is known to have seen.
    """
    if box not in writing.registry.boxes:
        return
    before, contained = seen_by(writing.db, box), _contained(writing.db, shown)
    known = [number for number in (before, contained) if number is not None]
    number = max(known, default=common)
    row = (box, bytes(hello.store), partition, hello.form, number, writing.now.unix_ms)
    writing.db.upsert("witness", _COLUMNS, "box", [row])


def _contained(db: Database, shown: AckBody | None) -> int | None:
    """The number of the book-only head that it names, if it is ours."""
    heads = shown.heads if shown else None
    return heads.number if heads and book_hash_at(db, heads.number) == heads.book else None


def witness_acks(db: Database, registry: Registry) -> list[AckBody]:
    """An ack for every box that reads heads, with the newest ones. Inside of a transaction."""
    rows = db.run("SELECT box, store, partition, form FROM witness WHERE form >= ? ORDER BY box", (FORM_2,))
    return [
        ack_for(db, registry, BoxId(box), StoreId(bytes(store)), partition, form)
        for box, store, partition, form in rows if box in registry.boxes
    ]  # fmt: skip
