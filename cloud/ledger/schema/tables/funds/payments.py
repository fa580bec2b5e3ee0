"""Account payments, and what an account may pay."""

from sqlalchemy import Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id

payment_case = Table(
    "payment_case", metadata, col("key", Bytes), col("card", Bytes), col("amount_fen", Big), col("psam", Bytes),
    col("box", Text), col("payload", Bytes), col("result", Small), col("left_fen", Big), col("state", Small),
    maybe("entry", Big), col("day", Integer), maybe("record", Big), maybe("reversal", Big),
    maybe("reversed_day", Integer), col("opened_ms", Big), col("changed_ms", Big),
    PrimaryKeyConstraint("key"), Index("ix_payment_case_card", "card", "day"),
    Index("ix_payment_case_state", "state"), Index("ix_payment_case_reversed", "reversed_day"),
)  # fmt: skip
"""Account payments 账户支付, by (device, epoch, request); a row of a reversal that came first is a tombstone."""

account_floor = Table(
    "account_floor", metadata, row_id(), col("card_class", Integer),
    col("fen", Big), col("who", Text), col("reason", Text), col("at_ms", Big),
)  # fmt: skip
"""Append-only: what no movement leaves less than in the online accounts of a class; the last row of a class counts."""

account_bound = Table(
    "account_bound", metadata, row_id(), col("key", Text),
    col("card", Bytes), col("day_fen", Big), col("who", Text), col("at_ms", Big),
    UniqueConstraint("key", name="uq_account_bound_key"), Index("ix_account_bound_card", "card", "id"),
)  # fmt: skip
"""Append-only: what its holder lets the online account of a card pay on a day; the last row of a card counts."""

pay_bound = Table(
    "pay_bound", metadata, row_id(), col("one_fen", Big), col("day_fen", Big), col("who", Text), col("reason", Text),
    col("at_ms", Big),
)  # fmt: skip
"""Append-only: what the school lets online accounts pay, of one payment and of a card on a day; the last row counts."""
