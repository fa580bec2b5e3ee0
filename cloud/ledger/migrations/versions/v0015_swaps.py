"""Spare bodies, and the swaps that boxes told, append-only. An older ledger has neither."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0015"
down_revision = "0014"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table("spare",
        _col("device", BYTES), _col("kind", TEXT), _col("box", TEXT), _col("name", TEXT),
        sa.PrimaryKeyConstraint("device"),
    )  # fmt: skip
    op.create_table("swap",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("box", TEXT), _col("spare", BYTES),
        _col("broken", BYTES), _col("storage", BYTES), _col("psam", BYTES), _col("epoch", sa.Integer()),
        _col("at_s", BIG), _col("who", TEXT), _col("heard_ms", BIG),
    )  # fmt: skip
    forbid_change("swap")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
