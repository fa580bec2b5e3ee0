"""The card desk, and the business day of the campus."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id

receipt = Table(
    "receipt", metadata, col("cashier", Text), col("number", Big), col("key", Bytes), col("day", Integer),
    col("kind", Small), col("card", Bytes), col("fen", Big), maybe("entry", Big), col("at_ms", Big),
    col("at_s", Big), PrimaryKeyConstraint("cashier", "number"), UniqueConstraint("key", name="uq_receipt_key"),
)  # fmt: skip
"""What a cashier gave out paper for; numbered 1, 2, … per cashier without a gap."""

desk_card = Table(
    "desk_card", metadata, col("label", Text), col("cashier", Text), col("state", Small), col("day", Integer),
    col("reason", Text), col("changed_ms", Big), PrimaryKeyConstraint("label"),
    Index("ix_desk_card_cashier", "cashier"),
)  # fmt: skip
"""Cards that a cashier drew from the stock to give out."""

desk_close = Table(
    "desk_close", metadata, col("cashier", Text), col("day", Integer), col("at_ms", Big), col("document", Bytes),
    PrimaryKeyConstraint("cashier", "day"),
)  # fmt: skip

day_close = Table(
    "day_close", metadata, Column("day", Integer, primary_key=True, autoincrement=False), col("last_entry", Big),
    col("maker", Text), col("checker", Text), col("at_ms", Big), col("document", Bytes),
)  # fmt: skip
"""Append-only: what persons have said of a business day of the campus. last_entry: the newest entry of the books then;
what is booked for that day behind it came after the close. checker: who stands for its gaps; '': it had none."""

bank_figure = Table(
    "bank_figure", metadata, row_id(), col("day", Integer),
    col("fen", Big), col("books_fen", Big), col("last_entry", Big), col("who", Text), col("source", Text),
    col("items", Bytes), col("at_ms", Big),
)  # fmt: skip
"""Append-only: what the bank's statement says, as of the morning of `day`. books_fen: 专户 by the books up to that
entry. source: the file, '': typed in. items: CBOR, [[name, fen], …], what is on its way."""
