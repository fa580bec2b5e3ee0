"""Pay orders 付款单, online payments in two steps, their refunds, and the calls that made them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0035"
down_revision = "0034"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table("pay_order",
        _id(), _col("token", BYTES), _col("maker", TEXT), _col("merchant", TEXT), _col("merchant_account", BIG),
        _col("amount_fen", BIG), _col("is_single", SMALL), _col("captures", SMALL), _col("note", TEXT),
        _col("state", SMALL), _col("made_ms", BIG), _col("expires_ms", BIG),
        sa.UniqueConstraint("token", name="uq_pay_order_token"),
    )  # fmt: skip
    op.create_index("ix_pay_order_maker", "pay_order", ["maker", "id"])
    op.create_table("online_payment",
        _id(), _col("pay_order", BIG), _col("maker", TEXT), _col("card", BYTES), _col("merchant_account", BIG),
        _col("amount_fen", BIG), _col("captured_fen", BIG), _col("refunded_fen", BIG), _col("state", SMALL),
        _col("day", sa.Integer()), _col("expires_ms", BIG), _col("opened_ms", BIG), _col("changed_ms", BIG),
    )  # fmt: skip
    op.create_index("ix_online_payment_card", "online_payment", ["card", "day"])
    op.create_index("ix_online_payment_order", "online_payment", ["pay_order"])
    op.create_index("ix_online_payment_state", "online_payment", ["state", "expires_ms"])
    op.create_table("online_refund",
        _id(), _col("payment", BIG), _col("fen", BIG), _col("reason", TEXT), _col("at_ms", BIG)
    )  # fmt: skip
    op.create_index("ix_online_refund_payment", "online_refund", ["payment"])
    op.create_table("pay_call",
        _col("caller", TEXT), _col("key", TEXT), _col("what", SMALL), _col("digest", BYTES), _col("result", TEXT),
        _col("payment", BIG), _col("fen", BIG), _col("at_ms", BIG), sa.PrimaryKeyConstraint("caller", "key"),
    )  # fmt: skip
    for table in ("online_refund", "pay_call"):
        forbid_change(table)


def _id() -> sa.Column[Any]:
    return sa.Column("id", BIG, primary_key=True, autoincrement=False)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
