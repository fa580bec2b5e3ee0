"""A fact has parameters; its words are the catalogue's. Rows of before keep their text and have none."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("fact", sa.Column("params", sa.Text(), nullable=False, server_default="{}"))
