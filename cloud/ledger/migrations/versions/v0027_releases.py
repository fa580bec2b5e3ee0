"""Releases of boxes and their roll-outs; and the oldest program that may still open these books.

A migration that an older program can live with leaves `schema_reader` as it is; every other one raises it to its own
number. So a program that is older than the books knows whether it may go on, and says the ways out where it may not.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0027"
down_revision = "0026"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table("box_release",
        _col("machine", TEXT), _col("number", BIG), _col("name", TEXT), _col("length", BIG), _col("digest", BYTES),
        _col("body", BYTES), _col("who", TEXT), _col("at_ms", BIG), sa.PrimaryKeyConstraint("machine", "number"),
    )  # fmt: skip
    op.create_table("box_rollout",
        sa.Column("number", BIG, primary_key=True, autoincrement=False), _col("machine", TEXT), _col("release", BIG),
        _col("who", TEXT), _col("reason", TEXT), _col("made_ms", BIG), _col("canary", BIG), _col("waves", TEXT),
        _col("stop_percent", SMALL), _col("stop_min", BIG), _col("wait_ms", BIG), _col("run_ms", BIG),
        _col("returns", BIG), _col("retries", BIG), _col("at_once", SMALL),
    )  # fmt: skip
    op.create_table("box_rollout_event",
        _col("rollout", BIG), _col("number", BIG), _col("kind", SMALL), _col("wave", BIG), _col("who", TEXT),
        _col("reason", TEXT), _col("at_ms", BIG), sa.PrimaryKeyConstraint("rollout", "number"),
    )  # fmt: skip
    op.create_table("box_rollout_row",
        _col("rollout", BIG), _col("box", TEXT), _col("wave", BIG), _col("state", SMALL), _col("before", BIG),
        _col("why", TEXT), _col("words", TEXT), _col("lacking", BIG), _col("total", BIG), _col("running", BIG),
        _col("sent_ms", BIG), _col("begun_ms", BIG), _col("over_ms", BIG), sa.PrimaryKeyConstraint("rollout", "box"),
    )  # fmt: skip
    op.create_index("ix_box_rollout_row_box", "box_rollout_row", ["box"])
    op.create_table("box_running",
        _col("box", TEXT), _col("name", TEXT), _col("number", BIG), _col("machine", TEXT), _col("about", BIG),
        _col("stage", SMALL), _col("why", TEXT), _col("words", TEXT), _col("at_ms", BIG),
        sa.PrimaryKeyConstraint("box"),
    )  # fmt: skip
    op.create_table("schema_reader", _col("least", TEXT), sa.PrimaryKeyConstraint("least"))
    op.execute("INSERT INTO schema_reader (least) VALUES ('0027')")
    for table in ("box_release", "box_rollout", "box_rollout_event"):
        forbid_change(table)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
