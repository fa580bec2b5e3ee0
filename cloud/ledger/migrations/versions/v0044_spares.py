"""Spare cards 备用卡 and visitors' cards 临时卡: where each is and was, and whose account one has spent."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0044"
down_revision = "0043"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("spare_card",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("key", sa.LargeBinary()),
        _col("card", sa.LargeBinary()), _col("act", SMALL), _col("holder", sa.LargeBinary()),
        _col("person", sa.Text()), _col("place", sa.Text()), _col("deposit_fen", BIG), _col("in_cash", SMALL),
        _col("limit_fen", BIG), _col("until_day", BIG), _col("who", sa.Text()), _col("reason", sa.Text()),
        _col("at_ms", BIG), _col("at_s", BIG), sa.UniqueConstraint("key", name="uq_spare_card_key"),
    )  # fmt: skip
    op.create_index("ix_spare_card_card", "spare_card", ["card", "id"])
    op.create_index("ix_spare_card_holder", "spare_card", ["holder", "id"])
    forbid_change("spare_card")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
