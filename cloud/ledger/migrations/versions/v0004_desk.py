"""The card desk: receipts, unloads, what became of cards, cards drawn from the stock, closed days.

New tables only: nothing of an older ledger changes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
INT, TEXT, BYTES = sa.Integer(), sa.Text(), sa.LargeBinary()


def upgrade() -> None:
    op.create_table("receipt",
        _col("cashier", TEXT), _col("number", BIG), _col("key", BYTES), _col("day", INT), _col("kind", SMALL),
        _col("card", BYTES), _col("fen", BIG), _maybe("entry", BIG), _col("at_ms", BIG), _col("at_s", BIG),
        sa.PrimaryKeyConstraint("cashier", "number"), sa.UniqueConstraint("key", name="uq_receipt_key"),
    )  # fmt: skip
    op.create_table("unload_case",
        _col("key", BYTES), _col("card", BYTES), _col("counter", INT), _col("balance_fen", BIG),
        _col("amount_fen", BIG), _col("cashier", TEXT), _col("auth", BYTES), _col("time_s", BIG), _col("state", SMALL),
        _col("evidence", TEXT), _col("opened_ms", BIG), _col("changed_ms", BIG), sa.PrimaryKeyConstraint("key"),
    )  # fmt: skip
    op.create_index("ix_unload_case_card", "unload_case", ["card", "counter"])
    op.create_index("ix_unload_case_state", "unload_case", ["state"])
    op.create_table("card_life",
        _col("card", BYTES), _col("state", SMALL), _maybe("successor", BYTES), _maybe("card_class", SMALL),
        _col("since_ms", BIG), sa.PrimaryKeyConstraint("card"),
    )  # fmt: skip
    op.create_table("card_deed",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("key", BYTES), _col("card", BYTES),
        _maybe("other", BYTES), _col("kind", SMALL), _col("cashier", TEXT), _col("text", TEXT), _col("at_ms", BIG),
        _col("at_s", BIG), sa.UniqueConstraint("key", name="uq_card_deed_key"),
    )  # fmt: skip
    op.create_index("ix_card_deed_card", "card_deed", ["card"])
    op.create_table("desk_card",
        _col("label", TEXT), _col("cashier", TEXT), _col("state", SMALL), _col("day", INT), _col("reason", TEXT),
        _col("changed_ms", BIG), sa.PrimaryKeyConstraint("label"),
    )  # fmt: skip
    op.create_index("ix_desk_card_cashier", "desk_card", ["cashier"])
    op.create_table("desk_close",
        _col("cashier", TEXT), _col("day", INT), _col("at_ms", BIG), _col("document", BYTES),
        sa.PrimaryKeyConstraint("cashier", "day"),
    )  # fmt: skip
    for table in ("receipt", "card_deed", "desk_close"):
        forbid_change(table)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)


def _maybe(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=True)
