"""Rosters, and emergency meals 应急餐."""

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id

roster = Table(
    "roster", metadata, row_id(), col("body", Bytes),
    col("source", Text), col("who", Text), col("at_ms", Big),
)  # fmt: skip
"""Append-only: what was said of who is enrolled. body: CBOR, [[number, card, class, is enrolled], …]."""

person = Table(
    "person", metadata, Column("number", Text, primary_key=True), col("card", Bytes), col("class", Text),
    col("enrolled", Small), col("owed_fen", Big), col("roster", Big), Index("ix_person_card", "card"),
    Index("ix_person_owed", "owed_fen"),
)  # fmt: skip
"""What the rosters come to. card: b"" where nobody said which. owed_fen: for emergency meals."""

meal_rule = Table(
    "meal_rule", metadata, row_id(), col("fen", Big),
    col("per_week", Small), col("who", Text), col("reason", Text), col("at_ms", Big),
)  # fmt: skip
"""Append-only; the last row counts."""

meal = Table(
    "meal", metadata, row_id(), col("key", Bytes),
    col("number", Text), col("day", Integer), col("week", Integer), col("meal", Small), col("fen", Big),
    col("device", Bytes), col("stall", Text), maybe("record", Big), maybe("entry", Big), col("reason", Small),
    col("beyond", Small), col("at_ms", Big), UniqueConstraint("key", name="uq_meal_key"),
    Index("ix_meal_number", "number", "week"), Index("ix_meal_day", "day"), Index("ix_meal_entry", "entry"),
)  # fmt: skip
"""One that was given out. record: of its till; None: a paper sheet's row. entry None: it waits, for this reason.
beyond: bit 1 another one in the same meal, bit 2 above the week's."""

meal_back = Table(
    "meal_back", metadata, row_id("meal"), col("entry", Big), col("proposal", Big), col("debt_fen", Big),
    col("online_fen", Big), col("at_ms", Big),
)  # fmt: skip
"""Append-only: a meal that stood in a wrong person's name. debt_fen: of it was owed still; online_fen: was repaid."""
