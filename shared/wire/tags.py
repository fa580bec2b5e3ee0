"""What every message between edge and cloud has in common: its tag, and the checks that all of them need.

Every message is a CBOR array whose first element is its tag. Refuses, with WireFault, what has not that form.
"""

from enum import IntEnum
from typing import Any

from shared.errors import WireFault
from shared.wire import codec

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


FORM_1, FORM_2 = 1, 2
"""Forms of the wire that a box may speak. 1: release 0.1. 2: its Hello and its EpochRequest bring a nonce, and it takes
LedgerTime, EpochAnswer and Recover signed over its question, and no others; its acks may name rows that are answered
without their device, and heads of the ledger's chains. The ledger answers each box in the form that it spoke.
"""
FORM_MAX = 0xFF


class Tag(IntEnum):
    """First element of each message."""

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


_NAMES = {tag: tag.name.lower() for tag in Tag}


def later_form(values: list[int]) -> int:
    """What a message that may end with its form ends with: nothing is form 1, and form 1 is never written."""
    if not values:
        return FORM_1
    if not FORM_1 < values[0] <= FORM_MAX:
        raise WireFault(f"form {values[0]} of the wire")
    return values[0]


def tagged(message: bytes, tag: Tag, *types: type) -> tuple[Any, ...]:
    """The elements of a message with this tag and these types, the tag first."""
    body = codec.fields(codec.unpack(message), *types, what=_NAMES[tag])
    if body[0] != tag:
        raise WireFault(f"tag {body[0]}, expected {tag.name}")
    return body


def payload_of(raw: bytes) -> bytes:
    """Opaque bytes of bounded size."""
    if len(raw) > PAYLOAD_MAX:
        raise WireFault(f"payload of {len(raw)} bytes")
    return raw


def within(value: int, top: int) -> int:
    """A number from 0 to `top`."""
    if not 0 <= value <= top:
        raise WireFault(f"{value} is not in 0..{top}")
    return value
