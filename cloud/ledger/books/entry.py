"""Posting and entry: a posting moves a sum from one account to another, so an entry cannot be out of balance.

Nothing else may write the books. An entry names the document it comes from by its SHA-256, so that `verify` can hold
every sum against its source.
"""

import hashlib
from enum import IntEnum
from struct import Struct
from typing import NamedTuple, Self

from cloud.ledger.records.values import EntryUnbalanced


class EntryKind(IntEnum):
    """Why money moved. Frozen numbers: they stand in the books."""

    OPENING = 1
    DEPOSIT = 2
    PURCHASE = 3
    EVIDENCE = 4
    """A grey purchase, proven by the card's next counter and balance."""
    EVIDENCE_WITHDRAWN = 5
    """The grey purchase was proven to be another one, or got its own proof."""
    LOAD_AUTHORISED = 6
    LOAD_CONFIRMED = 7
    LOAD_CONFIRMED_BY_COUNTER = 8
    LOAD_REVERSED = 9
    LOAD_ALONE = 10
    """A load whose pending debit this ledger does not have: from its TAC alone, or from the next counter."""
    OPENING_SUBSIDY = 11
    """期初补助: what the subsidy purse held when the card was handed out."""
    VOID = 12
    """撤销: a purchase is given back to the card's pending load, by its terminal's own record."""

    CASH_IN = 20
    """现金充值: a cashier took cash for the online account."""
    CASH_OUT = 21
    """现金退出: a cashier paid cash out of the online account."""
    CASH_FLOAT = 22
    """备用金: change that a cashier begins with."""
    UNLOADED = 23
    """圈提: the card debited itself, proven by its MAC3."""
    UNLOADED_BY_COUNTER = 24
    """圈提, of which the card's next counter tells and no MAC3 came."""
    CARD_REPLACED = 25
    """坏卡换卡: what the old card's accounts hold goes to the new card's."""
    LOSS_RELEASED = 26
    """挂失补卡: what the ledger can prove of a lost card goes to the new card's accounts."""
    CASH_CLOSED = 27
    """日结: the difference is booked, the counted cash handed over."""

    GRANT = 30
    """发放: from the subsidy fund or the bank into the pending load, to be claimed."""
    CLAIM_AUTHORISED = 31
    """领款: as LOAD_AUTHORISED, out of the pending load."""
    CLAIM_REVERSED = 32
    CLAIM_ALONE = 33

    HELD_RELEASED = 40
    """放行: what was held 待核 goes to its merchant, by two persons."""
    HELD_RETURNED = 41
    """退还: what was held goes to the holder's pending load, by two persons."""

    LOSS_BORNE = 50
    """挂失后损失: what a lost card has spent after its report goes back to its purse; the school bears it."""
    LOSS_TAKEN_BACK = 51
    """The exact opposite: the purchase was given back."""
    LOSS_PROVIDED = 52
    """挂失损失准备: what a lost card may still spend where it is written off, by two persons."""
    LOSS_UNPROVIDED = 53
    """准备转回: what of it was not spent when the card was found again."""

    ACCOUNT_PAID = 60
    """账户支付: the online account pays a sale at a till, by the answer that its terminal was given."""
    ACCOUNT_REVERSED = 61
    """冲正: it has its money back, by the terminal's own record."""

    ONLINE_AUTHORISED = 62
    """预授权: an online account pays an order; the sum is reserved until it is captured, void or over."""
    ONLINE_CAPTURED = 63
    """请款: what was reserved is the merchant's; a rest goes back."""
    ONLINE_VOID = 64
    """撤回: what was reserved goes back, by a call or by time-out."""
    ONLINE_REFUNDED = 65
    """退款: the merchant gives back of what he has captured."""

    DISCOUNT_BORNE = 70
    """折扣承担: what a discount took off a sale is paid to its merchant by whoever bears it."""
    DISCOUNT_TAKEN_BACK = 71
    """The exact opposite: the sale was given back."""

    MEAL = 80
    """应急餐: a till gave a meal out by number; the person owes it."""
    MEAL_SHEET = 81
    """The same, of a paper sheet that two persons entered."""
    MEAL_REPAID = 82
    """应急餐还款: out of a deposit, in its transaction."""
    MEAL_TAKEN_BACK = 119
    """应急餐改正: a meal stood in a wrong person's name, so two persons say; the school bears it."""
    PROVIDER_OWES = 90
    """渠道代收: a deposit's money is at its provider, not at the bank yet."""
    PROVIDER_SETTLED = 91
    """渠道结算: it has come to the bank."""
    DEPOSIT_REFUNDED = 92
    """渠道退款: the provider has given a deposit back to its payer."""
    DEPOSIT_SUSPENDED = 93
    """渠道待查: money at a provider, of which nobody can say yet whose it is."""
    DEPOSIT_ASSIGNED = 94
    """待查入账: it is a card's, by two persons."""
    REFUND_HELD = 105
    """退款预扣: what goes back to a deposit's payer is taken aside before its provider hears of it."""
    REFUND_DONE = 106
    """退款完成: the provider has given it back."""
    REFUND_BACK = 107
    """退款退回: the provider refused, so it is where it came from again."""
    PROVIDER_FEE = 108
    """渠道手续费: what a provider keeps for its service."""
    PROVIDER_FEE_BACK = 109
    """手续费退还: what of it the provider gave back."""
    SPARE_LENT = 110
    """备用卡押金: a deposit for a spare card, in cash or out of its holder's account."""
    SPARE_RETURNED = 111
    """备用卡归还: the deposit, and what is in the spare's own accounts, go to its holder, or to a visitor in cash."""
    SPARE_KEPT = 114
    """备用卡押金没收: the deposit of a spare that is lost for good becomes the school's."""
    SPARE_REGAINED = 115
    """备用卡寻回: as SPARE_RETURNED; the deposit comes out of what the school had kept."""

    CODE_PAID = 100
    """脱机付款码: the online account pays what a terminal took by it, as far as its money goes; the school the rest."""
    CODE_BORNE = 101
    """脱机付款码损失: a code that was used twice, or beyond what its certificate says; the school pays all of it."""


class EntryFlag(IntEnum):
    """Bits of an entry's flags."""

    TIME_DOUBTFUL = 1
    """时间存疑: the record's time is impossible; the day is a neighbour's or that of its receipt."""
    MERCHANT_HELD = 2


class _PostingFields(NamedTuple):
    debit: int
    credit: int
    fen: int


class Posting(_PostingFields):
    """fen from the debit account's to the credit account's side; fen > 0. A tuple, for one is made of every record."""

    __slots__ = ()

    def __new__(cls, debit: int, credit: int, fen: int) -> Self:
        """Refuse what would not move money."""
        if type(fen) is not int or fen <= 0 or debit == credit:
            raise EntryUnbalanced("a posting moves a sum above zero between two accounts")
        return tuple.__new__(cls, (debit, credit, fen))


class _EntryFields(NamedTuple):
    kind: EntryKind
    effective_day: int
    key: bytes
    input_hash: bytes
    postings: tuple[Posting, ...]
    record: int | None
    document: bytes | None
    reverses: int | None
    flags: int


class Entry(_EntryFields):
    """One business event in the books. key: unique for ever. record or document: where its sums come from."""

    __slots__ = ()

    def __new__(
        cls, kind: EntryKind, effective_day: int, key: bytes, input_hash: bytes, postings: tuple[Posting, ...],
        record: int | None = None, document: bytes | None = None, reverses: int | None = None, flags: int = 0,
    ) -> Self:  # fmt: skip
        """Refuse an entry that moves nothing or comes from nowhere."""
        if not postings or (record is None and document is None):
            raise EntryUnbalanced("an entry has postings and a source")
        return tuple.__new__(cls, (kind, effective_day, key, input_hash, postings, record, document, reverses, flags))


_HEAD = Struct(">QIHIQHQQHHH")
_LINE = Struct(">QQQ")


def entry_digest(number: int, booked_at_ms: int, book: int, entry: Entry) -> bytes:
    """Everything that the books say of this entry, in bytes of one reading: what the batch chain covers."""
    kind, day, key, input_hash, postings, record, document, reverses, flags = entry
    source = hashlib.sha256(document).digest() if document else b""
    lines = b"".join([_LINE.pack(*posting) for posting in postings])
    head = _HEAD.pack(
        number, book, kind, day, booked_at_ms, flags, record or 0, reverses or 0, len(key), len(source), len(lines)
    )
    return head + key + input_hash + source + lines


def document_hash(document: bytes) -> bytes:
    """The input hash of an entry."""
    return hashlib.sha256(document).digest()
