"""Account payments 账户支付: a row for each request, and for each reversal that came before its request."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table("payment_case",
        _col("key", BYTES), _col("card", BYTES), _col("amount_fen", BIG), _col("psam", BYTES), _col("box", TEXT),
        _col("payload", BYTES), _col("result", SMALL), _col("left_fen", BIG), _col("state", SMALL),
        sa.Column("entry", BIG, nullable=True), _col("day", sa.Integer()), sa.Column("record", BIG, nullable=True),
        sa.Column("reversal", BIG, nullable=True), sa.Column("reversed_day", sa.Integer(), nullable=True),
        _col("opened_ms", BIG), _col("changed_ms", BIG), sa.PrimaryKeyConstraint("key"),
    )  # fmt: skip
    op.create_index("ix_payment_case_card", "payment_case", ["card", "day"])
    op.create_index("ix_payment_case_state", "payment_case", ["state"])
    op.create_index("ix_payment_case_reversed", "payment_case", ["reversed_day"])


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
