"""What a deposit through a provider moves in the books, each once per key: `provider:transaction` 渠道:交易号.

A deposit itself goes through the one door of all deposits (funds.deposits), which says that the bank has the money. It
has not: the same transaction books 渠道代收, so the bank's account stays true and the provider's says what it owes us.
"""

from collections.abc import Sequence
from typing import Any

from cloud.ledger.books.chart import REFUNDING, UNCLEAR, Account, fee_account, provider_account
from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.posting import (
    Postings,
    deposit_assigned,
    deposit_refunded,
    deposit_suspended,
    provider_fee,
    provider_fee_back,
    provider_owes,
    provider_settled,
    refund_back,
    refund_done,
    refund_held,
)
from cloud.ledger.funds.deposits import deposit
from cloud.ledger.funds.meals.debts import repay
from cloud.ledger.funds.successors import home_of
from cloud.ledger.journal.registry import Registry, ensure_accounts, touch_registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import OWN_PARTITION, DepositRefused
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.ids import CardId
from shared.wire import codec

PROVIDER_KINDS = frozenset(
    (
        EntryKind.PROVIDER_OWES, EntryKind.PROVIDER_SETTLED, EntryKind.DEPOSIT_REFUNDED, EntryKind.DEPOSIT_SUSPENDED,
        EntryKind.DEPOSIT_ASSIGNED, EntryKind.REFUND_HELD, EntryKind.REFUND_DONE, EntryKind.REFUND_BACK,
        EntryKind.PROVIDER_FEE, EntryKind.PROVIDER_FEE_BACK,
    )
)  # fmt: skip
_FEES = {EntryKind.PROVIDER_FEE: provider_fee, EntryKind.PROVIDER_FEE_BACK: provider_fee_back}


def booking_key(provider: str, ident: str) -> str:
    """Of a transaction, or of a refund: neither is ever the other's name with one provider."""
    return f"{provider}:{ident}"


def post_deposit(writing: Writing, card: bytes, fen: int, provider: str, txn: str, payer: str) -> bool:
    """Inside of a transaction; False: that was booked before. DepositRefused."""
    key = booking_key(provider, txn)
    made = deposit(writing, CardId(home_of(writing.db, card)), fen, key, payer)
    if made.again:
        return False
    need_accounts(writing, provider)
    _enter(writing, EntryKind.PROVIDER_OWES, (provider, fen), key)
    return True


def suspend(writing: Writing, fen: int, provider: str, ident: str) -> bool:
    """渠道待查: it is at the provider, and nobody's yet. False: booked before."""
    need_accounts(writing, provider)
    return _enter(writing, EntryKind.DEPOSIT_SUSPENDED, (provider, fen), booking_key(provider, ident))


def refund(writing: Writing, card: bytes, fen: int, provider: str, ident: str) -> bool:
    """The provider gave it back: the account pays, below zero if need be. card empty: out of 渠道待查款. False: booked
    before."""
    need_accounts(writing, provider)
    of_card = home_of(writing.db, card) if card else b""
    return _enter(writing, EntryKind.DEPOSIT_REFUNDED, (provider, of_card, fen), booking_key(provider, ident))


def assign(writing: Writing, card: bytes, fen: int, key: str) -> bool:
    """Unclear money is a card's, by two persons: a deposit that repays like any other. False: booked before.
    DepositRefused."""
    if writing.accounts(card) is None:
        raise DepositRefused("no such card")
    if not _enter(writing, EntryKind.DEPOSIT_ASSIGNED, (card, fen), key):
        return False
    writing.booking.flush()
    entry_key = bytes((EntryKind.DEPOSIT_ASSIGNED,)) + key.encode()
    ((entry,),) = writing.db.run("SELECT entry FROM posting WHERE key = ?", (entry_key,))
    repay(writing, card, fen, int(entry))
    return True


def settle(writing: Writing, fen: int, provider: str, ident: str) -> bool:
    """渠道结算: the provider has brought it to the bank. False: booked before."""
    need_accounts(writing, provider)
    return _enter(writing, EntryKind.PROVIDER_SETTLED, (provider, fen), booking_key(provider, ident))


def hold_refund(writing: Writing, card: bytes, fen: int, provider: str, ident: str) -> bool:
    """退款预扣 of this refund number; card empty: out of 渠道待查款. False: booked before."""
    return _refunding(writing, EntryKind.REFUND_HELD, (provider, card, fen), ident)


def end_refund(writing: Writing, fen: int, provider: str, ident: str) -> bool:
    """退款完成: what was held is gone. False: booked before."""
    return _refunding(writing, EntryKind.REFUND_DONE, (provider, fen), ident)


def give_back_refund(writing: Writing, card: bytes, fen: int, provider: str, ident: str) -> bool:
    """退款退回: what was held is where it came from, or with the card that is in its place now. False: before."""
    return _refunding(writing, EntryKind.REFUND_BACK, (provider, card, fen), ident)


def keep_fee(writing: Writing, fen: int, provider: str, ident: str) -> bool:
    """渠道手续费; below zero: given back. False: booked before."""
    _need(writing, (provider_account(provider), fee_account(provider)))
    kind = EntryKind.PROVIDER_FEE if fen > 0 else EntryKind.PROVIDER_FEE_BACK
    return _enter(writing, kind, (provider, abs(fen)), booking_key(provider, ident))


def booked_fen(db: Database, kind: EntryKind, provider: str, ident: str) -> int:
    """What stands in the books under this key; 0: nothing does."""
    key = bytes((kind,)) + booking_key(provider, ident).encode()
    return sum(int(fen) for (fen,) in db.run("SELECT fen FROM posting WHERE key = ?", (key,)))


def provider_postings(registry: Registry, kind: EntryKind, fields: Sequence[Any]) -> Postings:
    """What the fields of a document mean. KeyError, TypeError, ValueError for a document that is none."""
    if kind is EntryKind.DEPOSIT_ASSIGNED:
        card, fen, _ = fields
        return deposit_assigned(registry.drawers[UNCLEAR.code], registry.cards[card].accounts, fen)
    if kind in _REFUNDS:
        return _refund_postings(registry, kind, fields)
    provider = registry.drawers[provider_account(fields[0]).code]
    if kind in _FEES:
        return _FEES[kind](registry.drawers[fee_account(fields[0]).code], provider, fields[1])
    if kind is EntryKind.DEPOSIT_REFUNDED:
        _, card, fen, _ = fields
        return deposit_refunded(_source(registry, card), provider, fen)
    _, fen, _ = fields
    if kind is EntryKind.DEPOSIT_SUSPENDED:
        return deposit_suspended(provider, registry.drawers[UNCLEAR.code], fen)
    return _BANKED[kind](registry.bank, provider, fen)


_BANKED = {EntryKind.PROVIDER_OWES: provider_owes, EntryKind.PROVIDER_SETTLED: provider_settled}


_REFUNDS = frozenset((EntryKind.REFUND_HELD, EntryKind.REFUND_DONE, EntryKind.REFUND_BACK))


def _refund_postings(registry: Registry, kind: EntryKind, fields: Sequence[Any]) -> Postings:
    refunding = registry.drawers[REFUNDING.code]
    if kind is EntryKind.REFUND_DONE:
        provider, fen, _ = fields
        return refund_done(refunding, registry.drawers[provider_account(provider).code], fen)
    _, card, fen, _ = fields
    source = _source(registry, card)
    if kind is EntryKind.REFUND_HELD:
        return refund_held(source, refunding, fen)
    return refund_back(refunding, source, fen)


def _source(registry: Registry, card: bytes) -> int:
    """Whose money goes back: the card's, or nobody's."""
    return registry.cards[card].accounts.online if card else registry.drawers[UNCLEAR.code]


def _refunding(writing: Writing, kind: EntryKind, fields: Sequence[object], ident: str) -> bool:
    provider = str(fields[0])
    _need(writing, (provider_account(provider), UNCLEAR, REFUNDING))
    return _enter(writing, kind, fields, booking_key(provider, ident))


def need_accounts(writing: Writing, provider: str) -> None:
    """That of the provider and 渠道待查款, made when they are first used."""
    _need(writing, (provider_account(provider), UNCLEAR))


def _need(writing: Writing, wanted: Sequence[Account]) -> None:
    if any(one.code not in writing.registry.drawers for one in wanted):
        writing.registry.drawers.update(ensure_accounts(writing.db, wanted))
        touch_registry(writing.db)


def _enter(writing: Writing, kind: EntryKind, fields: Sequence[object], key: str) -> bool:
    """The same key with the same fields is the same entry; DepositRefused with other ones."""
    entry_key, document = bytes((kind,)) + key.encode(), codec.dumps([int(kind), *fields, key])
    writing.booking.flush()
    known = writing.db.run("SELECT document FROM posting WHERE key = ?", (entry_key,))
    if known:
        if bytes(known[0][0]) != document:
            raise DepositRefused("this key stands in the books for another sum")
        return False
    entry = Entry(
        kind, day_number(writing.now.campus_s), entry_key, document_hash(document),
        provider_postings(writing.registry, kind, [*fields, key]), document=document,
    )  # fmt: skip
    writing.booking.add_entry(entry, OWN_PARTITION)
    return True
