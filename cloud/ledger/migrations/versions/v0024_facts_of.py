"""Facts of one device are found without reading all others."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_index("ix_fact_device", "fact", ["device", "id"])
