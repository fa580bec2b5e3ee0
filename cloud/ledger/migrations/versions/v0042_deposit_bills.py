"""Bills 对账单 of providers, what did not match, and who has seen to it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0042"
down_revision = "0041"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("deposit_bill",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("provider", sa.Text()), _col("day", BIG),
        _col("digest", sa.LargeBinary()), _col("lines", sa.LargeBinary()), _col("paid_fen", BIG),
        _col("refunded_fen", BIG), _col("who", sa.Text()), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_table("deposit_item",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("bill", BIG), _col("provider", sa.Text()),
        _col("day", BIG), _col("kind", SMALL), _col("txn", sa.Text()), _col("number", sa.Text()),
        _col("bill_fen", BIG), _col("books_fen", BIG), _col("at_ms", BIG),
        sa.UniqueConstraint("provider", "txn", "kind", name="uq_deposit_item"),
    )  # fmt: skip
    op.create_table("deposit_item_close",
        sa.Column("item", BIG, primary_key=True, autoincrement=False), _col("proposal", BIG),
    )  # fmt: skip
    for table in ("deposit_bill", "deposit_item", "deposit_item_close"):
        forbid_change(table)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
