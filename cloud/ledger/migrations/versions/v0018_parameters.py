"""Parameters 参数: the campus files that persons pushed, to which terminals, and limits that are tried and end.

All of it is append-only: how a trial stands follows from the generation that is the newest by then.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0018"
down_revision = "0017"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table("parameter_file",
        _id(), _col("digest", BYTES), _col("text", TEXT), _col("who", TEXT), _col("at_ms", BIG),
        sa.UniqueConstraint("digest", name="uq_parameter_file_digest"),
    )  # fmt: skip
    op.create_table("parameter_push",
        _id(), _col("file", BIG), _col("kind", SMALL), _col("who", TEXT), _col("targets", BYTES),
        sa.Column("proposal", BIG, nullable=True), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_table("parameter_made",
        _col("push", BIG), _col("device", BYTES), _col("generation", BIG), sa.PrimaryKeyConstraint("push", "device"),
    )  # fmt: skip
    op.create_table("parameter_trial",
        _col("push", BIG), _col("device", BYTES), _col("generation", BIG), _col("until_s", BIG), _col("raw", BYTES),
        _col("signature", BYTES), _col("body", BYTES), sa.PrimaryKeyConstraint("push", "device"),
    )  # fmt: skip
    for table in ("parameter_file", "parameter_push", "parameter_made", "parameter_trial"):
        forbid_change(table)


def _id() -> sa.Column[Any]:
    return sa.Column("id", BIG, primary_key=True, autoincrement=False)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
