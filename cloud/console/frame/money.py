"""Sums as a page shows them, and as a list sorts them and takes them home: exact, with their two decimals."""

from decimal import Decimal

from shared.money import yuan


def in_yuan(fen: int) -> Decimal:
    """¥12.50 of 1250."""
    return Decimal(fen).scaleb(-2)


def sum_text(fen: int) -> str:
    """'¥1,234.50' of 123450, '-¥0.50' of -50: as persons read a sum."""
    whole, part = yuan(abs(fen)).split(".")
    return f"{'-' if fen < 0 else ''}¥{int(whole):,}.{part}"
