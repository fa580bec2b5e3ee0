"""A PIN as its holder keys it, for the card alone: it is kept nowhere, shown nowhere and logged nowhere. Pure."""

from shared.purse.outcomes import Pin

PIN_DIGITS = range(4, 13, 2)
"""Two in a byte, as cards keep them."""


def keyed_pin(typed: str) -> Pin | None:
    """None: that is no PIN, and nothing is sold for it."""
    is_pin = typed.isascii() and typed.isdecimal() and len(typed) in PIN_DIGITS
    return Pin(bytes.fromhex(typed)) if is_pin else None
