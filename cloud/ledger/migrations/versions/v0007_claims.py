"""Load cases learn where their money comes from, whether they are tried once more, and what a question was offered.

Loads that were given back before are not tried again: their holders have been at a load machine since.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
REVERSED, CLOSED = 4, 3


def upgrade() -> None:
    for name, form in (("source", SMALL), ("retry", SMALL), ("offered_fen", BIG)):
        op.add_column("load_case", sa.Column(name, form, nullable=False, server_default="0"))
    op.drop_index("ix_load_case_state", "load_case")
    op.create_index("ix_load_case_state", "load_case", ["state", "retry"])
    op.execute(f"UPDATE load_case SET retry = {CLOSED} WHERE state = {REVERSED}")  # noqa: S608  # our own numbers
