"""Money is integer fen 分. There is no float, and no yuan but on a screen; what is typed: shared/input/amount.py."""

from typing import NewType

from shared.errors import WireFault

Fen = NewType("Fen", int)

FEN_MAX = 0x7FFF_FFFF
"""Largest amount on a wire or card field that we accept: 21,474,836.47 yuan."""


def fen(value: int) -> Fen:
    """`value` as Fen; WireFault unless it is an int in 0..FEN_MAX."""
    if type(value) is not int or not 0 <= value <= FEN_MAX:
        raise WireFault(f"not an amount in fen: {value!r}")
    return Fen(value)


def yuan(amount: int) -> str:
    """'12.50' for 1250 fen; negative sums keep their sign."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"
