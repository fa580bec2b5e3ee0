"""Cases of voids 撤销: a signed record that gives a purchase back waits for it, is posted, or held."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()


def upgrade() -> None:
    op.create_table("void_case",
        sa.Column("record", BIG, primary_key=True, autoincrement=False), sa.Column("target", BYTES, nullable=False),
        sa.Column("card", BYTES, nullable=False), sa.Column("amount_fen", BIG, nullable=False),
        sa.Column("state", SMALL, nullable=False), sa.Column("reason", SMALL, nullable=False),
        sa.Column("entry", BIG, nullable=True), sa.Column("received_s", BIG, nullable=False),
        sa.Column("opened_ms", BIG, nullable=False), sa.Column("changed_ms", BIG, nullable=False),
    )  # fmt: skip
    op.create_index("ix_void_case_target", "void_case", ["target"])
    op.create_index("ix_void_case_state", "void_case", ["state"])
    op.execute("INSERT INTO watermark (name, value) SELECT 'voids', 0 WHERE EXISTS (SELECT 1 FROM watermark)")
