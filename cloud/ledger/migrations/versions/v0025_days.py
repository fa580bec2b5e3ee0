"""Days: entries are found by the day that they are of, a day of the campus is closed; and classes of holders.

The index holds first lines alone: an entry's lines are of one day. Held entries have one, too, for they are few.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.ledger.migrations.guards import forbid_change

revision = "0025"
down_revision = "0024"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.execute("CREATE INDEX ix_posting_day ON posting (effective_day) WHERE line = 0")
    op.execute("CREATE INDEX ix_posting_held ON posting (entry) WHERE line = 0 AND (flags & 2) > 0")
    op.create_table("day_close",
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False), _col("last_entry", BIG),
        _col("maker", sa.Text()), _col("checker", sa.Text()), _col("at_ms", BIG), _col("document", sa.LargeBinary()),
    )  # fmt: skip
    forbid_change("day_close")
    op.create_table("holder_class",
        _col("card", sa.LargeBinary()), _col("name", sa.Text()), sa.PrimaryKeyConstraint("card"),
    )  # fmt: skip
    op.create_index("ix_holder_class_name", "holder_class", ["name"])


def _col(name: str, form: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, form, nullable=False)
