"""The door to pypinyin: a Chinese name is found by the first letters of its sounds (ykt for 一卡通).

Its words (47,000 phrases) come with the first search: they are a fifth of the console's start.
"""

from functools import lru_cache

KEPT = 20_000
"""Names whose letters are remembered; the least used go."""


@lru_cache(maxsize=KEPT)
def letters(name: str) -> str:
    """Initials of each syllable, and what is not Chinese as it is, in small letters."""
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).casefold()


def is_like(wanted: str, *names: str) -> bool:
    """Does one of these names hold what is looked for, or do its letters?"""
    asked = wanted.casefold()
    return any(asked in name.casefold() or asked in letters(name) for name in names)
