"""Firmware: releases that the officers signed, roll-outs to terminals in waves, and what happened to each."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0019"
down_revision = "0018"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table("firmware_release",
        _col("model", BIG), _col("release", BIG), _col("name", TEXT), _col("length", BIG), _col("digest", BYTES),
        _col("key_version", SMALL), _col("public", BYTES), _col("certificate", BYTES), _col("raw", BYTES),
        _col("signature", BYTES), _col("returns_to", BIG), _col("who", TEXT), _col("at_ms", BIG),
        sa.PrimaryKeyConstraint("model", "release"),
    )  # fmt: skip
    op.create_table("rollout",
        sa.Column("number", BIG, primary_key=True, autoincrement=False), _col("model", BIG), _col("release", BIG),
        _col("who", TEXT), _col("reason", TEXT), _col("made_ms", BIG), _col("canary", BIG), _col("waves", TEXT),
        _col("stop_percent", SMALL), _col("stop_min", BIG), _col("wait_ms", BIG), _col("run_ms", BIG),
        _col("returns", BIG), _col("retries", BIG),
    )  # fmt: skip
    op.create_table("rollout_event",
        _col("rollout", BIG), _col("number", BIG), _col("kind", SMALL), _col("wave", BIG), _col("who", TEXT),
        _col("reason", TEXT), _col("at_ms", BIG), sa.PrimaryKeyConstraint("rollout", "number"),
    )  # fmt: skip
    op.create_table("rollout_row",
        _col("rollout", BIG), _col("device", BYTES), _col("wave", BIG), _col("generation", BIG), _col("state", SMALL),
        _col("before", BIG), _col("box", TEXT), _col("why", SMALL), _col("verdict", SMALL), _col("detail", BYTES),
        _col("lacking", BIG), _col("total", BIG), _col("running", BIG), _col("sent_ms", BIG), _col("box_ms", BIG),
        _col("begun_ms", BIG), _col("over_ms", BIG), _col("body", BYTES), _col("head", BYTES),
        _col("signature", BYTES), _col("off_body", BYTES), _col("off_head", BYTES), _col("off_signature", BYTES),
        sa.PrimaryKeyConstraint("rollout", "device"),
    )  # fmt: skip
    op.create_index("ix_rollout_row_state", "rollout_row", ["state"])
    op.create_index("ix_rollout_row_device", "rollout_row", ["device"])
    op.execute("INSERT INTO watermark (name, value) SELECT 'rollouts', 0 WHERE EXISTS (SELECT 1 FROM meta)")
    for table in ("firmware_release", "rollout", "rollout_event"):
        forbid_change(table)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
