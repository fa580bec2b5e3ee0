"""The chart of accounts 会计科目 of the spine (README of the ledger, "Books"): codes, kinds and normal sides.

Codes are unique and never reused; rows have small integers for the hot path. A liability grows on credit. Accounts
are made at import, never in the hot path.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from shared.fleet.parameters import Bearer
from shared.ids import CardId


class Side(IntEnum):
    """The side on which an account grows."""

    DEBIT = 1
    CREDIT = -1


class AccountKind(StrEnum):
    """bank 银行专户, purse 卡内余额, online 电子账户, transit 圈存在途, pending 过渡余额(待圈存), subsidy 补助余额,
    pending-subsidy 待回补助, merchant 商户应付, held 待核, cash 现金 per cashier, over-short 长款/短款, fund 补助基金,
    loss-after-report 挂失后损失, loss-provision 挂失损失准备, discount 折扣承担, meal-debt 应急餐欠款,
    reserved 预授权, provider 渠道待结算, deposit-unclear 渠道待查款, offline-code-loss 脱机付款码损失,
    refunding 退款在途, provider-fee 渠道手续费, spare-deposit 备用卡押金,
    spare-kept 备用卡没收押金, meal-loss 应急餐损失."""

    BANK = "bank"
    PURSE = "purse"
    ONLINE = "online"
    TRANSIT = "transit"
    PENDING = "pending"
    """Given back to the card's holder, and not claimed 领款 onto the card yet."""
    SUBSIDY = "subsidy"
    """In the card's second purse, which has its own application and validity."""
    PENDING_SUBSIDY = "pending-subsidy"
    """待回补助: subsidy that was given back; no money of the main purse, and nothing loads a subsidy purse yet."""
    MERCHANT = "merchant"
    HELD = "held"
    CASH = "cash"
    """现金, a cashier's drawer."""
    FUND = "fund"
    """补助基金: what the school has paid in for grants, less what was granted; negative: not paid in yet."""
    OVER_SHORT = "over-short"
    """长款/短款: what drawers held too much, less what they lacked."""
    LOSS = "loss-after-report"
    """挂失后损失: what lost cards spend after their report, and what they may; the school bears it."""
    DISCOUNT = "discount"
    """折扣承担: what others than the merchant bear of discounts."""
    MEAL_DEBT = "meal-debt"
    """应急餐欠款 of a person: meals that were given out by number, less what his deposits have repaid."""
    RESERVED = "reserved"
    """预授权: online payments that are authorised and not captured: their holders' money, and nobody can spend it."""
    PROVIDER = "provider"
    """渠道待结算: what a payment provider has taken for us and not brought to the bank yet."""
    UNCLEAR = "deposit-unclear"
    """渠道待查款: money at a provider, nobody knows whose; negative: a refund whose payer we lack."""
    CODE_LOSS = "offline-code-loss"
    """脱机付款码损失: what was taken by offline codes and no account pays; the school bears it."""
    REFUNDING = "refunding"
    """退款在途: taken aside to go back to payers of deposits, and not known to be there."""
    PROVIDER_FEE = "provider-fee"
    """渠道手续费: an expense, one for each provider."""
    SPARE_DEPOSIT = "spare-deposit"
    """备用卡押金: deposits for spare cards that are out; whose, the rows of the spares say."""
    SPARE_KEPT = "spare-kept"
    """备用卡没收押金: deposits for spare cards that are lost for good; the school's, until one comes back."""
    MEAL_LOSS = "meal-loss"
    """应急餐损失: meals that stood in a wrong person's name, which the school bears."""
    LOSS_PROVISION = "loss-provision"
    """挂失损失准备: booked as a loss when a terminal was written off for a card, and not spent by now."""


SIDES = dict.fromkeys(AccountKind, Side.CREDIT) | dict.fromkeys(
    (
        AccountKind.BANK, AccountKind.CASH, AccountKind.LOSS, AccountKind.DISCOUNT, AccountKind.MEAL_DEBT,
        AccountKind.PROVIDER, AccountKind.CODE_LOSS, AccountKind.PROVIDER_FEE, AccountKind.MEAL_LOSS,
    ),
    Side.DEBIT,
)
BANK = "bank"
HELD_UNKNOWN = "held:?"
"""Purchases of a body that is in no inventory: whose money it is, nobody can say yet."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account to be made."""

    code: str
    kind: AccountKind

    @property
    def side(self) -> Side:
        """The side on which it grows."""
        return SIDES[self.kind]


STANDING = (
    Account(BANK, AccountKind.BANK),
    Account(HELD_UNKNOWN, AccountKind.HELD),
)
"""Accounts that every ledger has."""


OF_A_CARD = (
    AccountKind.PURSE, AccountKind.ONLINE, AccountKind.TRANSIT, AccountKind.PENDING, AccountKind.SUBSIDY,
    AccountKind.PENDING_SUBSIDY,
)  # fmt: skip
"""What every card has, in the order of posting.CardAccounts."""


def card_accounts(card: CardId) -> tuple[Account, ...]:
    """The accounts of a card, in the order of OF_A_CARD."""
    return tuple(Account(f"{kind}:{card.hex()}", kind) for kind in OF_A_CARD)


FUND = Account("fund", AccountKind.FUND)
"""Made with the first grant."""
RESERVED = Account("reserved", AccountKind.RESERVED)
"""Made with the first online payment."""
OVER_SHORT = Account("over-short", AccountKind.OVER_SHORT)
LOSS = Account("loss-after-report", AccountKind.LOSS)
LOSS_PROVISION = Account("loss-provision", AccountKind.LOSS_PROVISION)
"""Both are made with the first loss."""
DISCOUNTS = {
    Bearer.SCHOOL: Account("discount:school", AccountKind.DISCOUNT),
    Bearer.SUBSIDY: Account("discount:subsidy", AccountKind.DISCOUNT),
}
"""Both are made with the first discount."""


SPARE_DEPOSITS = Account("spare-deposit", AccountKind.SPARE_DEPOSIT)
"""Made with the first deposit for a spare card."""
SPARES_KEPT = Account("spare-kept", AccountKind.SPARE_KEPT)
"""Made with the first spare card that is lost for good."""
UNCLEAR = Account("deposit-unclear", AccountKind.UNCLEAR)
"""Made with the first deposit by a provider."""


MEAL_LOSS = Account("meal-loss", AccountKind.MEAL_LOSS)
"""Made with the first meal that is taken back."""
CODE_LOSS = Account("offline-code-loss", AccountKind.CODE_LOSS)
"""Made with the first loss by an offline code, where the school names nobody else."""


def code_loss(bearer: str) -> Account:
    """脱机付款码损失 that somebody named bears, made when it is first used."""
    return Account(f"{CODE_LOSS.code}:{bearer}", AccountKind.CODE_LOSS)


REFUNDING = Account("refunding", AccountKind.REFUNDING)
"""Made with the first refund that we ask for."""


def fee_account(provider: str) -> Account:
    """What a provider keeps for its service, made when it first does."""
    return Account(f"{AccountKind.PROVIDER_FEE}:{provider}", AccountKind.PROVIDER_FEE)


def provider_account(provider: str) -> Account:
    """What a provider 支付渠道 has for us, made when it is first used."""
    return Account(f"{AccountKind.PROVIDER}:{provider}", AccountKind.PROVIDER)


def cash_account(cashier: str) -> Account:
    """The drawer of a cashier 收银员, made when it is first used."""
    return Account(f"{AccountKind.CASH}:{cashier}", AccountKind.CASH)


def meal_debt(number: str) -> Account:
    """What a person owes for emergency meals, made with the first one."""
    return Account(f"{AccountKind.MEAL_DEBT}:{number}", AccountKind.MEAL_DEBT)


def merchant_accounts(merchant: str) -> tuple[Account, Account]:
    """What is owed to a merchant, and what waits until it is cleared whose it is."""
    return (
        Account(f"merchant:{merchant}", AccountKind.MERCHANT),
        Account(f"held:{merchant}", AccountKind.HELD),
    )
