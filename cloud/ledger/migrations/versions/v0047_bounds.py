"""Bounds of a day that holders have set for their online accounts; and where holders were given money, for messages."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0047"
down_revision = "0045"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("account_bound",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("key", sa.Text()),
        _col("card", sa.LargeBinary()), _col("day_fen", BIG), _col("who", sa.Text()), _col("at_ms", BIG),
        sa.UniqueConstraint("key", name="uq_account_bound_key"),
    )  # fmt: skip
    op.create_index("ix_account_bound_card", "account_bound", ["card", "id"])
    op.create_index(
        "ix_card_life_successor", "card_life", ["successor"], sqlite_where=sa.text("successor IS NOT NULL"),
        postgresql_where=sa.text("successor IS NOT NULL"),
    )  # fmt: skip
    forbid_change("account_bound")
    given = sa.text("kind IN (2, 12, 20, 30, 41, 61, 64, 65, 94)")
    op.create_index("ix_posting_given", "posting", ["credit", "entry"], sqlite_where=given, postgresql_where=given)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
