"""The door to pypinyin: a Chinese name is found by the first letters of its sounds (ykt for 一卡通)."""

from functools import lru_cache

from pypinyin import Style, lazy_pinyin

KEPT = 20_000
"""Names whose letters are remembered; the least used go."""


@lru_cache(maxsize=KEPT)
def letters(name: str) -> str:
    """Initials of each syllable, and what is not Chinese as it is, in small letters."""
    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).casefold()


def is_like(wanted: str, *names: str) -> bool:
    """Does one of these names hold what is looked for, or do its letters?"""
    asked = wanted.casefold()
    return any(asked in name.casefold() or asked in letters(name) for name in names)
