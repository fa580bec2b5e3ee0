"""What came from boxes and waits, is no record, or came from a newer copy of this ledger."""

from sqlalchemy import Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id

suspense = Table(
    "suspense", metadata, row_id("record"), col("record_key", Bytes),
    col("purse", Bytes), col("counter", Integer), maybe("load", Bytes), col("state", Small),
    col("generation", Integer), maybe("entry", Big), col("opened_ms", Big), col("changed_ms", Big),
    Index("ix_suspense_purse", "purse"), Index("ix_suspense_record_key", "record_key"),
    Index("ix_suspense_load", "load"), Index("ix_suspense_state", "state"),
)  # fmt: skip

claim = Table(
    "claim", metadata, col("target", Bytes), col("record", Big), PrimaryKeyConstraint("target", "record"),
    sqlite_with_rowid=False,
)  # fmt: skip

quarantine = Table(
    "quarantine", metadata, row_id("record"), col("reason", Small),
    col("state", Small), maybe("entry", Big), col("opened_ms", Big), col("changed_ms", Big),
    Index("ix_quarantine_state", "state"),
)  # fmt: skip

quarantine_day = Table(
    "quarantine_day", metadata, col("box", Text), col("device", Bytes), col("day", Integer), col("kept", Big),
    col("beyond", Big), col("digest", Bytes),
    PrimaryKeyConstraint("box", "device", "day"), sqlite_with_rowid=False,
)  # fmt: skip
"""kept: records in quarantine. beyond: how many came above the cap, and digest: over all of them, in their order."""

beyond_mark = Table(
    "beyond_mark", metadata, col("device", Bytes), col("epoch", Integer), col("cumulative", Big),
    col("ranges", Bytes), PrimaryKeyConstraint("device", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip
"""Sequences that are acknowledged, and of whose records only the digest is here."""

junk = Table(
    "junk", metadata, row_id(), col("digest", Bytes), col("at_ms", Big), col("box", Text), col("partition", Small),
    col("reason", Text), col("raw", Bytes), UniqueConstraint("digest", name="uq_junk_digest"),
)  # fmt: skip

void_case = Table(
    "void_case", metadata, row_id("record"), col("target", Bytes),
    col("card", Bytes), col("amount_fen", Big), col("state", Small), col("reason", Small), maybe("entry", Big),
    col("received_s", Big), col("opened_ms", Big), col("changed_ms", Big),
    maybe("cause", Small), maybe("day", Integer), maybe("witness", Bytes), maybe("proposal", Big),
    Index("ix_void_case_target", "target"), Index("ix_void_case_state", "state"), Index("ix_void_case_day", "day"),
)  # fmt: skip
"""Voids 撤销. target: key of the record that is to be void. day: of its receipt, since 2000. witness: the card that
stands for it. proposal: by which two persons let it move. Those of before have none of the three."""

put_back = Table(
    "put_back", metadata, row_id(), col("box", Text), col("store", Bytes), col("partition", Small), col("shown", Big),
    col("here", Big), col("chain", Bytes), col("row_shown", Big), col("row_here", Big), col("first", Big),
    col("last", Big), col("book", Bytes), col("since_ms", Big), col("at_ms", Big),
)  # fmt: skip
"""Append-only: a box showed an ack that this ledger does not contain (receive.put_back). shown, chain: its number and
hash; first..last: the book-only links that are gone, up to the one with the hash `book`."""

put_back_again = Table(
    "put_back_again", metadata, col("put_back", Big), col("device", Bytes), col("records", Big),
    col("spent_fen", Big), col("loaded_fen", Big), PrimaryKeyConstraint("put_back", "device"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""What came again from the box, by terminal."""

put_back_close = Table(
    "put_back_close", metadata, row_id("put_back"), col("proposal", Big)
)
"""Append-only: two persons have seen to what cannot come again."""

backup_mark = Table(
    "backup_mark", metadata, col("box", Text), col("store", Bytes), col("row", Big), col("made_ms", Big),
    PrimaryKeyConstraint("box", "store"),
)  # fmt: skip
"""All rows of the box's store up to `row` stand in the newest backup that was archived and verified."""
