"""PSAMs, boxes and terminals: who they are, where they have moved (append-only), how they were heard last."""

from sqlalchemy import Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, metadata, row_id

psam = Table(
    "psam", metadata, col("psam", Bytes), col("device", Bytes), col("issued", Big), PrimaryKeyConstraint("psam")
)

device = Table(
    "device", metadata, col("device", Bytes), col("kind", Text), col("box", Text), col("name", Text),
    col("place", Text), col("merchant", Text), col("merchant_account", Big), col("held_account", Big),
    PrimaryKeyConstraint("device"),
)  # fmt: skip

box = Table(
    "box", metadata, col("box", Text), col("partition", Small), col("name", Text), col("certificate", Bytes),
    PrimaryKeyConstraint("box"),
)  # fmt: skip

epoch = Table(
    "epoch", metadata, col("device", Bytes), col("epoch", Integer), col("storage", Bytes), col("psam", Bytes),
    PrimaryKeyConstraint("device", "epoch"), UniqueConstraint("device", "storage", "psam", name="uq_epoch_triple"),
)  # fmt: skip

spare = Table(
    "spare", metadata, col("device", Bytes), col("kind", Text), col("box", Text), col("name", Text),
    PrimaryKeyConstraint("device"),
)  # fmt: skip

swap = Table(
    "swap", metadata, row_id(), col("box", Text), col("spare", Bytes), col("broken", Bytes), col("storage", Bytes),
    col("psam", Bytes), col("epoch", Integer), col("at_s", Big), col("who", Text), col("heard_ms", Big),
)  # fmt: skip
"""As its box told it. What two persons said of it stands in proposal and decision."""

device_move = Table(
    "device_move", metadata, row_id(), col("device", Bytes), col("former", Text), col("box", Text),
    col("proposal", Big), col("at_ms", Big),
)  # fmt: skip
"""The table device stays as the inventory says; the newest move of a device says where it is."""

device_move_mark = Table(
    "device_move_mark", metadata, col("move", Big), col("epoch", Integer), col("seq", Big),
    PrimaryKeyConstraint("move", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip
"""What it had made of each epoch when it moved: up to there its former box is its own."""

epoch_let = Table(
    "epoch_let", metadata, col("device", Bytes), col("epoch", Integer), col("proposal", Big),
    PrimaryKeyConstraint("device", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip

device_status = Table(
    "device_status", metadata, col("device", Bytes), col("box", Text), col("at_ms", Big),
    col("hotlist_version", Big), col("parameter_version", Big), col("slots_left", Big), col("clock_set", Small),
    col("day", Integer), col("day_first_seq", Big),
    PrimaryKeyConstraint("device"),
)  # fmt: skip

epoch_status = Table(
    "epoch_status", metadata, col("device", Bytes), col("epoch", Integer), col("psam", Bytes), col("oldest", Big),
    col("last", Big), col("settled", Big), col("open_slots", Integer), col("at_ms", Big),
    PrimaryKeyConstraint("device", "epoch"),
)  # fmt: skip

box_state = Table(
    "box_state", metadata, col("box", Text), col("at_ms", Big), col("state", Bytes), PrimaryKeyConstraint("box")
)
