"""The spine's books: first schema."""

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
    _account()
    _balance()
    _batch()
    _box()
    _box_device()
    _box_mark()
    _box_state()
    _card()
    _claim()
    _device()
    _device_mark()
    _device_status()
    _entry()
    _epoch()
    _epoch_status()
    _fact()
    _junk()
    _load_case()
    _meta()
    _posting()
    _proof()
    _psam()
    _psam_mark()
    _quarantine()
    _record()
    _suspense()
    _watermark()
    for table in APPEND_ONLY:
        forbid_change(table)


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("side", SMALL, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", name="uq_account_code"),
    )


def _balance() -> None:
    op.create_table(
        "balance",
        sa.Column("account", BIG, autoincrement=False, nullable=False),
        sa.Column("debit_fen", BIG, nullable=False),
        sa.Column("credit_fen", BIG, nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )


def _batch() -> None:
    op.create_table(
        "batch",
        sa.Column("partition", SMALL, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("kind", SMALL, nullable=False),
        sa.Column("records", INT, nullable=False),
        sa.Column("entries", INT, nullable=False),
        sa.Column("committed_ms", BIG, nullable=False),
        sa.Column("hash", BYTES, nullable=False),
        sa.PrimaryKeyConstraint("partition", "number"),
    )


def _box() -> None:
    op.create_table(
        "box",
        sa.Column("box", TEXT, nullable=False),
        sa.Column("partition", SMALL, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("certificate", BYTES, nullable=False),
        sa.PrimaryKeyConstraint("box"),
    )


def _box_device() -> None:
    op.create_table(
        "box_device",
        sa.Column("box", TEXT, nullable=False),
        sa.Column("store", BYTES, nullable=False),
        sa.Column("device", BYTES, nullable=False),
        sa.Column("epoch", INT, nullable=False),
        sa.PrimaryKeyConstraint("box", "store", "device", "epoch"),
        sqlite_with_rowid=False,
    )


def _box_mark() -> None:
    op.create_table(
        "box_mark",
        sa.Column("box", TEXT, nullable=False),
        sa.Column("store", BYTES, nullable=False),
        sa.Column("partition", SMALL, nullable=False),
        sa.Column("cumulative", BIG, nullable=False),
        sa.Column("ranges", BYTES, nullable=False),
        sa.Column("last_ms", BIG, nullable=False),
        sa.PrimaryKeyConstraint("box", "store"),
        sqlite_with_rowid=False,
    )


def _box_state() -> None:
    op.create_table(
        "box_state",
        sa.Column("box", TEXT, nullable=False),
        sa.Column("at_ms", BIG, nullable=False),
        sa.Column("state", BYTES, nullable=False),
        sa.PrimaryKeyConstraint("box"),
    )


def _card() -> None:
    op.create_table(
        "card",
        sa.Column("card", BYTES, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("profile", TEXT, nullable=False),
        sa.Column("key_version", SMALL, nullable=False),
        sa.Column("algorithm", SMALL, nullable=False),
        sa.Column("card_class", SMALL, nullable=False),
        sa.Column("hotlist_index", BIG, nullable=False),
        sa.Column("issued", BIG, nullable=False),
        sa.Column("expires", BIG, nullable=False),
        sa.Column("opening_fen", BIG, nullable=False),
        sa.Column("purse_account", BIG, nullable=False),
        sa.Column("online_account", BIG, nullable=False),
        sa.Column("transit_account", BIG, nullable=False),
        sa.Column("hotlisted", SMALL, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("card"),
        sa.UniqueConstraint("label", name="uq_card_label"),
    )


def _claim() -> None:
    op.create_table(
        "claim",
        sa.Column("target", BYTES, nullable=False),
        sa.Column("record", BIG, nullable=False),
        sa.PrimaryKeyConstraint("target", "record"),
        sqlite_with_rowid=False,
    )


def _device() -> None:
    op.create_table(
        "device",
        sa.Column("device", BYTES, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("box", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.Column("merchant", TEXT, nullable=False),
        sa.Column("merchant_account", BIG, nullable=False),
        sa.Column("held_account", BIG, nullable=False),
        sa.PrimaryKeyConstraint("device"),
    )


def _device_mark() -> None:
    op.create_table(
        "device_mark",
        sa.Column("device", BYTES, nullable=False),
        sa.Column("epoch", INT, nullable=False),
        sa.Column("cumulative", BIG, nullable=False),
        sa.Column("ranges", BYTES, nullable=False),
        sa.Column("posted", BIG, nullable=False),
        sa.Column("held", BIG, nullable=False),
        sa.Column("suspense", BIG, nullable=False),
        sa.Column("quarantined", BIG, nullable=False),
        sa.Column("no_entry", BIG, nullable=False),
        sa.Column("duplicates", BIG, nullable=False),
        sa.Column("spent_fen", BIG, nullable=False),
        sa.Column("loaded_fen", BIG, nullable=False),
        sa.Column("last_seq", BIG, nullable=False),
        sa.Column("last_ms", BIG, nullable=False),
        sa.PrimaryKeyConstraint("device", "epoch"),
        sqlite_with_rowid=False,
    )


def _device_status() -> None:
    op.create_table(
        "device_status",
        sa.Column("device", BYTES, nullable=False),
        sa.Column("box", TEXT, nullable=False),
        sa.Column("at_ms", BIG, nullable=False),
        sa.Column("hotlist_version", BIG, nullable=False),
        sa.Column("parameter_version", BIG, nullable=False),
        sa.Column("slots_left", BIG, nullable=False),
        sa.Column("clock_set", SMALL, nullable=False),
        sa.Column("day", INT, nullable=False),
        sa.Column("day_first_seq", BIG, nullable=False),
        sa.PrimaryKeyConstraint("device"),
    )


def _entry() -> None:
    op.create_table(
        "entry",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("book", INT, nullable=False),
        sa.Column("kind", SMALL, nullable=False),
        sa.Column("effective_day", INT, nullable=False),
        sa.Column("booked_at_ms", BIG, nullable=False),
        sa.Column("key", BYTES, nullable=False),
        sa.Column("input_hash", BYTES, nullable=False),
        sa.Column("flags", SMALL, nullable=False),
        sa.Column("record", BIG, nullable=True),
        sa.Column("document", BYTES, nullable=True),
        sa.Column("reverses", BIG, nullable=True),
        sa.Column("partition", SMALL, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="uq_entry_key"),
    )


def _epoch() -> None:
    op.create_table(
        "epoch",
        sa.Column("device", BYTES, nullable=False),
        sa.Column("epoch", INT, nullable=False),
        sa.Column("storage", BYTES, nullable=False),
        sa.Column("psam", BYTES, nullable=False),
        sa.PrimaryKeyConstraint("device", "epoch"),
        sa.UniqueConstraint("device", "storage", "psam", name="uq_epoch_triple"),
    )


def _epoch_status() -> None:
    op.create_table(
        "epoch_status",
        sa.Column("device", BYTES, nullable=False),
        sa.Column("epoch", INT, nullable=False),
        sa.Column("psam", BYTES, nullable=False),
        sa.Column("oldest", BIG, nullable=False),
        sa.Column("last", BIG, nullable=False),
        sa.Column("settled", BIG, nullable=False),
        sa.Column("open_slots", INT, nullable=False),
        sa.Column("at_ms", BIG, nullable=False),
        sa.PrimaryKeyConstraint("device", "epoch"),
    )


def _fact() -> None:
    op.create_table(
        "fact",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("at_ms", BIG, nullable=False),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("box", TEXT, nullable=False),
        sa.Column("device", BYTES, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _junk() -> None:
    op.create_table(
        "junk",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("at_ms", BIG, nullable=False),
        sa.Column("box", TEXT, nullable=False),
        sa.Column("partition", SMALL, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("raw", BYTES, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest", name="uq_junk_digest"),
    )


def _load_case() -> None:
    op.create_table(
        "load_case",
        sa.Column("key", BYTES, nullable=False),
        sa.Column("card", BYTES, nullable=False),
        sa.Column("counter", INT, nullable=False),
        sa.Column("balance_fen", BIG, nullable=False),
        sa.Column("amount_fen", BIG, nullable=False),
        sa.Column("psam", BYTES, nullable=False),
        sa.Column("box", TEXT, nullable=False),
        sa.Column("payload", BYTES, nullable=False),
        sa.Column("result", SMALL, nullable=False),
        sa.Column("time_s", BIG, nullable=False),
        sa.Column("state", SMALL, nullable=False),
        sa.Column("debited", SMALL, nullable=False),
        sa.Column("record", BIG, nullable=True),
        sa.Column("evidence", TEXT, nullable=False),
        sa.Column("opened_ms", BIG, nullable=False),
        sa.Column("changed_ms", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_load_case_card", "load_case", ["card", "counter"], unique=False)
    op.create_index("ix_load_case_state", "load_case", ["state"], unique=False)


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _posting() -> None:
    op.create_table(
        "posting",
        sa.Column("entry", BIG, nullable=False),
        sa.Column("line", SMALL, nullable=False),
        sa.Column("debit", BIG, nullable=False),
        sa.Column("credit", BIG, nullable=False),
        sa.Column("fen", BIG, nullable=False),
        sa.CheckConstraint("debit <> credit", name="ck_posting_sides"),
        sa.CheckConstraint("fen > 0", name="ck_posting_fen"),
        sa.PrimaryKeyConstraint("entry", "line"),
        sqlite_with_rowid=False,
    )


def _proof() -> None:
    op.create_table(
        "proof",
        sa.Column("card_key", BYTES, nullable=False),
        sa.Column("slot", BYTES, nullable=True),
        sa.Column("claim", BYTES, nullable=True),
        sa.Column("record", BIG, nullable=False),
        sa.PrimaryKeyConstraint("card_key"),
        sa.UniqueConstraint("slot", "claim", name="uq_proof_slot"),
        sqlite_with_rowid=False,
    )


def _psam() -> None:
    op.create_table(
        "psam",
        sa.Column("psam", BYTES, nullable=False),
        sa.Column("device", BYTES, nullable=False),
        sa.Column("issued", BIG, nullable=False),
        sa.PrimaryKeyConstraint("psam"),
    )


def _psam_mark() -> None:
    op.create_table(
        "psam_mark",
        sa.Column("psam", BYTES, nullable=False),
        sa.Column("ttn", BIG, nullable=False),
        sa.PrimaryKeyConstraint("psam"),
        sqlite_with_rowid=False,
    )


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("record", BIG, autoincrement=False, nullable=False),
        sa.Column("reason", SMALL, nullable=False),
        sa.Column("state", SMALL, nullable=False),
        sa.Column("entry", BIG, nullable=True),
        sa.Column("opened_ms", BIG, nullable=False),
        sa.Column("changed_ms", BIG, nullable=False),
        sa.PrimaryKeyConstraint("record"),
    )
    op.create_index("ix_quarantine_state", "quarantine", ["state"], unique=False)


def _record() -> None:
    op.create_table(
        "record",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("key", BYTES, nullable=False),
        sa.Column("fork", BIG, nullable=False),
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("stored", BYTES, nullable=False),
        sa.Column("verdict", SMALL, nullable=False),
        sa.Column("reason", SMALL, nullable=False),
        sa.Column("partition", SMALL, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("box", TEXT, nullable=False),
        sa.Column("received_ms", BIG, nullable=False),
        sa.Column("received_s", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", "fork", name="uq_record_key"),
    )


def _suspense() -> None:
    op.create_table(
        "suspense",
        sa.Column("record", BIG, autoincrement=False, nullable=False),
        sa.Column("record_key", BYTES, nullable=False),
        sa.Column("purse", BYTES, nullable=False),
        sa.Column("counter", INT, nullable=False),
        sa.Column("load", BYTES, nullable=True),
        sa.Column("state", SMALL, nullable=False),
        sa.Column("generation", INT, nullable=False),
        sa.Column("entry", BIG, nullable=True),
        sa.Column("opened_ms", BIG, nullable=False),
        sa.Column("changed_ms", BIG, nullable=False),
        sa.PrimaryKeyConstraint("record"),
    )
    op.create_index("ix_suspense_load", "suspense", ["load"], unique=False)
    op.create_index("ix_suspense_purse", "suspense", ["purse"], unique=False)
    op.create_index("ix_suspense_record_key", "suspense", ["record_key"], unique=False)
    op.create_index("ix_suspense_state", "suspense", ["state"], unique=False)


def _watermark() -> None:
    op.create_table(
        "watermark",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
