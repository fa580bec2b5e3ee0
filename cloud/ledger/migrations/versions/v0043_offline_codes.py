"""Offline pay codes 脱机付款码: the school's rule, certificates of phones, and what terminals took by them.

An older program knows neither their records nor who bears them: the first row of them closes the books to it
(journal/readers.py).
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0043"
down_revision = "0042"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()


def upgrade() -> None:
    op.create_table("offline_rule",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("uses", SMALL), _col("one_fen", BIG),
        _col("day_fen", BIG), _col("bearer", sa.Text()), _col("who", sa.Text()), _col("reason", sa.Text()),
        _col("at_ms", BIG),
    )  # fmt: skip
    op.create_table("phone_certificate",
        sa.Column("number", BIG, primary_key=True, autoincrement=False), _col("card", BYTES),
        _col("card_class", SMALL), _col("public", BYTES), _col("key", sa.Text()), _col("key_version", SMALL),
        _col("from_s", BIG), _col("until_s", BIG), _col("uses", SMALL), _col("one_fen", BIG), _col("made_ms", BIG),
        _col("signature", BYTES), _col("ended_why", SMALL), _col("ended_s", BIG),
        sa.UniqueConstraint("card", "key", name="uq_phone_certificate_key"),
    )  # fmt: skip
    op.create_index("ix_phone_certificate_until", "phone_certificate", ["until_s"])
    op.create_table("certificate_step",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("number", BIG), _col("why", SMALL),
        _col("document", BYTES), _col("who", sa.Text()), _col("at_s", BIG), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_index("ix_certificate_step_number", "certificate_step", ["number"])
    op.create_index("ix_certificate_step_why", "certificate_step", ["why", "id"])
    op.create_table("code_use",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("record", BIG), _col("key", BYTES),
        _col("certificate", BIG), _col("use", SMALL), _col("card", BYTES), _col("day", sa.Integer()),
        _col("fen", BIG), _col("borne_fen", BIG), _col("device", BYTES), _col("stall", sa.Text()),
        _col("time_s", BIG), _col("against", SMALL), sa.Column("entry", BIG), _col("reason", SMALL),
        _col("at_ms", BIG), sa.UniqueConstraint("record", name="uq_code_use_record"),
    )  # fmt: skip
    op.create_index("ix_code_use_certificate", "code_use", ["certificate", "use"])
    for name in ("card", "day", "entry"):
        op.create_index(f"ix_code_use_{name}", "code_use", [name])
    for table in ("offline_rule", "certificate_step"):
        forbid_change(table)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
