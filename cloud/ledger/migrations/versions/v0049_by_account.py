"""What moved a card's accounts is found by the account: a statement reads its own postings, whatever others do.

A purchase debits its card in every case, so its credit side, which is its merchant's, needs no row of the second index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    op.create_index("ix_posting_debit", "posting", ["debit", "entry"])
    given = sa.text("kind <> 3")
    op.create_index("ix_posting_credit", "posting", ["credit", "entry"], sqlite_where=given, postgresql_where=given)
