"""How an order is opened by its payer; what providers give back of unclear money; their invoices of fees; and what
card desks have proposed to give back."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0052"
down_revision = "0051"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name in ("way", "opener"):
        op.add_column("deposit_order", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.create_table("deposit_item_back",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("item", BIG), _col("refund", sa.Text()),
        _col("fen", BIG), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_index("ix_deposit_item_back_item", "deposit_item_back", ["item"])
    op.create_table("deposit_invoice",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("provider", sa.Text()),
        _col("month", sa.Text()), _col("fen", BIG), _col("fees_fen", BIG), _col("note", sa.Text()),
        _col("who", sa.Text()), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_table("deposit_desk",
        sa.Column("key", sa.LargeBinary(), primary_key=True), _col("cashier", sa.Text()),
        _col("order_number", sa.Text()), _col("fen", BIG), _col("proposal", BIG),
    )  # fmt: skip
    for table in ("deposit_item_back", "deposit_invoice", "deposit_desk"):
        forbid_change(table)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
