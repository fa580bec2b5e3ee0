"""What persons have read off the bank's statement, beside what the books had then."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0028"
down_revision = "0027"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("bank_figure",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("day", sa.Integer()), _col("fen", BIG),
        _col("books_fen", BIG), _col("last_entry", BIG), _col("who", sa.Text()), _col("source", sa.Text()),
        _col("items", sa.LargeBinary()), _col("at_ms", BIG),
    )  # fmt: skip
    forbid_change("bank_figure")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
