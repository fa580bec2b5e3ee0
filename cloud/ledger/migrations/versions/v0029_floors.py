"""What must stay in the online account of a card's class."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0029"
down_revision = "0028"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("account_floor",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("card_class", sa.Integer()), _col("fen", BIG),
        _col("who", sa.Text()), _col("reason", sa.Text()), _col("at_ms", BIG),
    )  # fmt: skip
    forbid_change("account_floor")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
