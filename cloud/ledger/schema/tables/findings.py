"""Card against ledger."""

from sqlalchemy import Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id

difference = Table(
    "difference", metadata, row_id(), col("card", Bytes), col("application", Small), col("kind", Small),
    col("mark", Big), col("expected_fen", Big), col("read_fen", Big), maybe("record", Big), col("state", Small),
    col("found_ms", Big), col("changed_ms", Big),
    Index("ix_difference_card", "card"), Index("ix_difference_state", "state"),
)  # fmt: skip
"""What a card's records say and the books do not (findings.rows.Kind). mark: which step of it, or which report."""

explanation = Table(
    "explanation", metadata, row_id("difference"), col("who", Text),
    col("reason", Text), col("at_ms", Big),
)  # fmt: skip

finding = Table(
    "finding", metadata, row_id(), col("card", Bytes),
    col("application", Small), col("kind", Small), col("mark", Big), maybe("record", Big), maybe("beside", Big),
    col("state", Small), col("found_ms", Big), col("found_s", Big), col("until_s", Big), col("changed_ms", Big),
    Index("ix_finding_card", "card"), Index("ix_finding_state", "state"),
)  # fmt: skip
"""What the books have found of a card (findings.found.What), and the records that show it. mark: the record, counter or
difference that it is about; until_s: when its cap ends by itself, 0: it caps nobody."""

finding_word = Table(
    "finding_word", metadata, row_id(), col("finding", Big),
    col("deed", Small), col("who", Text), col("reason", Text), col("at_ms", Big), col("at_s", Big),
    UniqueConstraint("finding", "deed", name="uq_finding_word"),
)  # fmt: skip
"""Append-only: who has confirmed or undone a finding, and why."""

purse_apart = Table(
    "purse_apart", metadata, col("card", Bytes), col("application", Small), col("expected_fen", Big),
    col("known_fen", Big), col("late_fen", Big), col("missing", Integer), maybe("record", Big),
    col("since_ms", Big), col("at_ms", Big), PrimaryKeyConstraint("card", "application"), sqlite_with_rowid=False,
)  # fmt: skip
"""Purses that do not close now: what the books expect, what the card's newest record says, and what is late of it."""

discount = Table(
    "discount", metadata, row_id("record"), col("bearer", Small),
    col("fen", Big), col("state", Small), maybe("entry", Big), maybe("undone", Big),
    Index("ix_discount_state", "state"),
)  # fmt: skip
"""What a sale was taken off by, and somebody else than the merchant bears (findings.discounts.State)."""
