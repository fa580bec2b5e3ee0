"""The spine's books: first schema."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
INT = sa.Integer()
TEXT = sa.Text()
BYTES = sa.LargeBinary()
APPEND_ONLY = ("record", "entry", "posting", "batch")


def upgrade() -> None:
    _make_registry()
    _make_books()
    _make_sums_and_marks()
    _make_cases()
    _make_told()
    for table in APPEND_ONLY:
        forbid_change(table)


def _col(name: str, form: sa.types.TypeEngine[Any], default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False, server_default=default)


def _maybe(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=True)


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, BIG, primary_key=True, autoincrement=False)


def _make_registry() -> None:
    op.create_table("meta", _col("name", TEXT), _col("value", TEXT), sa.PrimaryKeyConstraint("name"))
    op.create_table("account",
        _id("id"), _col("code", TEXT), _col("kind", TEXT), _col("side", SMALL), sa.UniqueConstraint("code",
        name="uq_account_code"),
    )  # fmt: skip
    op.create_table("card",
        _col("card", BYTES), _col("label", TEXT), _col("profile", TEXT), _col("key_version", SMALL),
        _col("algorithm", SMALL), _col("card_class", SMALL), _col("hotlist_index", BIG), _col("issued", BIG),
        _col("expires", BIG), _col("opening_fen", BIG), _col("purse_account", BIG), _col("online_account", BIG),
        _col("transit_account", BIG), _col("hotlisted", SMALL, "0"), sa.PrimaryKeyConstraint("card"),
        sa.UniqueConstraint("label", name="uq_card_label"),
    )  # fmt: skip
    op.create_table("psam",
        _col("psam", BYTES), _col("device", BYTES), _col("issued", BIG), sa.PrimaryKeyConstraint("psam"),
    )  # fmt: skip
    op.create_table("device",
        _col("device", BYTES), _col("kind", TEXT), _col("box", TEXT), _col("name", TEXT), _col("place", TEXT),
        _col("merchant", TEXT), _col("merchant_account", BIG), _col("held_account", BIG),
        sa.PrimaryKeyConstraint("device"),
    )  # fmt: skip
    op.create_table("box",
        _col("box", TEXT), _col("partition", SMALL), _col("name", TEXT), _col("certificate", BYTES),
        sa.PrimaryKeyConstraint("box"),
    )  # fmt: skip
    op.create_table("epoch",
        _col("device", BYTES), _col("epoch", INT), _col("storage", BYTES), _col("psam", BYTES),
        sa.PrimaryKeyConstraint("device", "epoch"), sa.UniqueConstraint("device", "storage", "psam",
        name="uq_epoch_triple"),
    )  # fmt: skip


def _make_books() -> None:
    op.create_table("batch",
        _col("partition", SMALL), _col("number", BIG), _col("kind", SMALL), _col("records", INT), _col("entries",
        INT), _col("committed_ms", BIG), _col("hash", BYTES), sa.PrimaryKeyConstraint("partition", "number"),
    )  # fmt: skip
    op.create_table("record",
        _id("id"), _col("key", BYTES), _col("fork", BIG), _col("digest", BYTES), _col("stored", BYTES),
        _col("verdict", SMALL), _col("reason", SMALL), _col("partition", SMALL), _col("number", BIG), _col("box",
        TEXT), _col("received_ms", BIG), _col("received_s", BIG), sa.UniqueConstraint("key", "fork",
        name="uq_record_key"),
    )  # fmt: skip
    op.create_table("proof",
        _col("card_key", BYTES), _maybe("slot", BYTES), _maybe("claim", BYTES), _col("record", BIG),
        sa.PrimaryKeyConstraint("card_key"), sa.UniqueConstraint("slot", "claim", name="uq_proof_slot"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table("entry",
        _id("id"), _col("book", INT), _col("kind", SMALL), _col("effective_day", INT), _col("booked_at_ms", BIG),
        _col("key", BYTES), _col("input_hash", BYTES), _col("flags", SMALL), _maybe("record", BIG),
        _maybe("document", BYTES), _maybe("reverses", BIG), _col("partition", SMALL), _col("number", BIG),
        sa.UniqueConstraint("key", name="uq_entry_key"),
    )  # fmt: skip
    op.create_table("posting",
        _col("entry", BIG), _col("line", SMALL), _col("debit", BIG), _col("credit", BIG), _col("fen", BIG),
        sa.PrimaryKeyConstraint("entry", "line"), sa.CheckConstraint("fen > 0", name="ck_posting_fen"),
        sa.CheckConstraint("debit <> credit", name="ck_posting_sides"), sqlite_with_rowid=False,
    )  # fmt: skip


def _make_sums_and_marks() -> None:
    op.create_table("balance", _id("account"), _col("debit_fen", BIG), _col("credit_fen", BIG))
    op.create_table("watermark", _col("name", TEXT), _col("value", BIG), sa.PrimaryKeyConstraint("name"))
    op.create_table("device_mark",
        _col("device", BYTES), _col("epoch", INT), _col("cumulative", BIG), _col("ranges", BYTES), _col("posted",
        BIG), _col("held", BIG), _col("suspense", BIG), _col("quarantined", BIG), _col("no_entry", BIG),
        _col("duplicates", BIG), _col("spent_fen", BIG), _col("loaded_fen", BIG), _col("last_seq", BIG),
        _col("last_ms", BIG), sa.PrimaryKeyConstraint("device", "epoch"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table("psam_mark",
        _col("psam", BYTES), _col("ttn", BIG), sa.PrimaryKeyConstraint("psam"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table("box_mark",
        _col("box", TEXT), _col("store", BYTES), _col("partition", SMALL), _col("cumulative", BIG), _col("ranges",
        BYTES), _col("last_ms", BIG), sa.PrimaryKeyConstraint("box", "store"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table("box_device",
        _col("box", TEXT), _col("store", BYTES), _col("device", BYTES), _col("epoch", INT),
        sa.PrimaryKeyConstraint("box", "store", "device", "epoch"), sqlite_with_rowid=False,
    )  # fmt: skip


def _make_cases() -> None:
    op.create_table("suspense",
        _id("record"), _col("record_key", BYTES), _col("purse", BYTES), _col("counter", INT), _maybe("load", BYTES),
        _col("state", SMALL), _col("generation", INT), _maybe("entry", BIG), _col("opened_ms", BIG),
        _col("changed_ms", BIG),
    )  # fmt: skip
    op.create_index("ix_suspense_load", "suspense", ["load"])
    op.create_index("ix_suspense_purse", "suspense", ["purse"])
    op.create_index("ix_suspense_record_key", "suspense", ["record_key"])
    op.create_index("ix_suspense_state", "suspense", ["state"])
    op.create_table("claim",
        _col("target", BYTES), _col("record", BIG), sa.PrimaryKeyConstraint("target", "record"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table("quarantine",
        _id("record"), _col("reason", SMALL), _col("state", SMALL), _maybe("entry", BIG), _col("opened_ms", BIG),
        _col("changed_ms", BIG),
    )  # fmt: skip
    op.create_index("ix_quarantine_state", "quarantine", ["state"])
    op.create_table("junk",
        _id("id"), _col("digest", BYTES), _col("at_ms", BIG), _col("box", TEXT), _col("partition", SMALL),
        _col("reason", TEXT), _col("raw", BYTES), sa.UniqueConstraint("digest", name="uq_junk_digest"),
    )  # fmt: skip
    op.create_table("load_case",
        _col("key", BYTES), _col("card", BYTES), _col("counter", INT), _col("balance_fen", BIG), _col("amount_fen",
        BIG), _col("psam", BYTES), _col("box", TEXT), _col("payload", BYTES), _col("result", SMALL), _col("time_s",
        BIG), _col("state", SMALL), _col("debited", SMALL), _maybe("record", BIG), _col("evidence", TEXT),
        _col("opened_ms", BIG), _col("changed_ms", BIG), sa.PrimaryKeyConstraint("key"),
    )  # fmt: skip
    op.create_index("ix_load_case_card", "load_case", ["card", "counter"])
    op.create_index("ix_load_case_state", "load_case", ["state"])


def _make_told() -> None:
    op.create_table("fact",
        _id("id"), _col("at_ms", BIG), _col("level", TEXT), _col("code", TEXT), _col("box", TEXT), _col("device",
        BYTES), _col("text", TEXT),
    )  # fmt: skip
    op.create_table("device_status",
        _col("device", BYTES), _col("box", TEXT), _col("at_ms", BIG), _col("hotlist_version", BIG),
        _col("parameter_version", BIG), _col("slots_left", BIG), _col("clock_set", SMALL), _col("day", INT),
        _col("day_first_seq", BIG), sa.PrimaryKeyConstraint("device"),
    )  # fmt: skip
    op.create_table("epoch_status",
        _col("device", BYTES), _col("epoch", INT), _col("psam", BYTES), _col("oldest", BIG), _col("last", BIG),
        _col("settled", BIG), _col("open_slots", INT), _col("at_ms", BIG), sa.PrimaryKeyConstraint("device",
        "epoch"),
    )  # fmt: skip
    op.create_table("box_state",
        _col("box", TEXT), _col("at_ms", BIG), _col("state", BYTES), sa.PrimaryKeyConstraint("box"),
    )  # fmt: skip
