"""Entry and posting become one table: an entry is its postings, and a purchase is one row in the books.

Nothing that a batch hash covers changes, so `verify` holds an older ledger against the same chain. Refused, and nothing
done, for a ledger with an entry without postings or a posting without entry: such books are for `verify` to name.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change
from shared.errors import RuleBroken

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
INT = sa.Integer()
BYTES = sa.LargeBinary()
HEAD_RULE = "(line > 0) = (key IS NULL) AND (line > 0) = (input_hash IS NULL) AND line >= 0"
EVERY_LINE = "book, kind, effective_day, booked_at_ms, flags, partition, number"
HEAD = "key, input_hash, record, document, reverses"


def upgrade() -> None:
    _require_whole()
    op.rename_table("posting", "posting_v1")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX posting_pkey RENAME TO posting_v1_pkey")
    _make_posting()
    _carry_over()
    op.drop_table("posting_v1")
    op.drop_table("entry")
    op.execute(f"CREATE VIEW entry AS SELECT entry AS id, {EVERY_LINE}, {HEAD} FROM posting WHERE line = 0")  # noqa: S608  # our own names
    forbid_change("posting")


def _require_whole() -> None:
    for sql in (
        "SELECT e.id FROM entry e LEFT JOIN posting p ON p.entry = e.id AND p.line = 0 WHERE p.entry IS NULL LIMIT 1",
        "SELECT p.entry FROM posting p LEFT JOIN entry e ON e.id = p.entry WHERE e.id IS NULL LIMIT 1",
    ):
        found = op.get_bind().execute(sa.text(sql)).first()
        if found is not None:
            raise RuleBroken(f"ledger: entry {found[0]} is not whole; verify it with the program that wrote it")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)


def _maybe(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=True)


def _make_posting() -> None:
    op.create_table("posting",
        _col("entry", BIG), _col("debit", BIG), _col("credit", BIG), _col("fen", BIG), _col("booked_at_ms", BIG),
        _maybe("record", BIG), _maybe("reverses", BIG), _col("number", BIG), _col("book", INT),
        _col("effective_day", INT), _col("line", SMALL), _col("kind", SMALL), _col("flags", SMALL),
        _col("partition", SMALL), _maybe("key", BYTES), _maybe("input_hash", BYTES), _maybe("document", BYTES),
        sa.PrimaryKeyConstraint("entry", "line"), sa.UniqueConstraint("key", name="uq_posting_key"),
        sa.CheckConstraint("fen > 0", name="ck_posting_fen"),
        sa.CheckConstraint("debit <> credit", name="ck_posting_sides"),
        sa.CheckConstraint(HEAD_RULE, name="ck_posting_head"), sqlite_with_rowid=False,
    )  # fmt: skip


def _carry_over() -> None:
    every_line = ", ".join(f"e.{name}" for name in EVERY_LINE.split(", "))
    head = ", ".join(f"CASE WHEN p.line = 0 THEN e.{name} END" for name in HEAD.split(", "))
    op.execute(
        f"INSERT INTO posting (entry, line, debit, credit, fen, {EVERY_LINE}, {HEAD}) "  # noqa: S608  # our own names
        f"SELECT p.entry, p.line, p.debit, p.credit, p.fen, {every_line}, {head} "
        "FROM posting_v1 p JOIN entry e ON e.id = p.entry ORDER BY p.entry, p.line"
    )
