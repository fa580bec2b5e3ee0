"""Reports of theft and what the ledger held at each: append-only. An older ledger has none."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
INT = sa.Integer()
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table("revocation",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("version", BIG), _col("act", SMALL),
        _col("psam", BYTES), _col("device", BYTES), _col("since_s", BIG), _col("who", TEXT), _col("reason", TEXT),
        _col("at_ms", BIG), _col("record", BIG), _col("entry", BIG),
        sa.UniqueConstraint("version", name="uq_revocation_version"),
    )  # fmt: skip
    op.create_table("revocation_mark",
        _col("revocation", BIG), _col("device", BYTES), _col("epoch", INT), _col("cumulative", BIG),
        _col("ranges", BYTES), sa.PrimaryKeyConstraint("revocation", "device", "epoch"), sqlite_with_rowid=False,
    )  # fmt: skip
    for table in ("revocation", "revocation_mark"):
        forbid_change(table)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
