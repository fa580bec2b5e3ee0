"""Columns on a terminal: a Chinese character takes two. Pure."""

import unicodedata


def taken(text: object) -> int:
    """How many columns it takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in str(text))


def left(text: object, width: int) -> str:
    """With spaces behind it to a width; longer text whole."""
    return f"{text}{' ' * max(0, width - taken(text))}"


def right(text: object, width: int) -> str:
    """With spaces before it to a width; longer text whole."""
    return f"{' ' * max(0, width - taken(text))}{text}"
