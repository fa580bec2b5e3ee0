"""What is loaded from online accounts by rule, and what holders have ordered onto their cards."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0040"
down_revision = "0035"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("auto_load",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("card_class", sa.Integer()),
        _col("card", sa.LargeBinary()), _col("below_fen", BIG), _col("target_fen", BIG), _col("day_fen", BIG),
        _col("who", sa.Text()), _col("reason", sa.Text()), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_index("ix_auto_load_of", "auto_load", ["card_class", "card"])
    forbid_change("auto_load")
    op.create_table("move_order",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("key", sa.Text()),
        _col("card", sa.LargeBinary()), _col("fen", BIG), _col("who", sa.Text()), _col("at_ms", BIG),
        sa.UniqueConstraint("key", name="uq_move_order_key"),
    )  # fmt: skip
    op.create_index("ix_move_order_card", "move_order", ["card"])
    forbid_change("move_order")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
