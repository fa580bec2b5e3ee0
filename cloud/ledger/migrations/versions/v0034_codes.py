"""Payment codes 付款码 of wallets."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0032"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()


def upgrade() -> None:
    op.create_table("pay_code",
        _col("card", BYTES), _col("slot", SMALL), _col("digest", BYTES), _col("state", SMALL), _col("issued_ms", BIG),
        _col("expires_ms", BIG), sa.Column("case_key", BYTES, nullable=True),
        sa.PrimaryKeyConstraint("card", "slot"), sa.UniqueConstraint("digest", name="uq_pay_code_digest"),
    )  # fmt: skip


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
