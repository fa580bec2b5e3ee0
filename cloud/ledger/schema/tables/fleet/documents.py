"""Documents of the fleet, and the hotlists among them."""

from typing import Any

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from cloud.ledger.schema.columns import Big, Bytes, Small, col, maybe, metadata, row_id


def _which() -> tuple[Column[Any], Column[Any]]:
    """Kind and scope of a document (shared.fleet.document)."""
    return col("kind", Small), col("scope", Bytes)


document = Table(
    "document", metadata, row_id(), *_which(), col("generation", Big), col("length", Integer), col("digest", Bytes),
    col("pages", Bytes), col("who", Text), col("made_ms", Big), col("made_s", Big),
    UniqueConstraint("kind", "scope", "generation", name="uq_document_generation"),
)  # fmt: skip
"""Append-only. pages: the SHA-256 of each page, of which `digest` is the SHA-256."""

document_page = Table(
    "document_page", metadata, col("digest", Bytes), col("data", Bytes), PrimaryKeyConstraint("digest")
)
"""Append-only: each page once, however many generations have it."""

document_head = Table(
    "document_head", metadata, *_which(), col("generation", Big), col("as_of", Big), col("raw", Bytes),
    col("signature", Bytes), col("signed_ms", Big), PrimaryKeyConstraint("kind", "scope"),
)  # fmt: skip
"""The newest head of each document, as it was signed last."""

document_delta = Table(
    "document_delta", metadata, *_which(), col("generation", Big), col("raw", Bytes),
    PrimaryKeyConstraint("kind", "scope"),
)  # fmt: skip
"""To this generation, from the one before it. Only of the newest."""

document_held = Table(
    "document_held", metadata, col("box", Text), *_which(), col("generation", Big), col("digest", Bytes),
    col("as_of", Big), col("at_ms", Big), PrimaryKeyConstraint("box", "kind", "scope"),
)  # fmt: skip
"""What is durable at a box, as it said last."""

document_reported = Table(
    "document_reported", metadata, col("device", Bytes), *_which(), col("generation", Big), col("digest", Bytes),
    col("echo", Big), col("seq", Big), col("as_of", Big), col("offered", Big), col("verdict", Small),
    col("detail", Bytes), col("box", Text), col("at_ms", Big), col("since_ms", Big), col("reached", Big),
    col("told", Big), PrimaryKeyConstraint("device", "kind", "scope"),
)  # fmt: skip
"""A terminal's last word. since_ms: when it first said that this generation is in use; reached: the highest one of
ours that it ever said so of; told: the generation that it was last told to be behind, 0: none."""

hotlist_named = Table(
    "hotlist_named", metadata, col("card", Bytes), col("since", Big), maybe("until", Big),
    PrimaryKeyConstraint("card", "since"),
)  # fmt: skip
"""The hotlists of the campus that name a card: from this generation on, up to and without that one."""

hotlist_change = Table(
    "hotlist_change", metadata, row_id("version"), col("card", Bytes),
)  # fmt: skip
"""Which card each step of the watermark `hotlist` was about: who follows it need not read all of them anew."""
