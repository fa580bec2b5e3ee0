"""Documents of the fleet: what was made, in pages; the newest head of each; what boxes hold and terminals report.

Beside them stands why a card is on the hotlist: one row a reason, for a card that was found may still be listed for
another. Cards of an older ledger get theirs from their life; of those that a command had listed nobody knows why.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0016"
down_revision = "0015"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()
COMMAND, LOST, REPLACED, SPOILED = 1, 2, 3, 4
"""Reasons. A card's life says 1 lost, 2 replaced; a card of a desk's stock 3 spoiled."""


def upgrade() -> None:
    op.create_table("document",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), *_which(), _col("generation", BIG),
        _col("length", sa.Integer()), _col("digest", BYTES), _col("pages", BYTES), _col("who", TEXT),
        _col("made_ms", BIG), _col("made_s", BIG),
        sa.UniqueConstraint("kind", "scope", "generation", name="uq_document_generation"),
    )  # fmt: skip
    op.create_table("document_page", _col("digest", BYTES), _col("data", BYTES), sa.PrimaryKeyConstraint("digest"))
    op.create_table("document_head",
        *_which(), _col("generation", BIG), _col("as_of", BIG), _col("raw", BYTES), _col("signature", BYTES),
        _col("signed_ms", BIG), sa.PrimaryKeyConstraint("kind", "scope"),
    )  # fmt: skip
    op.create_table("document_delta",
        *_which(), _col("generation", BIG), _col("raw", BYTES), sa.PrimaryKeyConstraint("kind", "scope"),
    )  # fmt: skip
    op.create_table("document_held",
        _col("box", TEXT), *_which(), _col("generation", BIG), _col("digest", BYTES), _col("as_of", BIG),
        _col("at_ms", BIG), sa.PrimaryKeyConstraint("box", "kind", "scope"),
    )  # fmt: skip
    op.create_table("document_reported",
        _col("device", BYTES), *_which(), _col("generation", BIG), _col("digest", BYTES), _col("echo", BIG),
        _col("seq", BIG), _col("as_of", BIG), _col("offered", BIG), _col("verdict", SMALL), _col("detail", BYTES),
        _col("box", TEXT), _col("at_ms", BIG), _col("since_ms", BIG), _col("reached", BIG),
        _col("told", BIG),
        sa.PrimaryKeyConstraint("device", "kind", "scope"),
    )  # fmt: skip
    op.create_table("hotlist_named",
        _col("card", BYTES), _col("since", BIG), sa.Column("until", BIG, nullable=True),
        sa.PrimaryKeyConstraint("card", "since"),
    )  # fmt: skip
    op.create_table("hotlisted",
        _col("card", BYTES), _col("reason", SMALL), _col("who", TEXT), _col("text", TEXT), _col("since_ms", BIG),
        sa.PrimaryKeyConstraint("card", "reason"),
    )  # fmt: skip
    for table in ("document", "document_page"):
        forbid_change(table)
    for name in ("documents", "hotlist"):
        op.execute(f"INSERT INTO watermark (name, value) SELECT '{name}', 0 WHERE EXISTS (SELECT 1 FROM meta)")  # noqa: S608  # ours
    _say_why()


def _say_why() -> None:
    op.execute(
        "INSERT INTO hotlisted (card, reason, who, text, since_ms) "  # noqa: S608  # our own numbers
        f"SELECT c.card, CASE WHEN l.state = 1 THEN {LOST} WHEN l.state = 2 THEN {REPLACED} WHEN k.state = 3 THEN "
        f"{SPOILED} ELSE {COMMAND} END, '', '', COALESCE(l.since_ms, k.changed_ms, 0) FROM card c "
        "LEFT JOIN card_life l ON l.card = c.card LEFT JOIN desk_card k ON k.label = c.label WHERE c.hotlisted = 1"
    )


def _which() -> tuple[sa.Column[Any], sa.Column[Any]]:
    return _col("kind", SMALL), _col("scope", BYTES)


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
