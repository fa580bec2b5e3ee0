"""Loads 圈存 and unloads 圈提, and what is loaded by rule or by order."""

from sqlalchemy import Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id

load_case = Table(
    "load_case", metadata, col("key", Bytes), col("card", Bytes), col("counter", Integer), col("balance_fen", Big),
    col("amount_fen", Big), col("psam", Bytes), col("box", Text), col("payload", Bytes), col("result", Small),
    col("time_s", Big), col("state", Small), col("debited", Small), maybe("record", Big), col("evidence", Text),
    col("opened_ms", Big), col("changed_ms", Big), col("source", Small, "0"), col("retry", Small, "0"),
    col("offered_fen", Big, "0"),
    PrimaryKeyConstraint("key"), Index("ix_load_case_card", "card", "counter"),
    Index("ix_load_case_state", "state", "retry"),
)  # fmt: skip

unload_case = Table(
    "unload_case", metadata, col("key", Bytes), col("card", Bytes), col("counter", Integer),
    col("balance_fen", Big), col("amount_fen", Big), col("cashier", Text), col("auth", Bytes), col("time_s", Big),
    col("state", Small), col("evidence", Text), col("opened_ms", Big), col("changed_ms", Big),
    PrimaryKeyConstraint("key"), Index("ix_unload_case_card", "card", "counter"),
    Index("ix_unload_case_state", "state"),
)  # fmt: skip

auto_load = Table(
    "auto_load", metadata, row_id(), col("card_class", Integer),
    col("card", Bytes), col("below_fen", Big), col("target_fen", Big), col("day_fen", Big), col("who", Text),
    col("reason", Text), col("at_ms", Big), Index("ix_auto_load_of", "card_class", "card"),
)  # fmt: skip
"""Append-only: what is loaded by rule from the online account; the last row of a class, or of a card, counts. card:
empty in a rule of a class; card_class: -1 in one of a card. All sums 0: switched off."""

move_order = Table(
    "move_order", metadata, row_id(), col("key", Text),
    col("card", Bytes), col("fen", Big), col("who", Text), col("at_ms", Big),
    UniqueConstraint("key", name="uq_move_order_key"), Index("ix_move_order_card", "card"),
)  # fmt: skip
"""Append-only: what a holder has ordered from his online account onto his card; the last one counts, 0 calls it off."""
