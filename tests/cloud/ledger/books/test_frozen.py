"""What stands in the books for ever: numbers of kinds and flags, keys of entries that end another, an entry's bytes."""

from cloud.ledger.books.entry import Entry, EntryFlag, EntryKind, Posting, entry_digest
from cloud.ledger.books.keys import (
    loss_key,
    loss_undone_key,
    provision_key,
    release_key,
    void_key,
    withdrawal_key,
)

KINDS = {
    1: "OPENING", 2: "DEPOSIT", 3: "PURCHASE", 4: "EVIDENCE", 5: "EVIDENCE_WITHDRAWN", 6: "LOAD_AUTHORISED",
    7: "LOAD_CONFIRMED", 8: "LOAD_CONFIRMED_BY_COUNTER", 9: "LOAD_REVERSED", 10: "LOAD_ALONE", 11: "OPENING_SUBSIDY",
    12: "VOID", 20: "CASH_IN", 21: "CASH_OUT", 22: "CASH_FLOAT", 23: "UNLOADED", 24: "UNLOADED_BY_COUNTER",
    25: "CARD_REPLACED", 26: "LOSS_RELEASED", 27: "CASH_CLOSED", 30: "GRANT", 31: "CLAIM_AUTHORISED",
    32: "CLAIM_REVERSED", 33: "CLAIM_ALONE", 40: "HELD_RELEASED", 41: "HELD_RETURNED", 50: "LOSS_BORNE",
    51: "LOSS_TAKEN_BACK", 52: "LOSS_PROVIDED", 53: "LOSS_UNPROVIDED", 60: "ACCOUNT_PAID",
    61: "ACCOUNT_REVERSED", 62: "ONLINE_AUTHORISED", 63: "ONLINE_CAPTURED", 64: "ONLINE_VOID",
    65: "ONLINE_REFUNDED", 70: "DISCOUNT_BORNE", 71: "DISCOUNT_TAKEN_BACK",
    80: "MEAL", 81: "MEAL_SHEET", 82: "MEAL_REPAID",
    119: "MEAL_TAKEN_BACK",
    90: "PROVIDER_OWES", 91: "PROVIDER_SETTLED", 92: "DEPOSIT_REFUNDED", 93: "DEPOSIT_SUSPENDED",
    94: "DEPOSIT_ASSIGNED", 100: "CODE_PAID", 101: "CODE_BORNE", 105: "REFUND_HELD", 106: "REFUND_DONE",
    107: "REFUND_BACK", 108: "PROVIDER_FEE", 109: "PROVIDER_FEE_BACK", 110: "SPARE_LENT", 111: "SPARE_RETURNED",
    114: "SPARE_KEPT", 115: "SPARE_REGAINED",
}  # fmt: skip
AT_MS = 1_784_000_000_000


def test_numbers_of_kinds_and_flags_are_frozen():
    """A new kind is added here; none is changed."""
    assert {kind.value: kind.name for kind in EntryKind} == KINDS
    assert {flag.value: flag.name for flag in EntryFlag} == {1: "TIME_DOUBTFUL", 2: "MERCHANT_HELD"}


def test_keys_of_entries_that_end_another_are_frozen():
    """Each begins with the kind, which keeps them apart, and each number has its own."""
    assert void_key(b"the purchase") == b"\x0cthe purchase"
    assert withdrawal_key(0x010203).hex() == "050000000000010203"
    assert loss_key(0x010203, 4).hex() == "3200000000000102030004"
    assert loss_undone_key(0x010203).hex() == "330000000000010203"
    assert provision_key(0x010203).hex() == "340000000000010203"
    assert release_key(0x010203).hex() == "280000000000010203"


def test_bytes_that_the_batch_chain_covers_are_frozen():
    of_record = Entry(EntryKind.PURCHASE, 9700, b"key", bytes(range(4)), (Posting(1, 2, 300),), record=5)
    postings = (Posting(1, 2, 300), Posting(3, 4, 5))
    of_document = Entry(
        EntryKind.DEPOSIT, 9700, b"key", bytes(range(4)), postings, document=b"doc", reverses=9, flags=3
    )
    assert entry_digest(7, AT_MS, 1, of_record).hex() == (
        "0000000000000007" "00000001" "0003" "000025e4" "0000019f5eafb000" "0000" "0000000000000005"
        "0000000000000000" "0003" "0000" "0018" "6b6579" "00010203" "0000000000000001" "0000000000000002"
        "000000000000012c"
    )  # fmt: skip
    assert entry_digest(8, AT_MS, 1, of_document).hex() == (
        "0000000000000008" "00000001" "0002" "000025e4" "0000019f5eafb000" "0003" "0000000000000000"
        "0000000000000009" "0003" "0020" "0030" "6b6579" "00010203"
        "13" "9d544b821b13ebea14f1b0fe18577222e415c2966e3a3511c4196055232202"
        "0000000000000001" "0000000000000002" "000000000000012c"
        "0000000000000003" "0000000000000004" "0000000000000005"
    )  # fmt: skip
