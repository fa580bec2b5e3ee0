"""Who is enrolled, emergency meals 应急餐, and their rule.

An older program knows neither their entries nor their debts: it would take a deposit and repay nothing. So the first
row of them closes the books to it (journal/readers.py).
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0032"
down_revision = "0030"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("roster",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("body", sa.LargeBinary()),
        _col("source", sa.Text()), _col("who", sa.Text()), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_table("person",
        sa.Column("number", sa.Text(), primary_key=True), _col("card", sa.LargeBinary()), _col("class", sa.Text()),
        _col("enrolled", SMALL), _col("owed_fen", BIG), _col("roster", BIG),
    )  # fmt: skip
    op.create_index("ix_person_card", "person", ["card"])
    op.create_index("ix_person_owed", "person", ["owed_fen"])
    op.create_table("meal_rule",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("fen", BIG),
        _col("per_week", SMALL), _col("who", sa.Text()), _col("reason", sa.Text()), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_table("meal",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("key", sa.LargeBinary()),
        _col("number", sa.Text()), _col("day", sa.Integer()), _col("week", sa.Integer()),
        _col("meal", SMALL), _col("fen", BIG),
        _col("device", sa.LargeBinary()), _col("stall", sa.Text()),
        sa.Column("record", BIG),
        sa.Column("entry", BIG), _col("reason", SMALL), _col("beyond", SMALL),
        _col("at_ms", BIG),
        sa.UniqueConstraint("key", name="uq_meal_key"),
    )  # fmt: skip
    op.create_index("ix_meal_number", "meal", ["number", "week"])
    op.create_index("ix_meal_day", "meal", ["day"])
    op.create_index("ix_meal_entry", "meal", ["entry"])
    forbid_change("roster")
    forbid_change("meal_rule")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
