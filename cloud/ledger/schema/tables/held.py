"""What two persons decide; reports of theft, append-only; what lost cards spend."""

from sqlalchemy import Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id

proposal = Table(
    "proposal", metadata, row_id(), col("kind", Small), col("document", Bytes), col("maker", Text),
    col("reason", Text), col("at_ms", Big), col("until_ms", Big),
)  # fmt: skip

decision = Table(
    "decision", metadata, row_id("proposal"), col("outcome", Small),
    col("checker", Text), col("reason", Text), col("at_ms", Big),
)  # fmt: skip
"""A trigger refuses a confirmation by the proposal's maker, and one that comes too late."""

held_release = Table(
    "held_release", metadata, row_id("held"), col("entry", Big),
    col("proposal", Big), col("kind", Small), col("fen", Big), maybe("undone", Big),
)  # fmt: skip
"""What became of the held 待核 entry `held`: entry, of this kind. undone: the entry that took it back again."""

revocation = Table(
    "revocation", metadata, row_id(), col("version", Big), col("act", Small), col("psam", Bytes), col("device", Bytes),
    col("since_s", Big), col("who", Text), col("reason", Text), col("at_ms", Big), col("record", Big),
    col("entry", Big), UniqueConstraint("version", name="uq_revocation_version"),
)  # fmt: skip
"""A person's act each. version: of the list that it makes; record, entry: the last in the books at that moment."""

revocation_mark = Table(
    "revocation_mark", metadata, col("revocation", Big), col("device", Bytes), col("epoch", Integer),
    col("cumulative", Big), col("ranges", Bytes),
    PrimaryKeyConstraint("revocation", "device", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip

loss_report = Table(
    "loss_report", metadata, row_id("deed"), col("told", Bytes)
)
"""What terminals had told when a card was reported lost (losses.reports)."""

loss = Table(
    "loss", metadata, row_id(), col("record", Big), col("card", Bytes), col("application", Small), col("fen", Big),
    col("provided_fen", Big), col("entry", Big), maybe("undone", Big),
    Index("ix_loss_card", "card"), Index("ix_loss_record", "record"),
)  # fmt: skip
"""A purchase that the school bears. provided_fen: paid by what was provided. undone: the entry that took it back."""

write_off = Table(
    "write_off", metadata, col("card", Bytes), col("device", Bytes), col("deed", Big), col("proposal", Big),
    col("fen", Big), maybe("entry", Big), col("at_ms", Big), PrimaryKeyConstraint("card", "device", "deed"),
)  # fmt: skip
"""A terminal that a card's balance waits for no longer. deed: the report or the keeping that froze it: a card that was
found and lost again is waited for anew. fen, entry: what was provided, on a proposal's first row."""

write_off_due = Table(
    "write_off_due", metadata, col("card", Bytes), col("device", Bytes), col("deed", Big), col("at_ms", Big),
    PrimaryKeyConstraint("card", "device", "deed"),
)  # fmt: skip
"""A proposal that stands by itself: its terminal was silent for so long."""
