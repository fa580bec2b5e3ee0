"""Which card each change of the hotlist was about: one is worked on without reading all that are listed.

What was listed before is not here: who has not followed since then reads all of it once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("hotlist_change",
        sa.Column("version", BIG, primary_key=True, autoincrement=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
    )  # fmt: skip
