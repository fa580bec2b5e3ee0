"""Keys of entries that end another one: each can be there once, for the books take a key once. Pure."""

from cloud.ledger.books.entry import EntryKind


def void_key(purchase: bytes) -> bytes:
    """Of the entry that makes the purchase with this entry key void."""
    return bytes((EntryKind.VOID,)) + purchase


def withdrawal_key(entry: int) -> bytes:
    """Of the exact opposite of this entry."""
    return bytes((EntryKind.EVIDENCE_WITHDRAWN,)) + entry.to_bytes(8, "big")


def release_key(held: int) -> bytes:
    """Of the entry that says whose a held entry's sum is, its merchant's or the holder's: one key for both."""
    return bytes((EntryKind.HELD_RELEASED,)) + held.to_bytes(8, "big")
