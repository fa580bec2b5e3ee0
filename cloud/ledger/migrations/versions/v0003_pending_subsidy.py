"""Each card gets two more accounts, pending 过渡余额(待圈存) and subsidy 补助余额, and what the latter opened with.

Nothing posted changes: the new accounts of an older ledger begin at zero.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CREDIT = -1
KINDS = ("pending", "subsidy")


def upgrade() -> None:
    for name in ("subsidy_fen", *(f"{kind}_account" for kind in KINDS)):
        op.add_column("card", sa.Column(name, BIG, nullable=False, server_default="0"))
    for kind in KINDS:
        _give_every_card(kind)
    op.execute("UPDATE watermark SET value = value + 1 WHERE name = 'registry'")


def _give_every_card(kind: str) -> None:
    """Numbers go on above the last account, by the cards' order."""
    link = op.get_bind()
    cards = [card for (card,) in link.execute(sa.text("SELECT card FROM card ORDER BY card"))]
    last = link.execute(sa.text("SELECT COALESCE(MAX(id), 0) FROM account")).scalar_one()
    made = [
        {"n": n, "card": bytes(card), "code": f"{kind}:{bytes(card).hex()}", "kind": kind, "side": CREDIT}
        for n, card in enumerate(cards, last + 1)
    ]
    if made:
        link.execute(
            sa.text("INSERT INTO account (id, code, kind, side) VALUES (:n, :code, :kind, :side)"), made
        )
        link.execute(sa.text(f"UPDATE card SET {kind}_account = :n WHERE card = :card"), made)  # noqa: S608  # ours
