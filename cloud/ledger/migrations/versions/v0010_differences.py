"""Differences between cards and ledger, and who has explained them. An older ledger is looked through from its start.

An explanation is never edited.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0010"
down_revision = "0009"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table("difference",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("card", BYTES), _col("application", SMALL),
        _col("kind", SMALL), _col("mark", BIG), _col("expected_fen", BIG), _col("read_fen", BIG),
        sa.Column("record", BIG, nullable=True), _col("state", SMALL), _col("found_ms", BIG), _col("changed_ms", BIG),
    )  # fmt: skip
    op.create_index("ix_difference_card", "difference", ["card"])
    op.create_index("ix_difference_state", "difference", ["state"])
    op.create_table("explanation",
        sa.Column("difference", BIG, primary_key=True, autoincrement=False), _col("who", TEXT), _col("reason", TEXT),
        _col("at_ms", BIG),
    )  # fmt: skip
    forbid_change("explanation")
    op.execute("INSERT INTO watermark (name, value) SELECT 'findings', 0 WHERE EXISTS (SELECT 1 FROM meta)")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
