"""Where the money of a load comes from, and which entries that makes. One table for who books and who verifies."""

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.books.posting import (
    CardAccounts,
    Postings,
    claim_alone,
    claim_authorised,
    claim_reversed,
    load_alone,
    load_authorised,
    load_confirmed,
    load_reversed,
)
from shared.records import LoadRecord, parse_flags


class Source(IntEnum):
    """Frozen numbers: they stand in the books."""

    ONLINE = 0
    """电子账户, the online account: a load 圈存."""
    PENDING = 1
    """过渡余额, the pending load: a claim 领款."""


class Kinds(NamedTuple):
    """Entries of one source. alone: the debit is not in this ledger."""

    authorised: EntryKind
    reversed: EntryKind
    alone: EntryKind


KINDS = {
    Source.ONLINE: Kinds(EntryKind.LOAD_AUTHORISED, EntryKind.LOAD_REVERSED, EntryKind.LOAD_ALONE),
    Source.PENDING: Kinds(EntryKind.CLAIM_AUTHORISED, EntryKind.CLAIM_REVERSED, EntryKind.CLAIM_ALONE),
}
LOAD_POSTINGS: dict[EntryKind, Callable[[CardAccounts, int], Postings]] = {
    EntryKind.LOAD_AUTHORISED: load_authorised,
    EntryKind.LOAD_CONFIRMED: load_confirmed,
    EntryKind.LOAD_CONFIRMED_BY_COUNTER: load_confirmed,
    EntryKind.LOAD_REVERSED: load_reversed,
    EntryKind.LOAD_ALONE: load_alone,
    EntryKind.CLAIM_AUTHORISED: claim_authorised,
    EntryKind.CLAIM_REVERSED: claim_reversed,
    EntryKind.CLAIM_ALONE: claim_alone,
}


def account_of(card: CardAccounts, source: Source) -> int:
    """The card's account that pays."""
    return card.pending if source is Source.PENDING else card.online


def source_of(load: LoadRecord) -> Source:
    """What the terminal's own record says of it."""
    return Source.PENDING if parse_flags(load.flags).claim else Source.ONLINE
