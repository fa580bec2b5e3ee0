"""Business event → postings: the only place that knows which accounts move (README of the ledger, "Books").

Debit account first. A change here is a change of the books: the snapshot test shows it.
"""

from typing import NamedTuple

from cloud.ledger.books.entry import Posting
from shared.records import application_of


class CardAccounts(NamedTuple):
    """Account numbers of one card, in the order of accounts.OF_A_CARD."""

    purse: int
    online: int
    transit: int
    pending: int
    subsidy: int
    pending_subsidy: int

    def holding(self, purse: int) -> int:
        """The account of the purse that a record's purse/key byte names."""
        return self.subsidy if application_of(purse) else self.purse

    def waiting(self, purse: int) -> int:
        """Where it waits when that purse is given back what it paid: a subsidy stays a subsidy."""
        return self.pending_subsidy if application_of(purse) else self.pending


class Moved(NamedTuple):
    """What goes from a card's accounts to those of the card that takes its place, in fen."""

    purse: int = 0
    online: int = 0
    pending: int = 0
    subsidy: int = 0
    pending_subsidy: int = 0


Postings = tuple[Posting, ...]


def opening_balance(bank: int, card: CardAccounts, fen: int) -> Postings:
    """期初余额: what is in the purse when the card is handed out."""
    return (Posting(bank, card.purse, fen),)


def opening_subsidy(bank: int, card: CardAccounts, fen: int) -> Postings:
    """期初补助: what is in the subsidy purse when the card is handed out."""
    return (Posting(bank, card.subsidy, fen),)


def deposit(bank: int, card: CardAccounts, fen: int) -> Postings:
    """充值: into the online account."""
    return (Posting(bank, card.online, fen),)


def provider_owes(bank: int, provider: int, fen: int) -> Postings:
    """渠道代收: what a deposit said of the bank is the provider's still."""
    return (Posting(provider, bank, fen),)


def provider_settled(bank: int, provider: int, fen: int) -> Postings:
    """渠道结算: the provider has brought it."""
    return (Posting(bank, provider, fen),)


def deposit_refunded(source: int, provider: int, fen: int) -> Postings:
    """渠道退款: source is the online account, or 渠道待查款 where no deposit of a card was booked."""
    return (Posting(source, provider, fen),)


def deposit_suspended(provider: int, unclear: int, fen: int) -> Postings:
    """渠道待查."""
    return (Posting(provider, unclear, fen),)


def deposit_assigned(unclear: int, card: CardAccounts, fen: int) -> Postings:
    """待查入账."""
    return (Posting(unclear, card.online, fen),)


def refund_held(source: int, refunding: int, fen: int) -> Postings:
    """退款预扣: source as of 渠道退款."""
    return (Posting(source, refunding, fen),)


def refund_done(refunding: int, provider: int, fen: int) -> Postings:
    """退款完成."""
    return (Posting(refunding, provider, fen),)


def refund_back(refunding: int, source: int, fen: int) -> Postings:
    """退款退回."""
    return (Posting(refunding, source, fen),)


def provider_fee(fee: int, provider: int, fen: int) -> Postings:
    """渠道手续费."""
    return (Posting(fee, provider, fen),)


def provider_fee_back(fee: int, provider: int, fen: int) -> Postings:
    """手续费退还."""
    return (Posting(provider, fee, fen),)


def purchase(card: CardAccounts, purse: int, merchant_side: int, fen: int) -> Postings:
    """消费, recovered or grey by evidence too. purse: the record's purse/key byte. merchant_side: the merchant, or its
    held account 待核."""
    return (Posting(card.holding(purse), merchant_side, fen),)


def voided(card: CardAccounts, purse: int, merchant_side: int, fen: int) -> Postings:
    """撤销: what a purchase gave to merchant_side waits for the purse that paid it, in the pending load 过渡余额 or as
    待回补助. The card is not touched."""
    return (Posting(merchant_side, card.waiting(purse), fen),)


def released(held: int, merchant: int, fen: int) -> Postings:
    """放行: what waited is the merchant's."""
    return (Posting(held, merchant, fen),)


def returned(card: CardAccounts, purse: int, held: int, fen: int) -> Postings:
    """退还: what was held waits for the purse that paid it. The card is not touched."""
    return (Posting(held, card.waiting(purse), fen),)


def account_paid(card: CardAccounts, merchant: int, fen: int) -> Postings:
    """账户支付: the answer may leave. The card's purse is not touched."""
    return (Posting(card.online, merchant, fen),)


def account_reversed(card: CardAccounts, merchant: int, fen: int) -> Postings:
    """冲正: nothing was sold for it."""
    return (Posting(merchant, card.online, fen),)


def meal_given(debt: int, merchant: int, fen: int) -> Postings:
    """应急餐: the person owes it, the merchant has it."""
    return (Posting(debt, merchant, fen),)


def meal_repaid(card: CardAccounts, debt: int, fen: int) -> Postings:
    """应急餐还款: what was paid in pays first what was eaten."""
    return (Posting(card.online, debt, fen),)


def meal_taken_back(loss: int, debt: int, online: int, debt_fen: int, online_fen: int) -> Postings:
    """应急餐改正: the school bears it; what is owed of it falls away, what was repaid is the person's again. Both sums
    are not below zero, and one of them is above. online: 0 where nothing was repaid."""
    owed = (Posting(loss, debt, debt_fen),) if debt_fen else ()
    return (*owed, Posting(loss, online, online_fen)) if online_fen else owed


def online_authorised(card: CardAccounts, reserved: int, fen: int) -> Postings:
    """预授权: nobody can spend it until it is decided."""
    return (Posting(card.online, reserved, fen),)


def online_captured(card: CardAccounts, reserved: int, merchant: int, fen: int, rest_fen: int) -> Postings:
    """请款: to the merchant; the rest goes back."""
    rest = (Posting(reserved, card.online, rest_fen),) if rest_fen else ()
    return (Posting(reserved, merchant, fen), *rest)


def online_void(card: CardAccounts, reserved: int, fen: int) -> Postings:
    """撤回, or time-out."""
    return (Posting(reserved, card.online, fen),)


def online_refunded(card: CardAccounts, merchant: int, fen: int) -> Postings:
    """退款: into the online account again."""
    return (Posting(merchant, card.online, fen),)


def code_paid(card: CardAccounts, loss: int, merchant: int, fen: int, borne_fen: int) -> Postings:
    """脱机付款码: to the merchant, whole, out of the account; borne_fen of it, what it has not, is a loss."""
    moves = ((card.online, fen - borne_fen), (loss, borne_fen))
    return tuple(Posting(debit, merchant, part) for debit, part in moves if part)


def load_authorised(card: CardAccounts, fen: int) -> Postings:
    """圈存: MAC2 may leave; the sum is in transit."""
    return (Posting(card.online, card.transit, fen),)


def load_confirmed(card: CardAccounts, fen: int) -> Postings:
    """By TAC, or by the card's next counter."""
    return (Posting(card.transit, card.purse, fen),)


def load_reversed(card: CardAccounts, fen: int) -> Postings:
    """The card still has the old counter, and MAC1 proves it."""
    return (Posting(card.transit, card.online, fen),)


def load_alone(card: CardAccounts, fen: int) -> Postings:
    """The pending debit is not in this ledger: the card has the money, so the account pays, below zero if need be."""
    return (Posting(card.online, card.purse, fen),)


def claim_authorised(card: CardAccounts, fen: int) -> Postings:
    """领款: as a load, out of the pending load."""
    return (Posting(card.pending, card.transit, fen),)


def claim_reversed(card: CardAccounts, fen: int) -> Postings:
    """As a load, back into the pending load."""
    return (Posting(card.transit, card.pending, fen),)


def claim_alone(card: CardAccounts, fen: int) -> Postings:
    """As a load, paid by the pending load, below zero if need be."""
    return (Posting(card.pending, card.purse, fen),)


def grant(payer: int, card: CardAccounts, fen: int) -> Postings:
    """发放: payer, the subsidy fund or the bank, into the pending load."""
    return (Posting(payer, card.pending, fen),)


def cash_in(cash: int, card: CardAccounts, fen: int) -> Postings:
    """现金充值, into the online account."""
    return (Posting(cash, card.online, fen),)


def cash_out(cash: int, card: CardAccounts, fen: int) -> Postings:
    """现金退出, out of the online account."""
    return (Posting(card.online, cash, fen),)


def cash_float(bank: int, cash: int, fen: int) -> Postings:
    """备用金, into the drawer."""
    return (Posting(cash, bank, fen),)


def unloaded(card: CardAccounts, fen: int) -> Postings:
    """圈提: the card debited itself, the account has the money."""
    return (Posting(card.purse, card.online, fen),)


def moved_to(old: CardAccounts, new: CardAccounts, what: Moved) -> Postings:
    """换卡, 补卡: purse and online account into the new online account, pending into pending, every subsidy into the
    new pending subsidy; zeros move nothing."""
    moves = (
        (old.purse, new.online, what.purse),
        (old.online, new.online, what.online),
        (old.pending, new.pending, what.pending),
        (old.subsidy, new.pending_subsidy, what.subsidy),
        (old.pending_subsidy, new.pending_subsidy, what.pending_subsidy),
    )  # fmt: skip
    return tuple(Posting(debit, credit, fen) for debit, credit, fen in moves if fen)


def spare_lent(source: int, deposits: int, fen: int) -> Postings:
    """备用卡押金. source: a drawer, or the holder's online account."""
    return (Posting(source, deposits, fen),) if fen else ()


def spare_returned(deposits: int, to: int, deposit_fen: int, moved: Postings) -> Postings:
    """备用卡归还: the deposit, and what was in the spare's own accounts."""
    return (*((Posting(deposits, to, deposit_fen),) if deposit_fen else ()), *moved)


def spare_kept(deposits: int, kept: int, fen: int) -> Postings:
    """备用卡押金没收."""
    return (Posting(deposits, kept, fen),)


def cash_closed(bank: int, cash: int, over_short: int, expected_fen: int, counted_fen: int) -> Postings:
    """日结: 长款 or 短款 first, then all that was counted is handed over."""
    difference = counted_fen - expected_fen
    sides = (cash, over_short) if difference > 0 else (over_short, cash)
    booked = (Posting(*sides, abs(difference)),) if difference else ()
    return booked + ((Posting(bank, cash, counted_fen),) if counted_fen else ())


def loss_borne(loss: int, provision: int, purse: int, fen: int, provided_fen: int) -> Postings:
    """挂失后损失: back into the purse, out of what was provided for it first."""
    moves = ((provision, purse, provided_fen), (loss, purse, fen - provided_fen))
    return tuple(Posting(debit, credit, part) for debit, credit, part in moves if part)


def discount_borne(bearer: int, merchant: int, fen: int) -> Postings:
    """折扣承担: the merchant gets what the card did not pay."""
    return (Posting(bearer, merchant, fen),)


def loss_provided(loss: int, provision: int, fen: int) -> Postings:
    """挂失损失准备: a loss that may come is one from now on."""
    return (Posting(loss, provision, fen),)


def loss_unprovided(loss: int, provision: int, fen: int) -> Postings:
    """It does not come any more."""
    return (Posting(provision, loss, fen),)


def withdrawn(postings: Postings) -> Postings:
    """The exact opposite of an entry."""
    return tuple(Posting(p.credit, p.debit, p.fen) for p in postings)
