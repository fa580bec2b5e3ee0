"""Deposits through providers 渠道充值: how each stands, and the steps that brought it there."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0041"
down_revision = "0040"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("deposit_order",
        sa.Column("number", sa.Text(), primary_key=True), _col("key", sa.Text()), _col("provider", sa.Text()),
        _col("card", sa.LargeBinary()), _col("fen", BIG), _col("payer", sa.Text()), _col("made_ms", BIG),
        _col("expires_ms", BIG), _col("state", SMALL), _col("txn", sa.Text()), _col("paid_fen", BIG),
        _col("paid_day", BIG), _col("refunded_fen", BIG), _col("pay", sa.Text()), _col("due_ms", BIG),
        _col("tries", BIG), _col("changed_ms", BIG),
        sa.UniqueConstraint("key", name="uq_deposit_order_key"),
    )  # fmt: skip
    op.create_index("ix_deposit_order_due", "deposit_order", ["due_ms"])
    op.create_index("ix_deposit_order_card", "deposit_order", ["card", "made_ms"])
    op.create_index("ix_deposit_order_paid", "deposit_order", ["provider", "paid_day"])
    op.create_table("deposit_step",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("number", sa.Text()), _col("state", SMALL),
        _col("document", sa.LargeBinary()), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_index("ix_deposit_step_number", "deposit_step", ["number", "id"])
    forbid_change("deposit_step")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
