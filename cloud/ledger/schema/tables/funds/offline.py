"""Offline pay codes 脱机付款码."""

from sqlalchemy import Index, Integer, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id

offline_rule = Table(
    "offline_rule", metadata, row_id(), col("uses", Small),
    col("one_fen", Big), col("day_fen", Big), col("bearer", Text), col("who", Text), col("reason", Text),
    col("at_ms", Big),
)  # fmt: skip
"""Append-only; the last row counts. uses 0: switched off."""

phone_certificate = Table(
    "phone_certificate", metadata, row_id("number"), col("card", Bytes),
    col("card_class", Small), col("public", Bytes), col("key", Text), col("key_version", Small),
    col("from_s", Big), col("until_s", Big), col("uses", Small), col("one_fen", Big), col("made_ms", Big),
    col("signature", Bytes), col("ended_why", Small), col("ended_s", Big),
    UniqueConstraint("card", "key", name="uq_phone_certificate_key"), Index("ix_phone_certificate_until", "until_s"),
)  # fmt: skip
"""Of a phone, by the number that it shows. signature: b"" until the key process has signed; ended_why 0: it has not
ended before its time."""

certificate_step = Table(
    "certificate_step", metadata, row_id(), col("number", Big),
    col("why", Small), col("document", Bytes), col("who", Text), col("at_s", Big), col("at_ms", Big),
    Index("ix_certificate_step_number", "number"), Index("ix_certificate_step_why", "why", "id"),
)  # fmt: skip
"""Append-only: a certificate was given out (why 0; document: what is signed of it), or ended."""

code_use = Table(
    "code_use", metadata, row_id(), col("record", Big),
    col("key", Bytes), col("certificate", Big), col("use", Small), col("card", Bytes), col("day", Integer),
    col("fen", Big), col("borne_fen", Big), col("device", Bytes), col("stall", Text), col("time_s", Big),
    col("against", Small), maybe("entry", Big), col("reason", Small), col("at_ms", Big),
    UniqueConstraint("record", name="uq_code_use_record"), Index("ix_code_use_certificate", "certificate", "use"),
    Index("ix_code_use_card", "card"), Index("ix_code_use_day", "day"), Index("ix_code_use_entry", "entry"),
)  # fmt: skip
"""What terminals took by codes, by record. against: why the school bears all of it, 0: nothing; entry null: it waits,
and `reason` says why."""
