"""Deposits through providers, their bills, refunds and settlements."""

from sqlalchemy import Column, Index, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, metadata, row_id

deposit_order = Table(
    "deposit_order", metadata, Column("number", Text, primary_key=True), col("key", Text), col("provider", Text),
    col("card", Bytes), col("fen", Big), col("payer", Text), col("made_ms", Big), col("expires_ms", Big),
    col("state", Small), col("txn", Text), col("paid_fen", Big), col("paid_day", Big), col("refunded_fen", Big),
    col("pay", Text), col("due_ms", Big), col("tries", Big), col("changed_ms", Big),
    col("way", Text, ""), col("opener", Text, ""),
    UniqueConstraint("key", name="uq_deposit_order_key"), Index("ix_deposit_order_due", "due_ms"),
    Index("ix_deposit_order_card", "card", "made_ms"), Index("ix_deposit_order_paid", "provider", "paid_day"),
)  # fmt: skip
"""Not append-only: how a deposit through a provider stands (funds.providers.orders), which its steps say again.
way: in what its payer opens it; opener: who that is, until the provider has heard."""

deposit_step = Table(
    "deposit_step", metadata, row_id(), col("number", Text), col("state", Small), col("document", Bytes),
    col("at_ms", Big), Index("ix_deposit_step_number", "number", "id"),
)  # fmt: skip
"""Append-only. document: CBOR, what was ordered, or was seen at the provider."""

deposit_bill = Table(
    "deposit_bill", metadata, row_id(), col("provider", Text), col("day", Big), col("digest", Bytes),
    col("lines", Bytes), col("paid_fen", Big), col("refunded_fen", Big), col("who", Text), col("at_ms", Big),
)  # fmt: skip
"""Append-only: a provider's bill of a day; the last of a day counts. digest: SHA-256 of the file. lines: CBOR."""

deposit_item = Table(
    "deposit_item", metadata, row_id(), col("bill", Big), col("provider", Text), col("day", Big), col("kind", Small),
    col("txn", Text), col("number", Text), col("bill_fen", Big), col("books_fen", Big), col("at_ms", Big),
    UniqueConstraint("provider", "txn", "kind", name="uq_deposit_item"),
)  # fmt: skip
"""Append-only: what of a bill does not match, once for each transaction and kind (funds.providers.bills)."""

deposit_item_close = Table(
    "deposit_item_close", metadata, row_id("item"), col("proposal", Big)
)
"""Append-only: two persons have seen to it."""

deposit_item_back = Table(
    "deposit_item_back", metadata, row_id(), col("item", Big), col("refund", Text), col("fen", Big), col("at_ms", Big),
    Index("ix_deposit_item_back_item", "item"),
)  # fmt: skip
"""Append-only: what a provider gave back by itself of an item's unclear money, under its own refund number."""

deposit_desk = Table(
    "deposit_desk", metadata, Column("key", Bytes, primary_key=True), col("cashier", Text),
    col("order_number", Text), col("fen", Big), col("proposal", Big),
)  # fmt: skip
"""Append-only: under which of its keys a card desk has proposed a refund 渠道退款, so that asking again is the same."""

deposit_invoice = Table(
    "deposit_invoice", metadata, row_id(), col("provider", Text), col("month", Text), col("fen", Big),
    col("fees_fen", Big), col("note", Text), col("who", Text), col("at_ms", Big),
)  # fmt: skip
"""Append-only: a provider's invoice 手续费发票 of a month, `2026-11`, and what its bills said then; the last counts."""

deposit_refund = Table(
    "deposit_refund", metadata, Column("number", Text, primary_key=True), col("order_number", Text),
    col("provider", Text), col("txn", Text), col("card", Bytes), col("item", Big), col("fen", Big),
    col("reason", Text), col("proposal", Big), col("made_ms", Big), col("state", Small), col("day", Big),
    col("due_ms", Big), col("tries", Big), col("changed_ms", Big), Index("ix_deposit_refund_due", "due_ms"),
    Index("ix_deposit_refund_order", "order_number"), Index("ix_deposit_refund_day", "provider", "day"),
)  # fmt: skip
"""Not append-only: how a refund that we ask a provider for stands (funds.providers.refunds), which its steps say again.
card: empty where 渠道待查款 pays, because of `item`; proposal: of the two persons, 0: by rule."""

deposit_refund_step = Table(
    "deposit_refund_step", metadata, row_id(), col("number", Text), col("state", Small), col("document", Bytes),
    col("at_ms", Big), Index("ix_deposit_refund_step_number", "number", "id"),
)  # fmt: skip
"""Append-only. document: CBOR, what was asked for, or was seen at the provider."""

deposit_settlement = Table(
    "deposit_settlement", metadata, row_id(), col("provider", Text), col("day", Big), col("digest", Bytes),
    col("lines", Bytes), col("settled_fen", Big), col("fee_fen", Big), col("who", Text), col("at_ms", Big),
)  # fmt: skip
"""Append-only: what a provider moved to the bank on a day, and its fees; the last of a day counts. lines: CBOR."""
