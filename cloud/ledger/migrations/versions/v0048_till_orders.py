"""Orders 收款码 of tills: the payment case and the pay order of each, and its code."""

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0048"
down_revision = "0047"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("till_order",
        sa.Column("case_key", sa.LargeBinary(), nullable=False), sa.Column("pay_order", BIG, nullable=False),
        sa.Column("code", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("case_key"),
        sa.UniqueConstraint("pay_order", name="uq_till_order_pay_order"),
    )  # fmt: skip
    forbid_change("till_order")
