"""All words of the console by key. Templates and scripts name a key; a missing key is a test failure."""

from collections.abc import Mapping
from functools import cache

from cloud.console.words import frame, overview

LANGUAGES = ("zh", "en")
FAMILIES = (frame, overview)
"""One module for each family of pages; no key stands in two."""

WORDS: dict[str, tuple[str, str]] = {key: texts for family in FAMILIES for key, texts in family.WORDS.items()}


@cache
def words(language: str) -> Mapping[str, str]:
    """Key → text in one language; Chinese for an unknown language."""
    at = LANGUAGES.index(language) if language in LANGUAGES else 0
    return {key: texts[at] for key, texts in WORDS.items()}
