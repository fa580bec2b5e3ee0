"""Jobs: one order to many terminals, a row for each, with the head that is signed and waits for its turn."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table("job",
        sa.Column("number", BIG, primary_key=True, autoincrement=False), _col("verb", SMALL), _col("body", BYTES),
        _col("who", TEXT), _col("reason", TEXT), _col("made_ms", BIG), _col("expires_ms", BIG), _col("run_ms", BIG),
        _col("width", BIG), _col("stop_percent", SMALL), _col("stop_min", BIG), _col("cancels", BIG),
        _col("retries", BIG),
    )  # fmt: skip
    op.create_table("job_row",
        _col("job", BIG), _col("device", BYTES), _col("generation", BIG), _col("state", SMALL), _col("box", TEXT),
        _col("verdict", SMALL), _col("detail", BYTES), _col("sent_ms", BIG), _col("box_ms", BIG),
        _col("stored_ms", BIG), _col("over_ms", BIG), _col("asked_ms", BIG), _col("body", BYTES),
        _col("head", BYTES), _col("signature", BYTES), sa.PrimaryKeyConstraint("job", "device"),
        sa.UniqueConstraint("device", "generation", name="uq_job_row_generation"),
    )  # fmt: skip
    op.create_index("ix_job_row_state", "job_row", ["state"])
    op.execute("INSERT INTO watermark (name, value) SELECT 'jobs', 0 WHERE EXISTS (SELECT 1 FROM meta)")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
