"""The book-only chain, and what boxes bear witness of that this ledger does not know.

Nothing of it is ever edited, but for what came again and what a box showed last. What people have done and said in an
older ledger gets its links here, in the order of its times, for not all of it has a number that rises with time; its
entries get none.
"""

from hashlib import sha256
from struct import Struct
from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change
from shared.wire import codec

revision = "0013"
down_revision = "0012"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()
LINK = Struct(">QHQQ")
OLDER = {
    2: ("card_deed", "id, key, card, other, kind, cashier, text, at_ms, at_s", "id"),
    3: ("proposal", "id, kind, document, maker, reason, at_ms, until_ms", "id"),
    4: ("decision", "proposal, outcome, checker, reason, at_ms", "proposal"),
    5: ("desk_close", "cashier, day, at_ms, document", "day"),
    6: ("revocation", "id, version, act, psam, device, since_s, who, reason, at_ms, record, entry", "id"),
    8: ("explanation", "difference, who, reason, at_ms", "difference"),
}
"""Kind of a link → table, what its digest is of, and what the link names. Frozen, as the chain is."""


def upgrade() -> None:
    op.create_table("book_chain",
        _id("number"), _col("kind", SMALL), _col("what", BIG), _col("digest", BYTES), _col("at_ms", BIG),
        _col("hash", BYTES),
    )  # fmt: skip
    op.create_table("put_back",
        _id("id"), _col("box", TEXT), _col("store", BYTES), _col("partition", SMALL), _col("shown", BIG),
        _col("here", BIG), _col("chain", BYTES), _col("row_shown", BIG), _col("row_here", BIG), _col("first", BIG),
        _col("last", BIG), _col("book", BYTES), _col("since_ms", BIG), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_table("put_back_again",
        _col("put_back", BIG), _col("device", BYTES), _col("records", BIG), _col("spent_fen", BIG),
        _col("loaded_fen", BIG),
        sa.PrimaryKeyConstraint("put_back", "device"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table("put_back_close", _id("put_back"), _col("proposal", BIG))
    op.create_table("witness",
        sa.Column("box", TEXT, primary_key=True), _col("store", BYTES), _col("partition", SMALL), _col("form", SMALL),
        _col("number", BIG), _col("at_ms", BIG),
    )  # fmt: skip
    for table in ("book_chain", "put_back", "put_back_close"):
        forbid_change(table)
    op.execute("INSERT INTO watermark (name, value) SELECT 'put-back', 0 WHERE EXISTS (SELECT 1 FROM meta)")
    _link_what_stands()


def _link_what_stands() -> None:
    insert = sa.text(
        "INSERT INTO book_chain (number, kind, what, digest, at_ms, hash) VALUES (:number, :kind, :what, :digest, "
        ":at_ms, :hash)"
    )
    head = bytes(32)
    for number, (at_ms, kind, what, digest) in enumerate(_standing(), 1):
        head = sha256(head + LINK.pack(number, kind, what, at_ms) + digest).digest()
        link = {"number": number, "kind": kind, "what": what, "digest": digest, "at_ms": at_ms, "hash": head}
        op.get_bind().execute(insert, link)


def _standing() -> list[tuple[int, int, int, bytes]]:
    """Time, kind, what, digest."""
    found = []
    for kind, (table, columns, what) in OLDER.items():
        for row in op.get_bind().execute(sa.text(f"SELECT {columns} FROM {table}")).mappings():  # noqa: S608  # our own names
            digest = sha256(codec.dumps(list(row.values()))).digest()
            found.append((int(row["at_ms"]), kind, int(row[what]), digest))
    return sorted(found)


def _id(name: str) -> sa.Column[Any]:
    return sa.Column(name, BIG, primary_key=True, autoincrement=False)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
