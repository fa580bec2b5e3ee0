"""Voids are counted by day and cause, and by who stands for them; those of before are counted under none. Beside them
stands the proposal by which two persons let a held one move.

Each card gets one more account, pending-subsidy 待回补助: what was given back to its subsidy purse.

Nothing posted changes: a subsidy that an older program gave back stays in the pending load. The watermark is the last
entry of that time.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
CREDIT = -1
KIND = "pending-subsidy"


def upgrade() -> None:
    op.add_column("card", sa.Column("pending_subsidy_account", BIG, nullable=False, server_default="0"))
    _give_every_card()
    for name, form in (("cause", SMALL), ("day", sa.Integer()), ("witness", sa.LargeBinary()), ("proposal", BIG)):
        op.add_column("void_case", sa.Column(name, form, nullable=True))
    op.create_index("ix_void_case_day", "void_case", ["day"])
    op.execute(
        "INSERT INTO watermark (name, value) SELECT 'pending_subsidy', (SELECT COALESCE(MAX(entry), 0) FROM posting) "
        "WHERE EXISTS (SELECT 1 FROM meta)"
    )
    op.execute("UPDATE watermark SET value = value + 1 WHERE name = 'registry'")


def _give_every_card() -> None:
    """Numbers go on above the last account, by the cards' order."""
    link = op.get_bind()
    cards = [card for (card,) in link.execute(sa.text("SELECT card FROM card ORDER BY card"))]
    last = link.execute(sa.text("SELECT COALESCE(MAX(id), 0) FROM account")).scalar_one()
    made = [
        {"n": n, "card": bytes(card), "code": f"{KIND}:{bytes(card).hex()}", "kind": KIND, "side": CREDIT}
        for n, card in enumerate(cards, last + 1)
    ]
    if made:
        link.execute(
            sa.text("INSERT INTO account (id, code, kind, side) VALUES (:n, :code, :kind, :side)"), made
        )
        link.execute(sa.text("UPDATE card SET pending_subsidy_account = :n WHERE card = :card"), made)
