"""The boxes as witnesses of the ledger's chains: what each has shown last, and an ack for each to keep the newest head.

One row a box, of its newest store. Bound: the registered boxes.
"""

from cloud.ledger.journal.registry import Registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.receive.acks import ack_for
from cloud.store.db import Database
from shared.ids import BoxId, StoreId
from shared.wire.messages import FORM_2, AckBody, Hello

_COLUMNS = "box, store, partition, form, number, at_ms"


def keep_witness(writing: Writing, box: BoxId, partition: int, hello: Hello, shown: AckBody | None) -> None:
    """What this box's Hello says. One that is in no inventory bears no witness."""
    if box not in writing.registry.boxes:
        return
    number = shown.heads.number if shown and shown.heads else 0
    row = (box, bytes(hello.store), partition, hello.form, number, writing.now.unix_ms)
    writing.db.upsert("witness", _COLUMNS, "box", [row])


def witness_acks(db: Database, registry: Registry) -> list[AckBody]:
    """An ack for every box that reads heads, with the newest ones. Inside of a transaction."""
    rows = db.run("SELECT box, store, partition, form FROM witness WHERE form >= ? ORDER BY box", (FORM_2,))
    return [
        ack_for(db, registry, BoxId(box), StoreId(bytes(store)), partition, form)
        for box, store, partition, form in rows if box in registry.boxes
    ]  # fmt: skip
