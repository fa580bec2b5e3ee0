"""AWAITED: the list of awaited cards 待问名单 on its way to a terminal, 10 bytes a card, ascending; to be sealed."""

from shared.errors import WireFault
from shared.wire.messages import Awaited, awaited

CARD_SIZE = 10


def encode_awaited(m: Awaited) -> bytes:
    """At most 1,280 bytes."""
    return b"".join(m.cards)


def decode_awaited(payload: bytes) -> Awaited:
    """WireFault when malformed."""
    if len(payload) % CARD_SIZE:
        raise WireFault(f"AWAITED: {len(payload)} bytes")
    return awaited([payload[at : at + CARD_SIZE] for at in range(0, len(payload), CARD_SIZE)])
