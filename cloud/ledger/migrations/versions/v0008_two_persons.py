"""Proposals and decisions of two persons, append-only, and what became of held entries. An older ledger has none.

The database itself refuses a confirmation by the proposer, and one that comes too late.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0008"
down_revision = "0007"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()
CONFIRMED = 1
FORBIDDEN = (
    f"NEW.outcome = {CONFIRMED} AND NOT EXISTS (SELECT 1 FROM proposal p WHERE p.id = NEW.proposal "  # noqa: S608  # ours
    "AND lower(p.maker) <> lower(NEW.checker) AND NEW.at_ms <= p.until_ms)"
)
SAID = "confirmed by another person, in time"


def upgrade() -> None:
    op.create_table("proposal",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("kind", SMALL), _col("document", BYTES),
        _col("maker", TEXT), _col("reason", TEXT), _col("at_ms", BIG), _col("until_ms", BIG),
    )  # fmt: skip
    op.create_table("decision",
        sa.Column("proposal", BIG, primary_key=True, autoincrement=False), _col("outcome", SMALL),
        _col("checker", TEXT), _col("reason", TEXT), _col("at_ms", BIG),
    )  # fmt: skip
    op.create_table("held_release",
        sa.Column("held", BIG, primary_key=True, autoincrement=False), _col("entry", BIG), _col("proposal", BIG),
        _col("kind", SMALL), _col("fen", BIG), sa.Column("undone", BIG, nullable=True),
    )  # fmt: skip
    for table in ("proposal", "decision"):
        forbid_change(table)
    _require_two_persons()


def _require_two_persons() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER decision_two_persons BEFORE INSERT ON decision WHEN {FORBIDDEN} "
            f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION require_two_persons() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {FORBIDDEN} THEN RAISE EXCEPTION '{SAID}'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER decision_two_persons BEFORE INSERT ON decision "
        "FOR EACH ROW EXECUTE FUNCTION require_two_persons()"
    )


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
