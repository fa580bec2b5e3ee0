"""Backup marks: up to which outbox row of each box the newest verified backup holds what it has sent."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("backup_mark",
        _col("box", sa.Text()), _col("store", sa.LargeBinary()), _col("row", BIG), _col("made_ms", BIG),
        sa.PrimaryKeyConstraint("box", "store"),
    )  # fmt: skip


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
