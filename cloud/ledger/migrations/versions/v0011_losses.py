"""Losses after a report: what terminals had told at a report, what was booked, and which terminals were written off.

A report of before has no row: then the records' own times decide. What is told, written off or due is never edited; a
loss gets the number of the entry that took it back.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0011"
down_revision = "0010"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()


def upgrade() -> None:
    op.create_table("loss_report",
        sa.Column("deed", BIG, primary_key=True, autoincrement=False), _col("told", BYTES),
    )  # fmt: skip
    op.create_table("loss",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("record", BIG), _col("card", BYTES),
        _col("application", SMALL), _col("fen", BIG), _col("provided_fen", BIG), _col("entry", BIG),
        sa.Column("undone", BIG, nullable=True),
    )  # fmt: skip
    op.create_index("ix_loss_card", "loss", ["card"])
    op.create_index("ix_loss_record", "loss", ["record"])
    op.create_table("write_off",
        _col("card", BYTES), _col("device", BYTES), _col("deed", BIG), _col("proposal", BIG), _col("fen", BIG),
        sa.Column("entry", BIG, nullable=True), _col("at_ms", BIG), sa.PrimaryKeyConstraint("card", "device", "deed"),
    )  # fmt: skip
    op.create_table("write_off_due",
        _col("card", BYTES), _col("device", BYTES), _col("deed", BIG), _col("at_ms", BIG),
        sa.PrimaryKeyConstraint("card", "device", "deed"),
    )  # fmt: skip
    for table in ("loss_report", "write_off", "write_off_due"):
        forbid_change(table)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
