"""Cards and their lives, why one is on the hotlist, where a spare one is."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id, where

card = Table(
    "card", metadata, col("card", Bytes), col("label", Text), col("profile", Text), col("key_version", Small),
    col("algorithm", Small), col("card_class", Small), col("hotlist_index", Big), col("issued", Big),
    col("expires", Big), col("opening_fen", Big), col("purse_account", Big), col("online_account", Big),
    col("transit_account", Big), col("hotlisted", Small, "0"), col("subsidy_fen", Big, "0"),
    col("pending_account", Big, "0"), col("subsidy_account", Big, "0"),
    col("pending_subsidy_account", Big, "0"),
    PrimaryKeyConstraint("card"), UniqueConstraint("label", name="uq_card_label"),
)  # fmt: skip

holder_class = Table(
    "holder_class", metadata, col("card", Bytes), col("name", Text), PrimaryKeyConstraint("card"),
    Index("ix_holder_class_name", "name"),
)  # fmt: skip
"""The class 班级 of a card's holder, as the newest inventory names it. No row: nobody has said."""

card_life = Table(
    "card_life", metadata, col("card", Bytes), col("state", Small), maybe("successor", Bytes),
    maybe("card_class", Small), col("since_ms", Big), PrimaryKeyConstraint("card"),
    Index("ix_card_life_successor", "successor", **where("successor IS NOT NULL")),
)  # fmt: skip
"""Of a card that is not as the inventory says: lost, replaced, of another class. No row: normal."""

card_deed = Table(
    "card_deed", metadata, row_id(), col("key", Bytes), col("card", Bytes), maybe("other", Bytes), col("kind", Small),
    col("cashier", Text), col("text", Text), col("at_ms", Big), col("at_s", Big),
    UniqueConstraint("key", name="uq_card_deed_key"), Index("ix_card_deed_card", "card"),
)  # fmt: skip
"""Who did what to which card, when and why."""

hotlisted = Table(
    "hotlisted", metadata, col("card", Bytes), col("reason", Small), col("who", Text), col("text", Text),
    col("since_ms", Big), PrimaryKeyConstraint("card", "reason"),
)  # fmt: skip
"""Why a card is on the hotlist (cards.listing.Listed): as long as there is one reason, it is."""

spare_card = Table(
    "spare_card", metadata, row_id(), col("key", Bytes),
    col("card", Bytes), col("act", Small), col("holder", Bytes), col("person", Text), col("place", Text),
    col("deposit_fen", Big), col("in_cash", Small), col("limit_fen", Big), col("until_day", Big), col("who", Text),
    col("reason", Text), col("at_ms", Big), col("at_s", Big), UniqueConstraint("key", name="uq_spare_card_key"),
    Index("ix_spare_card_card", "card", "id"), Index("ix_spare_card_holder", "holder", "id"),
)  # fmt: skip
"""Append-only: where a spare or visitor's card is, and since when (funds.spares); the newest row of a card counts."""
