"""Documents of the entries of online payments, and the postings that each means: booked and verified by this one
reading. A document is CBOR [kind, *fields]. Pure."""

from cloud.ledger.books.chart import RESERVED
from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.posting import (
    Postings,
    online_authorised,
    online_captured,
    online_refunded,
    online_void,
)
from cloud.ledger.journal.registry import Registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import OWN_PARTITION
from shared.clocks.clock import day_number
from shared.wire import codec

KINDS = (
    EntryKind.ONLINE_AUTHORISED, EntryKind.ONLINE_CAPTURED, EntryKind.ONLINE_VOID, EntryKind.ONLINE_REFUNDED,
)  # fmt: skip


def key_of(kind: EntryKind, number: int) -> bytes:
    """Of the entry of this kind of this payment, or refund: the books take it once."""
    return bytes((kind,)) + number.to_bytes(8, "big")


def authorised(payment: int, card: bytes, fen: int, key: str) -> list[object]:
    """The card's account → reserved."""
    return [int(EntryKind.ONLINE_AUTHORISED), payment, card, fen, key]


def captured(payment: int, card: bytes, merchant: int, fen: int, rest_fen: int, key: str) -> list[object]:
    """Reserved → merchant, and the rest → the card's account."""
    return [int(EntryKind.ONLINE_CAPTURED), payment, card, merchant, fen, rest_fen, key]


def void(payment: int, card: bytes, fen: int, why: str) -> list[object]:
    """Reserved → the card's account. why: a call's key, or empty: by time-out."""
    return [int(EntryKind.ONLINE_VOID), payment, card, fen, why]


def refunded(refund: int, payment: int, card: bytes, merchant: int, fen: int, reason: str) -> list[object]:
    """Merchant → the card's account."""
    return [int(EntryKind.ONLINE_REFUNDED), refund, payment, card, merchant, fen, reason]


def paper_postings(registry: Registry, paper: list[object]) -> Postings:
    """KeyError, ValueError, TypeError for no such document."""
    kind, reserved = EntryKind(_int(paper[0])), registry.drawers[RESERVED.code]
    if kind is EntryKind.ONLINE_AUTHORISED:
        _, _, card, fen, _ = paper
        return online_authorised(registry.cards[_bytes(card)].accounts, reserved, _int(fen))
    if kind is EntryKind.ONLINE_CAPTURED:
        _, _, card, merchant, fen, rest_fen, _ = paper
        accounts = registry.cards[_bytes(card)].accounts
        return online_captured(accounts, reserved, _int(merchant), _int(fen), _int(rest_fen))
    if kind is EntryKind.ONLINE_VOID:
        _, _, card, fen, _ = paper
        return online_void(registry.cards[_bytes(card)].accounts, reserved, _int(fen))
    _, _, _, card, merchant, fen, _ = paper
    return online_refunded(registry.cards[_bytes(card)].accounts, _int(merchant), _int(fen))


def post(writing: Writing, paper: list[object]) -> int:
    """The entry's number. A second one of the same payment breaks the books' own rule."""
    kind, document = EntryKind(_int(paper[0])), codec.dumps(paper)
    day, postings = day_number(writing.now.campus_s), paper_postings(writing.registry, paper)
    key = key_of(kind, _int(paper[1]))
    number = writing.booking.add_entry(
        Entry(kind, day, key, document_hash(document), postings, document=document), OWN_PARTITION
    )
    writing.booking.flush()
    return number


def _int(value: object) -> int:
    if type(value) is not int:
        raise TypeError("no number")
    return value


def _bytes(value: object) -> bytes:
    if type(value) is not bytes:
        raise TypeError("no bytes")
    return value
