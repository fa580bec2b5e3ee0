"""Orders to terminals."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, metadata, row_id

job = Table(
    "job", metadata, row_id("number"), col("verb", Small),
    col("body", Bytes), col("who", Text), col("reason", Text), col("made_ms", Big), col("expires_ms", Big),
    col("run_ms", Big), col("width", Big), col("stop_percent", Small), col("stop_min", Big), col("cancels", Big),
    col("retries", Big),
)  # fmt: skip
"""One order to many terminals. cancels, retries: the job that it is about, 0: none."""

job_row = Table(
    "job_row", metadata, col("job", Big), col("device", Bytes), col("generation", Big), col("state", Small),
    col("box", Text), col("verdict", Small), col("detail", Bytes), col("sent_ms", Big), col("box_ms", Big),
    col("stored_ms", Big), col("over_ms", Big), col("asked_ms", Big), col("body", Bytes), col("head", Bytes),
    col("signature", Bytes), col("bus_ms", Big, "0"),
    PrimaryKeyConstraint("job", "device"), UniqueConstraint("device", "generation", name="uq_job_row_generation"),
    Index("ix_job_row_state", "state"),
)  # fmt: skip
"""One terminal in it: which hop has answered, and when (fleet.jobs.state.RowState); head: signed, and sent in turn."""

job_piece = Table(
    "job_piece", metadata, col("device", Bytes), col("generation", Big), col("number", Small), col("total", Small),
    col("crc", Big), col("data", Bytes), col("at_ms", Big), PrimaryKeyConstraint("device", "generation", "number"),
)  # fmt: skip
"""What a terminal says at length about an order, a log or a slip: the newest few of each (fleet.jobs.pieces)."""
