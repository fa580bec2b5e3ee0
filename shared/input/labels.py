"""Labels that people gave (cards, windows, classes): text for ever, and the order in which a person looks for them."""

import re

_DIGITS = re.compile(r"(\d+)")


def in_order(label: str) -> list[tuple[int, str]]:
    """Key for sorting: 9班 before 10班, W9 before W10. Labels that differ by leading zeros alone come out equal."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in _DIGITS.split(label)]
