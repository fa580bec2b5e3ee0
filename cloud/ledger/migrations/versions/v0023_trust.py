"""What the officers stand for of firmware, as they signed it: roots and targets of the chain that boxes believe."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0023"
down_revision = "0022"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("firmware_trust",
        sa.Column("id", BIG, primary_key=True, autoincrement=False), _col("raw", sa.LargeBinary()),
        _col("who", sa.Text()), _col("at_ms", BIG),
    )  # fmt: skip
    forbid_change("firmware_trust")


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
