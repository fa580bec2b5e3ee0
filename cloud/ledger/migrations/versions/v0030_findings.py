"""What the books have found of cards, who has confirmed or undone it, and the purses that do not close."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0030"
down_revision = "0029"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table("finding",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("card", BYTES), _col("application", SMALL),
        _col("kind", SMALL), _col("mark", BIG), sa.Column("record", BIG), sa.Column("beside", BIG),
        _col("state", SMALL), _col("found_ms", BIG), _col("found_s", BIG), _col("until_s", BIG),
        _col("changed_ms", BIG),
    )  # fmt: skip
    op.create_index("ix_finding_card", "finding", ["card"])
    op.create_index("ix_finding_state", "finding", ["state"])
    op.create_table("finding_word",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("finding", BIG), _col("deed", SMALL),
        _col("who", TEXT), _col("reason", TEXT), _col("at_ms", BIG), _col("at_s", BIG),
        sa.UniqueConstraint("finding", "deed", name="uq_finding_word"),
    )  # fmt: skip
    forbid_change("finding_word")
    op.create_table("purse_apart",
        _col("card", BYTES), _col("application", SMALL), _col("expected_fen", BIG), _col("known_fen", BIG),
        _col("late_fen", BIG), _col("missing", sa.Integer()), sa.Column("record", BIG), _col("since_ms", BIG),
        _col("at_ms", BIG), sa.PrimaryKeyConstraint("card", "application"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.execute("INSERT INTO watermark (name, value) SELECT 'findings-quarantine', 0 WHERE EXISTS (SELECT 1 FROM meta)")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
