"""Pay codes and pay orders, and what wallets and third parties pay online by them."""

from sqlalchemy import Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id

pay_code = Table(
    "pay_code", metadata, col("card", Bytes), col("slot", Small), col("digest", Bytes), col("state", Small),
    col("issued_ms", Big), col("expires_ms", Big), maybe("case_key", Bytes),
    PrimaryKeyConstraint("card", "slot"), UniqueConstraint("digest", name="uq_pay_code_digest"),
)  # fmt: skip
"""Payment codes 付款码 of wallets, by their digests; a new one takes the place of the oldest of its card."""

pay_order = Table(
    "pay_order", metadata, row_id(), col("token", Bytes), col("maker", Text), col("merchant", Text),
    col("merchant_account", Big), col("amount_fen", Big), col("is_single", Small), col("captures", Small),
    col("note", Text), col("state", Small), col("made_ms", Big), col("expires_ms", Big),
    UniqueConstraint("token", name="uq_pay_order_token"), Index("ix_pay_order_maker", "maker", "id"),
)  # fmt: skip
"""Pay orders 付款单 of merchants. token: what their code holds."""

till_order = Table(
    "till_order", metadata, col("case_key", Bytes), col("pay_order", Big), col("code", Text),
    PrimaryKeyConstraint("case_key"), UniqueConstraint("pay_order", name="uq_till_order_pay_order"),
)  # fmt: skip
"""Orders 收款码 of tills: the payment case of each, the pay order that a wallet pays, and the code on the glass.
Append-only."""

online_payment = Table(
    "online_payment", metadata, row_id(), col("pay_order", Big), col("maker", Text), col("card", Bytes),
    col("merchant_account", Big), col("amount_fen", Big), col("captured_fen", Big), col("refunded_fen", Big),
    col("state", Small), col("day", Integer), col("expires_ms", Big), col("opened_ms", Big),
    col("changed_ms", Big), Index("ix_online_payment_card", "card", "day"),
    Index("ix_online_payment_order", "pay_order"), Index("ix_online_payment_state", "state", "expires_ms"),
)  # fmt: skip
"""Online payments 在线支付: authorised, then captured, void or over."""

online_refund = Table(
    "online_refund", metadata, row_id(), col("payment", Big), col("fen", Big), col("reason", Text), col("at_ms", Big),
    Index("ix_online_refund_payment", "payment"),
)  # fmt: skip
"""Append-only."""

pay_call = Table(
    "pay_call", metadata, col("caller", Text), col("key", Text), col("what", Small), col("digest", Bytes),
    col("result", Text), col("payment", Big), col("fen", Big), col("at_ms", Big),
    PrimaryKeyConstraint("caller", "key"),
)  # fmt: skip
"""Calls that moved money, or were declined, by their callers' keys; append-only. digest: of their parameters."""
