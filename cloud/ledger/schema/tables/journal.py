"""Marks: what is held of each device, PSAM and box; links that no record can bring again; facts."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from cloud.ledger.schema.columns import Big, Bytes, Small, col, metadata, row_id

device_mark = Table(
    "device_mark", metadata, col("device", Bytes), col("epoch", Integer), col("cumulative", Big),
    col("ranges", Bytes), col("posted", Big), col("held", Big), col("suspense", Big), col("quarantined", Big),
    col("no_entry", Big), col("duplicates", Big), col("spent_fen", Big), col("loaded_fen", Big),
    col("last_seq", Big), col("last_ms", Big),
    PrimaryKeyConstraint("device", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip

psam_mark = Table(
    "psam_mark", metadata, col("psam", Bytes), col("ttn", Big), PrimaryKeyConstraint("psam"), sqlite_with_rowid=False
)

box_mark = Table(
    "box_mark", metadata, col("box", Text), col("store", Bytes), col("partition", Small), col("cumulative", Big),
    col("ranges", Bytes), col("last_ms", Big),
    PrimaryKeyConstraint("box", "store"), sqlite_with_rowid=False,
)  # fmt: skip

box_device = Table(
    "box_device", metadata, col("box", Text), col("store", Bytes), col("device", Bytes), col("epoch", Integer),
    PrimaryKeyConstraint("box", "store", "device", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip

book_chain = Table(
    "book_chain", metadata, row_id("number"), col("kind", Small),
    col("what", Big), col("digest", Bytes), col("at_ms", Big), col("hash", Bytes),
)  # fmt: skip
"""Append-only: a link for everything that no record can bring again (journal.book_chain)."""

witness = Table(
    "witness", metadata, Column("box", Text, primary_key=True), col("store", Bytes), col("partition", Small),
    col("form", Small), col("number", Big), col("at_ms", Big),
)  # fmt: skip
"""A box's last Hello: its store, the form of the wire that it speaks. number: the newest book-only link that it has
shown and that was contained, or that stood here when it was heard first."""

fact = Table(
    "fact", metadata, row_id(), col("at_ms", Big), col("level", Text), col("code", Text), col("box", Text),
    col("device", Bytes), col("text", Text), col("params", Text), Index("ix_fact_device", "device", "id"),
)  # fmt: skip
"""text: only of boxes and ledgers before there were parameters, else empty. params: as facts.to_json writes them."""
