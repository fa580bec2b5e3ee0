"""The book-only chain, and what boxes bear witness of that this ledger does not know. An older ledger has no links yet.

Nothing of it is ever edited, but for what came again and what a box showed last.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0013"
down_revision = "0012"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()


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


def _id(name: str) -> sa.Column[Any]:
    return sa.Column(name, BIG, primary_key=True, autoincrement=False)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
