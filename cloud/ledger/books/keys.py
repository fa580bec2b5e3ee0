"""Keys of entries that end another one: each can be there once, for the books take a key once. Pure."""

import hashlib

from cloud.ledger.books.entry import EntryKind

TURNS_MAX = 0xFFFF
"""A key counts so far how often the same thing was done to the same one."""


def void_key(purchase: bytes) -> bytes:
    """Of the entry that makes the purchase with this entry key void."""
    return bytes((EntryKind.VOID,)) + purchase


def withdrawal_key(entry: int) -> bytes:
    """Of the exact opposite of this entry."""
    return bytes((EntryKind.EVIDENCE_WITHDRAWN,)) + entry.to_bytes(8, "big")


def loss_key(record: int, turn: int) -> bytes:
    """Of the entry that books this record's purchase as a loss, for the `turn`th time."""
    return bytes((EntryKind.LOSS_BORNE,)) + record.to_bytes(8, "big") + turn.to_bytes(2, "big")


def loss_undone_key(entry: int) -> bytes:
    """Of the exact opposite of that entry."""
    return bytes((EntryKind.LOSS_TAKEN_BACK,)) + entry.to_bytes(8, "big")


def discount_key(record: int) -> bytes:
    """Of the entry that bears the discount of this record's sale."""
    return bytes((EntryKind.DISCOUNT_BORNE,)) + record.to_bytes(8, "big")


def discount_undone_key(record: int) -> bytes:
    """Of the exact opposite of that entry."""
    return bytes((EntryKind.DISCOUNT_TAKEN_BACK,)) + record.to_bytes(8, "big")


def provision_key(proposal: int) -> bytes:
    """Of the entry that provides for what a proposal wrote off."""
    return bytes((EntryKind.LOSS_PROVIDED,)) + proposal.to_bytes(8, "big")


def unprovided_key(card: bytes, turn: int) -> bytes:
    """Of the entry that takes back what was provided for this card, for the `turn`th time."""
    return bytes((EntryKind.LOSS_UNPROVIDED,)) + card + turn.to_bytes(2, "big")


def card_of_unprovided(key: bytes) -> bytes:
    """Whose entry it is."""
    return key[1:-2]


def sheet_key(stall: str, day: int, meal: int, number: str) -> bytes:
    """Of the entry of a sheet's row: of a stall, a day, a meal and a person there is one."""
    named = f"{stall}\0{day}\0{meal}\0{number}".encode()
    return bytes((EntryKind.MEAL_SHEET,)) + hashlib.sha256(named).digest()[:16]


def repaid_key(deposit: int, number: str) -> bytes:
    """Of the entry by which the deposit with this entry number repays what this person owes."""
    return bytes((EntryKind.MEAL_REPAID,)) + deposit.to_bytes(8, "big") + number.encode()


def meal_back_key(meal: int) -> bytes:
    """Of the entry that takes the meal of this number back: there is one."""
    return bytes((EntryKind.MEAL_TAKEN_BACK,)) + meal.to_bytes(8, "big")


def payment_key(case: bytes) -> bytes:
    """Of the entry of the account payment with this case key."""
    return bytes((EntryKind.ACCOUNT_PAID,)) + case


def payment_reversed_key(case: bytes) -> bytes:
    """Of the entry that gives it back."""
    return bytes((EntryKind.ACCOUNT_REVERSED,)) + case


def release_key(held: int) -> bytes:
    """Of the entry that says whose a held entry's sum is, its merchant's or the holder's: one key for both."""
    return bytes((EntryKind.HELD_RELEASED,)) + held.to_bytes(8, "big")
