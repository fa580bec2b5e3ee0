"""Refunds 渠道退款 that we ask providers for, and what providers bring to the bank 渠道结算."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0045"
down_revision = "0044"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("deposit_refund",
        sa.Column("number", sa.Text(), primary_key=True), _col("order_number", sa.Text()), _col("provider", sa.Text()),
        _col("txn", sa.Text()), _col("card", sa.LargeBinary()), _col("item", BIG), _col("fen", BIG),
        _col("reason", sa.Text()), _col("proposal", BIG), _col("made_ms", BIG), _col("state", SMALL), _col("day", BIG),
        _col("due_ms", BIG), _col("tries", BIG), _col("changed_ms", BIG),
    )  # fmt: skip
    op.create_index("ix_deposit_refund_due", "deposit_refund", ["due_ms"])
    op.create_index("ix_deposit_refund_order", "deposit_refund", ["order_number"])
    op.create_index("ix_deposit_refund_day", "deposit_refund", ["provider", "day"])
    op.create_table("deposit_refund_step",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("number", sa.Text()), _col("state", SMALL),
        _col("document", sa.LargeBinary()), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_index("ix_deposit_refund_step_number", "deposit_refund_step", ["number", "id"])
    op.create_table("deposit_settlement",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("provider", sa.Text()), _col("day", BIG),
        _col("digest", sa.LargeBinary()), _col("lines", sa.LargeBinary()), _col("settled_fen", BIG),
        _col("fee_fen", BIG), _col("who", sa.Text()), _col("at_ms", BIG),
    )  # fmt: skip
    for table in ("deposit_refund_step", "deposit_settlement"):
        forbid_change(table)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
