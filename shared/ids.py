"""Identities of RECORDS.md "Who", as validated byte strings of fixed length. Never made from time."""

import hashlib
from typing import NewType

from shared.errors import WireFault

DeviceId = NewType("DeviceId", bytes)
"""Body serial, 6 B: campus 2 + number 4."""
PsamId = NewType("PsamId", bytes)
"""File 0016 of the PSAM, 6 B; a body without PSAM puts its device id here."""
CardId = NewType("CardId", bytes)
"""Issuer 2 B + serial 8 B; the right 4 bytes of the serial are the hotlist index."""
StorageId = NewType("StorageId", bytes)
"""8 random bytes made when a terminal's flash is formatted."""
StoreId = NewType("StoreId", bytes)
"""8 random bytes made with an edge's outbox."""
LedgerId = NewType("LedgerId", bytes)
"""8 random bytes made with a ledger."""
BoxId = NewType("BoxId", str)
"""Edge box 数据网关: 'edge-0001'; also the common name of its certificate and a topic level."""

PARTITIONS = 64
"""Topic partitions, fixed for ever: a box's partition is set at enrolment (DESIGN 5)."""

BOX_ID_MAX = 32


def _exact(raw: bytes, size: int, what: str) -> bytes:
    if not isinstance(raw, bytes) or len(raw) != size:
        raise WireFault(f"{what} is {size} bytes")
    return raw


def device_id(raw: bytes) -> DeviceId:
    """6 bytes or WireFault."""
    return DeviceId(_exact(raw, 6, "device id"))


def psam_id(raw: bytes) -> PsamId:
    """6 bytes or WireFault."""
    return PsamId(_exact(raw, 6, "PSAM id"))


def card_id(raw: bytes) -> CardId:
    """10 bytes or WireFault."""
    return CardId(_exact(raw, 10, "card id"))


def storage_id(raw: bytes) -> StorageId:
    """8 bytes or WireFault."""
    return StorageId(_exact(raw, 8, "storage id"))


def store_id(raw: bytes) -> StoreId:
    """8 bytes or WireFault."""
    return StoreId(_exact(raw, 8, "store id"))


def ledger_id(raw: bytes) -> LedgerId:
    """8 bytes or WireFault."""
    return LedgerId(_exact(raw, 8, "ledger id"))


def box_id(text: str) -> BoxId:
    """Letters, digits and '-' only, at most 32: it becomes a topic level and a certificate name."""
    plain = isinstance(text, str) and text.isascii() and text.replace("-", "").isalnum()
    if not plain or len(text) > BOX_ID_MAX:
        raise WireFault("box id: letters, digits and '-' only")
    return BoxId(text)


def hotlist_index(card: CardId) -> int:
    """Dense number of the card within its issuer: the index into the hotlist bitmap."""
    return int.from_bytes(card[6:10], "big")


def issuer(card: CardId) -> bytes:
    """The 2-byte issuer of a card id."""
    return card[:2]


def partition_of(box: BoxId) -> int:
    """Stable partition 0..63 proposed at enrolment: first byte of SHA-256 of the box id, modulo 64."""
    return hashlib.sha256(box.encode("ascii")).digest()[0] % PARTITIONS


PERSON = b"\xff\xff"
"""In the place of an issuer: no card, but a person by number."""
PERSON_DIGITS_MIN, PERSON_DIGITS_MAX = 3, 16
PERSON_LETTERS_MAX = 12
"""Of a number with letters: so many fit into the same 8 bytes."""
_PLACES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERED = 0xA << 60
"""Added to a number with letters: its first half byte is A to E, which no digit is, and no filling either."""


def person_id(number: str) -> CardId:
    """A student's number 学号 in the place of a card's: FFFF, then its digits as BCD, filled with F on the left, so
    that zeros in front of it count. One with capital letters is counted in 36 places of value 1 to 36, so that there,
    too, zeros count, above A000000000000000. WireFault: 3 to 16 digits, or 3 to 12 digits and capital letters."""
    is_long = len(number) > (PERSON_DIGITS_MAX if number.isdecimal() else PERSON_LETTERS_MAX)
    if not number.isascii() or is_long or len(number) < PERSON_DIGITS_MIN or not set(number) <= set(_PLACES):
        raise WireFault(
            f"a person's number is {PERSON_DIGITS_MIN} to {PERSON_DIGITS_MAX} digits, "
            f"with capital letters {PERSON_LETTERS_MAX} at most"
        )
    if not number.isdecimal():
        value = 0
        for place in number:
            value = value * len(_PLACES) + _PLACES.index(place) + 1
        return CardId(PERSON + (_LETTERED + value).to_bytes(8, "big"))
    return CardId(PERSON + bytes.fromhex(number.rjust(PERSON_DIGITS_MAX, "f")))


def person_number(card: CardId) -> str:
    """The number of whoever stands in the place of a card. WireFault when that is none."""
    number = card[len(PERSON) :].hex().lstrip("f")
    if number[:1] in ("a", "b", "c", "d", "e"):
        number, value = "", int.from_bytes(card[len(PERSON) :], "big") - _LETTERED
        while value > 0:
            value, place = divmod(value - 1, len(_PLACES))
            number = _PLACES[place] + number
    if card[: len(PERSON)] != PERSON or person_id(number) != card:
        raise WireFault("a card, or nothing, in the place of a person")
    return number
