"""Emergency meals that were booked on a wrong person, and taken back by two persons."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0054"
down_revision = "0052"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("meal_back",
        sa.Column("meal", BIG, primary_key=True, autoincrement=False), _col("entry", BIG), _col("proposal", BIG),
        _col("debt_fen", BIG), _col("online_fen", BIG), _col("at_ms", BIG),
    )  # fmt: skip
    forbid_change("meal_back")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
