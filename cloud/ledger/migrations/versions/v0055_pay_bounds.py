"""What a school lets online accounts pay: of one payment, and of a card on a day."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0055"
down_revision = "0054"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("pay_bound",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("one_fen", BIG), _col("day_fen", BIG),
        _col("who", sa.Text()), _col("reason", sa.Text()), _col("at_ms", BIG),
    )  # fmt: skip
    forbid_change("pay_bound")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
