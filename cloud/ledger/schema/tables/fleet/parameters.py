"""Parameters, append-only, and what terminals served under them."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id

parameter_file = Table(
    "parameter_file", metadata, row_id(), col("digest", Bytes), col("text", Text), col("who", Text), col("at_ms", Big),
    UniqueConstraint("digest", name="uq_parameter_file_digest"),
)  # fmt: skip
"""A campus file as it was pushed first. digest: SHA-256 of its text."""

parameter_push = Table(
    "parameter_push", metadata, row_id(), col("file", Big), col("kind", Small), col("who", Text),
    col("targets", Bytes), maybe("proposal", Big), col("at_ms", Big),
)  # fmt: skip
"""targets: the terminals that it is meant for, CBOR, also those that had it already or wait behind a canary."""

parameter_made = Table(
    "parameter_made", metadata, col("push", Big), col("device", Bytes), col("generation", Big),
    PrimaryKeyConstraint("push", "device"),
)  # fmt: skip

parameter_trial = Table(
    "parameter_trial", metadata, col("push", Big), col("device", Bytes), col("generation", Big),
    col("until_s", Big), col("raw", Bytes), col("signature", Bytes), col("body", Bytes),
    PrimaryKeyConstraint("push", "device"),
)  # fmt: skip
"""A tightened limit, which ends. raw, signature, body: the head and bytes of the next generation, signed beforehand by
the order of two persons; they are made when the time has come, if `generation` is the newest one by then."""

parameter_canary = Table(
    "parameter_canary", metadata, col("push", Big), col("device", Bytes), col("outcome", Small),
    col("generation", Big), col("raw", Bytes), col("signature", Bytes), col("body", Bytes),
    PrimaryKeyConstraint("push", "device"),
)  # fmt: skip
"""Signed with a canary, for the day on which it is judged: back (1) at those that have it, on (2) at the others."""

canary_word = Table(
    "canary_word", metadata, col("push", Big), col("word", Small), col("at_ms", Big),
    PrimaryKeyConstraint("push", "word"),
)  # fmt: skip
"""What became of it (fleet.parameters.canary.Word), each said once."""

device_tally = Table(
    "device_tally", metadata, col("device", Bytes), col("day", Big), col("generation", Big), col("boot", Big),
    col("served", Big), col("declined", Big), col("reasons", Bytes), col("at_ms", Big),
    PrimaryKeyConstraint("device", "day", "generation", "boot"), Index("ix_device_tally_day", "day"),
)  # fmt: skip
"""What a terminal served and refused in a business day, under a generation of its parameters, since a power-on.
reasons: CBOR, [[reason, times], …]. Not append-only: totals grow, and go in time (fleet.parameters.tallies)."""
