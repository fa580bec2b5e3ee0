"""The book-only chain: a link for everything that no record can bring again, so that an older copy of a ledger shows.

What a terminal wrote comes again from a box; a deposit, a desk's deed or two persons' word stands in the books alone.
hash = SHA-256(previous hash ‖ number, kind, what, time ‖ digest of the row), numbered 1, 2, … over the whole ledger.
Boxes keep the newest head of it (RECORDS "Acks"). A ledger of before has no links for the entries it held before.
"""

import hashlib
from enum import IntEnum
from struct import Struct
from typing import NamedTuple

from cloud.ledger.books.entry import Entry, EntryKind
from cloud.store.db import Database, Question, Row
from shared.wire import codec

COLUMNS = "number, kind, what, digest, at_ms, hash"
Head = tuple[int, bytes]
NO_HEAD: Head = (0, bytes(32))
_LINK = Struct(">QHQQ")


class BookLinkKind(IntEnum):
    """What a link is about. Frozen numbers: they stand in the books. what: a row's number, 0 where it has none."""

    ENTRY = 1
    """An entry that a document makes and no record: deposits, grants, the desk, releases. what: its number."""
    DEED = 2
    """Of a card: lost, found, replaced … what: card_deed.id."""
    PROPOSAL = 3
    DECISION = 4
    """what: the proposal's number."""
    CLOSE = 5
    """日结. what: the day."""
    REVOCATION = 6
    IMPORT = 7
    """Cards, PSAMs, bodies, boxes, with their opening balances. what: the inventory's number."""
    EXPLANATION = 8
    """what: the difference's number."""
    UNLOAD = 9
    """圈提 granted: a MAC2 has left. what: 0."""
    HOTLIST = 10
    """By command, not by a deed. what: 0."""
    PUT_BACK = 11
    """The numbers go on above those that a box bears witness of and this ledger does not know. what: put_back.id."""
    DOCUMENT = 12
    """A document of the fleet was made. what: document.id."""
    JOB = 13
    """Terminals were ordered to do something. what: job.number."""
    DAY = 14
    """日结 of the campus. what: the day."""
    RELEASE = 20
    """Firmware that the officers signed was brought here, or what they stand for now. what: its number, 0."""
    ROLLOUT = 21
    """It is to come to terminals, in waves. what: rollout.number."""
    ROLLOUT_EVENT = 22
    """A wave began, somebody stopped it … what: rollout.number."""
    BANK = 30
    """What the bank's statement says. what: bank_figure.id."""
    PAY_ORDER = 44
    """付款单 made. what: pay_order.id."""
    PAY_ORDER_CLOSED = 45
    """By its maker. what: as above."""
    FLOOR = 31
    """What must stay in online accounts of a class. what: account_floor.id."""
    FINDING_WORD = 32
    """A person has confirmed or undone a finding. what: finding_word.id."""
    ROSTER = 36
    """Who is enrolled. what: roster.id."""
    MEAL_RULE = 37
    """What an emergency meal is. what: meal_rule.id."""
    AUTO_LOAD = 40
    """What is loaded by rule. what: auto_load.id."""
    MOVE_ORDER = 41
    """What a holder has ordered onto his card. what: move_order.id."""
    DEPOSIT_STEP = 48
    """A deposit through a provider was ordered, or went on. what: deposit_step.id."""
    DEPOSIT_BILL = 49
    """A provider's bill of a day was taken in. what: deposit_bill.id."""
    CODE_RULE = 50
    """What the school allows of offline codes. what: offline_rule.id."""
    CERTIFICATE = 51
    """A phone's certificate was given out, or ended. what: certificate_step.id."""
    ACCOUNT_BOUND = 58
    """What a holder lets his online account pay on a day. what: account_bound.id."""
    REFUND_STEP = 54
    """A refund of a deposit was asked for, or went on. what: deposit_refund_step.id."""
    SETTLEMENT = 55
    """A provider's settlement of a day was taken in. what: deposit_settlement.id."""
    TILL_ORDER = 59
    """An order 收款码 was made for a till. what: pay_order.id."""
    ITEM_BACK = 62
    """A provider gave unclear money of an item back by itself. what: deposit_item_back.id."""
    FEE_INVOICE = 63
    """A provider's invoice of a month's fees was held against what it kept. what: deposit_invoice.id."""
    PAY_BOUND = 65
    """What the school lets online accounts pay. what: pay_bound.id."""
    SPARE = 52
    """A spare card went somewhere, or came back. what: spare_card.id."""


class BookLink(NamedTuple):
    """A row of the chain."""

    number: int
    kind: int
    what: int
    digest: bytes
    at_ms: int
    hash: bytes


_COME_AGAIN = frozenset(
    (
        EntryKind.OPENING, EntryKind.OPENING_SUBSIDY, EntryKind.LOAD_AUTHORISED, EntryKind.LOAD_CONFIRMED,
        EntryKind.LOAD_CONFIRMED_BY_COUNTER, EntryKind.LOAD_REVERSED, EntryKind.LOAD_ALONE, EntryKind.CLAIM_AUTHORISED,
        EntryKind.CLAIM_REVERSED, EntryKind.CLAIM_ALONE, EntryKind.LOSS_BORNE, EntryKind.DISCOUNT_BORNE,
    )
)  # fmt: skip
"""Made by a document, and yet not of the books alone: an opening balance is its import's, a load has its record,
a loss follows from a report and a record, and a discount from parameters and a record."""


def is_book_only(entry: Entry) -> bool:
    """Can no record bring it again?"""
    return entry.record is None and entry.reverses is None and entry.kind not in _COME_AGAIN


def make_link(head: Head, kind: int, what: int, digest: bytes, at_ms: int, number: int = 0) -> BookLink:
    """The link after this head; number: another one than the next, of a chain that goes on above a gap."""
    number = number or head[0] + 1
    return BookLink(number, kind, what, digest, at_ms, link_hash(head[1], number, kind, what, digest, at_ms))


def link_hash(previous: bytes, number: int, kind: int, what: int, digest: bytes, at_ms: int) -> bytes:
    """32 bytes."""
    return hashlib.sha256(previous + _LINK.pack(number, kind, what, at_ms) + digest).digest()


def digest_of(row: Row) -> bytes:
    """Of a row as it is written: whole numbers, texts, bytes and nothing else."""
    return hashlib.sha256(codec.dumps(list(row))).digest()


def book_head_question() -> Question:
    """Asks for the newest link."""
    return Question("SELECT number, hash FROM book_chain ORDER BY number DESC LIMIT 1")


def book_head(db: Database) -> Head:
    """Number and hash of the newest link; NO_HEAD before the first."""
    (rows,) = db.ask(book_head_question())
    return (rows[0][0], bytes(rows[0][1])) if rows else NO_HEAD


def book_hash_at(db: Database, number: int) -> bytes | None:
    """Of the link with this number; None when there is none."""
    if not number:
        return NO_HEAD[1]
    rows = db.run("SELECT hash FROM book_chain WHERE number = ?", (number,))
    return bytes(rows[0][0]) if rows else None
