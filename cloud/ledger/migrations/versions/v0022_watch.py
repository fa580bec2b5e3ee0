"""What terminals say at length about an order, what they served and refused, what a canary ends in; and discounts that
others than the merchant bear. No terminal took any off before this: what is in the books already has none.

Counts are totals that grow in place and go after a month; what was signed beforehand, and what became of a canary, is
append-only.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0022"
down_revision = "0021"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()


def upgrade() -> None:
    op.add_column("job_row", sa.Column("bus_ms", BIG, nullable=False, server_default="0"))
    op.create_table("job_piece",
        _col("device", BYTES), _col("generation", BIG), _col("number", SMALL), _col("total", SMALL), _col("crc", BIG),
        _col("data", BYTES), _col("at_ms", BIG), sa.PrimaryKeyConstraint("device", "generation", "number"),
    )  # fmt: skip
    op.create_table("device_tally",
        _col("device", BYTES), _col("day", BIG), _col("generation", BIG), _col("boot", BIG), _col("served", BIG),
        _col("declined", BIG), _col("reasons", BYTES), _col("at_ms", BIG),
        sa.PrimaryKeyConstraint("device", "day", "generation", "boot"),
    )  # fmt: skip
    op.create_index("ix_device_tally_day", "device_tally", ["day"])
    op.create_table("parameter_canary",
        _col("push", BIG), _col("device", BYTES), _col("outcome", SMALL), _col("generation", BIG), _col("raw", BYTES),
        _col("signature", BYTES), _col("body", BYTES), sa.PrimaryKeyConstraint("push", "device"),
    )  # fmt: skip
    op.create_table("canary_word",
        _col("push", BIG), _col("word", SMALL), _col("at_ms", BIG), sa.PrimaryKeyConstraint("push", "word"),
    )  # fmt: skip
    op.create_table("discount",
        sa.Column("record", BIG, primary_key=True, autoincrement=False), _col("bearer", SMALL), _col("fen", BIG),
        _col("state", SMALL), sa.Column("entry", BIG, nullable=True), sa.Column("undone", BIG, nullable=True),
    )  # fmt: skip
    op.create_index("ix_discount_state", "discount", ["state"])
    op.execute(
        "INSERT INTO watermark (name, value) SELECT 'discounts', (SELECT COALESCE(MAX(id), 0) FROM record) "
        "WHERE EXISTS (SELECT 1 FROM meta)"
    )
    op.execute("INSERT INTO watermark (name, value) SELECT 'discounts-void', 0 WHERE EXISTS (SELECT 1 FROM meta)")
    for table in ("parameter_canary", "canary_word"):
        forbid_change(table)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
