"""The split of a holder's money 账户分割: what he may spend offline and what online, what moves between both now, and
why not. Inside of a snapshot."""

from typing import NamedTuple

from cloud.ledger.books.posting import CardAccounts
from cloud.ledger.journal.balances import balances_of
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.loads.split.due import holding
from cloud.ledger.loads.split.moving import Holding, Movable, Quota, into_account, onto_card, orderable
from cloud.ledger.loads.split.orders import Order, open_order
from cloud.ledger.loads.split.rules import Rule, quota_of, rules
from cloud.ledger.records.values import Now
from cloud.store.db import Database, Question


class SplitView(NamedTuple):
    """subsidy_fen: on the card, too. quota: the rule as it counts for this card. due: what its next tap on line loads;
    orderable: what its holder may order; back: what may go back, and where. purse_fen: by the books."""

    card: bytes
    label: str
    card_class: int
    holding: Holding
    subsidy_fen: int
    pending_fen: int
    transit_fen: int
    quota: Quota | None
    order: Order | None
    due: Movable
    orderable: Movable
    back: Movable

    @property
    def offline_fen(self) -> int:
        """On the card, both purses; what a day or a meal allows of it say parameters."""
        return self.holding.purse_fen + self.subsidy_fen

    @property
    def online_fen(self) -> int:
        """What the online account pays."""
        return self.holding.free_fen


def split(db: Database, label: str, now: Now) -> SplitView | None:
    """Of the card with this label; None: there is none."""
    rows = db.run(
        f"SELECT c.card, c.hotlisted, COALESCE(l.card_class, c.card_class), {CARD_ACCOUNTS} FROM card c "  # noqa: S608
        "LEFT JOIN card_life l ON l.card = c.card WHERE c.label = ?",
        (label,),
    )
    if not rows:
        return None
    card, hotlisted, card_class, *numbers = rows[0]
    card, accounts = bytes(card), CardAccounts(*numbers)
    surplus = balances_of(db, numbers)
    purse, _, transit, pending, subsidy, _ = (-surplus.get(one, 0) for one in numbers)
    has = holding(db, card, accounts, purse, now)._replace(is_barred=bool(hotlisted))
    quota = quota_of(db, card)
    return SplitView(
        card, label, card_class, has, subsidy, pending, transit, quota, open_order(db, card, now.unix_ms),
        onto_card(has, quota), orderable(has), into_account(has),
    )  # fmt: skip


class RuleRow(NamedTuple):
    """label: of its card, '' for a rule of a class. has_cards: is there any card that it could be of?"""

    rule: Rule
    label: str
    has_cards: bool


_HAS_CARDS = (
    "SELECT COUNT(*) FROM (SELECT 1 FROM card c LEFT JOIN card_life l ON l.card = c.card "
    "WHERE COALESCE(l.card_class, c.card_class) = ? LIMIT 1) one"
)


def split_rules(db: Database) -> list[RuleRow]:
    """All of them."""
    found = rules(db)
    rows = db.find("SELECT card, label FROM card WHERE card", [one.card for one in found if one.card])
    labels: dict[bytes, str] = {bytes(card): label for card, label in rows}
    classes = [one.card_class for one in found if not one.card]
    answers = db.ask(*(Question(_HAS_CARDS, (card_class,)) for card_class in classes))
    has_cards = {card_class: bool(rows[0][0]) for card_class, rows in zip(classes, answers, strict=True)}
    return [RuleRow(one, labels.get(one.card, ""), has_cards.get(one.card_class, True)) for one in found]
