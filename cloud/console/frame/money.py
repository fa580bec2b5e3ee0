"""Sums as a list sorts them and takes them home: yuan, exact, with their two decimals."""

from decimal import Decimal


def in_yuan(fen: int) -> Decimal:
    """¥12.50 of 1250."""
    return Decimal(fen).scaleb(-2)
