"""Firmware of terminals, releases of boxes, and their roll-outs; releases and events are append-only."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table, Text

from cloud.ledger.schema.columns import Big, Bytes, Small, col, metadata, row_id

firmware_release = Table(
    "firmware_release", metadata, col("model", Big), col("release", Big), col("name", Text), col("length", Big),
    col("digest", Bytes), col("key_version", Small), col("public", Bytes), col("certificate", Bytes),
    col("raw", Bytes), col("signature", Bytes), col("returns_to", Big), col("who", Text), col("at_ms", Big),
    PrimaryKeyConstraint("model", "release"),
)  # fmt: skip
"""What the officers signed; its bytes are the document of this generation. raw, signature: their head. returns_to: the
earlier release with this very program, 0: none."""

firmware_trust = Table(
    "firmware_trust", metadata, row_id(), col("raw", Bytes),
    col("who", Text), col("at_ms", Big),
)  # fmt: skip
"""The officers' part of the chain that boxes believe firmware by (shared/keys/trust.py); the newest one counts."""

rollout = Table(
    "rollout", metadata, row_id("number"), col("model", Big),
    col("release", Big), col("who", Text), col("reason", Text), col("made_ms", Big), col("canary", Big),
    col("waves", Text), col("stop_percent", Small), col("stop_min", Big), col("wait_ms", Big), col("run_ms", Big),
    col("returns", Big), col("retries", Big),
)  # fmt: skip
"""One release to many terminals. returns, retries: the roll-out that it is about, 0: none."""

rollout_event = Table(
    "rollout_event", metadata, col("rollout", Big), col("number", Big), col("kind", Small), col("wave", Big),
    col("who", Text), col("reason", Text), col("at_ms", Big), PrimaryKeyConstraint("rollout", "number"),
)  # fmt: skip
"""What has happened to it (fleet.firmware.state.EventKind): where it stands follows from the last one."""

rollout_row = Table(
    "rollout_row", metadata, col("rollout", Big), col("device", Bytes), col("wave", Big), col("generation", Big),
    col("state", Small), col("before", Big), col("box", Text), col("why", Small), col("verdict", Small),
    col("detail", Bytes), col("lacking", Big), col("total", Big), col("running", Big), col("sent_ms", Big),
    col("box_ms", Big), col("begun_ms", Big), col("over_ms", Big), col("body", Bytes), col("head", Bytes),
    col("signature", Bytes), col("off_body", Bytes), col("off_head", Bytes), col("off_signature", Bytes),
    PrimaryKeyConstraint("rollout", "device"), Index("ix_rollout_row_state", "state"),
    Index("ix_rollout_row_device", "device"),
)  # fmt: skip
"""One terminal in it (fleet.firmware.state.TerminalState); head, off_head: its permit, and what takes it back."""

box_release = Table(
    "box_release", metadata, col("machine", Text), col("number", Big), col("name", Text), col("length", Big),
    col("digest", Bytes), col("body", Bytes), col("who", Text), col("at_ms", Big),
    PrimaryKeyConstraint("machine", "number"),
)  # fmt: skip
"""An archive that the officers stand for (firmware_trust). digest: its SHA-256; body: its bytes."""

box_rollout = Table(
    "box_rollout", metadata, row_id("number"), col("machine", Text),
    col("release", Big), col("who", Text), col("reason", Text), col("made_ms", Big), col("canary", Big),
    col("waves", Text), col("stop_percent", Small), col("stop_min", Big), col("wait_ms", Big), col("run_ms", Big),
    col("returns", Big), col("retries", Big), col("at_once", Small),
)  # fmt: skip
"""One release to many boxes. at_once: they do not wait for a quiet moment."""

box_rollout_event = Table(
    "box_rollout_event", metadata, col("rollout", Big), col("number", Big), col("kind", Small), col("wave", Big),
    col("who", Text), col("reason", Text), col("at_ms", Big), PrimaryKeyConstraint("rollout", "number"),
)  # fmt: skip

box_rollout_row = Table(
    "box_rollout_row", metadata, col("rollout", Big), col("box", Text), col("wave", Big), col("state", Small),
    col("before", Big), col("why", Text), col("words", Text), col("lacking", Big), col("total", Big),
    col("running", Big), col("sent_ms", Big), col("begun_ms", Big), col("over_ms", Big),
    PrimaryKeyConstraint("rollout", "box"), Index("ix_box_rollout_row_box", "box"),
)  # fmt: skip
"""One box in it (fleet.firmware.state.TerminalState): what it has said itself, and what follows from the time."""

box_running = Table(
    "box_running", metadata, col("box", Text), col("name", Text), col("number", Big), col("machine", Text),
    col("about", Big), col("stage", Small), col("why", Text), col("words", Text), col("at_ms", Big),
    PrimaryKeyConstraint("box"),
)  # fmt: skip
"""What a box has said last of its own release."""
