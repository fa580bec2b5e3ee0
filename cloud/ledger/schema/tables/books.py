"""What is booked, append-only, and the sums that are folded from it."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id, where

meta = Table("meta", metadata, Column("name", Text, primary_key=True), col("value", Text))

schema_reader = Table("schema_reader", metadata, col("least", Text), PrimaryKeyConstraint("least"))
"""One row: the oldest schema whose programs may still open these books (schema/migrate.py)."""

account = Table(
    "account", metadata, row_id(), col("code", Text), col("kind", Text), col("side", Small),
    UniqueConstraint("code", name="uq_account_code"),
)  # fmt: skip

batch = Table(
    "batch", metadata, col("partition", Small), col("number", Big), col("kind", Small), col("records", Integer),
    col("entries", Integer), col("committed_ms", Big), col("hash", Bytes),
    PrimaryKeyConstraint("partition", "number"),
)  # fmt: skip

record = Table(
    "record", metadata, row_id(), col("key", Bytes), col("fork", Big), col("digest", Bytes), col("stored", Bytes),
    col("verdict", Small), col("reason", Small), col("partition", Small), col("number", Big), col("box", Text),
    col("received_ms", Big), col("received_s", Big),
    UniqueConstraint("key", "fork", name="uq_record_key"),
)  # fmt: skip

proof = Table(
    "proof", metadata, col("card_key", Bytes), maybe("slot", Bytes), maybe("claim", Bytes), col("record", Big),
    PrimaryKeyConstraint("card_key"), UniqueConstraint("slot", "claim", name="uq_proof_slot"), sqlite_with_rowid=False,
)  # fmt: skip
"""One row per record with a valid TAC. slot (PSAM id, ttn) and claim (card, TAC time): of purchases."""

posting = Table(
    "posting", metadata, col("entry", Big), col("debit", Big), col("credit", Big), col("fen", Big),
    col("booked_at_ms", Big), maybe("record", Big), maybe("reverses", Big), col("number", Big),
    col("book", Integer), col("effective_day", Integer), col("line", Small), col("kind", Small),
    col("flags", Small), col("partition", Small), maybe("key", Bytes), maybe("input_hash", Bytes),
    maybe("document", Bytes),
    PrimaryKeyConstraint("entry", "line"), UniqueConstraint("key", name="uq_posting_key"),
    CheckConstraint("fen > 0", name="ck_posting_fen"), CheckConstraint("debit <> credit", name="ck_posting_sides"),
    CheckConstraint("(line > 0) = (key IS NULL) AND (line > 0) = (input_hash IS NULL) AND line >= 0",
                    name="ck_posting_head"),
    Index("ix_posting_day", "effective_day", **where("line = 0")),
    Index("ix_posting_held", "entry", **where("line = 0 AND (flags & 2) > 0")),
    Index("ix_posting_given", "credit", "entry", **where("kind IN (2, 12, 20, 30, 41, 61, 64, 65, 94)")),
    Index("ix_posting_debit", "debit", "entry"),
    Index("ix_posting_credit", "credit", "entry", **where("kind <> 3")),
    sqlite_with_rowid=False,
)  # fmt: skip
"""An entry is its postings: lines 0, 1, … under one number. Line 0 carries its key and where it comes from; the others
repeat book, kind, days, flags and batch, so that sums as of a day, and partitions by date, need no join.

Wide columns first, for PostgreSQL's alignment. The view `entry` is line 0 of each, for readers.
"""

balance = Table(
    "balance", metadata, row_id("account"), col("debit_fen", Big),
    col("credit_fen", Big),
)  # fmt: skip

watermark = Table("watermark", metadata, Column("name", Text, primary_key=True), col("value", Big))
