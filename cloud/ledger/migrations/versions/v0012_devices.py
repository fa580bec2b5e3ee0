"""Terminals that moved, epochs that two persons let through, what a full quarantine keeps. An older ledger has none.

Moves and epochs let through are never edited; the counts of a day grow.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0012"
down_revision = "0011"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INT = sa.Integer()
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table("device_move",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("device", BYTES), _col("former", TEXT),
        _col("box", TEXT), _col("proposal", BIG), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_table("device_move_mark",
        _col("move", BIG), _col("epoch", INT), _col("seq", BIG), sa.PrimaryKeyConstraint("move", "epoch"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table("epoch_let",
        _col("device", BYTES), _col("epoch", INT), _col("proposal", BIG), sa.PrimaryKeyConstraint("device", "epoch"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    for table in ("device_move", "device_move_mark", "epoch_let"):
        forbid_change(table)
    op.create_table("quarantine_day",
        _col("box", TEXT), _col("device", BYTES), _col("day", INT), _col("kept", BIG), _col("beyond", BIG),
        _col("digest", BYTES), sa.PrimaryKeyConstraint("box", "device", "day"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table("beyond_mark",
        _col("device", BYTES), _col("epoch", INT), _col("cumulative", BIG), _col("ranges", BYTES),
        sa.PrimaryKeyConstraint("device", "epoch"), sqlite_with_rowid=False,
    )  # fmt: skip


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
