"""What all messages between edge and cloud have in common: tags and bounds.

Every message is a CBOR array whose first element is its tag (layout.py).
"""

from enum import IntEnum

PAYLOAD_MAX = 1024
"""Largest opaque terminal payload of an online request or answer."""
EPOCH_MAX = 0xFFFF
EPOCHS_MAX = 4
"""Undrained epochs that a terminal may have, and tell of; a fifth is refused until one drains (RECORDS)."""
NUMBER_MAX = 0xFFFF_FFFF
"""Sequence numbers, request numbers and versions have four bytes on a terminal's link, and in a record."""
SHORT_MAX = 0xFFFF
"""Days and slots have two."""
SLOTS_MAX = 0xFF
"""Open slots have one."""


FORM_1, FORM_2, FORM_3 = 1, 2, 3
"""Forms of the wire that a box may speak. 1: release 0.1. 2: its Hello and its EpochRequest bring a nonce, and it takes
LedgerTime, EpochAnswer and Recover signed over its question, and no others; its acks may name rows that are answered
without their device, and heads of the ledger's chains. 3: it takes a BackupMark among the answers to its
Hello, and says so in its batches, which a ledger of before reads. The ledger answers each box in the form it spoke.
"""
FORM_4 = 4
"""4: its Hello says which forms it understands (form/versions.py), and it hears those of the ledger; it asks for
releases of itself. Before it has heard them it speaks form 2, which every ledger since release 0.2 understands."""
FORM_MAX = 0xFF


class Tag(IntEnum):
    """First element of each message."""

    NOT_UNDERSTOOD = 0
    """Frozen for ever, in the oldest layout there is: whatever either end becomes, it can read why it was refused."""
    BATCH = 1
    ACK = 2
    EPOCH_REQUEST = 3
    EPOCH_ANSWER = 4
    ONLINE_REQUEST = 5
    ONLINE_ANSWER = 6
    RECORD_COPY = 7
    HELLO = 8
    RECOVER = 9
    STATUS = 10
    FACT = 11
    STATE = 12
    LEDGER_TIME = 13
    REVOCATIONS = 14
    AWAITED = 15
    SIGNED_ANSWER = 16
    SWAP = 17
    HELLO_WANTED = 18
    READINGS = 19
    VERSIONS = 20
    RELEASE_WANTED = 21
    BACKUP_MARK = 28
